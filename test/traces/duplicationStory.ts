/**
 * Words and stories of duplication: the table `t` of cluster `c` (partition `1.0`, see story.ts) and its follower `t`
 * of cluster `d`, with the members F and E. Nothing here knows the rules: what happens is dup 16 T1 (a full duplication)
 * and the same without a checkpoint.
 */
import type { Answer, Command, DuplicationCommand } from '../../model/commands.ts';
import type { ModelConfig } from '../../model/config.ts';
import { addToDigest, rowHash } from '../../model/content.ts';
import type { DupEntryFact, DupRecordFact } from '../../model/duplicationEvents.ts';
import type { ModelEvent, MutationFact, UpdateFact } from '../../model/events.ts';
import type { Decree, DuplicationFailMode, DuplicationStatus, NodeId } from '../../model/vocabulary.ts';
import {
  applied,
  asks,
  committed,
  flushed,
  G,
  key,
  listed,
  logFile,
  logged,
  MEMBERS,
  mutation,
  opened,
  P,
  PUT,
  putAt,
  READY,
  SETTINGS,
  started,
  status,
} from './story.ts';

export const F = 'd/replica-0';
export const E = 'd/replica-1';
export const META = 'd/meta-0';
/** The duplication's id, and its creation. */
export const ID = 77;
const CREATED_MS = 77_000;

/** One second of the stories; the start (every process, every replica) is at 0. */
export const S = 1_000_000;
const NOW = 10 * S;

export const DUP_CONFIG: ModelConfig = {
  clusters: [
    { id: 'c', nodes: MEMBERS },
    { id: 'd', nodes: [F, E] },
  ],
  settings: { ...SETTINGS, mutation2pcMinReplicaCount: 1 },
  wallBaseSeconds: 1000,
};

// ---------------------------------------------------------------- the store and the operator

type AddDup = Extract<DuplicationCommand, { kind: 'addDup' }>;

export const addDup = (checkpoint: boolean, more: Partial<AddDup> = {}): Command => ({
  kind: 'addDup',
  table: 't',
  remoteCluster: 'd',
  checkpoint,
  remoteTable: 't',
  remoteReplicaCount: 2,
  ...more,
});
export const change = (kind: 'removeDup' | 'startDup' | 'pauseDup', dupId = ID): Command => ({
  kind,
  table: 't',
  dupId,
});
export const setMode = (failMode: DuplicationFailMode): Command => ({
  kind: 'setDupFailMode',
  table: 't',
  dupId: ID,
  failMode,
});
/** An operator's line of duplication, given at a moment of the stories. */
export const orders = (id: number, command: Command, atUs = NOW): ModelEvent => asks(id, command, atUs);
export const modified = (): Answer => ({ kind: 'dupModified', error: 'ERR_OK', appId: 1 });
export const added = (more: Partial<Extract<Answer, { kind: 'dupAdded' }>> = {}): Answer => ({
  kind: 'dupAdded',
  error: 'ERR_OK',
  hint: '',
  appId: 1,
  dupId: ID,
  remoteTable: 't',
  remoteReplicaCount: 2,
  ...more,
});

export const record = (status: DuplicationStatus, more: Partial<DupRecordFact> = {}): DupRecordFact => ({
  remote: 'd',
  status,
  createTimestampMs: CREATED_MS,
  failMode: 'FAIL_SLOW',
  remoteAppName: 't',
  remoteReplicaCount: 2,
  ...more,
});
export const stored = (
  to: DuplicationStatus,
  more: Partial<DupRecordFact> = {},
  { appId = 1, dupId = ID, atUs = NOW } = {},
): ModelEvent => ({ kind: 'dup.stored', cluster: 'c', appId, dupId, record: record(to, more), atUs });
export const erased = (atUs = NOW): ModelEvent => ({ kind: 'dup.erased', cluster: 'c', appId: 1, dupId: ID, atUs });
export const progress = (confirmed: Decree, atUs = NOW): ModelEvent => ({
  kind: 'dup.progress-stored',
  cluster: 'c',
  appId: 1,
  dupId: ID,
  gpid: G,
  confirmed,
  atUs,
});

// ---------------------------------------------------------------- syncs

export const told = (
  to: DuplicationStatus,
  confirmed: Decree,
  at: { readonly node?: NodeId; readonly atUs?: number; readonly failMode?: DuplicationFailMode } = {},
): ModelEvent => ({
  kind: 'dup.told',
  cluster: 'c',
  node: at.node ?? P,
  appId: 1,
  dupId: ID,
  status: to,
  failMode: at.failMode ?? 'FAIL_SLOW',
  progress: { 0: confirmed },
  atUs: at.atUs ?? NOW,
});
export const synced = (dupIds: readonly number[] = [ID], { node = P, atUs = NOW } = {}): ModelEvent => ({
  kind: 'dup.synced',
  cluster: 'c',
  node,
  dups: dupIds.map((dupId) => ({ appId: 1, dupId })),
  atUs,
});
export const reported = (
  confirmed: Decree,
  isPrepared = false,
  { node = P, lastCommitted = confirmed, atUs = NOW } = {},
): ModelEvent => ({
  kind: 'dup.reported',
  cluster: 'c',
  node,
  gpid: G,
  dupId: ID,
  confirmed,
  prepared: isPrepared,
  lastCommitted,
  atUs,
});

// ---------------------------------------------------------------- duplicators

const here = (node: NodeId, atUs: number) => ({ node, gpid: G, dupId: ID, atUs });
export const begins = (start: Decree, node = P, atUs = NOW): ModelEvent => ({
  kind: 'dup.started',
  start,
  ...here(node, atUs),
});
export const ends = (node = P, atUs = NOW): ModelEvent => ({ kind: 'dup.stopped', ...here(node, atUs) });
export const shipped = (last: Decree): ModelEvent => ({ kind: 'dup.shipped', last, ...here(P, NOW) });
export const skipped = (from: Decree, to: Decree): ModelEvent => ({ kind: 'dup.skipped', from, to, ...here(P, NOW) });

/** The write of a decree of the source as it travels. */
export const entry = (decree: Decree, update: UpdateFact, clusterId = 1): DupEntryFact => ({
  timestampUs: decree * 1000,
  clusterId,
  code: update.code,
  verifyTimetag: false,
  rows: update.rows,
});
export const sent = (
  entries: readonly DupEntryFact[],
  { from = P, to = F, sizeBytes = 200, atUs = NOW } = {},
): ModelEvent => ({ kind: 'dup.sent', from, to, gpid: G, sizeBytes, entries, atUs });
/** The update of the follower's mutation that a request becomes. */
export const DUPLICATE = (entries: readonly DupEntryFact[]): UpdateFact => ({
  code: 'RPC_RRDB_RRDB_DUPLICATE',
  rows: entries.flatMap(({ rows }) => rows),
  entries,
});

// ---------------------------------------------------------------- the follower

export const ENVS = {
  'duplication.master_cluster': 'c',
  'duplication.master_metas': 'c/meta-0',
  'duplication.master_app_name': 't',
  'duplication.master_app_id': '1',
  'duplication.master_dup_id': `${ID}`,
} as const;
export type Mark = 'creating' | 'created';
export const envsOf = (mark: Mark): Readonly<Record<string, string>> => ({
  ...ENVS,
  'duplication.follower_app_status': mark,
});

type Asked = Extract<ModelEvent, { kind: 'follower.asked' }>;
export const invites = (mark: Mark, more: Partial<Asked> = {}): ModelEvent => ({
  kind: 'follower.asked',
  cluster: 'c',
  to: META,
  name: 't',
  partitionCount: 1,
  replicaCount: 2,
  envs: envsOf(mark),
  atUs: NOW,
  ...more,
});
export const followerTable = (envs: Readonly<Record<string, string>>, atUs = NOW): ModelEvent => ({
  kind: 'table.stored',
  cluster: 'd',
  appId: 1,
  name: 't',
  status: 'AS_AVAILABLE',
  partitionCount: 1,
  maxReplicaCount: 2,
  envs,
  atUs,
});
export const followerConfig = (
  ballot: number,
  primary: NodeId | '' = F,
  secondaries: readonly NodeId[] = [E],
): ModelEvent => ({
  kind: 'config.stored',
  cluster: 'd',
  config: { gpid: G, ballot, maxReplicaCount: 2, primary, secondaries, lastDrops: [], lastCommittedDecree: 0 },
  atUs: NOW,
});
export const adopts = (node: NodeId, decree: Decree, digest: number): ModelEvent => ({
  kind: 'checkpoint.adopted',
  node,
  gpid: G,
  decree,
  digest,
  atUs: NOW,
});

export const followerPrepares = (m: MutationFact, node = F): ModelEvent => ({
  kind: 'replica.prepared',
  node,
  gpid: G,
  as: node === F ? 'primary' : 'secondary',
  reproposal: false,
  mutation: m,
  atUs: NOW,
});
/** A mutation of the follower, committed at both members. */
export function followerWrites(m: MutationFact): readonly ModelEvent[] {
  return [
    followerPrepares(m),
    logged(F, m, 1, m.decree * 100, NOW),
    followerPrepares(m, E),
    logged(E, m, 1, m.decree * 100, NOW),
    { kind: 'prepare.acked', node: E, gpid: G, ballot: m.ballot, decree: m.decree, atUs: NOW },
    committed(F, m.decree, m.ballot, NOW),
    applied(F, m.decree, NOW),
  ];
}
/** What the follower makes of a request: one mutation at `decree`. */
export const arrives = (decree: Decree, entries: readonly DupEntryFact[]): readonly ModelEvent[] =>
  followerWrites(mutation(1, decree, [DUPLICATE(entries)], decree - 1, 900_000 + decree));

// ---------------------------------------------------------------- stories

/** Digest of the table with the one row of decree 2. */
export const ROW = rowHash(key('k'), 'v', 0, 2000);
/** The same with that of decree 3, `l`=`w`. */
export const ROWS = addToDigest(ROW, rowHash(key('l'), 'w', 0, 3000));
/** Decree 1 is the barrier, decree 2 puts k=v; both clusters are up. */
export const TWO: readonly ModelEvent[] = [...READY, ...putAt(2, 2, 'k', 'v'), started(F), started(E)];

export const ADD_FULL: readonly ModelEvent[] = [...TWO, orders(10, addDup(true))];
/** dup 16 T1, round 1: added, told, built. */
export const PREPARE: readonly ModelEvent[] = [...ADD_FULL, stored('DS_PREPARE'), told('DS_PREPARE', -1), synced()];
/** The checkpoint of decree 2 is there, and its decree is stored (round 2). */
export const CHECKED: readonly ModelEvent[] = [
  ...PREPARE,
  flushed(P, 2, NOW),
  listed(P, 2, ROW, 2, NOW),
  reported(2),
  progress(2),
  told('DS_PREPARE', 2),
  synced(),
];
/** Round 3: the checkpoint is reported. */
export const PREPARED: readonly ModelEvent[] = [...CHECKED, reported(2, true)];
/** Round 4: the follower table is there, not yet filled. */
export const INVITED: readonly ModelEvent[] = [
  ...PREPARED,
  invites('creating'),
  followerTable(envsOf('creating')),
  followerConfig(0, '', []),
];
export const APP: readonly ModelEvent[] = [...INVITED, stored('DS_APP'), told('DS_APP', 2), synced()];

/** A member's opening over what it downloaded. */
export const opens = (node: NodeId, decree = 2, digest = ROW): readonly ModelEvent[] => [
  adopts(node, decree, digest),
  listed(node, decree, digest, decree, NOW),
  opened(node, { durable: decree, applied: decree, committed: decree, maxPrepared: decree }),
];
export const roles = (ballot = 1): readonly ModelEvent[] => [
  status(F, 'PS_INACTIVE', 'PS_PRIMARY', ballot),
  logFile(F, 1, 0, 0, NOW),
  logFile(E, 1, 0, 0, NOW),
  status(E, 'PS_INACTIVE', 'PS_SECONDARY', ballot),
];
/** Both members hold the checkpoint, the partition serves, the table is marked. */
export const FILLED: readonly ModelEvent[] = [...APP, ...opens(F), ...opens(E), followerConfig(1), ...roles()];
export const MARKED: readonly ModelEvent[] = [...FILLED, invites('created'), followerTable(envsOf('created'))];
export const LOG: readonly ModelEvent[] = [...MARKED, stored('DS_LOG'), told('DS_LOG', 2), synced()];
/** Round 6: the pipeline begins at 3; the follower's barrier is its decree 3. */
export const RUNS: readonly ModelEvent[] = [
  ...LOG,
  begins(3),
  ...followerWrites(mutation(1, 3, undefined, 2, 900_003)),
];
/** Decree 3 puts l=w at the source. */
export const L_W = PUT('l', 'w');
export const OWING: readonly ModelEvent[] = [...RUNS, ...putAt(3, 3, 'l', 'w')];
export const SENT: readonly ModelEvent[] = [...OWING, sent([entry(3, L_W)])];
export const ARRIVED: readonly ModelEvent[] = [...SENT, ...arrives(4, [entry(3, L_W)])];
export const SHIPPED: readonly ModelEvent[] = [...ARRIVED, shipped(3)];
/** Stored, and told. */
export const CONFIRMED: readonly ModelEvent[] = [...SHIPPED, reported(3), progress(3), told('DS_LOG', 3), synced()];

export const OTHERS_CREATION: ModelEvent = {
  kind: 'command.invoked',
  id: 90,
  cluster: 'd',
  command: { kind: 'createTable', name: 't', partitionCount: 1, replicaCount: 2, envs: {}, successIfExist: false },
  atUs: 0,
};
/** An ordinary table `t` in `d`, whose barrier is committed. */
export const OTHER_TABLE: readonly ModelEvent[] = [
  OTHERS_CREATION,
  followerTable({}, 0),
  followerConfig(0, '', []),
  opened(E),
  opened(F),
  followerConfig(1),
  ...roles(),
  ...followerWrites(mutation(1, 1, undefined, 0, 900_001)),
];
/** A log-only duplication of a table in which decrees 1 and 2 are applied. */
export const ADD_LOG: readonly ModelEvent[] = [...TWO, ...OTHER_TABLE, orders(10, addDup(false))];
export const LOG_ONLY: readonly ModelEvent[] = [...ADD_LOG, stored('DS_LOG')];
export const LOG_TOLD: readonly ModelEvent[] = [...LOG_ONLY, told('DS_LOG', -1), synced()];
/** What it had applied when it was told of is not shipped: it proposes to begin at 3. */
export const LOG_BEGINS: readonly ModelEvent[] = [...LOG_TOLD, reported(2), progress(2), told('DS_LOG', 2), synced()];
export const LOG_RUNS: readonly ModelEvent[] = [...LOG_BEGINS, begins(3)];
