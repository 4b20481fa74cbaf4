/**
 * The name of a state up to what cannot matter: times, offsets, and which secondary is which. Two states with one
 * name have the same futures in a scope: a log is named by what its replay would give and by its last word on each
 * decree.
 */
import { replay } from '../../model/rules/lifecycle.ts';
import { clusterNameOf, isErased, toldOf, type DupState } from '../../model/dupState.ts';
import type { ClusterState, ModelState, PartitionState, ReplicaState } from '../../model/state.ts';
import { isLoading, loadingKey } from './loadKey.ts';

export function stateKey(state: ModelState, symmetry: boolean): string {
  const words: string[] = [];
  for (const cluster of Object.values(state.clusters)) {
    for (const command of Object.values(cluster.commands)) words.push(`${command.id}:${command.effects}`);
    const keyOf = (part: PartitionState): string => partitionKey(state, part, symmetry);
    if (isLoading(cluster)) words.push(loadingKey(cluster, keyOf, symmetry));
    else words.push(...Object.values(cluster.partitions).map(keyOf));
    for (const dup of Object.values(cluster.dups)) words.push(dupStateKey(state, dup));
    if (cluster.asks.length > 0 || Object.keys(cluster.inbound).length > 0) words.push(followerKey(cluster));
  }
  return words.join(' ');
}

/** The record and what is known of it; times only as far as they say who was earlier. */
function dupStateKey(state: ModelState, dup: DupState): string {
  const versions = dup.versions.map(({ status, failMode }) => `${status}${failMode}`);
  const words = [state.calm ? 'calm' : '', isErased(dup) ? 'erased' : '', ...versions];
  for (const node of Object.keys(dup.told)) {
    const told = toldOf(state, dup, node);
    if (told !== undefined) words.push(`${node}:${told.version}${told.gone ? '-' : ''}${JSON.stringify(told.values)}`);
  }
  for (const index in dup.partitions) {
    const part = dup.partitions[index];
    if (part === undefined) continue;
    const { reported, prepared, base, arrived, shipped, skipped } = part;
    const values = part.values.map(({ decree }) => decree).join();
    words.push(`${values}/${reported}${prepared ? 'p' : ''}/${base}/${arrived}/${shipped}/${skipped.length}`);
  }
  for (const key in dup.duplicators) {
    const one = dup.duplicators[key];
    const part = one === undefined ? undefined : state.clusters[clusterNameOf(one.node)]?.partitions[one.gpid];
    if (one === undefined || part?.replicas[one.node]?.incarnation !== one.incarnation) continue;
    words.push(`${key}${one.running ? 'r' : ''}${one.dropped ? 'd' : ''}${one.appliedWhenTold}.${one.start}.${one.shipped}`);
  }
  return `${words.join(' ')} ${Object.keys(dup.guarded).join()}`;
}

/** What a follower was asked for, what is on its way to it, what it received and in which order. */
function followerKey({ asks, inbound, received, tables, partitions }: ClusterState): string {
  const words: string[] = asks.map(({ envs }) => envs['duplication.follower_app_status'] ?? '');
  for (const table of Object.values(tables)) words.push(table.envs['duplication.follower_app_status'] ?? '');
  for (const part of Object.values(partitions)) {
    words.push(JSON.stringify(part.adopted));
    for (const key in part.rows) words.push(part.rows[key]?.value ?? '');
  }
  for (const key in inbound) words.push(`${inbound[key]?.sent}-${inbound[key]?.used}`);
  for (const name in received)
    for (const key in received[name]) words.push(`${key}x${received[name]?.[key]?.length}`);
  return words.join(' ');
}

function partitionKey(state: ModelState, part: PartitionState, symmetry: boolean): string {
  const config = part.configs[part.ballot];
  let proposals = '';
  for (const decree in part.proposals)
    for (const one of part.proposals[decree] ?? [])
      proposals += `${decree}=${one.ballot}.${one.lastCommitted}.${one.commands.join('+')},`;
  let chosen = '';
  for (const decree in part.chosen) chosen += `${decree}@${part.chosen[decree]},`;
  const members = config === undefined ? 0 : config.secondaries.length + (config.primary === '' ? 0 : 1);
  if (part.ballot > 0 && Object.keys(part.replicas).length > members) return groupKey(state, part, symmetry, `${proposals} ${chosen}`);
  const primary = part.replicas[config?.primary ?? ''];
  const secondaries = (config?.secondaries ?? []).map((node) => replicaKey(state, part, part.replicas[node]));
  if (symmetry) secondaries.sort();
  const reign = part.primaries[part.ballot]?.incarnation === primary?.incarnation;
  const replicas = [replicaKey(state, part, primary), ...secondaries].join('] [');
  return `${part.ballot}${reign ? '!' : ''} ${proposals} ${chosen} [${replicas}]`;
}

/**
 * Members come and go: whoever was one has its word, in each of the configurations by which somebody still is the primary.
 */
function groupKey(state: ModelState, part: PartitionState, symmetry: boolean, words: string): string {
  const all = Object.values(part.replicas);
  const ballots = new Set([part.ballot, ...all.filter(({ status, open }) => open && status === 'PS_PRIMARY').map(({ ballot }) => ballot)]);
  const placeOf = (node: string): string =>
    [...ballots]
      .sort((a, b) => a - b)
      .map((ballot) => {
        const config = part.configs[ballot];
        const reign = part.primaries[ballot]?.node === node && part.primaries[ballot]?.incarnation === part.replicas[node]?.incarnation;
        if (config?.primary === node) return reign ? 'P!' : 'P';
        return config?.secondaries.includes(node) === true ? 's' : '-';
      })
      .join('');
  const keys = all.map((replica) => `${symmetry ? '' : replica.node} ${placeOf(replica.node)} ${replicaKey(state, part, replica)}`);
  return `${part.ballot} ${words} [${keys.sort().join('] [')}]`;
}

/** Words about what one replica alone knows; a replica that a step does not touch is the same object in both states. */
interface OwnKeys {
  readonly memory: string;
  readonly disk: string;
}
const ownKeys = new WeakMap<ReplicaState, OwnKeys>();

function ownKeysOf(replica: ReplicaState): OwnKeys {
  let keys = ownKeys.get(replica);
  if (keys === undefined) {
    keys = { memory: memoryKey(replica), disk: diskKey(replica) };
    ownKeys.set(replica, keys);
  }
  return keys;
}

function replicaKey(state: ModelState, part: PartitionState, replica: ReplicaState | undefined): string {
  if (replica === undefined) return '-';
  const node = state.nodes[replica.node];
  let acks = '';
  for (const decree in part.proposals)
    for (const { ballot, acks: nodes } of part.proposals[decree] ?? [])
      if (nodes[replica.node] === true) acks += `${decree}.${ballot},`;
  const own = ownKeysOf(replica);
  const life = node?.up === true && replica.open ? own.memory : 'down';
  return `${node?.incarnation} ${life} a${acks} ${own.disk}`;
}

function diskKey(replica: ReplicaState): string {
  const log = replay(replica, replica.flushed);
  const last: Record<number, number> = {};
  for (const file of replica.files)
    for (const record of file.records) last[record.decree] = Math.max(last[record.decree] ?? 0, record.ballot);
  const files =
    replica.files.length > 1 ? replica.files.map((file) => `${file.index}-${file.maxDecree}`).join(',') : '';
  let entries = '';
  for (const decree in log.entries) entries += `${decree}.${log.entries[decree]?.ballot},`;
  let records = '';
  for (const decree in last) records += `${decree}.${last[decree]},`;
  let checkpoints = '';
  for (const { decree } of replica.checkpoints) checkpoints += `${decree},`;
  return `r${log.ballot} ${log.committed} ${log.maxPrepared} ${entries} l${records} ${files} ${replica.flushed} ${checkpoints}`;
}

function memoryKey(replica: ReplicaState): string {
  const { status, ballot, committed, applied, maxPrepared, reproposeNext, reproposeLast } = replica;
  const flags = `${replica.barrierDue ? 'b' : ''}${replica.fileOpen ? 'f' : ''}${replica.manual ? 'm' : ''}`;
  const left = reproposeNext <= reproposeLast ? reproposeNext : '';
  let entries = '';
  for (const decree in replica.entries) {
    const entry = replica.entries[decree];
    if (entry !== undefined && Number(decree) > committed)
      entries += `${decree}.${entry.ballot}${entry.logged ? 'l' : ''},`;
  }
  return `${status} ${ballot} ${committed} ${applied} ${maxPrepared} ${flags} ${left} ${entries}`;
}
