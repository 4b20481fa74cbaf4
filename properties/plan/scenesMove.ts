/**
 * A primary is moved while users write, and sometimes back or on at once (bl 17.2; docs/departures FM12); or another server
 * takes the place of a member. Who has which place is not known: more than one is tried.
 */
import type { Casting } from './sceneSteps.ts';
import { drawReadOfLast, drawServer, drawWrites, serversOf } from './sceneSteps.ts';
import { drawWindowMs } from './steps/common.ts';
import type { Step } from './types.ts';

/** Tables of a follower have few partitions of their own; which one matters little. */
const MOST_INDEX = 1;

export function drawMoveScene(casting: Casting): readonly Step[] {
  const { draw, symbols } = casting;
  const live = symbols.liveTables();
  if (live.length === 0) return [];
  const table = draw.pick(live);
  const follower = symbols.remotes.length > 0 && draw.chance(250) ? draw.pick(symbols.remotes) : undefined;
  const place = follower ?? { cluster: 'source', table: table.ref };
  const copied = serversOf(casting, place.cluster).length > table.replicaCount ? 600 : 100;
  const steps: Step[] = [];
  for (let left = draw.weighted([3, 2, 1], (n) => [0, 1, 3, 6][n] ?? 0); left > 0; left -= 1) {
    const partitionIndex = draw.int(0, follower === undefined ? Math.max(0, table.partitionCount - 1) : MOST_INDEX);
    const to = drawServer(casting, place.cluster);
    const before = drawWrites(casting, place, draw.int(0, 3));
    steps.push(...before);
    const { cluster } = place;
    if (casting.allows('copyReplica') && draw.chance(copied)) steps.push(...drawCopies(casting, place, partitionIndex, to));
    else steps.push({ kind: 'movePrimary', afterMs: draw.pick([0, 0, 1, 5, 60]), cluster, table: place.table, partitionIndex, to });
    steps.push(...drawAbout(casting, cluster, to));
    const after = drawWrites(casting, place, draw.int(0, 2), draw.pick([0, 2, 40]));
    steps.push(...drawReads(casting, before), ...after, ...drawReads(casting, after));
  }
  return steps;
}

/** Some pairs are named one after the other: what does not fit is refused, and the first that does goes on. */
function drawCopies(casting: Casting, { cluster, table }: { readonly cluster: string; readonly table: string }, partitionIndex: number, first: string): readonly Step[] {
  const { draw } = casting;
  const servers = serversOf(casting, cluster);
  const place = draw.pick(['secondary', 'primary']);
  const named = place === 'primary' ? [''] : servers;
  const pairs = servers.flatMap((to) => named.filter((from) => from !== to).map((from) => ({ from, to })));
  const start = Math.max(0, pairs.findIndex(({ to }) => to === first));
  return [...pairs.slice(start), ...pairs.slice(0, start)]
    .slice(0, draw.int(1, 6))
    .map(({ from, to }) => ({ kind: 'copyReplica', afterMs: draw.pick([0, 1, 5, 60]), cluster, table, partitionIndex, place, from, to }));
}

/** Of what was written, as soon as somebody answers. */
function drawReads(casting: Casting, writes: readonly Step[]): readonly Step[] {
  return writes.length > 0 && casting.draw.chance(700) ? drawReadOfLast(casting, writes, [0, 0, 3, 30]) : [];
}

/** A server of the partition stops, or stands still, between the steps of the move. */
function drawAbout(casting: Casting, cluster: string, to: string): readonly Step[] {
  const { draw, symbols, faults } = casting;
  if (!faults || !draw.chance(450)) return [];
  const kind = draw.pick(['crash', 'restart', 'pause', 'pause']);
  if (!casting.allows(kind)) return [];
  const node = draw.chance(250) ? to : draw.pick([...serversOf(casting, cluster), ...symbols.metaNodes().filter((meta) => meta.includes(`(${cluster},`))]);
  const afterMs = draw.pick([0, 1, 2, 3, 5, 8]);
  if (kind === 'crash') return [{ kind, afterMs, node, downMs: drawWindowMs(draw), insideCall: draw.chance(300) ? draw.int(1, 12) : 0 }];
  if (kind === 'restart') return [{ kind, afterMs, node, downMs: drawWindowMs(draw) }];
  return [{ kind, afterMs, node, forMs: drawWindowMs(draw) }];
}
