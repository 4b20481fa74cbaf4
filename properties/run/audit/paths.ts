/**
 * What a path on a node's disk is, by docs/formats.md. Parsed once per path: runs meet few paths and many writes.
 *
 * A replica directory is any component `<app_id>.<partition_index>.pegasus`; set aside it has further suffixes.
 */
import type { Gpid } from '../../../model/vocabulary.ts';
import { decimal, parseLogName } from './logReader.ts';

export type Path =
  | { readonly kind: 'other' }
  /** The replica's directory itself. */
  | { readonly kind: 'replica'; readonly gpid: Gpid; readonly dir: string }
  /** A replica's directory set aside. */
  | { readonly kind: 'aside'; readonly gpid: Gpid; readonly dir: string; readonly suffix: 'err' | 'gar' | 'other' }
  | { readonly kind: 'init-info'; readonly gpid: Gpid; readonly dir: string }
  | { readonly kind: 'plog'; readonly gpid: Gpid; readonly dir: string }
  | { readonly kind: 'log'; readonly gpid: Gpid; readonly dir: string; readonly index: number; readonly startOffset: number }
  | { readonly kind: 'data'; readonly gpid: Gpid; readonly dir: string }
  | { readonly kind: 'rdb'; readonly gpid: Gpid; readonly dir: string }
  /** A file of the live database. */
  | { readonly kind: 'rdb-file'; readonly gpid: Gpid; readonly dir: string; readonly file: string }
  /** What a follower downloads (dup 5.5), until it is renamed to `rdb`. */
  | { readonly kind: 'download'; readonly gpid: Gpid; readonly dir: string }
  | { readonly kind: 'download-file'; readonly gpid: Gpid; readonly dir: string; readonly file: string }
  /** Into which a replica downloads the files of a load (bl 5). */
  | { readonly kind: 'load'; readonly gpid: Gpid; readonly dir: string }
  | { readonly kind: 'load-file'; readonly gpid: Gpid; readonly dir: string; readonly file: string }
  | { readonly kind: 'checkpoint'; readonly gpid: Gpid; readonly dir: string; readonly decree: number }
  | { readonly kind: 'checkpoint-file'; readonly gpid: Gpid; readonly dir: string; readonly decree: number; readonly file: string };

/** Every kind but `other` belongs to a replica; `dir` is the replica's directory. */
export type ReplicaPath = Exclude<Path, { readonly kind: 'other' }>;

const OTHER: Path = { kind: 'other' };
const SUFFIX = '.pegasus';
const CHECKPOINT = 'checkpoint.';
const DOWNLOAD = 'duplication';
const LOAD = 'bulk_load';

const REMEMBERED_PATHS = 8192;
const KNOWN = new Map<string, Path>();

/** As `parsePath`; runs meet the same paths again and again, in one world and in the next. */
export function knownPath(path: string): Path {
  const known = KNOWN.get(path);
  if (known !== undefined) return known;
  const parsed = parsePath(path);
  if (KNOWN.size >= REMEMBERED_PATHS) KNOWN.clear();
  KNOWN.set(path, parsed);
  return parsed;
}

export function parsePath(path: string): Path {
  const parts = path.split('/');
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] ?? '';
    const at = part.indexOf(SUFFIX);
    if (at <= 0) continue;
    const gpid = gpidOf(part.slice(0, at));
    if (gpid === undefined) continue;
    const dir = parts.slice(0, i + 1).join('/');
    const rest = parts.slice(i + 1);
    if (at + SUFFIX.length < part.length) return rest.length === 0 ? aside(gpid, dir, part) : OTHER;
    return inReplica(gpid, dir, rest);
  }
  return OTHER;
}

function aside(gpid: Gpid, dir: string, name: string): Path {
  return { kind: 'aside', gpid, dir, suffix: name.endsWith('.err') ? 'err' : name.endsWith('.gar') ? 'gar' : 'other' };
}

function gpidOf(text: string): Gpid | undefined {
  const dot = text.indexOf('.');
  if (dot < 0) return undefined;
  return decimal(text.slice(0, dot)) === undefined || decimal(text.slice(dot + 1)) === undefined ? undefined : text;
}

/** The directory stands in that of the replica or in its `data`. */
function download(gpid: Gpid, dir: string, rest: readonly string[]): Path {
  const [file, deeper] = rest;
  if (file === undefined) return { kind: 'download', gpid, dir };
  return deeper === undefined ? { kind: 'download-file', gpid, dir, file } : OTHER;
}

function inReplica(gpid: Gpid, dir: string, rest: readonly string[]): Path {
  const [first, second, third] = rest;
  if (first === undefined) return { kind: 'replica', gpid, dir };
  if (first === '.init-info' && second === undefined) return { kind: 'init-info', gpid, dir };
  if (first === 'plog') {
    if (second === undefined) return { kind: 'plog', gpid, dir };
    const log = third === undefined ? parseLogName(second) : undefined;
    return log === undefined ? OTHER : { kind: 'log', gpid, dir, index: log.index, startOffset: log.startOffset };
  }
  if (first === DOWNLOAD) return download(gpid, dir, rest.slice(1));
  if (first === LOAD) {
    if (second === undefined) return { kind: 'load', gpid, dir };
    return third === undefined ? { kind: 'load-file', gpid, dir, file: second } : OTHER;
  }
  if (first !== 'data') return OTHER;
  if (second === undefined) return { kind: 'data', gpid, dir };
  if (second === DOWNLOAD) return download(gpid, dir, rest.slice(2));
  if (rest.length > 3) return OTHER;
  if (second === 'rdb') return third === undefined ? { kind: 'rdb', gpid, dir } : {
    kind: 'rdb-file',
    gpid,
    dir,
    file: third,
  };
  const decree = second.startsWith(CHECKPOINT) ? decimal(second.slice(CHECKPOINT.length)) : undefined;
  if (decree === undefined) return OTHER;
  return third === undefined ? { kind: 'checkpoint', gpid, dir, decree } : {
    kind: 'checkpoint-file',
    gpid,
    dir,
    decree,
    file: third,
  };
}
