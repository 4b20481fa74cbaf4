/**
 * `add_dup`: a legal one gives a duplication its reference `dup#n`: the id of the answer. Others are meant to be refused: an
 * unknown cluster, the own one, a negative replica count, an unknown table, a second one of the same table, a remote name that is
 * taken; one with more replicas than the follower has servers is taken, and the follower refuses its table for ever (Q14).
 */
import { commandStep, table } from '../commandStep.ts';
import type { Draw } from '../draw.ts';
import { bool, dupRef, flag, int, num, str, tableRef, text, type StepSpec } from '../spec.ts';
import type { DupSymbol, Symbols, TableSymbol } from '../symbols.ts';
import type { StepValue } from '../types.ts';
import { clusterField } from './common.ts';

type Fields = Readonly<Record<string, StepValue>>;

/** `base` with something that is wrong, or already there. */
function drawRefused(draw: Draw, symbols: Symbols, base: Fields, servers: number): Fields {
  const dups = symbols.dups.filter((d) => d.cluster === base['cluster']);
  const taken = dups.filter((d) => d.table !== base['table']);
  return draw.pick<Fields>([
    { ...base, remoteCluster: 'nowhere' },
    { ...base, remoteCluster: 'source' },
    { ...base, remoteReplicaCount: -1 },
    { ...base, table: 'nowhere' },
    { ...base, remoteReplicaCount: servers + 1, checkpoint: true },
    ...(dups.length === 0 ? [] : [{ ...base, table: draw.pick(dups).table, checkpoint: draw.chance(500) }]),
    ...(taken.length === 0 ? [] : [{ ...base, remoteTable: draw.pick(taken).remoteTable }]),
  ]);
}

/** Without a checkpoint only what is written from now on is shipped, to a table that somebody made (`remotes`). */
export function drawAdd(draw: Draw, symbols: Symbols, source: TableSymbol): Fields | undefined {
  const follower = symbols.follower();
  if (follower === undefined) return undefined;
  const made = symbols.remotes.find((r) => r.of === source.ref);
  const checkpoint = made === undefined ? draw.chance(850) : draw.chance(40);
  const name = made?.table ?? draw.weighted([source.ref, `r${source.ref.slice('table#'.length)}`], (n) => (n === source.ref ? 3 : 2));
  const fits = source.replicaCount <= follower.replicaServers;
  const ref = `dup#${String(symbols.nextDup++)}`;
  symbols.dups.push({ ref, cluster: 'source', table: source.ref, remoteCluster: follower.id, remoteTable: name });
  if (made === undefined) symbols.remotes.push({ cluster: follower.id, table: name, of: source.ref });
  return {
    cluster: 'source',
    as: ref,
    table: source.ref,
    remoteCluster: follower.id,
    checkpoint,
    remoteTable: name === source.ref && draw.chance(700) ? '' : name,
    remoteReplicaCount: fits && draw.chance(700) ? 0 : draw.int(1, follower.replicaServers),
  };
}

/**
 * A follower's table duplicated back to the source: mostly into the table that it comes from (master and master), so that each log
 * holds what the other cluster wrote; else, with a checkpoint, into a new one.
 */
export function drawAddBack(draw: Draw, symbols: Symbols): Fields | undefined {
  const follower = symbols.follower();
  if (follower === undefined) return undefined;
  const isBack = (e: DupSymbol, d: DupSymbol): boolean => e.remoteCluster === 'source' && e.cluster === d.remoteCluster && e.table === d.remoteTable;
  const there = symbols.dups.filter((d) => d.cluster === 'source' && d.remoteCluster === follower.id && !symbols.dups.some((e) => isBack(e, d)));
  if (there.length === 0) return undefined;
  const { table: of, remoteTable } = draw.pick(there);
  const checkpoint = draw.chance(200);
  const ref = `dup#${String(symbols.nextDup++)}`;
  const back = checkpoint ? `b${of.slice('table#'.length)}` : of;
  symbols.dups.push({ ref, cluster: follower.id, table: remoteTable, remoteCluster: 'source', remoteTable: back });
  return { cluster: follower.id, as: ref, table: remoteTable, remoteCluster: 'source', checkpoint, remoteTable: back, remoteReplicaCount: 0 };
}

/** The table of a duplication that was removed, to where it went before or to a new table. */
export function drawAddAgain(draw: Draw, symbols: Symbols, before: DupSymbol): { readonly cluster: string; readonly again: Fields & { readonly remoteTable: string } } {
  const cluster = before.remoteCluster;
  const ref = `dup#${String(symbols.nextDup++)}`;
  const remoteTable = draw.chance(800) ? before.remoteTable : `s${before.table.replace(/^\D*/, '')}`;
  symbols.dups.push({ ref, cluster: before.cluster, table: before.table, remoteCluster: cluster, remoteTable });
  const again = { cluster: before.cluster, as: ref, table: before.table, remoteCluster: cluster, checkpoint: draw.chance(700), remoteTable, remoteReplicaCount: 0 };
  return { cluster, again };
}

export const addDup: StepSpec = commandStep({
  kind: 'addDup',
  family: 'admin',
  weight: 2,
  needsFollower: true,
  fields: {
    cluster: clusterField,
    as: dupRef,
    table: tableRef,
    remoteCluster: text(/^[a-z]{1,16}$/, 'the name of a cluster'),
    checkpoint: flag,
    remoteTable: tableRef,
    remoteReplicaCount: int(-2, 9),
  },
  draw(draw, symbols) {
    const follower = symbols.follower();
    const live = symbols.liveTables();
    if (follower === undefined || live.length === 0) return undefined;
    const back = draw.chance(150) ? drawAddBack(draw, symbols) : undefined;
    if (back !== undefined) return back;
    const free = live.filter((t) => !symbols.dups.some((d) => d.cluster === 'source' && d.table === t.ref));
    if (free.length > 0 && draw.chance(600)) return drawAdd(draw, symbols, draw.pick(free));
    const ref = `dup#${String(symbols.nextDup++)}`;
    const base = { cluster: 'source', as: ref, table: draw.pick(live).ref, remoteCluster: follower.id, checkpoint: draw.chance(500), remoteTable: '', remoteReplicaCount: 0 };
    return drawRefused(draw, symbols, base, follower.replicaServers);
  },
  command: (step) => ({
    kind: 'addDup',
    table: table(step),
    remoteCluster: str(step, 'remoteCluster'),
    checkpoint: bool(step, 'checkpoint'),
    remoteTable: table(step, 'remoteTable'),
    remoteReplicaCount: num(step, 'remoteReplicaCount'),
  }),
  after: (step, stage, commandId) => {
    stage.bindDup(str(step, 'as'), commandId);
  },
});
