/** A server, or all of them, without their meta server until the lease is over, while users write and read (repl 1.10). */
import type { Casting } from './sceneSteps.ts';
import { drawReadOfLast, drawServer, drawWrites, hold, serversOf } from './sceneSteps.ts';
import { drawPlace } from './steps/common.ts';
import type { Step } from './types.ts';

/** About as long as a lease: some end before it, some behind. */
const AWAY_MS = [3000, 4500, 6000, 9000, 12_000] as const;

export function drawLeaseScene(casting: Casting): readonly Step[] {
  const { draw, symbols } = casting;
  const place = drawPlace(draw, symbols, 250);
  const before = drawWrites(casting, place, draw.int(0, 2));
  const awayMs = draw.pick(AWAY_MS);
  const away = drawAway(casting, place.cluster, awayMs);
  const steps: Step[] = [...before, ...drawLateAnswer(casting, place.cluster), ...away];
  // Who has lost a lease and got another one may lose that, too.
  if (draw.chance(250)) steps.push(hold(awayMs + draw.pick([300, 2000, 4000])), ...away);
  // Users go on meanwhile, most of all when the lease ends and when it is there again.
  for (let left = draw.int(1, 3); left > 0; left -= 1) {
    const after = drawWrites(casting, place, draw.int(0, 2), draw.pick([0, 1, 300]));
    steps.push(hold(Math.floor(awayMs / draw.pick([1, 2, 3, 4]))), ...after, ...drawReadOfLast(casting, [...before, ...after], [0, 1, 100]));
  }
  return steps;
}

/** The last beacon that is answered is answered late: a lease that ran from the answer would last too long. */
function drawLateAnswer({ allows, draw }: Casting, cluster: string): readonly Step[] {
  if (!allows('pause') || !draw.chance(200)) return [];
  const forMs = draw.pick([700, 1500]);
  return [{ kind: 'pause', afterMs: 0, node: `meta(${cluster},0)`, forMs }, hold(forMs + draw.pick([10, 100]))];
}

/** One server is cut off from the meta server, in one direction or in both, or the meta server is down. */
function drawAway(casting: Casting, cluster: string, forMs: number): readonly Step[] {
  const { draw } = casting;
  const meta = `meta(${cluster},0)`;
  if (casting.allows('cutLink') && draw.chance(650)) {
    const cut = draw.chance(300) ? serversOf(casting, cluster) : [drawServer(casting, cluster)];
    const oneWay = draw.chance(400);
    const inwards = draw.chance(500);
    return cut.map((node) => ({ kind: 'cutLink', afterMs: 0, from: inwards ? meta : node, to: inwards ? node : meta, oneWay, forMs }));
  }
  if (!casting.allows('crash')) return [];
  return [{ kind: 'crash', afterMs: 0, node: meta, downMs: forMs, insideCall: 0 }];
}
