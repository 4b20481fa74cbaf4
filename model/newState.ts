/** Nodes, replicas and partitions of which nothing is known yet (state.ts says what their fields mean). */
import type { NodeState, PartitionState, ReplicaState } from './state.ts';
import type { Gpid, NodeId } from './vocabulary.ts';

export function newNode(): NodeState {
  return { up: false, incarnation: 0, manualCount: 0, slots: {}, powerLost: false, diskFault: false, wallFault: false, paused: false, leaseFromUs: -1 };
}

export function newReplica(node: NodeId): ReplicaState {
  return {
    node,
    open: false,
    incarnation: 0,
    status: 'PS_INACTIVE',
    role: 'PS_INACTIVE',
    ballot: 0,
    committed: 0,
    applied: 0,
    maxPrepared: 0,
    entries: {},
    reproposeNext: 1,
    reproposeLast: 0,
    barrierDue: false,
    ingesting: 0,
    ingestingSinceUs: -1,
    loadBegun: false,
    lastTimestampUs: 0,
    manual: false,
    manualSinceUs: -1,
    exists: false,
    initBallot: 0,
    initDurable: 0,
    validLogOffset: 0,
    flushed: 0,
    flushedAtUs: 0,
    base: 0,
    checkpoints: [],
    files: [],
    fileOpen: false,
    damaged: false,
    openedWithFault: false,
    stranger: false,
    lost: false,
    undurableSinceUs: -1,
    collectableSinceUs: -1,
    openedAtUs: -1,
    endedDurable: 0,
    intervalSinceUs: -1,
    intervalBeforeUs: -1,
    primaryUntilUs: -1,
    behind: { target: 0, sinceUs: -1 },
    unlisted: { target: 0, sinceUs: -1 },
  };
}

export function newPartition(gpid: Gpid, appId: number, clusterId: number): PartitionState {
  return {
    gpid,
    appId,
    clusterId,
    ballot: -1,
    configs: {},
    moves: 0,
    wantedPrimary: '',
    wantedSinceUs: -1,
    servesSinceUs: -1,
    unservedSinceUs: 0,
    servedFirstUs: -1,
    pending: { target: 0, sinceUs: -1 },
    primaries: {},
    proposals: {},
    committed: 0,
    committedAtUs: 0,
    chosen: {},
    rows: {},
    removals: {},
    newestUs: 0,
    digests: [0],
    history: {},
    replicas: {},
    written: false,
    inbound: false,
    adopted: {},
    begin: { decree: 0, rows: {}, removals: {}, isKnown: true },
    ingestionsSent: [],
    ingestions: {},
    emergencies: [],
  };
}
