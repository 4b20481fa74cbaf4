/** Files a command reads and writes; every failure is one clear line (BadInput). */
import { accessSync, appendFileSync, closeSync, constants, copyFileSync, existsSync, linkSync, openSync, readSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { makeDirectory } from '../../impl/env/node/disk.ts';
import { BadInput } from '../plan/parse.ts';

/** Beyond this no file is a plan of ours, and a device would never end, bytes. */
const LARGEST_TEXT_BYTES = 1 << 26;

export function errorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file: a part of the path is no directory',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EEXIST: 'a file of that name is in the way',
  ENOSPC: 'no space left',
  EROFS: 'a read-only file system',
};

/** What the system refused, for people: the reason with the system's own code. */
export function reasonOf(code: string): string {
  const reason = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  return reason === undefined ? code : `${reason}, ${code}`;
}

/** Runs file system calls; what the system refuses becomes a BadInput of this line. */
export function orBadInput<T>(doing: () => T, line: (reason: string) => string): T {
  try {
    return doing();
  } catch (error) {
    const code = errorCode(error);
    if (code === '') throw error;
    throw new BadInput(line(reasonOf(code)));
  }
}

/** The text of a file of at most 64 MiB. */
export function readText(path: string, what: string): string {
  return orBadInput(
    () => readWhole(path, what),
    (reason) => `${path}: cannot read this ${what} (${reason}); give the path of an existing one`,
  );
}

function readWhole(path: string, what: string): string {
  const file = openSync(path, 'r');
  try {
    const chunks: Buffer[] = [];
    for (let size = 0; ; ) {
      const chunk = Buffer.alloc(1 << 16);
      const count = readSync(file, chunk);
      if (count === 0) return Buffer.concat(chunks).toString('utf8');
      size += count;
      if (size > LARGEST_TEXT_BYTES) throw new BadInput(`${path}: byte ${String(LARGEST_TEXT_BYTES)}: larger than any ${what}; give one that a hunt wrote`);
      chunks.push(chunk.subarray(0, count));
    }
  } finally {
    closeSync(file);
  }
}

/** Refuses a folder in which nothing could be written, before the search has cost anything. Makes nothing. `option`: who names it. */
export function checkFolder(dir: string, option: string): void {
  let nearest = resolve(dir);
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  orBadInput(
    () => {
      if (!statSync(nearest).isDirectory()) throw new BadInput(`${option} ${dir}: ${nearest} is no directory; give another folder`);
      accessSync(nearest, constants.W_OK);
    },
    (reason) => `${option} ${dir}: cannot write in ${nearest} (${reason}); give another folder`,
  );
}

let written = 0;

/**
 * Writes a whole file or nothing, under the first free name: `<base>.json`, `<base>-2.json`, ... An existing file is never
 * replaced, even if somebody else writes into the same folder now. Answers the path.
 */
export function writeNew(dir: string, base: string, text: string, extension = 'json'): string {
  return orBadInput(
    () => {
      makeDirectory(dir);
      written += 1;
      const temporary = join(dir, `.${base}.${String(process.pid)}-${String(written)}.part`);
      try {
        writeFileSync(temporary, text, { flag: 'wx' });
        return namedFreely(temporary, dir, base, extension);
      } finally {
        rmSync(temporary, { force: true });
      }
    },
    (reason) => `${join(dir, base)}.${extension}: cannot write (${reason}); give another folder with --out`,
  );
}

/** Writes a whole file in the place of the one that may be there, or leaves that as it is. Throws BadInput. */
export function replaceFile(path: string, text: string): void {
  orBadInput(
    () => {
      makeDirectory(dirname(path));
      written += 1;
      const temporary = join(dirname(path), `.${basename(path)}.${String(process.pid)}-${String(written)}.part`);
      try {
        writeFileSync(temporary, text, { flag: 'wx' });
        renameSync(temporary, path);
      } finally {
        rmSync(temporary, { force: true });
      }
    },
    (reason) => `${path}: cannot write (${reason}); give another folder`,
  );
}

/** Adds whole lines to a file, which is made if it is not there. Throws BadInput. */
export function appendLines(path: string, lines: readonly string[]): void {
  orBadInput(
    () => {
      makeDirectory(dirname(path));
      appendFileSync(path, lines.map((line) => `${line}\n`).join(''));
    },
    (reason) => `${path}: cannot write (${reason}); give another folder`,
  );
}

function namedFreely(temporary: string, dir: string, base: string, extension: string): string {
  for (let n = 1; ; n += 1) {
    const path = join(dir, `${n === 1 ? base : `${base}-${String(n)}`}.${extension}`);
    try {
      nameExclusively(temporary, path);
      return path;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }
}

/** A second name appears whole and never replaces one; where the file system has no second names, a copy must do. */
function nameExclusively(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (errorCode(error) === 'EEXIST' || errorCode(error) === '') throw error;
    copyFileSync(from, to, constants.COPYFILE_EXCL);
  }
}
