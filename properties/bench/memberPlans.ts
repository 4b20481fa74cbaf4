/**
 * The bench's plans of members that move: three clusters while a server goes and comes, a large replica that another server learns,
 * a cluster of many servers and partitions, and one of many tables.
 */
import { partitionIndexOf } from '../../impl/protocol/rrdb.ts';
import { PLAN_FORMAT, PLAN_VERSION, type ClusterShape, type Plan, type Step } from '../plan/types.ts';

type Settings = Readonly<Record<string, number>>;

interface Place {
  readonly cluster: string;
  readonly table: string;
}

const SOURCE: Place = { cluster: 'source', table: 'table#1' };

function planOf(clusters: readonly ClusterShape[], settings: Settings, steps: readonly Step[]): Plan {
  return { format: PLAN_FORMAT, version: PLAN_VERSION, clusters, settings, steps, chance: { kind: 'frozen', deviations: [] } };
}

function create({ cluster, table }: Place, partitionCount: number, replicaCount: number): Step {
  return { kind: 'createTable', afterMs: 0, cluster, as: table, name: table, partitionCount, replicaCount, envs: {}, successIfExist: false };
}

function wait(forMs: number): Step {
  return { kind: 'wait', afterMs: 0, forMs };
}

function put(place: Place, key: number, value: string, afterMs: number): Step {
  return { kind: 'put', afterMs, ...place, hashKey: `k${String(key)}`, sortKey: '', value, ttlSeconds: 0 };
}

function puts(place: Place, from: number, count: number): readonly Step[] {
  return Array.from({ length: count }, (_, i) => put(place, (from + i) % 16, `v${String(from + i)}`, 10));
}

// ---------------------------------------------------------------- three clusters

/** Three clusters in a row; a table that goes to two others; two that feed each other, one of them a third. */
export const TOPOLOGIES = ['chain', 'fan', 'master-master'] as const;
export type Topology = (typeof TOPOLOGIES)[number];

/** Longer than a server is waited for: its replicas have new members by then. */
const AWAY_MS = 20_000;

function addDup(as: string, from: string, to: string): Step {
  return { kind: 'addDup', afterMs: 0, as, cluster: from, table: SOURCE.table, remoteCluster: to, checkpoint: false, remoteTable: SOURCE.table, remoteReplicaCount: 0 };
}

function hops(topology: Topology): readonly Step[] {
  switch (topology) {
    case 'chain':
      return [addDup('dup#1', 'source', 'follower'), addDup('dup#2', 'follower', 'third')];
    case 'fan':
      return [addDup('dup#1', 'source', 'follower'), addDup('dup#2', 'source', 'third')];
    case 'master-master':
      return [addDup('dup#1', 'source', 'follower'), addDup('dup#2', 'follower', 'source'), addDup('dup#3', 'follower', 'third')];
  }
}

/** 3 + 3 + 2 servers, a table of 2 partitions and 2 replicas in each cluster, 30 steps; users write throughout, and one server is away meanwhile. */
export function topologyPlan(topology: Topology, variant: number): Plan {
  const follower: Place = { ...SOURCE, cluster: 'follower' };
  const third: Place = { ...SOURCE, cluster: 'third' };
  // Users of both masters write, of a chain those of its middle too; nobody writes to what only follows.
  const second = topology === 'fan' ? SOURCE : follower;
  const away = `node(${variant % 2 === 0 ? 'source' : 'follower'},${String(variant % 3)})`;
  const clusters = [
    { id: 'source', replicaServers: 3 },
    { id: 'follower', replicaServers: 3 },
    { id: 'third', replicaServers: 2 },
  ];
  return planOf(clusters, { mutation2pcMinReplicaCount: 1, groupCheckIntervalMs: 8000 }, [
    ...[SOURCE, follower, third].map((place) => create(place, 2, 2)),
    wait(500),
    ...hops(topology),
    wait(2000),
    ...puts(SOURCE, variant, 5),
    ...puts(second, variant + 5, 3),
    { kind: 'crash', afterMs: 500, node: away, downMs: AWAY_MS, insideCall: 0 },
    wait(12_000),
    ...puts(SOURCE, variant + 8, 5),
    ...puts(second, variant + 13, 3),
    wait(10_000),
    ...puts(SOURCE, variant + 16, 6 - hops(topology).length),
  ]);
}

// ---------------------------------------------------------------- a learner

/** Sizes as a server has them, and not those that make a search meet everything within few steps. */
const LEARN_SETTINGS: Settings = {
  mutation2pcMinReplicaCount: 1,
  // One write, one record.
  batchWriteDisabled: 1,
  maxMutationCountInPrepareList: 110,
  stalenessForCommit: 20,
  nfsCopyBlockBytes: 1 << 22,
};

/** No checkpoint before the learner comes: the log has everything. */
const LOG_ALONE: Settings = { logPrivateFileSizeBytes: 1 << 20, memtableSizeBytes: 1 << 26, checkpointIntervalMs: 120_000, checkpointMaxIntervalMs: 60_000 };

/** The log is collected soon behind each checkpoint. */
const SHORT_LOG: Settings = { logPrivateFileSizeBytes: 1 << 16, memtableSizeBytes: 1 << 20 };

/** Bytes of the value of a row. */
export const LEARNED_VALUE_BYTES = 64;
/** What is written between two moments of rest. */
const WAVE = 16;
/** Records of a partition that are learned from the primary's prepare list: about as many as it holds. */
export const CACHED_RECORDS = 100;

export type LearnedBy = 'LT_CACHE' | 'LT_LOG' | 'LT_APP';

/** The server that learns: it has no replica before. */
export const LEARNER = 'source/replica-1';

/** Keys of which each partition has so many. */
function spreadKeys(partitions: number, each: number): readonly number[] {
  const left = new Array<number>(partitions).fill(each);
  const keys: number[] = [];
  for (let key = 0; keys.length < partitions * each; key += 1) {
    const index = partitionIndexOf(`k${String(key)}`, partitions);
    const rest = left[index] ?? 0;
    if (rest === 0) continue;
    left[index] = rest - 1;
    keys.push(key);
  }
  return keys;
}

/**
 * So many rows in one partition on one of two servers, or in one for each hundred of them when a learner takes what the prepare list
 * holds; then each replica is copied to the other server, which has nothing of it. A checkpoint is there before it comes, or only a log.
 */
export function learnPlan(by: LearnedBy, rows: number): Plan {
  const partitions = by === 'LT_CACHE' ? rows / CACHED_RECORDS : 1;
  const [home, other] = ['node(source,0)', 'node(source,1)'];
  // With one server away all partitions begin on the other.
  const steps: Step[] = [{ kind: 'crash', afterMs: 0, node: other, downMs: 30_000, insideCall: 0 }, wait(13_000), create(SOURCE, partitions, 1), wait(2000)];
  for (const [i, key] of spreadKeys(partitions, rows / partitions).entries()) {
    steps.push(put(SOURCE, key, `${String(i)}-`.padEnd(LEARNED_VALUE_BYTES, 'x'), i % WAVE === 0 ? 10 : 0));
  }
  steps.push(wait(20_000));
  for (let partitionIndex = 0; partitionIndex < partitions; partitionIndex += 1) {
    steps.push({ kind: 'copyReplica', afterMs: 0, ...SOURCE, partitionIndex, place: 'primary', from: home, to: other });
  }
  steps.push(wait(20_000));
  return planOf([{ id: 'source', replicaServers: 2 }], { ...LEARN_SETTINGS, ...(by === 'LT_APP' ? SHORT_LOG : LOG_ALONE) }, steps);
}

// ---------------------------------------------------------------- many servers, many partitions, many tables

export interface ClusterSize {
  readonly servers: number;
  readonly partitions: number;
}

/** When the members of all partitions have learned, and how long the cluster is at work then. */
export const CLUSTER_FROM_MS = 30_000;
export const CLUSTER_FOR_MS = 60_000;

/** Partitions of 3 replicas; one user writes ten rows a second, one server is away for a third of the time, and what it had is learned by others. */
export function clusterPlan({ servers, partitions }: ClusterSize): Plan {
  const beforeMs = CLUSTER_FROM_MS + 5000;
  const writes = Array.from({ length: (CLUSTER_FOR_MS - 5000) / 100 }, (_, i) => put(SOURCE, i, `v${String(i)}`, 100));
  const crash: Step = { kind: 'crash', afterMs: 0, node: `node(source,${String(servers - 1)})`, downMs: AWAY_MS, insideCall: 0 };
  return planOf([{ id: 'source', replicaServers: servers }], {}, [create(SOURCE, partitions, 3), wait(beforeMs), crash, ...writes]);
}

/** So many tables of one partition each; every one has a write in turn. */
export function tablesPlan(tables: number): Plan {
  const places = Array.from({ length: tables }, (_, i): Place => ({ cluster: 'source', table: `table#${String(i + 1)}` }));
  return planOf([{ id: 'source', replicaServers: 3 }], {}, [
    ...places.map((place) => create(place, 1, 3)),
    wait(5000),
    ...[0, 1].flatMap((round) => places.map((place) => put(place, round, 'v', 10))),
  ]);
}
