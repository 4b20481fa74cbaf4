/** A temporary directory of log files, `pegasus-check plog` run over it, and files built block by block. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { crc32c } from '../../../impl/protocol/crc32c.ts';
import { BLOCK_HEADER_SIZE, writeBlockHeader, writeFileHeader } from '../../../impl/storage/plog/format.ts';
import { recordSize, writeRecord } from '../../../impl/storage/plog/record.ts';
import type { LogMutation } from '../../../impl/storage/plog/types.ts';
import { runPlog } from '../../../properties/cli/plog.ts';
import { mutation } from '../../impl/storage/plog/helpers.ts';

/** Of the running test. */
export let dir: string;

/** Each test of the file that calls this has a directory of its own. */
export function useDirectory(): void {
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'plog-'));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });
}

export interface Ran {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

export function run(paths: readonly string[], json: boolean): Ran {
  const out: string[] = [];
  const err: string[] = [];
  const code = runPlog(paths, { json }, { out: (line) => out.push(line), err: (line) => err.push(line) });
  return { code, out, err };
}

export interface Shown {
  readonly name: string;
  readonly startOffset: number | null;
  readonly blocks: number;
  readonly mutations: readonly { readonly decree: number; readonly logOffset: number }[];
  readonly tail: string;
  readonly error: string | null;
}

/** One argument as JSON. */
export function show(path: string): { readonly code: number; readonly files: readonly Shown[] } {
  const ran = run([path], true);
  expect(ran.err).toEqual([]);
  expect(ran.out.length).toBe(1);
  expect(ran.out[0]).not.toContain('\n');
  const parsed = JSON.parse(ran.out[0] ?? '') as { files: Shown[] };
  return { code: ran.code, files: parsed.files };
}

/** Exit code, and per file: name, blocks, decrees, tail, error. */
export function summary(path: string): readonly unknown[] {
  const { code, files } = show(path);
  return [code, ...files.map((f) => [f.name, f.blocks, f.mutations.map((mu) => mu.decree), f.tail, f.error])];
}

/** A file of the given bodies' blocks (body 0 must begin with the file header), CRCs right. */
export function sealed(bodies: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(bodies.reduce((sum, body) => sum + BLOCK_HEADER_SIZE + body.length, 0));
  let at = 0;
  let crc = 0;
  for (const body of bodies) {
    crc = crc32c(body, crc);
    writeBlockHeader(bytes, at, body.length, crc, at);
    bytes.set(body, at + BLOCK_HEADER_SIZE);
    at += BLOCK_HEADER_SIZE + body.length;
  }
  return bytes;
}

export function headerBody(start: number): Uint8Array {
  const body = new Uint8Array(44);
  writeFileHeader(body, 0, start, { appId: 7, partitionIndex: 2, maxDecree: 0, validStartOffset: 0 });
  return body;
}

/** A body of records that stand where they say when the body begins at `globalOffset`. */
export function recordBody(globalOffset: number, mutations: readonly LogMutation[]): Uint8Array {
  const body = new Uint8Array(mutations.reduce((sum, mu) => sum + recordSize(mu), 0));
  let at = 0;
  for (const mu of mutations) at = writeRecord(body, at, mu, globalOffset + at);
  return body;
}

/** A file that starts at `start` and has one block per decree. 60 bytes and 115 for each. */
export function logBytes(start: number, decrees: readonly number[]): Uint8Array {
  return sealed([
    headerBody(start),
    ...decrees.map((decree, i) => recordBody(start + 76 + 115 * i, [mutation(decree)])),
  ]);
}

export function put(name: string, bytes: Uint8Array): string {
  writeFileSync(join(dir, name), bytes);
  return join(dir, name);
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}
