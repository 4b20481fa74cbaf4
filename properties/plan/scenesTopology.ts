/**
 * Duplications beyond one way from one cluster to another (dup 2, 7): back to the table that a duplication comes from (master and
 * master), on from a follower's table to a third cluster (a chain), or a second one of the same table (a fan); and writes that conflict.
 */
import { hold, drawServer, drawWrites, type Casting } from './sceneSteps.ts';
import { drawAddBack } from './steps/addDup.ts';
import { drawHashKey, drawSortKey } from './steps/common.ts';
import type { DupSymbol, TableSymbol } from './symbols.ts';
import type { Step } from './types.ts';

/** Behind the first duplication of a plan: what the plan's topology wants. */
export function drawWider(casting: Casting, first: DupSymbol): readonly Step[] {
  const { draw, symbols } = casting;
  const steps: Step[] = [];
  if (symbols.topology.bothWays) {
    const back = drawAddBack(draw, symbols);
    if (back !== undefined) steps.push(...drawUntilItShips(casting, first), { kind: 'addDup', afterMs: 0, ...back });
    if (draw.chance(700)) steps.push(hold(draw.pick([1500, 3000])));
    steps.push(...drawConflict(casting, first));
  }
  if (symbols.third() !== undefined) steps.push(...draw.weighted([drawChain, drawFan, drawBoth], (of) => (of === drawBoth ? 1 : 3))(casting, first));
  return steps;
}

function drawBoth(casting: Casting, first: DupSymbol): readonly Step[] {
  return [...drawFan(casting, first), ...drawChain(casting, first)];
}

/** A table has its first writes from one cluster and hands its own on to the next. */
function drawChain(casting: Casting, first: DupSymbol): readonly Step[] {
  const { draw } = casting;
  const hop = drawToThird(casting, { cluster: first.remoteCluster, table: first.remoteTable }, first);
  if (hop === undefined) return [];
  const { next } = hop;
  const steps: Step[] = [...drawUntilItShips(casting, first), ...hop.steps, ...drawUntilItShips(casting, next)];
  for (const place of [first, next]) steps.push(...drawWrites(casting, place, draw.int(1, 4)));
  if (casting.allows('dropTable') && draw.chance(120)) steps.push(hold(draw.pick([0, 200, 2000])), { kind: 'dropTable', afterMs: 0, cluster: next.cluster, table: next.table });
  if (draw.chance(500)) steps.push(hold(draw.pick([300, 1000, 3000])));
  return steps;
}

/** A table goes to two clusters, mostly at different speeds. */
function drawFan(casting: Casting, first: DupSymbol): readonly Step[] {
  const { draw } = casting;
  const hop = drawToThird(casting, first, first);
  if (hop === undefined) return [];
  const { next } = hop;
  const steps: Step[] = [...(draw.chance(500) ? drawUntilItShips(casting, first) : []), ...hop.steps];
  steps.push(...drawUntilItShips(casting, next), ...drawWrites(casting, first, draw.int(1, 4)));
  if (casting.allows('pauseDup') && draw.chance(500)) {
    const one = draw.pick([first, next]);
    const named = { cluster: one.cluster, table: one.table, dup: one.ref };
    steps.push({ kind: 'pauseDup', afterMs: 0, ...named }, hold(draw.pick([50, 1500])), ...drawWrites(casting, first, draw.int(1, 5)));
    if (draw.chance(600)) steps.push({ kind: 'startDup', afterMs: draw.pick([10, 1500]), ...named });
  }
  return steps;
}

interface Hop {
  readonly steps: readonly Step[];
  readonly next: DupSymbol;
}

/** To the third cluster: with a checkpoint, or to a table that is made for it. */
function drawToThird(casting: Casting, place: { readonly cluster: string; readonly table: string }, first: DupSymbol): Hop | undefined {
  const { draw, symbols } = casting;
  const third = symbols.third();
  const origin: TableSymbol | undefined = symbols.tables.find((table) => table.ref === first.table);
  if (third === undefined || origin === undefined) return undefined;
  const name = draw.chance(700) ? place.table : `c${origin.ref.slice('table#'.length)}`;
  if (symbols.remotes.some((remote) => remote.cluster === third.id && remote.table === name)) return undefined;
  const checkpoint = draw.chance(600);
  const replicaCount = draw.int(1, third.replicaServers);
  const ref = `dup#${String(symbols.nextDup++)}`;
  symbols.remotes.push({ cluster: third.id, table: name, of: '' });
  const { cluster, table } = place;
  const next: DupSymbol = { ref, cluster, table, remoteCluster: third.id, remoteTable: name };
  symbols.dups.push(next);
  const create: Step = { kind: 'createTable', afterMs: 0, cluster: third.id, as: name, name, partitionCount: origin.partitionCount, replicaCount, envs: {}, successIfExist: false };
  const add: Step = {
    kind: 'addDup',
    afterMs: checkpoint ? draw.pick([0, 10, 400]) : 500,
    cluster,
    as: ref,
    table,
    remoteCluster: third.id,
    checkpoint,
    remoteTable: name === place.table && draw.chance(700) ? '' : name,
    remoteReplicaCount: replicaCount,
  };
  return { steps: checkpoint ? [add] : [create, add], next };
}

/** Mostly nothing is begun upon a table before it has its own beginning. */
function drawUntilItShips(casting: Casting, { cluster, table }: DupSymbol): readonly Step[] {
  const { draw } = casting;
  if (draw.chance(100)) return [];
  if (!casting.allows('waitFor')) return [hold(5000)];
  return [{ kind: 'waitFor', afterMs: 0, cluster, table, moment: 'dup.stored:DS_LOG', nth: 1, atMostMs: 6000 }, hold(draw.pick([0, 300, 1500]))];
}

/** The duplication that goes the other way between the same two tables. */
export function pairOf({ symbols }: Casting, dup: DupSymbol): DupSymbol | undefined {
  return symbols.dups.find(
    (one) => one.cluster === dup.remoteCluster && one.table === dup.remoteTable && one.remoteCluster === dup.cluster && one.remoteTable === dup.table && one.removed !== true,
  );
}

/** Users of both clusters change the same row at about the same time; now and then their clocks differ. */
export function drawConflict(casting: Casting, dup: DupSymbol): readonly Step[] {
  const { draw } = casting;
  const pair = pairOf(casting, dup);
  if (pair === undefined) return [];
  const steps: Step[] = [];
  if (casting.faults && casting.allows('wallShift') && draw.chance(350)) {
    steps.push({ kind: 'wallShift', afterMs: 0, node: drawServer(casting, draw.pick([dup, pair]).cluster), deltaMs: draw.pick([-60_000, -5000, 5000, 60_000]) });
  }
  const key = { hashKey: drawHashKey(draw), sortKey: drawSortKey(draw) };
  for (let left = draw.int(2, 5); left > 0; left -= 1) {
    const { cluster, table } = draw.pick([dup, pair]);
    const afterMs = draw.pick([0, 0, 1, 5, 60, 400]);
    const isRemoval = casting.allows('remove') && draw.chance(300);
    steps.push(isRemoval ? { kind: 'remove', afterMs, cluster, table, ...key } : { kind: 'put', afterMs, cluster, table, ...key, value: casting.symbols.value(), ttlSeconds: 0 });
  }
  return steps;
}
