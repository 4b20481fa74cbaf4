/**
 * The shell lines of bulk load (bl 6.5): a command printed as an operator types it, and a line read as the shell reads
 * it. Every command but `clear_bulk_load` looks for empty words before it asks anybody.
 */
import { BadLine, getOptions, integer, type OptionTable } from './shellOptions.ts';
import { joinWords, splitWords } from './shellWords.ts';

export type BulkLoadShellCommand =
  | {
      readonly kind: 'startBulkLoad';
      readonly table: string;
      /** The folder below the root on the provider. */
      readonly clusterName: string;
      readonly provider: string;
      readonly root: string;
      readonly ingestBehind: boolean;
    }
  | {
      readonly kind: 'pauseBulkLoad' | 'restartBulkLoad' | 'clearBulkLoad' | 'queryBulkLoad';
      readonly table: string;
    }
  | { readonly kind: 'cancelBulkLoad'; readonly table: string; readonly forced: boolean };

/** How the answer of `query_bulk_load_status` is to be shown. */
export interface LoadView {
  /** -1: all. Whether there is such a partition shows in the answer. */
  readonly partitionIndex: number;
  readonly detailed: boolean;
}

export type ParsedLoadLine =
  | { readonly command: BulkLoadShellCommand; readonly view: LoadView }
  /** One line for people. */
  | { readonly error: string };

const WORDS: Readonly<Record<BulkLoadShellCommand['kind'], string>> = {
  startBulkLoad: 'start_bulk_load',
  pauseBulkLoad: 'pause_bulk_load',
  restartBulkLoad: 'restart_bulk_load',
  cancelBulkLoad: 'cancel_bulk_load',
  clearBulkLoad: 'clear_bulk_load',
  queryBulkLoad: 'query_bulk_load_status',
};

// ---------------------------------------------------------------- printing

export function bulkLoadLine(command: BulkLoadShellCommand): string {
  const words = [WORDS[command.kind], '-a', command.table];
  if (command.kind === 'startBulkLoad') {
    words.push('-c', command.clusterName, '-p', command.provider, '-r', command.root);
    if (command.ingestBehind) words.push('-i');
  }
  if (command.kind === 'cancelBulkLoad' && command.forced) words.push('-f');
  return joinWords(words);
}

// ---------------------------------------------------------------- reading

const APP: OptionTable = { app_name: { letter: 'a', takesValue: true } };
const START: OptionTable = {
  ...APP,
  cluster_name: { letter: 'c', takesValue: true },
  file_provider_type: { letter: 'p', takesValue: true },
  root_path: { letter: 'r', takesValue: true },
  ingest_behind: { letter: 'i', takesValue: false },
};
const CANCEL: OptionTable = { ...APP, forced: { letter: 'f', takesValue: false } };
const QUERY: OptionTable = {
  ...APP,
  partition_index: { letter: 'i', takesValue: true },
  detailed: { letter: 'd', takesValue: false },
};

const ALL_PARTITIONS: LoadView = { partitionIndex: -1, detailed: false };

/** Is the line's first word a command of bulk load? */
export function isBulkLoadLine(line: string): boolean {
  const words = splitWords(line);
  return typeof words !== 'string' && Object.values(WORDS).includes(words[0] ?? '');
}

/** Reads a line as the shell reads it; nothing is sent for a line that it refuses. */
export function parseBulkLoadLine(line: string): ParsedLoadLine {
  try {
    const words = splitWords(line);
    if (typeof words === 'string') throw new BadLine(words);
    const [name = '', ...rest] = words;
    return readCommand(name, rest);
  } catch (error) {
    if (!(error instanceof BadLine)) throw error;
    return { error: error.message };
  }
}

function readCommand(name: string, rest: readonly string[]): ParsedLoadLine {
  switch (name) {
    case WORDS.startBulkLoad:
      return { command: readStart(getOptions(rest, START)), view: ALL_PARTITIONS };
    case WORDS.pauseBulkLoad:
    case WORDS.restartBulkLoad: {
      const kind = name === WORDS.pauseBulkLoad ? 'pauseBulkLoad' : 'restartBulkLoad';
      return { command: { kind, table: needed(getOptions(rest, APP), 'app_name') }, view: ALL_PARTITIONS };
    }
    case WORDS.cancelBulkLoad: {
      const options = getOptions(rest, CANCEL);
      const table = needed(options, 'app_name');
      return { command: { kind: 'cancelBulkLoad', table, forced: options.has('forced') }, view: ALL_PARTITIONS };
    }
    case WORDS.clearBulkLoad: {
      const table = getOptions(rest, APP).get('app_name') ?? '';
      return { command: { kind: 'clearBulkLoad', table }, view: ALL_PARTITIONS };
    }
    case WORDS.queryBulkLoad:
      return readQuery(getOptions(rest, QUERY));
    default:
      throw new BadLine(`${name === '' ? 'an empty line' : name} is no command of bulk load`);
  }
}

function readStart(options: ReadonlyMap<string, string>): BulkLoadShellCommand {
  return {
    kind: 'startBulkLoad',
    table: needed(options, 'app_name'),
    clusterName: needed(options, 'cluster_name'),
    provider: needed(options, 'file_provider_type'),
    root: needed(options, 'root_path'),
    ingestBehind: options.has('ingest_behind'),
  };
}

function readQuery(options: ReadonlyMap<string, string>): ParsedLoadLine {
  const partitionIndex = integer(options.get('partition_index') ?? '-1', 'partition_index');
  const command = { kind: 'queryBulkLoad', table: needed(options, 'app_name') } as const;
  return { command, view: { partitionIndex, detailed: options.has('detailed') } };
}

function needed(options: ReadonlyMap<string, string>, name: string): string {
  const value = options.get(name) ?? '';
  if (value === '') throw new BadLine(`${name} should not be empty`);
  return value;
}
