/** The model's state as flat words: what a person asks of a cluster, at the same paths as the implementation's (see serverWords.ts). */
import { isErased, statusOf, storedOf, versionOf, type DupState } from '../../model/dupState.ts';
import type { LoadState } from '../../model/loadState.ts';
import { obligations, type Obligation } from '../../model/obligations.ts';
import { durableOf, serves, type ClusterState, type Debt, type ModelState, type PartitionState, type ReplicaState } from '../../model/state.ts';
import { clusterOfNode } from '../run/eventPlace.ts';
import { keyText } from '../run/eventText.ts';
import type { FlatState, Place } from './flatState.ts';
import { short } from './words.ts';

const WORLD = ['faults seen so far', 'some that lose things', 'healed'];
const NODE = ['up', 'life', 'manual checkpoints', 'download slots'];
const TABLE = ['app id', 'status', 'partitions', 'replicas wanted', 'envs', 'loading'];
const PARTITION = ['committed', 'rows', 'duplicated writes come in', 'serves', 'owed commit', 'ingestions'];
const CONFIG = ['ballot', 'primary', 'secondaries'];
const REPLICA = [
  'open', 'status', 'ballot', 'committed', 'applied', 'max prepared', 'flushed', 'durable', 'checkpoints', 'log files', 'log records', 'manual checkpoint',
  'ingestion let in', 'barrier due', 'owed apply', 'owed checkpoint', 'log damaged', 'lost',
];
const DUP = ['status', 'fail mode', 'to'];
const DUP_PARTITION = ['stored', 'reported', 'checkpoint prepared', 'shipping begins behind', 'arrived', 'owed', 'claimed shipped'];
const DUPLICATOR = ['runs', 'last', 'confirmed'];
const LOAD = ['status', 'error', 'ways back', 'files of'];
const LOAD_MEMBER = ['download progress', 'download error', 'ingestion', 'cleaned up', 'paused'];
const THROTTLE = ['told', 'requests of the last seconds'];

/** Rows of a partition up to this many are shown one by one. */
const FEW_ROWS = 8;
const LONGEST_ROWS = 160;
/** As many obligations cost one more event without a look at them. */
const OWED_PER_EVENT = 16;

/** Remembers what is dear to count. */
export class ModelWords {
  private readonly to: FlatState;
  /** Where much is owed it is asked for more seldom: the first event of the next look. */
  private owedNext = 0;
  private readonly rows = new Map<PartitionState, { committed: number; digest: number | undefined; text: string }>();

  constructor(to: FlatState) {
    this.to = to;
  }

  /**
   * `event`: the last one that the model took in. Partitions are many, and an event changes its own: `about` tells which, `all` for what
   * may change any.
   */
  look(state: ModelState, event: number, about: { readonly cluster: string; readonly gpid: string } | 'all'): void {
    this.to.begin('model', event);
    this.to.put(['world', 'faults', 'all'], '', WORLD, [!state.calm, state.lossy, state.healedAtUs >= 0]);
    for (const id in state.nodes) {
      const node = state.nodes[id];
      if (node !== undefined) this.to.put([clusterOfNode(id), 'server', short(id)], '', NODE, [node.up, node.incarnation, node.manualCount, Object.keys(node.slots).length]);
    }
    for (const id in state.clusters) {
      const cluster = state.clusters[id];
      if (cluster !== undefined) this.cluster(cluster);
    }
    this.to.end();
    if (about === 'all') for (const cluster of Object.values(state.clusters)) for (const part of Object.values(cluster.partitions)) this.partition(cluster.id, part, event);
    else this.partition(about.cluster, state.clusters[about.cluster]?.partitions[about.gpid], event);
    if (event >= this.owedNext) this.lookAtOwed(state, event);
  }

  /** What must still happen: of each kind the oldest, how many there are, and how long it may take. What is about no partition stands under `owed`. */
  lookAtOwed(state: ModelState, event: number): void {
    const oldest = new Map<string, { readonly place: Place; obligation: Obligation; count: number }>();
    const all = obligations(state);
    this.owedNext = event + 1 + Math.floor(all.length / OWED_PER_EVENT);
    this.to.begin('owed', event);
    for (const obligation of all) {
      const { cluster, gpid, node, name } = obligation;
      const id = `${cluster} ${gpid} ${node} ${name}`;
      const known = oldest.get(id);
      if (known === undefined) oldest.set(id, { place: [cluster, gpid === '' ? 'owed' : gpid, node === '' ? 'all' : short(node)], obligation, count: 1 });
      else {
        known.count += 1;
        if (obligation.sinceUs < known.obligation.sinceUs) known.obligation = obligation;
      }
    }
    for (const { place, obligation, count } of oldest.values()) {
      const { name, sinceUs, boundUs } = obligation;
      this.to.put(place, 'owed', [name], [`${count === 1 ? '' : `${String(count)}, `}since +${ms(sinceUs)} ms, within ${ms(boundUs)} ms`]);
    }
    this.to.end();
  }

  private cluster(cluster: ClusterState): void {
    const newest = new Map<string, number>();
    for (const id in cluster.tables) {
      const table = cluster.tables[id];
      if (table !== undefined) newest.set(table.name, table.appId);
    }
    for (const [name, appId] of newest) {
      const table = cluster.tables[appId];
      if (table === undefined) continue;
      const { status, partitionCount, maxReplicaCount, envs, isBulkLoading } = table;
      this.to.put([cluster.id, name, 'meta-0'], '', TABLE, [appId, status, partitionCount, maxReplicaCount, envsText(envs), isBulkLoading]);
    }
    for (const key in cluster.dups) {
      const dup = cluster.dups[key];
      if (dup !== undefined) this.duplication(cluster, dup);
    }
    for (const appId in cluster.loads) {
      const load = cluster.loads[appId];
      if (load !== undefined && newest.get(load.record.appName) === load.appId) this.load(cluster, load);
    }
    for (const key in cluster.throttles) {
      const throttle = cluster.throttles[key];
      const [gpid = '', node = ''] = key.split(' ');
      if (throttle !== undefined) this.to.put([cluster.id, gpid, short(node)], 'throttle', THROTTLE, [envsText(throttle.told.at(-1)?.envs ?? {}), throttle.requests.length]);
    }
  }

  private partition(cluster: string, part: PartitionState | undefined, event: number): void {
    if (part === undefined) return;
    this.to.begin(`partition ${cluster} ${part.gpid}`, event);
    const { gpid, ballot, committed, inbound, pending } = part;
    const config = part.configs[ballot];
    this.to.put([cluster, gpid, 'all'], '', PARTITION, [committed, this.rowsText(part), inbound, serves(part), owed(pending), Object.keys(part.ingestions).join(' ')]);
    if (config !== undefined) this.to.put([cluster, gpid, 'meta-0'], '', CONFIG, [ballot, short(config.primary), config.secondaries.map(short).join(' ')]);
    for (const node in part.replicas) {
      const replica = part.replicas[node];
      if (replica !== undefined) this.replica([cluster, gpid, short(node)], replica);
    }
    this.to.end();
  }

  private replica(place: Place, replica: ReplicaState): void {
    const { open, status, ballot, committed, applied, maxPrepared, flushed, checkpoints, files, manual, ingesting, barrierDue } = replica;
    let records = 0;
    for (const file of files) records += file.records.length;
    this.to.put(place, '', REPLICA, [
      open, status, ballot, committed, applied, maxPrepared, flushed, durableOf(replica), list(checkpoints, (one) => one.decree), list(files, (one) => one.index), records, manual,
      ingesting > 0, barrierDue, owed(replica.behind), owed(replica.unlisted), replica.damaged, replica.lost,
    ]);
  }

  private duplication(cluster: ClusterState, dup: DupState): void {
    const { appId, dupId, remote, remoteAppName } = dup;
    const group = `duplication ${String(dupId)}`;
    this.to.put([cluster.id, cluster.tables[appId]?.name ?? String(appId), 'meta-0'], group, DUP, [statusOf(dup), versionOf(dup).failMode, `${remote}/${remoteAppName}`]);
    if (isErased(dup)) return;
    for (const index in dup.partitions) {
      const part = dup.partitions[index];
      if (part === undefined) continue;
      const { reported, prepared, base, arrived, owed: newest, shipped } = part;
      this.to.put([cluster.id, `${String(appId)}.${index}`, 'meta-0'], group, DUP_PARTITION, [storedOf(part), reported, prepared, base, arrived, newest, shipped]);
    }
    for (const key in dup.duplicators) {
      const one = dup.duplicators[key];
      if (one !== undefined && !one.dropped) this.to.put([cluster.id, one.gpid, short(one.node)], group, DUPLICATOR, [one.running, Math.max(one.builtAt, one.shipped, one.confirmed), one.confirmed]);
    }
  }

  private load(cluster: ClusterState, load: LoadState): void {
    const { appId, record, rollbacks } = load;
    const from = `${record.remoteRootPath}/${record.clusterName}`;
    this.to.put([cluster.id, record.appName, 'meta-0'], 'load', LOAD, [load.erasedAtUs >= 0 ? 'removed' : record.status, record.error, rollbacks, from]);
    if (load.erasedAtUs >= 0) return;
    for (const index in load.partitions) {
      const part = load.partitions[index];
      if (part === undefined) continue;
      const gpid = `${String(appId)}.${index}`;
      this.to.put([cluster.id, gpid, 'meta-0'], 'load', ['status'], [part.record.status]);
      for (const node in part.members) {
        const said = part.members[node];
        if (said === undefined) continue;
        this.to.put([cluster.id, gpid, 'meta-0'], `load at ${short(node)}`, LOAD_MEMBER, [said.downloadProgress, said.downloadStatus ?? 'unknown', said.ingestStatus, said.isCleanedUp, said.isPaused]);
      }
    }
  }

  /** The rows of few, else how many there are; with the digest of the content. */
  private rowsText(part: PartitionState): string {
    const digest = part.digests[part.committed];
    const known = this.rows.get(part);
    if (known?.committed === part.committed && known.digest === digest) return known.text;
    const keys = Object.keys(part.rows);
    const shown = keys.length > FEW_ROWS ? '' : keys.map((key) => `${keyText(key)}=${part.rows[key]?.value ?? ''}`).join(', ');
    const text = keys.length <= FEW_ROWS && shown.length <= LONGEST_ROWS ? shown : `${String(keys.length)} rows, digest ${(digest ?? 0).toString(16)}`;
    this.rows.set(part, { committed: part.committed, digest, text });
    return text;
  }
}

function owed(debt: Debt): string {
  return debt.sinceUs < 0 ? 'nothing' : `up to ${String(debt.target)} since +${ms(debt.sinceUs)} ms`;
}

function ms(us: number): string {
  return (us / 1000).toFixed(0);
}

function list<T>(all: readonly T[], text: (one: T) => number): string {
  let line = '';
  for (const one of all) line += line === '' ? String(text(one)) : ` ${String(text(one))}`;
  return line;
}

export function envsText(envs: Readonly<Record<string, string>>): string {
  let line = '';
  for (const key in envs) line += `${line === '' ? '' : ', '}${key}=${envs[key] ?? ''}`;
  return line;
}
