/**
 * What the shell prints of duplications (dup 3.4): how a change ended, `query_dup` as a table (once; upstream prints what
 * there is of it with each row, dup.Q19) or as JSON, `dups` as a list with a summary. A
 * partition is finished when its duplication is in DS_LOG and what is confirmed lags behind what is committed by at most
 * the gap; with a negative gap it is neither finished nor unfinished.
 */
import type { DuplicationStatus } from '../../model/vocabulary.ts';
import type { DupAddedAnswer, DupInfo, DupModifiedAnswer, DupsAnswer } from './duplicationAnswers.ts';
import type { DupsView } from './duplicationShell.ts';
import { columns } from './reportColumns.ts';

type Partition = DupInfo['partitions'][number];

export type DupProgress = 'finished' | 'unfinished' | 'neither';

export function progressOf(status: DuplicationStatus, { confirmed, lastCommitted }: Partition, gap: number): DupProgress {
  if (gap < 0) return 'neither';
  return status === 'DS_LOG' && lastCommitted - confirmed <= gap ? 'finished' : 'unfinished';
}

// ---------------------------------------------------------------- changes

/** `add_dup`: that the duplication exists is a warning, which tells what there is; other errors come with their hint. */
export function addReport(answer: DupAddedAnswer): string {
  const { error, hint, appId, dupId, remoteTable, remoteReplicaCount } = answer;
  if (error !== 'ERR_OK' && error !== 'ERR_DUP_EXIST') return refusal(answer);
  const told = `appid ${appId}, dupid ${dupId}, remote table ${remoteTable} of ${remoteReplicaCount} replicas`;
  return error === 'ERR_OK' ? `added: ${told}` : `warning: ${error}: ${hint} (${told})`;
}

/** `remove_dup`, `start_dup`, `pause_dup`, `set_dup_fail_mode`. */
export function modifyReport(answer: DupModifiedAnswer): string {
  return answer.error === 'ERR_OK' ? 'done' : answer.error;
}

// ---------------------------------------------------------------- query_dup

/** `query_dup`; one line for people when there was an error. */
export function queryReport(answer: DupsAnswer, view: Pick<DupsView, 'detail'>): string {
  const table = answer.tables[0];
  if (answer.error !== 'ERR_OK' || table === undefined) return refusal(answer);
  if (!view.detail) return columns([['dup_id', 'status', 'remote cluster', 'create time'], ...table.dups.map(briefly)]);
  const numbered = table.dups.map((dup, i): [string, object | number] => [String(i + 1), dupJson(dup)]);
  return JSON.stringify(Object.fromEntries([...numbered, ['appid', table.appId]]));
}

function briefly({ dupId, status, remote, createTsMs }: DupInfo): readonly string[] {
  return [String(dupId), status, remote, String(createTsMs)];
}

function dupJson(dup: DupInfo): object {
  const states = Object.fromEntries(dup.partitions.map((one) => [one.partitionIndex, partitionJson(one)]));
  return { ...aboutJson(dup), partition_states: states };
}

function aboutJson(dup: DupInfo): object {
  return {
    dupid: dup.dupId,
    create_ts: dup.createTsMs,
    remote: dup.remote,
    status: dup.status,
    fail_mode: dup.failMode,
    remote_app_name: dup.remoteTable,
    remote_replica_count: dup.remoteReplicaCount,
  };
}

function partitionJson({ confirmed, lastCommitted }: Partition): object {
  return { confirmed_decree: confirmed, last_committed_decree: lastCommitted };
}

function refusal({ error, hint }: Pick<DupsAnswer, 'error' | 'hint'>): string {
  return hint === '' ? error : `${error}: ${hint}`;
}

// ---------------------------------------------------------------- dups

interface ListedDup {
  readonly appId: number;
  readonly name: string;
  readonly dup: DupInfo;
  readonly partitions: readonly { readonly partition: Partition; readonly progress: DupProgress }[];
}

/** `dups`: each duplication, with its partitions when asked for, and how many there are of each kind. */
export function listReport(answer: DupsAnswer, view: DupsView): string {
  if (answer.error !== 'ERR_OK') return refusal(answer);
  const all = answer.tables.flatMap(({ appId, name, dups }) => dups.map((dup) => listed(appId, name, dup, view.progressGap)));
  const shown = view.unfinishedOnly ? all.map(unfinishedOnly).filter((one) => one.partitions.length > 0) : all;
  const summary = summaryOf(answer, all);
  if (view.json) {
    return JSON.stringify({ duplications: shown.map((one) => listedJson(one, view.listPartitions)), summary });
  }
  const head = ['app_id', 'app_name', 'dup_id', 'status', 'remote cluster', 'remote app', 'unfinished'];
  const rows = shown.flatMap((one) => listedRows(one, view.listPartitions));
  const counts = Object.entries(summary).map(([name, count]) => `${name}: ${String(count)}`);
  return [columns([head, ...rows]), counts.join(', ')].join('\n');
}

function listed(appId: number, name: string, dup: DupInfo, gap: number): ListedDup {
  const partitions = dup.partitions.map((partition) => ({ partition, progress: progressOf(dup.status, partition, gap) }));
  return { appId, name, dup, partitions };
}

function unfinishedOnly(one: ListedDup): ListedDup {
  return { ...one, partitions: one.partitions.filter(({ progress }) => progress === 'unfinished') };
}

function count(all: readonly ListedDup[], wanted: DupProgress): number {
  return all.reduce((sum, one) => sum + one.partitions.filter(({ progress }) => progress === wanted).length, 0);
}

function summaryOf(answer: DupsAnswer, all: readonly ListedDup[]): Readonly<Record<string, number>> {
  return {
    app_count: answer.tables.length,
    duplicating_app_count: answer.tables.filter(({ dups }) => dups.length > 0).length,
    duplication_count: all.length,
    partition_count: all.reduce((sum, one) => sum + one.partitions.length, 0),
    finished_partition_count: count(all, 'finished'),
    unfinished_partition_count: count(all, 'unfinished'),
  };
}

function listedJson({ appId, name, dup, partitions }: ListedDup, withPartitions: boolean): object {
  const unfinished = partitions.filter(({ progress }) => progress === 'unfinished').length;
  const brief = { app_id: appId, app_name: name, ...aboutJson(dup), unfinished_partition_count: unfinished };
  if (!withPartitions) return brief;
  const states = partitions.map(({ partition, progress }) => {
    return { partition_id: partition.partitionIndex, ...partitionJson(partition), progress };
  });
  return { ...brief, partitions: states };
}

function listedRows({ appId, name, dup, partitions }: ListedDup, withPartitions: boolean): readonly (readonly string[])[] {
  const unfinished = partitions.filter(({ progress }) => progress === 'unfinished').length;
  const row = [String(appId), name, String(dup.dupId), dup.status, dup.remote, dup.remoteTable, String(unfinished)];
  if (!withPartitions) return [row];
  const each = partitions.map(({ partition, progress }) => {
    const { partitionIndex, confirmed, lastCommitted } = partition;
    return ['', `partition ${partitionIndex}`, '', progress, '', `confirmed ${confirmed}`, `committed ${lastCommitted}`];
  });
  return [row, ...each];
}
