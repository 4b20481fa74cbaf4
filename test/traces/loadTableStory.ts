/**
 * Words and stories of a load: the table `t` of story.ts (partition `1.0` on P, A and B), whose load brings two sorted files
 * from the provider `p`. Everything is there at 0, the operator comes at 10 s; what happens is bl 23 in short.
 */
import type { Answer, Command } from '../../model/commands.ts';
import type { ModelEvent } from '../../model/events.ts';
import type {
  LoadFileFact,
  LoadMetadataFact,
  LoadRecordFact,
  MemberLoadFact,
  PartitionLoadRecordFact,
  ProviderFileFact,
} from '../../model/loadEvents.ts';
import type { BulkLoadStatus, ErrorCode, NodeId } from '../../model/vocabulary.ts';
import { FILES, INGEST, ingests, loadOf, sent } from './loadStory.ts';
import { A, applied, asks, B, committed, G, key, MEMBERS, mutation, P, READY, table, write } from './story.ts';

export const S = 1_000_000;
export const NOW = 10 * S;
/** What happens to the same things at 0 in other stories. */
export const now = (events: readonly ModelEvent[], atUs = NOW): readonly ModelEvent[] =>
  events.map((event) => ({ ...event, atUs }));

// ---------------------------------------------------------------- the provider

export const METADATA: LoadMetadataFact = { files: FILES, totalBytes: 300 };
export const NO_METADATA: LoadMetadataFact = { files: [], totalBytes: 0 };

export const put = (path: string, file: ProviderFileFact, sizeBytes = 50, md5 = 'ee', atUs = 0): ModelEvent => ({
  kind: 'provider.put',
  provider: 'p',
  path: `root/c/t/${path}`,
  sizeBytes,
  md5,
  file,
  atUs,
});
const sidecarOf = (path: string): string => path.replace(/([^/]+)$/, '.$1.meta');
/** A file, and its sidecar. */
export const puts = (path: string, file: ProviderFileFact, sizeBytes = 50, md5 = 'ee', atUs = 0): readonly ModelEvent[] => [
  put(path, file, sizeBytes, md5, atUs),
  put(sidecarOf(path), { is: 'sidecar', sizeBytes, md5 }, 40, 'ef', atUs),
];
export const gone = (path: string, atUs = 0): ModelEvent => ({
  kind: 'provider.removed',
  provider: 'p',
  path: `root/c/t/${path}`,
  atUs,
});
const rows = (...keys: readonly string[]): ProviderFileFact => ({
  is: 'rows',
  rows: keys.map((k) => ({ key: key(k), value: 'new', expireTs: 0, timestampUs: 7 })),
});
const fileOf = ({ name, sizeBytes, md5 }: LoadFileFact, file: ProviderFileFact): readonly ModelEvent[] =>
  puts(`0/${name}`, file, sizeBytes, md5);

export const INFO = puts('bulk_load_info', { is: 'info', appId: 1, partitionCount: 1 });
export const GOOD: readonly ModelEvent[] = [
  ...INFO,
  ...puts('0/bulk_load_metadata', { is: 'metadata', metadata: METADATA }),
  ...FILES.flatMap((file, i) => fileOf(file, rows(`r${i}`))),
];

// ---------------------------------------------------------------- the operator and the store

type Start = Extract<Command, { kind: 'startBulkLoad' }>;
export const start = (more: Partial<Start> = {}): Command => ({
  kind: 'startBulkLoad',
  table: 't',
  clusterName: 'c',
  provider: 'p',
  root: 'root',
  ingestBehind: false,
  ...more,
});
export const order = (kind: 'pauseBulkLoad' | 'restartBulkLoad' | 'clearBulkLoad' | 'queryBulkLoad'): Command => ({
  kind,
  table: 't',
});
export const cancel = (forced = false): Command => ({ kind: 'cancelBulkLoad', table: 't', forced });
export const told = (error: ErrorCode = 'ERR_OK', hint = ''): Answer => ({ kind: 'bulkLoad', error, hint });

export const flag = (isBulkLoading: boolean, atUs = NOW, envs = {}): ModelEvent => {
  const event = table('AS_AVAILABLE', { envs }, atUs);
  return event.kind === 'table.stored' ? { ...event, isBulkLoading } : event;
};
const EVER: readonly BulkLoadStatus[] = ['BLS_INGESTING', 'BLS_SUCCEED'];
export const record = (status: BulkLoadStatus, more: Partial<LoadRecordFact> = {}): LoadRecordFact => ({
  status,
  appName: 't',
  clusterName: 'c',
  providerName: 'p',
  remoteRootPath: 'root',
  partitionCount: 1,
  ingestBehind: false,
  isEverIngesting: EVER.includes(status),
  error: 'ERR_OK',
  loadId: 7,
  ...more,
});
export const stored = (status: BulkLoadStatus, more: Partial<LoadRecordFact> = {}, atUs = NOW): ModelEvent => ({
  kind: 'load.stored',
  cluster: 'c',
  appId: 1,
  record: record(status, more),
  atUs,
});
export const erased = (atUs = NOW): ModelEvent => ({ kind: 'load.erased', cluster: 'c', appId: 1, atUs });
/** The partition's record: without metadata only at first. */
export const part = (
  status: BulkLoadStatus,
  more: Partial<PartitionLoadRecordFact> = {},
  atUs = NOW,
  partitionIndex = 0,
): ModelEvent => ({
  kind: 'load.partition-stored',
  cluster: 'c',
  appId: 1,
  partitionIndex,
  record: { status, metadata: METADATA, everIngestSucceed: false, hostPorts: [], ...more },
  atUs,
});

// ---------------------------------------------------------------- wishes and reports

export const wished = (wish: BulkLoadStatus, { to = P, ballot = 1, loadId = 7, atUs = NOW } = {}): ModelEvent => ({
  kind: 'load.wished',
  cluster: 'c',
  to,
  gpid: G,
  ballot,
  wish,
  loadId,
  atUs,
});
export const state = (more: Partial<MemberLoadFact> = {}): MemberLoadFact => ({
  downloadProgress: 0,
  downloadStatus: 'ERR_OK',
  ingestStatus: 'IS_INVALID',
  isCleanedUp: false,
  isPaused: false,
  ...more,
});
export const HALF = state({ downloadProgress: 33 });
export const ALL = state({ downloadProgress: 100 });
export const IN = state({ ingestStatus: 'IS_SUCCEED' });
export const CLEAN = state({ isCleanedUp: true });
export const PAUSED = state({ isPaused: true });

interface Said {
  readonly error?: ErrorCode;
  readonly local?: BulkLoadStatus;
  readonly onDisk?: readonly LoadFileFact[] | undefined;
  readonly atUs?: number;
}
export const says = (node: NodeId, wish: BulkLoadStatus, word: MemberLoadFact, more: Said = {}): ModelEvent => ({
  kind: 'load.member-reported',
  node,
  gpid: G,
  wish,
  error: more.error ?? 'ERR_OK',
  localStatus: more.local ?? wish,
  state: word,
  onDisk: 'onDisk' in more ? more.onDisk : FILES,
  atUs: more.atUs ?? NOW,
});

type Reported = Extract<ModelEvent, { kind: 'load.reported' }>;
/** Of P, of all three, with the sums that the members' words make. */
export const reports = (
  wish: BulkLoadStatus,
  members: Readonly<Record<NodeId, MemberLoadFact>>,
  more: Partial<Reported> = {},
): ModelEvent => {
  const all = Object.values(members);
  const every = (holds: (one: MemberLoadFact) => boolean): boolean => all.length === 3 && all.every(holds);
  const sum = all.reduce((percent, { downloadProgress }) => percent + downloadProgress, 0);
  const asksProgress = wish === 'BLS_DOWNLOADING' || wish === 'BLS_DOWNLOADED';
  const asksCleaned = wish === 'BLS_SUCCEED' || wish === 'BLS_FAILED' || wish === 'BLS_CANCELED';
  return {
    kind: 'load.reported',
    node: P,
    gpid: G,
    cluster: 'c',
    loadId: 7,
    wish,
    error: 'ERR_OK',
    localStatus: wish,
    members,
    metadata: undefined,
    totalProgress: asksProgress ? Math.trunc(sum / 3) : undefined,
    isIngestionFinished: wish === 'BLS_INGESTING' ? every((one) => one.ingestStatus === 'IS_SUCCEED') : undefined,
    isCleanedUp: asksCleaned ? every((one) => one.isCleanedUp) : undefined,
    isPaused: wish === 'BLS_PAUSING' ? every((one) => one.isPaused) : undefined,
    atUs: NOW,
    ...more,
  };
};
export const group = (own: MemberLoadFact, others = own): Readonly<Record<NodeId, MemberLoadFact>> => ({
  [P]: own,
  [A]: others,
  [B]: others,
});
/** All three say it, and P tells it. */
export const all = (
  wish: BulkLoadStatus,
  word: MemberLoadFact,
  { local = wish, onDisk = FILES, metadata, atUs = NOW }: Said & { metadata?: LoadMetadataFact } = {},
): readonly ModelEvent[] => [
  ...[A, B, P].map((node) => says(node, wish, word, { local, onDisk: word.isCleanedUp ? undefined : onDisk, atUs })),
  reports(wish, group(word), { metadata, localStatus: local, atUs }),
];
/** The primary refuses a wish. */
export const refuses = (error: ErrorCode, wish: BulkLoadStatus = 'BLS_DOWNLOADING', atUs = NOW): ModelEvent =>
  reports(wish, {}, {
    error,
    totalProgress: undefined,
    isIngestionFinished: undefined,
    isCleanedUp: undefined,
    isPaused: undefined,
    atUs,
  });

// ---------------------------------------------------------------- a load, step by step

export const READY_TO_LOAD: readonly ModelEvent[] = [...READY, ...GOOD];
export const ASKED: readonly ModelEvent[] = [...READY_TO_LOAD, asks(10, start(), NOW)];
export const FLAGGED: readonly ModelEvent[] = [...ASKED, flag(true)];
export const STORED: readonly ModelEvent[] = [...FLAGGED, stored('BLS_DOWNLOADING')];
export const BEGUN: readonly ModelEvent[] = [...STORED, part('BLS_DOWNLOADING', { metadata: NO_METADATA })];
export const HEARD: readonly ModelEvent[] = [
  ...BEGUN,
  ...all('BLS_DOWNLOADING', ALL, { local: 'BLS_DOWNLOADED', metadata: METADATA }),
];
export const NOTED: readonly ModelEvent[] = [...HEARD, part('BLS_DOWNLOADING')];
export const PART_DOWNLOADED: readonly ModelEvent[] = [...NOTED, part('BLS_DOWNLOADED')];
export const DOWNLOADED: readonly ModelEvent[] = [...PART_DOWNLOADED, stored('BLS_DOWNLOADED')];
export const PART_INGESTING: readonly ModelEvent[] = [...DOWNLOADED, part('BLS_INGESTING')];
export const INGESTING: readonly ModelEvent[] = [...PART_INGESTING, stored('BLS_INGESTING')];
export const SENT: readonly ModelEvent[] = [...INGESTING, sent(loadOf(), P, NOW)];
export const M2 = mutation(1, 2, [INGEST()]);
export const COMMITTED: readonly ModelEvent[] = [...SENT, ...now(write(M2))];
/** The primary and one more have the files. */
export const NEARLY: readonly ModelEvent[] = [
  ...COMMITTED,
  ingests(P, 2, FILES, NOW),
  ...now([A, B].flatMap((node) => [1, 2].flatMap((d) => [committed(node, d), applied(node, d)]))),
  ingests(A, 2, FILES, NOW),
];
export const INGESTED: readonly ModelEvent[] = [...NEARLY, ingests(B, 2, FILES, NOW)];
export const FINISHED: readonly ModelEvent[] = [...INGESTED, ...all('BLS_INGESTING', IN)];
export const DONE = { everIngestSucceed: true, hostPorts: MEMBERS };
export const PART_SUCCEED: readonly ModelEvent[] = [...FINISHED, part('BLS_SUCCEED', DONE)];
export const SUCCEED: readonly ModelEvent[] = [...PART_SUCCEED, stored('BLS_SUCCEED')];
export const CLEANED: readonly ModelEvent[] = [...SUCCEED, ...all('BLS_SUCCEED', CLEAN, { local: 'BLS_INVALID' })];
/** Everything is over, a minute later. */
export const OVER: readonly ModelEvent[] = [...CLEANED, flag(false)];

/** An operator's line, and what it leads to. */
export const PAUSING: readonly ModelEvent[] = [...BEGUN, asks(11, order('pauseBulkLoad'), NOW), stored('BLS_PAUSING')];
export const PART_PAUSING: readonly ModelEvent[] = [...PAUSING, part('BLS_PAUSING', { metadata: NO_METADATA })];
export const PART_PAUSED: readonly ModelEvent[] = [
  ...PART_PAUSING,
  ...all('BLS_PAUSING', PAUSED, { local: 'BLS_PAUSED' }),
  part('BLS_PAUSED', { metadata: NO_METADATA }),
];
export const IS_PAUSED: readonly ModelEvent[] = [...PART_PAUSED, stored('BLS_PAUSED')];
export const CANCELED: readonly ModelEvent[] = [...BEGUN, asks(11, cancel(), NOW), stored('BLS_CANCELED')];
