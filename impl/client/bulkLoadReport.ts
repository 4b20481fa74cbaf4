/**
 * What the shell prints of bulk loads (bl 6.3, 6.5): how a change ended, and `query_bulk_load_status` as tables. Per
 * partition the download is the members' progress added up, by the replica count, and of the table the mean of those,
 * both in whole percent. Of an ingesting table the finished partitions are only counted while `-d` prints them all:
 * else it says 0 (upstream's own).
 */
import type { BulkLoadStatus, ErrorCode } from '../../model/vocabulary.ts';
import type { LoadChangedAnswer, LoadStatusAnswer } from './bulkLoadAnswers.ts';
import type { BulkLoadShellCommand, LoadView } from './bulkLoadShell.ts';
import { columns } from './reportColumns.ts';

// ---------------------------------------------------------------- changes

/** After `clear_bulk_load` the meta server's own words are printed. */
export function loadChangeReport(command: BulkLoadShellCommand, answer: LoadChangedAnswer): string {
  const verb = VERBS[command.kind];
  if (answer.error === 'ERR_OK') return command.kind === 'clearBulkLoad' ? answer.hint : `${verb} bulk load succeed`;
  const lines = [refusal(verb, answer.error, answer.hint)];
  if (command.kind === 'cancelBulkLoad' && !command.forced && answer.error === 'ERR_INVALID_STATE') {
    lines.push('you can force cancel bulk load by using "-f"');
  }
  return lines.join('\n');
}

const VERBS: Readonly<Record<BulkLoadShellCommand['kind'], string>> = {
  startBulkLoad: 'start',
  pauseBulkLoad: 'pause',
  restartBulkLoad: 'restart',
  cancelBulkLoad: 'cancel',
  clearBulkLoad: 'clear',
  queryBulkLoad: 'query',
};

function refusal(verb: string, error: ErrorCode, hint: string): string {
  return `${verb} bulk load failed, error=${error} [hint:"${hint}"]`;
}

// ---------------------------------------------------------------- query_bulk_load_status

/** Of one partition, by its members' last words: whole percent; 0 when the replica count is not known. */
export function partitionDownloadPercent(answer: LoadStatusAnswer, partitionIndex: number): number {
  let sum = 0;
  for (const state of Object.values(answer.members[partitionIndex] ?? {})) sum += state.downloadProgress;
  return answer.maxReplicaCount === 0 ? 0 : Math.trunc(sum / answer.maxReplicaCount);
}

/** Of the table: the mean over its partitions, whole percent. */
export function tableDownloadPercent(answer: LoadStatusAnswer): number {
  const { partitions } = answer;
  const sum = partitions.reduce((all, _, index) => all + partitionDownloadPercent(answer, index), 0);
  return partitions.length === 0 ? 0 : Math.trunc(sum / partitions.length);
}

/** Partitions that have ingested, in whole percent; counted only where all of them are printed. */
export function ingestionPercent({ partitions }: LoadStatusAnswer, view: LoadView): number {
  if (!view.detailed || view.partitionIndex !== -1 || partitions.length === 0) return 0;
  const finished = partitions.filter((status) => status === 'BLS_SUCCEED').length;
  return Math.trunc((finished * 100) / partitions.length);
}

/** One line for people when there was an error. */
export function loadStatusReport(answer: LoadStatusAnswer, view: LoadView): string {
  const { error, hint, partitions } = answer;
  if (error !== 'ERR_OK') return refusal('query', error, hint);
  if (view.partitionIndex < -1 || view.partitionIndex >= partitions.length) {
    return refusal('query', 'ERR_INVALID_PARAMETERS', 'invalid partition index');
  }
  const sections: string[] = [];
  if (view.detailed) {
    const detail = view.partitionIndex === -1 ? allPartitions(answer) : onePartition(answer, view.partitionIndex);
    if (detail !== '') sections.push(detail);
  }
  sections.push(summary(answer, view));
  return sections.join('\n\n');
}

function isOver(status: BulkLoadStatus): boolean {
  return status === 'BLS_SUCCEED' || status === 'BLS_CANCELED' || status === 'BLS_FAILED';
}

function allPartitions(answer: LoadStatusAnswer): string {
  const downloading = answer.appStatus === 'BLS_DOWNLOADING';
  const over = isOver(answer.appStatus);
  const head = ['partition_index', 'partition_status'];
  if (downloading) head.push('download_progress(%)');
  if (over) head.push('is_cleaned_up');
  const rows = answer.partitions.map((status, index) => {
    const row = [String(index), status];
    if (downloading) row.push(String(partitionDownloadPercent(answer, index)));
    if (over) row.push(yesNo(isCleanedUp(answer, index)));
    return row;
  });
  return `[all partitions]\n${columns([head, ...rows])}`;
}

/** By as many members as the partition should have, all of them. */
function isCleanedUp({ members, maxReplicaCount }: LoadStatusAnswer, partitionIndex: number): boolean {
  const states = Object.values(members[partitionIndex] ?? {});
  return states.length === maxReplicaCount && states.every(({ isCleanedUp: cleaned }) => cleaned);
}

type MemberState = LoadStatusAnswer['members'][number][string];

interface MemberColumn {
  readonly title: string;
  tell(state: MemberState): string;
}

/** What is told of a member while its partition is in this status; undefined: nothing. */
function memberColumn(status: BulkLoadStatus): MemberColumn | undefined {
  if (status === 'BLS_DOWNLOADING') {
    return { title: 'download_progress(%)', tell: (state) => String(state.downloadProgress) };
  }
  if (status === 'BLS_INGESTING') return { title: 'ingestion_status', tell: (state) => state.ingestStatus };
  if (isOver(status)) return { title: 'is_cleaned_up', tell: (state) => yesNo(state.isCleanedUp) };
  if (status === 'BLS_PAUSING') return { title: 'is_paused', tell: (state) => yesNo(state.isPaused) };
  return undefined;
}

function onePartition({ partitions, members }: LoadStatusAnswer, partitionIndex: number): string {
  const column = memberColumn(partitions[partitionIndex] ?? 'BLS_INVALID');
  if (column === undefined) return '';
  const rows = Object.entries(members[partitionIndex] ?? {}).map(([node, state]) => {
    return [String(partitionIndex), node, column.tell(state)];
  });
  return `[single partition]\n${columns([['partition_index', 'node_address', column.title], ...rows])}`;
}

function summary(answer: LoadStatusAnswer, view: LoadView): string {
  const { appStatus, partitions, isBulkLoading } = answer;
  const rows: (readonly [string, string])[] = [];
  if (view.partitionIndex !== -1) {
    rows.push(['partition_bulk_load_status', partitions[view.partitionIndex] ?? 'BLS_INVALID']);
  }
  rows.push(['is_bulk_loading', yesNo(isBulkLoading)], ['app_bulk_load_status', appStatus]);
  if (appStatus === 'BLS_FAILED') rows.push(['bulk_load_err', answer.error]);
  if (appStatus === 'BLS_DOWNLOADING') {
    rows.push(['app_total_download_progress', String(tableDownloadPercent(answer))]);
  }
  if (appStatus === 'BLS_INGESTING') {
    rows.push(['app_total_ingestion_progress', String(ingestionPercent(answer, view))]);
  }
  return `[summary]\n${rows.map(([name, value]) => `${name} : ${value}`).join('\n')}`;
}

function yesNo(yes: boolean): string {
  return yes ? 'YES' : 'NO';
}
