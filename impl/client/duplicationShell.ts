/**
 * The shell lines of duplication (dup 3.4): a command printed as an operator types it, and a line read as the shell reads
 * it. Of the Go tool the lines `duplication add|list|remove|start|pause` are read too; it works on the table of the `use`
 * before it. `FAIL_FAST`, `REGEX` and `INVALID` can be printed, and no shell reads them.
 */
import type { ClusterId, DupId, DuplicationFailMode, PatternMatchType } from '../../model/vocabulary.ts';
import { BadLine, integer, isInteger } from './shellOptions.ts';
import { joinWords, splitWords } from './shellWords.ts';

/** `remoteTable` '' and `remoteReplicaCount` 0: as the table itself. */
export type DuplicationShellCommand =
  | {
      readonly kind: 'addDup';
      readonly table: string;
      readonly remoteCluster: ClusterId;
      readonly checkpoint: boolean;
      readonly remoteTable: string;
      readonly remoteReplicaCount: number;
    }
  | { readonly kind: 'removeDup' | 'startDup' | 'pauseDup'; readonly table: string; readonly dupId: DupId }
  | {
      readonly kind: 'setDupFailMode';
      readonly table: string;
      readonly dupId: DupId;
      readonly failMode: DuplicationFailMode;
    }
  | { readonly kind: 'queryDup'; readonly table: string }
  | { readonly kind: 'listDups'; readonly pattern: string; readonly matchType: PatternMatchType };

/** How the answer of `query_dup` and `dups` is to be shown. */
export interface DupsView {
  readonly detail: boolean;
  readonly listPartitions: boolean;
  /** Negative: no partition is finished, and none unfinished. */
  readonly progressGap: number;
  readonly unfinishedOnly: boolean;
  readonly json: boolean;
  /** A file's name, '' for the terminal. */
  readonly output: string;
}

export type ParsedLine =
  | { readonly command: DuplicationShellCommand; readonly view: DupsView }
  /** One line for people. */
  | { readonly error: string };

const PLAIN_VIEW: DupsView = {
  detail: false,
  listPartitions: false,
  progressGap: 0,
  unfinishedOnly: false,
  json: false,
  output: '',
};

// ---------------------------------------------------------------- printing

const STATUS_WORDS = { removeDup: 'remove_dup', startDup: 'start_dup', pauseDup: 'pause_dup' } as const;
const FAIL_MODE_WORDS: Readonly<Record<DuplicationFailMode, string>> = {
  FAIL_SLOW: 'slow',
  FAIL_SKIP: 'skip',
  FAIL_FAST: 'fast',
};
const MATCH_WORDS: Readonly<Record<PatternMatchType, string>> = {
  ALL: 'all',
  EXACT: 'exact',
  ANYWHERE: 'anywhere',
  PREFIX: 'prefix',
  POSTFIX: 'postfix',
  REGEX: 'regex',
  INVALID: 'invalid',
};

export function duplicationLine(command: DuplicationShellCommand): string {
  switch (command.kind) {
    case 'addDup': {
      const words = ['add_dup', command.table, command.remoteCluster];
      if (command.checkpoint) words.push('-s');
      if (command.remoteTable !== '') words.push('-a', command.remoteTable);
      if (command.remoteReplicaCount !== 0) words.push('-r', `${command.remoteReplicaCount}`);
      return joinWords(words);
    }
    case 'removeDup':
    case 'startDup':
    case 'pauseDup':
      return joinWords([STATUS_WORDS[command.kind], command.table, `${command.dupId}`]);
    case 'setDupFailMode':
      return joinWords(['set_dup_fail_mode', command.table, `${command.dupId}`, FAIL_MODE_WORDS[command.failMode]]);
    case 'queryDup':
      return joinWords(['query_dup', command.table, '-d']);
    case 'listDups': {
      const pattern = command.pattern === '' ? [] : ['-a', command.pattern];
      const match = command.matchType === 'ALL' ? [] : ['-m', MATCH_WORDS[command.matchType]];
      return joinWords(['dups', ...pattern, ...match]);
    }
  }
}

// ---------------------------------------------------------------- reading

/** Options by their long names; the short name, and whether a value follows. */
type Options = Readonly<Record<string, { readonly short: string; readonly takesValue: boolean }>>;

interface Words {
  readonly positional: readonly string[];
  /** By long name; '' for a flag that is set. */
  readonly options: ReadonlyMap<string, string>;
}

const ADD: Options = {
  sst: { short: 's', takesValue: false },
  remote_app_name: { short: 'a', takesValue: true },
  remote_replica_count: { short: 'r', takesValue: true },
};
const QUERY: Options = { detail: { short: 'd', takesValue: false } };
const LIST: Options = {
  app_name_pattern: { short: 'a', takesValue: true },
  match_type: { short: 'm', takesValue: true },
  list_partitions: { short: 'p', takesValue: false },
  progress_gap: { short: 'g', takesValue: true },
  // Upstream's own spelling.
  show_unfinishd: { short: 'u', takesValue: false },
  output: { short: 'o', takesValue: true },
  json: { short: 'j', takesValue: false },
};
const GO_ADD: Options = {
  cluster: { short: 'c', takesValue: true },
  duplicate_checkpoint: { short: 'p', takesValue: false },
};
const GO_MODIFY: Options = { dupid: { short: 'd', takesValue: true } };

/** A number is no option, so that `-r -1` gives a negative count. */
function isOption(word: string): boolean {
  return word.startsWith('-') && word !== '-' && !isInteger(word);
}

function readOptions(words: readonly string[], known: Options): Words {
  const positional: string[] = [];
  const options = new Map<string, string>();
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (!isOption(word)) {
      positional.push(word);
      continue;
    }
    const equals = word.indexOf('=');
    const given = equals < 0 ? word : word.slice(0, equals);
    const name = Object.keys(known).find((long) => given === `--${long}` || given === `-${known[long]?.short ?? ''}`);
    if (name === undefined) throw new BadLine(`unknown option ${given}`);
    if (options.has(name)) throw new BadLine(`option ${given} is there twice`);
    if (known[name]?.takesValue !== true) {
      if (equals >= 0) throw new BadLine(`option ${given} takes no value`);
      options.set(name, '');
      continue;
    }
    const value = equals >= 0 ? word.slice(equals + 1) : words[++at];
    if (value === undefined || (equals < 0 && isOption(value))) throw new BadLine(`option ${given} needs a value`);
    options.set(name, value);
  }
  return { positional, options };
}

function positionals(words: Words, ...names: readonly string[]): readonly string[] {
  const missing = names[words.positional.length];
  if (missing !== undefined) throw new BadLine(`<${missing}> is missing`);
  const extra = words.positional[names.length];
  if (extra !== undefined) throw new BadLine(`too many words: ${extra}`);
  return words.positional;
}

function keyOf<K extends string>(words: Readonly<Record<K, string>>, allowed: readonly K[], word: string, what: string): K {
  const key = allowed.find((one) => words[one] === word);
  if (key === undefined) throw new BadLine(`${what} must be one of ${allowed.map((one) => words[one]).join(', ')}, not ${word}`);
  return key;
}

/** Reads a line as the shell of `ownCluster` reads it; nothing is sent for a line that it refuses. */
export function parseDuplicationLine(line: string, ownCluster: ClusterId): ParsedLine {
  try {
    const words = splitWords(line);
    if (typeof words === 'string') throw new BadLine(words);
    const [name = '', ...rest] = words;
    if (name === 'use') return goLine(rest);
    return shellLine(name, rest, ownCluster);
  } catch (error) {
    if (!(error instanceof BadLine)) throw error;
    return { error: error.message };
  }
}

function shellLine(name: string, rest: readonly string[], ownCluster: ClusterId): ParsedLine {
  switch (name) {
    case 'add_dup':
      return { command: readAdd(readOptions(rest, ADD), ownCluster), view: PLAIN_VIEW };
    case 'query_dup': {
      const words = readOptions(rest, QUERY);
      const [table = ''] = positionals(words, 'app_name');
      return { command: { kind: 'queryDup', table }, view: { ...PLAIN_VIEW, detail: words.options.has('detail') } };
    }
    case 'dups':
      return readList(readOptions(rest, LIST));
    case 'remove_dup':
      return readModify('removeDup', rest);
    case 'start_dup':
      return readModify('startDup', rest);
    case 'pause_dup':
      return readModify('pauseDup', rest);
    case 'set_dup_fail_mode': {
      const [table = '', dupId = '', mode = ''] = positionals(readOptions(rest, {}), 'app_name', 'dupid', 'fail_mode');
      const failMode = keyOf(FAIL_MODE_WORDS, ['FAIL_SLOW', 'FAIL_SKIP'], mode, 'fail_mode');
      return { command: { kind: 'setDupFailMode', table, dupId: integer(dupId, 'dupid'), failMode }, view: PLAIN_VIEW };
    }
    default:
      throw new BadLine(`${name === '' ? 'an empty line' : name} is no command of duplication`);
  }
}

function readAdd(words: Words, ownCluster: ClusterId): DuplicationShellCommand {
  const [table = '', remoteCluster = ''] = positionals(words, 'app_name', 'remote_cluster_name');
  if (remoteCluster === ownCluster) throw new BadLine(`${ownCluster} is this cluster: a table is not duplicated to itself`);
  return {
    kind: 'addDup',
    table,
    remoteCluster,
    checkpoint: words.options.has('sst'),
    remoteTable: words.options.get('remote_app_name') ?? '',
    remoteReplicaCount: integer(words.options.get('remote_replica_count') ?? '0', 'remote_replica_count'),
  };
}

function readModify(kind: 'removeDup' | 'startDup' | 'pauseDup', rest: readonly string[]): ParsedLine {
  const [table = '', dupId = ''] = positionals(readOptions(rest, {}), 'app_name', 'dupid');
  return { command: { kind, table, dupId: integer(dupId, 'dupid') }, view: PLAIN_VIEW };
}

const READABLE_MATCHES = ['ALL', 'EXACT', 'ANYWHERE', 'PREFIX', 'POSTFIX'] as const;

function readList(words: Words): ParsedLine {
  positionals(words);
  const { options } = words;
  const matchType = keyOf(MATCH_WORDS, READABLE_MATCHES, options.get('match_type') ?? 'all', 'match_type');
  return {
    command: { kind: 'listDups', pattern: options.get('app_name_pattern') ?? '', matchType },
    view: {
      detail: false,
      listPartitions: options.has('list_partitions'),
      progressGap: integer(options.get('progress_gap') ?? '0', 'progress_gap'),
      unfinishedOnly: options.has('show_unfinishd'),
      json: options.has('json'),
      output: options.get('output') ?? '',
    },
  };
}

/** `use T ; duplication ...` of the Go tool: a checkpoint only with `-p`, and no word of remote name and count (#2365). */
function goLine(words: readonly string[]): ParsedLine {
  const [table = '', separator, tool, verb, ...rest] = words;
  if (separator !== ';' || tool !== 'duplication') throw new BadLine('use <table> must be followed by ; duplication ...');
  switch (verb) {
    case 'add': {
      const read = readOptions(rest, GO_ADD);
      positionals(read);
      const remoteCluster = read.options.get('cluster');
      if (remoteCluster === undefined) throw new BadLine('option -c is missing');
      const checkpoint = read.options.has('duplicate_checkpoint');
      return {
        command: { kind: 'addDup', table, remoteCluster, checkpoint, remoteTable: '', remoteReplicaCount: 0 },
        view: PLAIN_VIEW,
      };
    }
    case 'list':
      positionals(readOptions(rest, {}));
      return { command: { kind: 'queryDup', table }, view: { ...PLAIN_VIEW, detail: true } };
    case 'remove':
    case 'start':
    case 'pause': {
      const read = readOptions(rest, GO_MODIFY);
      positionals(read);
      const dupId = integer(read.options.get('dupid') ?? '', 'dupid');
      return { command: { kind: `${verb}Dup`, table, dupId }, view: PLAIN_VIEW };
    }
    default:
      throw new BadLine(`duplication ${verb ?? ''} is no command: add, list, remove, start or pause`);
  }
}
