/** Files a command reads and writes; every failure is one clear line (BadInput). */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { BadInput } from '../plan/parse.ts';

export function errorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

export function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = errorCode(error);
    if (code === '') throw error;
    throw new BadInput(`${path}: cannot read this ${what} (${code === 'ENOENT' ? 'no such file' : code}); give the path of an existing one`);
  }
}

/** Writes a whole file or nothing: under a temporary name first. Never replaces an existing file. */
export function writeNew(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const temporary = `${path}.part`;
    writeFileSync(temporary, text);
    renameSync(temporary, path);
  } catch (error) {
    const code = errorCode(error);
    if (code === '') throw error;
    throw new BadInput(`${path}: cannot write (${code}); give another folder with --out`);
  }
}
