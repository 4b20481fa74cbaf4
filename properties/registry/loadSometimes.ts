/**
 * What a campaign must have seen of bulk load: each pair of statuses that can stand in the store, meta servers that stop on both
 * sides of each write of a load, controls in each status, refusals, moves of the primary. What befalls files and ingestion writes
 * is in loadFilesSometimes.ts. A campaign of the subsystem answers for them.
 *
 * Not among them, though the rules let them be: PAUSING over partitions that have been INGESTING or SUCCEED, which takes a pause in
 * the middle of a rollback's writes; FAILED over those that are PAUSING or PAUSED, a restart that finds a record contradictory in
 * the middle of a pause's; FAILED over one that is SUCCEED, files that are bad in the partition that comes last. Campaigns of some
 * thousand runs meet the last now and then and the others never. DOWNLOADING, SUCCEED, PAUSED and
 * the rest have no other partitions beside them than those that are listed (model/loadLegality.ts).
 */
import { membersOf } from '../../model/members.ts';
import { appIdOf } from '../../model/gpid.ts';
import { clusterNameOf, isErased as isDupErased } from '../../model/dupState.ts';
import type { ModelEvent } from '../../model/events.ts';
import { isErased, isKnown, isTerminal, type LoadState } from '../../model/loadState.ts';
import type { ClusterState, ModelState, TableState } from '../../model/state.ts';
import type { BulkLoadStatus, ErrorCode, Gpid, NodeId } from '../../model/vocabulary.ts';
import type { Sometimes } from './types.ts';

export function loadSometimes(id: string, sentence: string, met: Sometimes['met']): Sometimes {
  return { id: `sometimes.bl-${id}`, kind: 'sometimes', sentence, subsystem: 'bulk-load', checkedIn: ['coverage'], met };
}

const sometimes = loadSometimes;

/** `1.0` to 1 */

/** The load of a replica's table that stands in the store. */
export function loadOf(state: ModelState, e: { readonly node: NodeId; readonly gpid: Gpid }): LoadState | undefined {
  const load = state.clusters[clusterNameOf(e.node)]?.loads[appIdOf(e.gpid)];
  return load === undefined || isErased(load) ? undefined : load;
}

type Stored = Extract<ModelEvent, { kind: 'load.stored' }>;

const short = (status: BulkLoadStatus): string => status.slice('BLS_'.length);
const named = (...names: readonly string[]): readonly BulkLoadStatus[] => names.map((name): BulkLoadStatus => `BLS_${name}` as BulkLoadStatus);

function storedLoad(e: ModelEvent, state: ModelState): LoadState | undefined {
  return e.kind === 'load.stored' || e.kind === 'load.partition-stored' ? state.clusters[e.cluster]?.loads[e.appId] : undefined;
}

/** The record just changed from one status to another; a record that is written once more with the same has both alike. */
function moved(e: ModelEvent, state: ModelState, from: BulkLoadStatus | '', to: BulkLoadStatus): e is Stored {
  if (e.kind !== 'load.stored' || e.record.status !== to) return false;
  const versions = storedLoad(e, state)?.versions ?? [];
  const last = versions.at(-1);
  if (last === undefined || last.status !== to || last.atUs !== e.atUs) return false;
  const before = versions.at(-2)?.status ?? 'BLS_INVALID';
  return from === '' || before === from;
}

// ---------------------------------------------------------------- a meta server that stops

interface Here {
  readonly table: TableState;
  /** The one that stands in the store. */
  readonly load: LoadState | undefined;
}

/** A meta server stops, and a load of its cluster stands so. */
function downWhile(met: (here: Here) => boolean): Sometimes['met'] {
  return (e, state) => {
    if (e.kind !== 'process.stopped' || !e.node.includes('/meta-')) return false;
    const cluster = state.clusters[clusterNameOf(e.node)];
    return Object.values(cluster?.tables ?? {}).some((table) => {
      const load = cluster?.loads[table.appId];
      return table.status === 'AS_AVAILABLE' && met({ table, load: load === undefined || isErased(load) ? undefined : load });
    });
  };
}

const statusesOf = ({ partitions }: LoadState): readonly BulkLoadStatus[] => Object.values(partitions).map(({ record }) => record.status);
const areAll = ({ table, load }: Here, status: BulkLoadStatus): boolean =>
  load !== undefined && statusesOf(load).length === table.partitionCount && statusesOf(load).every((one) => one === status);

/** Statuses that come to the table when all its partitions have them, and those that it passes on to them. */
const COUNTED = named('DOWNLOADED', 'INGESTING', 'SUCCEED', 'PAUSED');
const PUSHED = named('DOWNLOADING', 'PAUSING', 'FAILED', 'CANCELED');

const META_DOWN: readonly Sometimes[] = [
  sometimes('meta-down-behind-flag', 'the meta server stops when a table is stored as loading and its load is not', downWhile(({ table, load }) => table.isBulkLoading && (load === undefined || load.storedAtUs < table.loadingChangedAtUs))),
  sometimes('meta-down-before-partitions', 'the meta server stops when a load is stored and not yet all its partitions', downWhile(({ table, load }) => load !== undefined && Object.keys(load.partitions).length < table.partitionCount)),
  sometimes('meta-down-behind-metadata', 'the meta server stops when the metadata of a partition that downloads is stored', downWhile(({ load }) =>
    load?.record.status === 'BLS_DOWNLOADING' && Object.values(load.partitions).some(({ record }) => record.status === 'BLS_DOWNLOADING' && isKnown(record.metadata)))),
  sometimes('meta-down-behind-finish', 'the meta server stops when a load has ended and its table is not loading any more', downWhile(({ table, load }) => load !== undefined && isTerminal(load.record.status) && !table.isBulkLoading)),
  ...COUNTED.map((status) =>
    sometimes(`meta-down-before-${short(status)}`, `the meta server stops when all partitions are ${status} and their table is not`, downWhile((here) => here.load?.record.status !== status && areAll(here, status))),
  ),
  ...PUSHED.map((status) =>
    sometimes(`meta-down-behind-${short(status)}`, `the meta server stops when ${status} is stored of a table and not of all its partitions`, downWhile(({ table, load }) =>
      table.isBulkLoading && load?.record.status === status && statusesOf(load).some((one) => one !== status))),
  ),
  ...[...COUNTED, ...PUSHED].map((status) =>
    sometimes(`meta-down-in-${short(status)}`, `the meta server stops while a load is in ${status}`, downWhile(({ table, load }) => table.isBulkLoading && load?.record.status === status)),
  ),
];

// ---------------------------------------------------------------- statuses

/** By status of the table, those of a partition that can be met beside it in the store. */
const PAIRS: readonly (readonly [BulkLoadStatus, readonly BulkLoadStatus[]])[] = [
  ['BLS_DOWNLOADING', named('DOWNLOADING', 'DOWNLOADED', 'INGESTING', 'SUCCEED', 'PAUSED')],
  ['BLS_DOWNLOADED', named('DOWNLOADED', 'INGESTING')],
  ['BLS_INGESTING', named('INGESTING', 'SUCCEED')],
  ['BLS_SUCCEED', named('SUCCEED')],
  ['BLS_PAUSING', named('DOWNLOADING', 'DOWNLOADED', 'PAUSING', 'PAUSED')],
  ['BLS_PAUSED', named('PAUSED')],
  ['BLS_FAILED', named('DOWNLOADING', 'DOWNLOADED', 'INGESTING', 'FAILED')],
  ['BLS_CANCELED', named('DOWNLOADING', 'DOWNLOADED', 'INGESTING', 'SUCCEED', 'PAUSING', 'PAUSED', 'FAILED', 'CANCELED')],
];

function holdsPair(app: BulkLoadStatus, partition: BulkLoadStatus): Sometimes['met'] {
  return (e, state) => {
    const load = storedLoad(e, state);
    return load?.record.status === app && statusesOf(load).includes(partition);
  };
}

const ROLLED_BACK = named('DOWNLOADING', 'DOWNLOADED', 'INGESTING');
const ENDS = named('SUCCEED', 'FAILED', 'CANCELED');
/** With what a load ends as FAILED. */
const FAILURES: readonly ErrorCode[] = ['ERR_CORRUPTION', 'ERR_FILE_OPERATION_FAILED', 'ERR_FS_INTERNAL', 'ERR_INGESTION_FAILED', 'ERR_RETRY_EXHAUSTED', 'ERR_INCONSISTENT_STATE'];

const STATUSES: readonly Sometimes[] = [
  ...PAIRS.flatMap(([app, partitions]) =>
    partitions.map((partition) => sometimes(`${short(app)}-with-${short(partition)}`, `a load is in ${app} and one of its partitions in ${partition}`, holdsPair(app, partition))),
  ),
  ...ROLLED_BACK.map((from) => sometimes(`rollback-from-${short(from)}`, `a load goes from ${from} back to DOWNLOADING`, (e, s) => moved(e, s, from, 'BLS_DOWNLOADING'))),
  ...FAILURES.map((error) => sometimes(`failed-with-${error}`, `a load ends as FAILED with ${error}`, (e) => e.kind === 'load.stored' && e.record.status === 'BLS_FAILED' && e.record.error === error)),
  sometimes('rollbacks-used-up', 'a load fails that has gone back as often as it may, and at least once', (e, s) => {
    const load = moved(e, s, '', 'BLS_FAILED') ? storedLoad(e, s) : undefined;
    return load !== undefined && load.rollbacks > 0 && load.rollbacks === s.config.settings.bulkLoadMaxRollbackTimes;
  }),
  sometimes('ended-well-behind', 'a load whose files go behind what is there is SUCCEED', (e, s) => moved(e, s, '', 'BLS_SUCCEED') && e.record.ingestBehind),
  ...ENDS.map((end) =>
    sometimes(`again-after-${short(end)}`, `a table loads once more after a load that was ${end}, and well`, (e, s) => {
      if (!moved(e, s, '', 'BLS_SUCCEED')) return false;
      const load = storedLoad(e, s);
      return load?.versions.some(({ status, atUs }) => status === end && atUs < load.startedAtUs) === true;
    }),
  ),
  sometimes('concurrent', 'two tables of a cluster load at the same time', (e, s) => {
    if (e.kind !== 'load.stored' || isTerminal(e.record.status)) return false;
    const going = Object.values(s.clusters[e.cluster]?.loads ?? {}).filter((load) => !isErased(load) && !isTerminal(load.record.status));
    return going.length > 1;
  }),
  sometimes('table-dropped', 'a table is dropped while it loads', (e, s) => {
    const load = e.kind === 'table.stored' && e.status === 'AS_DROPPED' ? s.clusters[e.cluster]?.loads[e.appId] : undefined;
    return load !== undefined && !isTerminal(load.record.status);
  }),
];

// ---------------------------------------------------------------- what operators ask

/** A load is canceled by force: who asked has been answered, or is about to be. */
function isForced(state: ModelState, e: Stored): boolean {
  const asked = Object.values(state.clusters[e.cluster]?.commands ?? {}).some(
    ({ command }) => command.kind === 'cancelBulkLoad' && command.table === e.record.appName && command.forced,
  );
  return asked || (storedLoad(e, state)?.forcedAtUs ?? -1) >= 0;
}

/** bl 6.1 */
const REFUSED_STARTS: readonly (readonly [error: ErrorCode, hint: string])[] = [
  ['ERR_BUSY', 'meta server is busy now'],
  ['ERR_BUSY', 'is already executing bulk load'],
  ['ERR_APP_NOT_EXIST', 'app not existed'],
  ['ERR_INCONSISTENT_STATE', 'inconsistent ingestion behind option'],
  ['ERR_INVALID_PARAMETERS', 'invalid file_provider'],
  ['ERR_OBJECT_NOT_FOUND', 'read bulk_load_info failed'],
  ['ERR_INCONSISTENT_STATE', 'app_id or partition_count is inconsistent'],
];

function answeredWith(error: ErrorCode, hint: string): Sometimes['met'] {
  return (e) => e.kind === 'command.answered' && e.answer.kind === 'bulkLoad' && e.answer.error === error && e.answer.hint.includes(hint);
}

const CONTROL: readonly Sometimes[] = [
  ...named('DOWNLOADING', 'DOWNLOADED', 'INGESTING', 'SUCCEED', 'FAILED', 'PAUSING', 'PAUSED').map((from) =>
    sometimes(`forced-cancel-in-${short(from)}`, `a load in ${from} is canceled by force`, (e, s) => moved(e, s, from, 'BLS_CANCELED') && isForced(s, e)),
  ),
  ...named('DOWNLOADING', 'PAUSED').map((from) =>
    sometimes(`cancel-in-${short(from)}`, `a load in ${from} is canceled without force`, (e, s) => moved(e, s, from, 'BLS_CANCELED') && !isForced(s, e)),
  ),
  sometimes('restarted', 'a paused load goes on', (e, s) => moved(e, s, 'BLS_PAUSED', 'BLS_DOWNLOADING')),
  sometimes('restarted-and-ended-well', 'a load that was paused is SUCCEED in the end', (e, s) => {
    const load = moved(e, s, '', 'BLS_SUCCEED') ? storedLoad(e, s) : undefined;
    return load?.versions.some(({ status, atUs }) => status === 'BLS_PAUSED' && atUs > load.startedAtUs) === true;
  }),
  sometimes('control-before-the-load', 'a control is let in when the table is stored as loading and its load is not', (e, s) => {
    if (e.kind !== 'command.answered' || e.answer.kind !== 'bulkLoad' || e.answer.error !== 'ERR_OK') return false;
    const { tables = {}, loads = {} } = s.clusters[e.cluster] ?? {};
    return Object.values(tables).some(({ appId, grantedEarly }) => grantedEarly.length > 0 && (loads[appId] === undefined || isErased(loads[appId])));
  }),
  ...REFUSED_STARTS.map(([error, hint]) => sometimes(`start-refused-${error}-${hint.replaceAll(/[^a-z]+/g, '-')}`, `a start is refused with ${error}: ${hint}`, answeredWith(error, hint))),
  ...['pause', 'restart', 'cancel'].map((line) =>
    sometimes(`${line}-in-another-status`, `to ${line} is refused for the status of the load`, answeredWith('ERR_INVALID_STATE', `can not ${line}`)),
  ),
  sometimes('control-without-a-load', 'a control is refused where no load runs', answeredWith('ERR_INACTIVE_STATE', 'is not executing bulk load')),
  sometimes('cleared', 'what is left of a load is cleared', answeredWith('ERR_OK', 'bulk load result succeed')),
  sometimes('clear-of-a-running-load', 'clearing is refused while a load runs', answeredWith('ERR_INVALID_STATE', 'is executing bulk load')),
  ...[true, false].map((running) =>
    sometimes(`query-${running ? 'of-a-running-load' : 'of-a-past-load'}`, `the status of a load is asked for that ${running ? 'runs' : 'has ended'}`, (e) =>
      e.kind === 'command.answered' && e.answer.kind === 'bulkLoadStatus' && e.answer.isBulkLoading === running && e.answer.appStatus !== 'BLS_INVALID'),
  ),
];

// ---------------------------------------------------------------- members

const isMemberOf = (cluster: ClusterState | undefined, gpid: Gpid, node: NodeId): boolean =>
  membersOf(cluster?.partitions[gpid]).includes(node);

/** A member of a partition whose record is in that status. */
function memberDownIn(status: BulkLoadStatus): Sometimes['met'] {
  return (e, state) => {
    if (e.kind !== 'process.stopped' || e.node.includes('/meta-')) return false;
    const cluster = state.clusters[clusterNameOf(e.node)];
    return Object.values(cluster?.loads ?? {}).some(
      (load) => !isErased(load) && Object.entries(load.partitions).some(([index, part]) => part.record.status === status && isMemberOf(cluster, `${load.appId}.${index}`, e.node)),
    );
  };
}

const MEMBERS: readonly Sometimes[] = [
  ...named('DOWNLOADING', 'DOWNLOADED', 'INGESTING', 'SUCCEED', 'PAUSED', 'CANCELED', 'FAILED').map((status) =>
    sometimes(`member-down-in-${short(status)}`, `a server stops while one of its partitions is ${status}`, memberDownIn(status)),
  ),
  ...named('DOWNLOADING', 'DOWNLOADED', 'INGESTING', 'SUCCEED', 'PAUSED').map((status) =>
    sometimes(`primary-moved-in-${short(status)}`, `an operator's move gives a partition another primary while its load is in ${status}`, (e, s) => {
      if (e.kind !== 'config.stored' || e.config.primary === '') return false;
      const cluster = s.clusters[e.cluster];
      const part = cluster?.partitions[e.config.gpid];
      const load = cluster?.loads[appIdOf(e.config.gpid)];
      const isMoved = part !== undefined && part.moves > 0 && part.configs[part.ballot - 1]?.primary !== e.config.primary;
      return isMoved && load !== undefined && !isErased(load) && load.record.status === status && cluster?.tables[load.appId]?.isBulkLoading === true;
    }),
  ),
];

/** Where both are drawn, in the common profile, it is duplication that a load is met by. */
const DURING_DUPLICATION: Sometimes = {
  ...sometimes('during-duplication', 'a table is loaded whose writes are shipped', (e, s) => {
    if (!moved(e, s, '', 'BLS_SUCCEED')) return false;
    return Object.values(s.clusters[e.cluster]?.dups ?? {}).some((dup) => dup.appId === e.appId && !isDupErased(dup) && dup.versions.at(-1)?.status === 'DS_LOG');
  }),
  subsystem: 'duplication',
};

export const LOAD_STATUS_SOMETIMES: readonly Sometimes[] = [...STATUSES, ...META_DOWN, ...CONTROL, ...MEMBERS, DURING_DUPLICATION];
