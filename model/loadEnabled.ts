/**
 * What may happen next to a bulk load in a small scope: enumerated from the model's state alone, for a table of two partitions
 * whose start somebody asked for. As in enabled.ts the candidates are generous (every status is offered for every record,
 * every wish for every partition, a report that lies about its members) and the rules decide.
 *
 * Each step comes long after the one before it, so that no rule may excuse it by what was on its way. A wish and the report
 * that answers it are one step, as are an operator's line and its answer; a wish that is never answered changes nothing.
 */
import { RESET } from './loadWords.ts';
import type { Command } from './commands.ts';
import type { ModelEvent } from './events.ts';
import type { LoadMetadataFact, LoadReported, MemberLoadFact, PartitionLoadRecordFact } from './loadEvents.ts';
import { metadataFile } from './loadFiles.ts';
import { isErased, isKnown, isTerminal, type LoadControl, type LoadState } from './loadState.ts';
import {
  ingestions,
  mayRefuse,
  type Here,
  type LoadLine,
  type Loading,
  type LoadScope,
  type Part,
  type Transition,
} from './loadSteps.ts';
import type { ModelState, TableState } from './state.ts';
import type { BulkLoadStatus, ErrorCode, NodeId } from './vocabulary.ts';

const LONG_US = 1_000_000_000;
const STATUSES: readonly BulkLoadStatus[] = [
  'BLS_DOWNLOADING',
  'BLS_DOWNLOADED',
  'BLS_INGESTING',
  'BLS_SUCCEED',
  'BLS_PAUSING',
  'BLS_PAUSED',
  'BLS_CANCELED',
  'BLS_FAILED',
];

export function loadCandidates(state: ModelState, scope: LoadScope): readonly Transition[] {
  const cluster = Object.values(state.clusters)[0];
  const table = Object.values(cluster?.tables ?? {})[0];
  if (cluster === undefined || table === undefined) return [];
  const here: Here = { scope, state, cluster, table, atUs: state.nowUs + LONG_US };
  const load = cluster.loads[table.appId];
  const all = orders(here, load);
  if (load === undefined || isErased(load)) return [...all, ...begins(here)];
  const loading: Loading = { ...here, load };
  all.push(...records(loading));
  for (let index = 0; index < table.partitionCount; index++) {
    const part = cluster.partitions[`${table.appId}.${index}`];
    const own = load.partitions[index];
    if (part === undefined) continue;
    if (own === undefined) all.push(...creations(loading, index));
    else {
      const one: Part = { ...loading, index, part, own };
      all.push(...partitionRecords(one), ...reports(one), ...ingestions(one));
    }
  }
  return all;
}

// ---------------------------------------------------------------- the operator

const COMMANDS: Readonly<Record<LoadLine, (table: string) => Command>> = {
  pause: (table) => ({ kind: 'pauseBulkLoad', table }),
  restart: (table) => ({ kind: 'restartBulkLoad', table }),
  cancel: (table) => ({ kind: 'cancelBulkLoad', table, forced: false }),
  force: (table) => ({ kind: 'cancelBulkLoad', table, forced: true }),
};

/** Did the load go from PAUSED back to DOWNLOADING? */
export const wasRestarted = ({ versions }: LoadState): boolean =>
  versions.some(({ status }, i) => status === 'BLS_PAUSED' && versions[i + 1]?.status === 'BLS_DOWNLOADING');

/** Was it let in before? It waits, or what it led to shows. */
function isGiven({ grantedEarly }: TableState, load: LoadState | undefined, line: LoadControl): boolean {
  if (grantedEarly.includes(line) || load?.granted.includes(line) === true) return true;
  if (load === undefined) return false;
  if (line === 'restart') return wasRestarted(load);
  const led: BulkLoadStatus = line === 'pause' ? 'BLS_PAUSING' : 'BLS_CANCELED';
  return load.versions.some(({ status }) => status === led);
}

/** A line and its answer. A pause and a restart wait for the store; what cancels is stored at once, also as the beginning. */
function orders(here: Here, load: LoadState | undefined): Transition[] {
  const { scope, cluster, table, atUs } = here;
  if (!table.isBulkLoading) return [];
  return scope.lines
    .filter((line) => !isGiven(table, load, line))
    .map((line): Transition => {
      const id = 100 + scope.lines.indexOf(line);
      const letIn: Transition = [
        { kind: 'command.invoked', id, cluster: cluster.id, command: COMMANDS[line](table.name), atUs },
        { kind: 'command.answered', id, cluster: cluster.id, answer: { kind: 'bulkLoad', error: 'ERR_OK', hint: '' }, atUs },
      ];
      if (line === 'pause' || line === 'restart') return letIn;
      return [...letIn, ...(load === undefined ? created(here, 'BLS_CANCELED') : [stored({ ...here, load }, 'BLS_CANCELED')])];
    });
}

// ---------------------------------------------------------------- the table's record

function flag({ cluster, table, atUs }: Here, isBulkLoading: boolean): ModelEvent {
  const { appId, name, status, partitionCount, maxReplicaCount, envs } = table;
  return {
    kind: 'table.stored',
    cluster: cluster.id,
    appId,
    name,
    status,
    partitionCount,
    maxReplicaCount,
    envs,
    isBulkLoading,
    atUs,
  };
}

/** The record of a load that begins, as its start asked for it. */
function created({ scope, cluster, table, atUs }: Here, status: BulkLoadStatus): Transition {
  const asked = Object.values(cluster.commands).find(({ command }) => command.kind === 'startBulkLoad')?.command;
  if (asked?.kind !== 'startBulkLoad') return [];
  const record = {
    status,
    appName: table.name,
    clusterName: asked.clusterName,
    providerName: asked.provider,
    remoteRootPath: asked.root,
    partitionCount: table.partitionCount,
    ingestBehind: asked.ingestBehind,
    isEverIngesting: false,
    error: 'ERR_OK',
    loadId: 7,
  } as const;
  const stores: ModelEvent = { kind: 'load.stored', cluster: cluster.id, appId: table.appId, record, atUs };
  return scope.putAgain === undefined ? [stores] : [stores, { ...scope.putAgain, atUs }];
}

/** The flag, and the record of a load that begins as it was asked for, or as an early pause says. */
function begins(here: Here): Transition[] {
  const all = STATUSES.map((status) => created(here, status));
  if (!here.table.isBulkLoading) all.push([flag(here, true)]);
  return all;
}

const FAILURES: readonly ErrorCode[] = ['ERR_RETRY_EXHAUSTED', 'ERR_INGESTION_FAILED'];

const stored = ({ cluster, load, atUs }: Loading, status: BulkLoadStatus, error: ErrorCode = 'ERR_OK'): ModelEvent => ({
  kind: 'load.stored',
  cluster: cluster.id,
  appId: load.appId,
  record: {
    ...load.record,
    status,
    error,
    isEverIngesting: load.record.isEverIngesting || status === 'BLS_INGESTING',
  },
  atUs,
});

/** Any status, also DOWNLOADING once more; and the end of it all. */
function records(here: Loading): Transition[] {
  const { scope, load, table } = here;
  const { status: from } = load.record;
  const all = STATUSES.filter(
    (status) => status !== 'BLS_FAILED' && (status !== from || status === 'BLS_DOWNLOADING'),
  ).map((status): Transition => [stored(here, status)]);
  const failures: readonly ErrorCode[] = scope.complaints ? [...FAILURES, 'ERR_CORRUPTION'] : FAILURES;
  if (from !== 'BLS_FAILED') all.push(...failures.map((error): Transition => [stored(here, 'BLS_FAILED', error)]));
  if (table.isBulkLoading) all.push([flag(here, false)]);
  return all;
}

// ---------------------------------------------------------------- the partitions' records

const storedPart = ({ cluster, load, atUs }: Loading, partitionIndex: number, record: PartitionLoadRecordFact): Transition => [
  { kind: 'load.partition-stored', cluster: cluster.id, appId: load.appId, partitionIndex, record, atUs },
];
const NONE: LoadMetadataFact = { files: [], totalBytes: 0 };

const creations = (here: Loading, index: number): Transition[] =>
  STATUSES.map((status) => storedPart(here, index, { status, metadata: NONE, everIngestSucceed: false, hostPorts: [] }));

/** Any other status; what primaries reported of the files comes with it, and SUCCEED with who has them (bl 8.2, 10.1). */
function partitionRecords(here: Part): Transition[] {
  const { scope, index, own } = here;
  const { record } = own;
  const metadata = isKnown(record.metadata) ? record.metadata : (own.metadata[0] ?? NONE);
  return STATUSES.filter((status) => status !== record.status).map((status) =>
    storedPart(here, index, {
      ...record,
      metadata,
      status,
      ...(status === 'BLS_SUCCEED' ? { everIngestSucceed: true, hostPorts: scope.nodes } : {}),
    }),
  );
}

// ---------------------------------------------------------------- wishes and reports


/** What a member says that has done what is wished; PAUSED is never wished. */
function doneWord(wish: BulkLoadStatus): MemberLoadFact | undefined {
  if (wish === 'BLS_DOWNLOADING' || wish === 'BLS_DOWNLOADED') return { ...RESET, downloadProgress: 100 };
  if (wish === 'BLS_INGESTING') return { ...RESET, ingestStatus: 'IS_SUCCEED' };
  if (wish === 'BLS_PAUSING') return { ...RESET, isPaused: true };
  return isTerminal(wish) ? { ...RESET, isCleanedUp: true } : undefined;
}

const asksProgress = (wish: BulkLoadStatus): boolean => wish === 'BLS_DOWNLOADING' || wish === 'BLS_DOWNLOADED';

/** Where a member stands that has done it, or has not. */
function localOf(wish: BulkLoadStatus, { downloadProgress, isCleanedUp, isPaused }: MemberLoadFact): BulkLoadStatus {
  if (isPaused) return 'BLS_PAUSED';
  if (isCleanedUp) return 'BLS_INVALID';
  return wish === 'BLS_DOWNLOADING' && downloadProgress === 100 ? 'BLS_DOWNLOADED' : wish;
}

const wished = ({ cluster, part, load, atUs, scope }: Part, wish: BulkLoadStatus): ModelEvent => ({
  kind: 'load.wished',
  cluster: cluster.id,
  to: scope.nodes[0] ?? '',
  gpid: part.gpid,
  ballot: part.ballot,
  wish,
  loadId: load.record.loadId,
  atUs,
});

function reported(here: Part, wish: BulkLoadStatus, more: Partial<LoadReported>): LoadReported {
  const { cluster, part, load, atUs, scope } = here;
  return {
    kind: 'load.reported',
    node: scope.nodes[0] ?? '',
    gpid: part.gpid,
    cluster: cluster.id,
    loadId: load.record.loadId,
    wish,
    error: 'ERR_OK',
    localStatus: wish,
    members: {},
    metadata: undefined,
    totalProgress: undefined,
    isIngestionFinished: undefined,
    isCleanedUp: undefined,
    isPaused: undefined,
    atUs,
    ...more,
  };
}

/** A wish, each member's word, and the primary's report with the sums of `told`: of what they said, or of what they did not. */
function answered(here: Part, wish: BulkLoadStatus, word: MemberLoadFact, told = word): Transition {
  const { state, scope, part, load, index, atUs } = here;
  const metadata = metadataFile(state, load, index) ?? NONE;
  const localStatus = localOf(wish, word);
  const onDisk = word.isCleanedUp ? undefined : metadata.files;
  const says = (node: NodeId): ModelEvent => ({
    kind: 'load.member-reported',
    node,
    gpid: part.gpid,
    wish,
    error: 'ERR_OK',
    localStatus,
    state: word,
    onDisk,
    atUs,
  });
  return [
    wished(here, wish),
    ...scope.nodes.map(says),
    reported(here, wish, {
      localStatus,
      members: Object.fromEntries(scope.nodes.map((node) => [node, word])),
      metadata: asksProgress(wish) ? metadata : undefined,
      totalProgress: asksProgress(wish) ? told.downloadProgress : undefined,
      isIngestionFinished: wish === 'BLS_INGESTING' ? told.ingestStatus === 'IS_SUCCEED' : undefined,
      isCleanedUp: isTerminal(wish) ? told.isCleanedUp : undefined,
      isPaused: wish === 'BLS_PAUSING' ? told.isPaused : undefined,
    }),
  ];
}

/** Any wish is answered as done; that of the store also by a report that nobody's word bears out, by a complaint, or refused. */
function reports(here: Part): Transition[] {
  const { scope, own, load } = here;
  const all: Transition[] = [];
  for (const wish of STATUSES) {
    const word = doneWord(wish);
    if (word !== undefined) all.push(answered(here, wish, word));
  }
  const wish = own.record.status;
  const done = doneWord(wish);
  // Nobody is asked about a partition that is PAUSED.
  if (done === undefined) return all;
  all.push(answered(here, wish, RESET, done));
  if (scope.complaints && wish === 'BLS_DOWNLOADING')
    all.push(answered(here, wish, { ...RESET, downloadStatus: 'ERR_CORRUPTION' }));
  if (scope.complaints && wish === 'BLS_INGESTING') all.push(answered(here, wish, { ...RESET, ingestStatus: 'IS_FAILED' }));
  const refused: Transition = [wished(here, wish), reported(here, wish, { error: 'ERR_INVALID_STATE' })];
  if (mayRefuse(here)) all.push(refused);
  // What is refused after the end is not to bring it back.
  if (isTerminal(load.record.status)) all.push([...refused, stored(here, 'BLS_DOWNLOADING')]);
  return all;
}
