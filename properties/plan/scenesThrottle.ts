/** A table gets a limit, its replicas hear of it, and more comes within a second than it lets through (thr 3, 4). */
import type { Casting } from './sceneSteps.ts';
import { drawWrites, hold } from './sceneSteps.ts';
import { drawHashKey, drawSortKey } from './steps/common.ts';
import { drawThrottleOf, throttleKeys } from './tableEnvs.ts';
import type { Step } from './types.ts';

interface Place {
  readonly cluster: string;
  readonly table: string;
}

/** Now and then a second limit takes the place of the first. */
export function drawThrottleScene(casting: Casting): readonly Step[] {
  const { draw, symbols } = casting;
  const live = symbols.liveTables();
  if (live.length === 0) return [];
  const follower = symbols.remotes.length > 0 && draw.chance(200) ? draw.pick(symbols.remotes) : undefined;
  const place: Place = follower ?? { cluster: 'source', table: draw.pick(live).ref };
  const key = draw.pick(throttleKeys);
  const steps: Step[] = [];
  for (let left = draw.chance(400) ? 2 : 1; left > 0; left -= 1) {
    steps.push({ kind: 'setEnvs', afterMs: 0, cluster: place.cluster, table: place.table, envs: drawThrottleOf(draw, key) });
    if (draw.chance(850)) steps.push(hold(draw.pick([1500, 2500, 4500])));
    steps.push(...drawBurst(casting, place, key.startsWith('replica.read')));
  }
  return steps;
}

/** Mostly of what is limited, some larger and some smaller; one after the other, or from many users at once. */
function drawBurst(casting: Casting, place: Place, reads: boolean): readonly Step[] {
  const { draw } = casting;
  const afterMs = draw.pick([0, 0, 5, 60]);
  return Array.from({ length: draw.int(3, 9) }, (): readonly Step[] => {
    if (draw.chance(150) === reads) return drawWrites(casting, place, 1, afterMs);
    const kind = reads || !casting.allows('remove') || draw.chance(300) ? 'get' : 'remove';
    return [{ kind, afterMs, cluster: place.cluster, table: place.table, hashKey: drawHashKey(draw), sortKey: drawSortKey(draw) }];
  }).flat();
}
