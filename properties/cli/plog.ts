/**
 * `pegasus-check plog PATH...`: log files decoded for people and programs. Reads only. Exit code 0: every file ends
 * cleanly or torn; 3: one is corrupt (what came before the damage is still listed); 2: a path is missing or holds no
 * log.
 */
import { readdirSync, readFileSync, statSync, type Stats } from 'node:fs';
import { basename, join } from 'node:path';
import { decodeRows, splitStoredKey } from '../../impl/protocol/rrdb.ts';
import {
  inspectDirectory,
  inspectFile,
  type InspectedFile,
  type InspectedMutation,
  type InspectedUpdate,
} from '../../impl/storage/plog/inspect.ts';
import { parseLogFileName } from '../../impl/storage/plog/names.ts';
import { EXIT, type Io } from './io.ts';

type Output = Pick<Io, 'out' | 'err'>;

/** A path that cannot be shown; its message is one line. */
class NoLog extends Error {}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  ENOTDIR: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
};

/** Runs a file system call; what the system refuses becomes a NoLog. */
function reading<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
      throw new NoLog(`${path}: ${REASONS[error.code] ?? error.code}`);
    }
    throw error;
  }
}

function statIfThere(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function inspectPath(path: string): readonly InspectedFile[] {
  const stats = reading(path, () => statSync(path));
  if (stats.isFile()) return [inspectFile({ name: basename(path), bytes: reading(path, () => readFileSync(path)) })];
  if (!stats.isDirectory()) throw new NoLog(`${path}: neither a file nor a directory`);
  const names = reading(path, () => readdirSync(path)).filter((name) => parseLogFileName(name) !== undefined);
  const regular = reading(path, () => names.filter((name) => statIfThere(join(path, name))?.isFile() === true));
  if (regular.length === 0) throw new NoLog(`${path}: holds no log file (log.<index>.<start offset>)`);
  return inspectDirectory(
    regular.map((name) => ({ name, bytes: reading(path, () => readFileSync(join(path, name))) })),
  );
}

// ---------------------------------------------------------------- JSON

function hexOf(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.length).toString('hex');
}

function updateJson(update: InspectedUpdate): string {
  return JSON.stringify({ code: update.code, type: update.serializationType, hex: hexOf(update.data) });
}

/** By hand, since JSON.stringify refuses bigints, and a number would lose digits. */
function mutationJson(mutation: InspectedMutation): string {
  const { decree, ballot, gpid, lastCommittedDecree, timestampUs, logOffset } = mutation;
  const updates = mutation.updates.map(updateJson).join(',');
  return (
    `{"decree":${decree},"ballot":${ballot},"gpid":"${gpid}","lastCommittedDecree":${lastCommittedDecree},` +
    `"timestampUs":"${timestampUs}","logOffset":${logOffset},"updates":[${updates}]}`
  );
}

function fileJson(file: InspectedFile): string {
  const mutations = file.mutations.map(mutationJson).join(',');
  return (
    `{"name":${JSON.stringify(file.name)},"startOffset":${file.startOffset ?? 'null'},"blocks":${file.blocks},` +
    `"mutations":[${mutations}],"tail":"${file.tail}","error":${JSON.stringify(file.error ?? null)}}`
  );
}

// ---------------------------------------------------------------- text

/** Of a key, and of a task code (the longest real one has 32). */
const PREVIEW_LENGTH = 24;
const CODE_LENGTH = 40;

function printable(text: string, maxLength: number = PREVIEW_LENGTH): string {
  const shown = text.length > maxLength ? `${text.slice(0, maxLength)}...` : text;
  return shown.replaceAll(/[^\x20-\x7e]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function keyPreview(update: InspectedUpdate): string {
  const rows = decodeRows(update.code, update.data);
  if (rows === undefined) return update.data.length === 0 ? '' : `(${update.data.length} bytes)`;
  return rows
    .map(({ key }) => {
      const parts = splitStoredKey(key);
      return parts === undefined ? printable(key) : `${printable(parts.hashKey)}/${printable(parts.sortKey)}`;
    })
    .join(' ');
}

function mutationLines(mutation: InspectedMutation): string[] {
  const { decree, ballot, logOffset } = mutation;
  const head = `  ${String(decree).padStart(8)} ${String(ballot).padStart(7)} ${String(logOffset).padStart(12)}`;
  const indent = ' '.repeat(head.length);
  if (mutation.updates.length === 0) return [`${head}  (no updates)`];
  return mutation.updates.map((update, i) =>
    `${i === 0 ? head : indent}  ${printable(update.code, CODE_LENGTH)}  ${keyPreview(update)}`.trimEnd(),
  );
}

function fileLines(file: InspectedFile): string[] {
  const start = file.startOffset ?? 'unknown';
  const tail = file.error === undefined ? file.tail : `${file.tail} (${file.error})`;
  const lines = [
    `${file.name}: start ${start}, blocks ${file.blocks}, mutations ${file.mutations.length}, tail ${tail}`,
  ];
  if (file.mutations.length > 0) lines.push('    decree  ballot       offset  updates');
  for (const mutation of file.mutations) lines.push(...mutationLines(mutation));
  return lines;
}

/** Answers the exit code. */
export function runPlog(paths: readonly string[], options: { readonly json: boolean }, io: Output): number {
  let code: number = EXIT.nothingFound;
  for (const path of paths) {
    try {
      const files = inspectPath(path);
      if (code === EXIT.nothingFound && files.some((file) => file.tail === 'corrupt')) code = EXIT.damagedData;
      io.out(
        options.json ? `{"files":[${files.map(fileJson).join(',')}]}` : [path, ...files.flatMap(fileLines)].join('\n'),
      );
    } catch (error) {
      if (!(error instanceof NoLog)) throw error;
      io.err(error.message.replaceAll('\n', ' '));
      code = EXIT.badUsage;
    }
  }
  return code;
}
