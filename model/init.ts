/**
 * The state before the first event, with partitions whose members start over given logs (booting from real files).
 */
import { groupIdOf } from './config.ts';
import { NO_CONTENT } from './content.ts';
import { allowsIngestBehind } from './ingestions.ts';
import {
  commitGlobally,
  newNode,
  newPartition,
  newReplica,
  propose,
  type LogFile,
  type ModelConfig,
  type ModelState,
  type PreloadedPartition,
} from './state.ts';

/** The state before the first event. */
export function init(config: ModelConfig): ModelState {
  const state: ModelState = {
    config,
    nowUs: 0,
    healedAtUs: -1,
    calm: true,
    lossy: false,
    providerFaultAtUs: -1,
    disturbedAtUs: 0,
    lastCommandAtUs: 0,
    nodes: {},
    clusters: {},
    providers: {},
    runs: {},
  };
  for (const cluster of config.clusters) {
    state.clusters[cluster.id] = {
      id: cluster.id,
      tables: {},
      byName: {},
      storeFaultAtUs: -1,
      metaStartedAtUs: -1,
      tableChanges: 0,
      partitions: {},
      commands: {},
      effects: {},
      writers: {},
      dups: {},
      loads: {},
      metrics: {},
      throttles: {},
      asks: [],
      inbound: {},
      received: {},
    };
    for (const node of cluster.nodes) state.nodes[node] = newNode();
  }
  for (const preloaded of config.tables ?? []) preload(state, preloaded);
  return state;
}

function preload(state: ModelState, from: PreloadedPartition): void {
  const cluster = state.clusters[from.cluster];
  if (cluster === undefined) throw new Error(`preloaded partition of unknown cluster ${from.cluster}`);
  const { appId, name, partitionCount, envs } = from.table;
  const table = (cluster.tables[appId] ??= {
    appId,
    name,
    status: 'AS_AVAILABLE',
    partitionCount,
    maxReplicaCount: from.config.maxReplicaCount,
    envs: { ...envs },
    isBulkLoading: false,
    loadingChangedAtUs: -1,
    changedAtUs: -1,
    createdAtUs: 0,
    droppedAtUs: -1,
    dropAskedAtUs: -1,
    recalledAtUs: -1,
    names: [{ name, fromUs: 0, untilUs: -1, change: 0, sureUs: 0 }],
    home: {},
    grantedEarly: [],
    allowsIngestBehind: allowsIngestBehind(envs),
    changes: 0,
    answeredChanges: -1,
    weakestReserve: { count: Infinity, seconds: Infinity },
  });
  cluster.byName[name] = appId;
  const clusterId = groupIdOf(state.config, cluster.id);
  const part = newPartition(from.gpid, appId, clusterId);
  cluster.partitions[from.gpid] = part;
  for (let index = 0; index < partitionCount; index++) {
    const other = (cluster.partitions[`${appId}.${index}`] ??= newPartition(`${appId}.${index}`, appId, clusterId));
    if (other.ballot < 0) other.ballot = 0;
  }
  const { ballot, primary, secondaries } = from.config;
  part.ballot = ballot;
  part.configs[ballot] = { primary, secondaries: [...secondaries] };
  let committed = from.durable;
  for (const record of from.records) {
    propose(part, record, []);
    if (record.lastCommitted > committed) committed = record.lastCommitted;
  }
  if (from.records.length > 0 && !(1 in part.proposals)) part.digests[0] = NO_CONTENT;
  while (part.committed < committed) {
    const newest = part.proposals[part.committed + 1]?.at(-1);
    if (newest === undefined) {
      part.committed++;
      part.digests[part.committed] = NO_CONTENT;
    } else {
      commitGlobally(part, table, newest, 0);
    }
  }
  for (const node of [primary, ...secondaries]) {
    if (node === '') continue;
    const replica = newReplica(node);
    replica.exists = true;
    replica.initBallot = from.initBallot;
    replica.flushed = replica.base = from.durable;
    replica.committed = replica.applied = from.durable;
    if (from.durable > 0) replica.checkpoints.push({ decree: from.durable, bornAtUs: 0, listedAtUs: 0 });
    replica.files = preloadedFiles(from);
    part.replicas[node] = replica;
  }
}

function preloadedFiles(from: PreloadedPartition): LogFile[] {
  const layout = from.files ?? [{ index: 1, startOffset: 0, previousMaxDecree: 0, records: from.records.length }];
  let taken = 0;
  return layout.map((file, at) => {
    const records = from.records.slice(taken, taken + file.records);
    taken += file.records;
    return {
      index: file.index,
      startOffset: file.startOffset,
      endOffset: layout[at + 1]?.startOffset ?? file.startOffset,
      previousMaxDecree: file.previousMaxDecree,
      maxDecree: records.reduce((max, r) => Math.max(max, r.decree), file.previousMaxDecree),
      writtenAtUs: 0,
      incarnation: -1,
      records: records.map((r) => ({ ballot: r.ballot, decree: r.decree, lastCommitted: r.lastCommitted })),
    };
  });
}
