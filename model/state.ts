/**
 * What the model remembers of a world: plain data, keyed by cluster, table, gpid and node (repl 6.3).
 *
 * The tree is a tree: no object is reachable by two paths, so that immer's drafts and the private plain tree of the hot
 * path behave alike. Unknown facts are -1 or '', never absent fields, so that shapes stay stable.
 */
import type { ModelConfig } from './config.ts';
import type { MutationFact, UpdateFact } from './events.ts';
import type { Ballot, ClusterId, Decree, Gpid, NodeId, PartitionStatus, TableStatus } from './vocabulary.ts';
import type { CommandState } from './commandState.ts';
import { applyRows } from './content.ts';
import { noteDebt, type Debt } from './debt.ts';
import type { ReplicaMetrics } from './metrics.ts';
import type { DupState, FollowerAsk, Inbound, ReceivedWrite } from './dupState.ts';
import type { IngestionState, LoadControl, LoadState, ProviderState, Run, SentIngestion } from './loadState.ts';
import type { NameSpan } from './tableNames.ts';
import type { ThrottleState } from './throttleState.ts';

export { init } from './init.ts';
export type { CommandState } from './commandState.ts';
export { newNode, newPartition, newReplica } from './newState.ts';
export { noteDebt, type Debt } from './debt.ts';
export type { ModelConfig, ModelSettings, PreloadedPartition } from './config.ts';

export interface NodeState {
  up: boolean;
  incarnation: number;
  /** Manual checkpoint flags that are set on this server (repl 2.3). */
  manualCount: number;
  /** Since when downloads of its replicas hold one of its slots (bl 14.1). */
  slots: Record<Gpid, number>;
  /** Faults that excuse: a power loss, a disk fault, a wall clock fault was seen here. */
  powerLost: boolean;
  diskFault: boolean;
  wallFault: boolean;
  /** Its process was paused: its monotonic clock stood still. */
  paused: boolean;
  /** When the newest beacon left that was answered to this life of its process; -1: none was. */
  leaseFromUs: number;
}

export interface TableState {
  appId: number;
  name: string;
  status: TableStatus;
  partitionCount: number;
  maxReplicaCount: number;
  envs: Record<string, string>;
  isBulkLoading: boolean;
  /** Controls that were answered with ERR_OK before its load was in the store. */
  grantedEarly: LoadControl[];
  /** When that changed last, and when anything of it did. */
  loadingChangedAtUs: number;
  changedAtUs: number;
  createdAtUs: number;
  /** -1 while it is not dropped, and when it was recalled last (-1: never). */
  droppedAtUs: number;
  /** When its drop was asked for: it is held from some moment between that and the store's. */
  dropAskedAtUs: number;
  recalledAtUs: number;
  /** Every name that it bore, oldest first; replaced, never changed. */
  names: readonly NameSpan[];
  /** Records stored so far. */
  changes: number;
  /** How many of them the meta server certainly holds: a command whose effect they show was answered with ERR_OK. */
  answeredChanges: number;
  /** The weakest reserve that its envs ever asked for (they reach replicas later than the store). */
  weakestReserve: { count: number; seconds: number };
  /** Which partition holds a stored key; learnt from the first committed row. */
  home: Record<string, Gpid>;
  /** Files may be ingested behind: by the envs that it was created with, and never otherwise (bl 19; bl.S2). */
  allowsIngestBehind: boolean;
}

/** One mutation as one primary proposed it in one ballot. */
export interface Proposal {
  ballot: Ballot;
  decree: Decree;
  /** Largest header commit point it travelled with. */
  lastCommitted: Decree;
  timestampUs: number;
  updates: readonly UpdateFact[];
  /** The command behind each update (-1: none). */
  commands: number[];
  acks: Record<NodeId, true>;
}

export interface Version {
  /** undefined: removed. */
  value: string | undefined;
  expireTs: number;
  /** Decree of the ingestion that brought it, 0: a write did. */
  ingestion: Decree;
}

/** When and in which cluster a row was written or removed (its time tag, dup 7.3), and the decree that did it here. */
export interface Stamp {
  timestampUs: number;
  clusterId: number;
  decree: Decree;
}

export interface Row extends Stamp {
  value: string;
  expireTs: number;
  hash: number;
}

/** Rows, and what removals left: files that are ingested behind lie below both, and older writes of other clusters too. */
export interface Content {
  rows: Record<string, Row>;
  removals: Record<string, Stamp>;
}

export interface Entry {
  ballot: Ballot;
  logged: boolean;
}

export interface LogRecord {
  ballot: Ballot;
  decree: Decree;
  lastCommitted: Decree;
}

export interface LogFile {
  index: number;
  startOffset: number;
  endOffset: number;
  previousMaxDecree: Decree;
  maxDecree: Decree;
  writtenAtUs: number;
  /** The life of the replica in which it was created. */
  incarnation: number;
  records: LogRecord[];
}

export interface Checkpoint {
  decree: Decree;
  /** Not before this moment were its files written. */
  bornAtUs: number;
  listedAtUs: number;
}

/** One replica: what it said of its memory, and what lies on its disk. */
export interface ReplicaState {
  node: NodeId;
  /** Since when it is a learner, -1: it is none. */
  learningSinceUs: number;
  /** When it became a member by learning; -1: it has not, in this life. */
  joinedAtUs: number;
  /** A download of a follower table whose partition began with another one: nobody serves with it (dup 5.5). */
  stranger: boolean;
  open: boolean;
  incarnation: number;
  status: PartitionStatus;
  /** The last serving role, for a commit loop that goes on in ERROR (repl 1.6). */
  role: PartitionStatus;
  ballot: Ballot;
  committed: Decree;
  applied: Decree;
  maxPrepared: Decree;
  entries: Record<Decree, Entry>;
  /** What a new primary still has to re-propose: [next, last] (repl 1.10). */
  reproposeNext: Decree;
  reproposeLast: Decree;
  barrierDue: boolean;
  /** The newest ingestion mutation that it let in as the primary that it is, and when; 0 without one (bl 15.1 #14). */
  ingesting: Decree;
  ingestingSinceUs: number;
  /** It was told to download since it took its role: a member forgets its load with each change of role (bl 17.1). */
  loadBegun: boolean;
  lastTimestampUs: number;
  manual: boolean;
  manualSinceUs: number;
  // on disk
  exists: boolean;
  initBallot: Ballot;
  /** Of `.init-info`: a durable decree below it fails the load; records of files before the offset count for nothing (repl 5.1). */
  initDurable: Decree;
  validLogOffset: number;
  flushed: Decree;
  flushedAtUs: number;
  /** What storage held when the replica was last closed or lost: replay starts here. */
  base: Decree;
  checkpoints: Checkpoint[];
  files: LogFile[];
  /** A file of this incarnation takes records (an old one is never written again, plog 7.4). */
  fileOpen: boolean;
  /** The auditor found the log damaged; part of the log, or all of the replica, was lost. */
  damaged: boolean;
  /** A fault of its disk, or of its power, came before it was opened: the log that was read then may have a hole. */
  openedWithFault: boolean;
  lost: boolean;
  /** Since when something applied is not durable; and since when a log file could go (obligations). */
  undurableSinceUs: number;
  collectableSinceUs: number;
  openedAtUs: number;
  /** Durable decree when an attempt last ended well, and since when the maximum interval runs (-1: not known). */
  endedDurable: Decree;
  intervalSinceUs: number;
  /** The same of the checkpoint before the newest; and when it was last PRIMARY (-1 never). */
  intervalBeforeUs: number;
  primaryUntilUs: number;
  /** What it owes: to apply what a primary committed; to list what it flushed. */
  behind: Debt;
  unlisted: Debt;
}

export interface PartitionState extends Content {
  gpid: Gpid;
  appId: number;
  /** `[duplication-group]` id of its cluster; the meta server's record, by ballot (`ballot` is the newest). */
  clusterId: number;
  ballot: Ballot;
  configs: Record<Ballot, { primary: NodeId | ''; secondaries: NodeId[] }>;
  /** How often its primary was moved away; whom an operator wants as the primary (docs/departures FM12), or in whose place, since when. */
  moves: number;
  wantedPrimary: NodeId | '';
  wantedSinceUs: number;
  copying: { readonly place: 'primary' | 'secondary'; readonly from: NodeId; readonly to: NodeId; readonly sinceUs: number } | undefined;
  /** Since when all members hold their roles in the newest ballot; -1 while they do not. */
  servesSinceUs: number;
  /** When it last stopped to serve, and when it first served after the latest disturbance. */
  unservedSinceUs: number;
  servedFirstUs: number;
  /** What the primary has prepared (and its barrier) and not committed. */
  pending: Debt;
  /** Who was PRIMARY in a ballot, and in which incarnation. */
  primaries: Record<Ballot, { node: NodeId; incarnation: number }>;
  proposals: Record<Decree, Proposal[]>;
  /** Largest decree that any primary committed, and in which ballot each was first committed. */
  committed: Decree;
  committedAtUs: number;
  chosen: Record<Decree, Ballot>;
  /** The newest time that a write gave to a row, or to its removal. */
  newestUs: number;
  /** Digest of the rows by decree; NO_CONTENT where the beginning is unknown. */
  digests: number[];
  history: Record<string, Version[]>;
  replicas: Record<NodeId, ReplicaState>;
  /** A client has written here. */
  written: boolean;
  /** Writes have come here by duplication. */
  inbound: boolean;
  /** A follower's replicas began over a checkpoint of the master: its decree by node; and its rows (dup 5.5). */
  adopted: Record<NodeId, Decree>;
  begin: Content & { decree: Decree; isKnown: boolean };
  /** Ingestion writes that were sent here, oldest first; and those that were committed, by decree. */
  ingestionsSent: SentIngestion[];
  ingestions: Record<Decree, IngestionState>;
  /** Emergency checkpoints that were accepted and are not yet durable (L8). */
  emergencies: { id: number; node: NodeId; incarnation: number; minDecree: Decree; sinceUs: number; empty: boolean }[];
}

export interface ClusterState {
  id: ClusterId;
  tables: Record<number, TableState>;
  /** Live table (created, not dropped) of a name. */
  byName: Record<string, number>;
  /** A fault struck its state store last then, -1 never. */
  storeFaultAtUs: number;
  /** A meta server of it was started last then. */
  metaStartedAtUs: number;
  tableChanges: number;
  partitions: Record<Gpid, PartitionState>;
  /** Commands that are open, or whose attempts may still take effect. */
  commands: Record<number, CommandState>;
  /** Committed updates that no answer has claimed, in order of commit, by the slots of `writers`. */
  effects: Record<string, { update: UpdateFact; committedAtUs: number }[]>;
  /** Write commands by `<appId>/<first stored key>`, oldest first. */
  writers: Record<string, number[]>;
  /** Duplications of this cluster's tables, by `<appId>/<dupId>`; removed ones stay. */
  dups: Record<string, DupState>;
  /** As a follower: tables asked for; requests under way by partition, node and content; writes by table name and stamp. */
  asks: FollowerAsk[];
  inbound: Record<string, Inbound>;
  received: Record<string, Record<string, ReceivedWrite[]>>;
  /** By table: the load that runs, or the result of the last one. */
  loads: Record<number, LoadState>;
  /** By `<gpid> <node>`. */
  metrics: Record<string, ReplicaMetrics>;
  /** By `<gpid> <node>`: replicas that were ever told to throttle. */
  throttles: Record<string, ThrottleState>;
}

export interface ModelState {
  config: ModelConfig;
  nowUs: number;
  healedAtUs: number;
  /** No fault has been seen so far. */
  calm: boolean;
  /** A fault has been seen that may take a message, a file or a process: more than load and clocks. */
  lossy: boolean;
  /** A file provider failed somebody last then, -1 never; a slow one does not count. */
  providerFaultAtUs: number;
  /** The latest of: a fault, a recovery, an open (obligations count from there). */
  disturbedAtUs: number;
  lastCommandAtUs: number;
  nodes: Record<NodeId, NodeState>;
  clusters: Record<ClusterId, ClusterState>;
  /** File providers by name, and every file that one of them ever had, by MD5. */
  providers: Record<string, ProviderState>;
  runs: Record<string, Run>;
}

/** The proposal of (decree, ballot), if there is one. */
export function proposalOf(part: PartitionState, decree: Decree, ballot: Ballot): Proposal | undefined {
  const all = part.proposals[decree];
  if (all === undefined) return undefined;
  for (let i = all.length - 1; i >= 0; i--) {
    const proposal = all[i];
    if (proposal !== undefined && proposal.ballot === ballot) return proposal;
  }
  return undefined;
}

/** The mutation that was committed at a decree. */
export function chosenOf(part: PartitionState, decree: Decree): Proposal | undefined {
  const ballot = part.chosen[decree];
  return ballot === undefined ? undefined : proposalOf(part, decree, ballot);
}

/** Remembers a proposal, or another header commit point of the same one. */
export function propose(part: PartitionState, mutation: MutationFact, commands: number[]): void {
  const known = proposalOf(part, mutation.decree, mutation.ballot);
  if (known !== undefined) {
    if (mutation.lastCommitted > known.lastCommitted) known.lastCommitted = mutation.lastCommitted;
    return;
  }
  const { ballot, decree, lastCommitted, timestampUs, updates } = mutation;
  (part.proposals[decree] ??= []).push({ ballot, decree, lastCommitted, timestampUs, updates, commands, acks: {} });
}

/** The first commit of a decree anywhere: content, history and digest move on. */
export function commitGlobally(
  part: PartitionState,
  table: TableState | undefined,
  proposal: Proposal,
  atUs: number,
): void {
  part.committed = proposal.decree;
  part.committedAtUs = atUs;
  part.chosen[proposal.decree] = proposal.ballot;
  part.digests[proposal.decree] = applyRows(part, table?.home, proposal);
}

/** Remembers since when garbage collection could delete the oldest log file (plog 12). */
export function noteCollectable(replica: ReplicaState, atUs: number): void {
  const covered = (replica.files[1]?.previousMaxDecree ?? Infinity) <= durableOf(replica);
  if (!covered) replica.collectableSinceUs = -1;
  else if (replica.collectableSinceUs < 0) replica.collectableSinceUs = atUs;
}

const holds = (replica: ReplicaState | undefined, part: PartitionState, role: PartitionStatus): boolean =>
  replica?.open === true && replica.status === role && replica.ballot === part.ballot;

/** Do all members hold their roles in the newest ballot? */
export function serves(part: PartitionState): boolean {
  const config = part.configs[part.ballot];
  if (config === undefined || !holds(part.replicas[config.primary], part, 'PS_PRIMARY')) return false;
  return config.secondaries.every((node) => holds(part.replicas[node], part, 'PS_SECONDARY'));
}

/** After every change of what a primary has prepared or committed. */
export function notePending(part: PartitionState, primary: ReplicaState, atUs: number): void {
  noteDebt(part.pending, primary.committed, primary.maxPrepared + (primary.barrierDue ? 1 : 0), atUs);
}

/** Newest checkpoint, 0 without one. */
export function durableOf(replica: ReplicaState): Decree {
  return replica.checkpoints[replica.checkpoints.length - 1]?.decree ?? 0;
}
