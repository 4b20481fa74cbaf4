/**
 * `--plog DIR`: turns a directory of real log files into the part of a plan that boots from copies of them. The directory is
 * only read. The table's partition count is not in the log; the smallest count is taken under which every key of the log belongs
 * to the log's partition, so that a client finds what the real server wrote.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { partitionIndexOf, splitStoredKey } from '../../impl/protocol/rrdb.ts';
import { errorCode } from '../cli/files.ts';
import { parseLogName } from '../run/audit/logReader.ts';
import { decodeLogFile } from '../run/preloaded.ts';
import { BadInput } from './parse.ts';
import type { Preload } from './types.ts';

const LARGEST_PARTITION_COUNT = 1024;

interface NamedBytes {
  readonly name: string;
  readonly bytes: Buffer;
}

function readFiles(dir: string): readonly NamedBytes[] {
  try {
    if (statSync(dir).isFile()) return [{ name: basename(dir), bytes: readFileSync(dir) }];
    return readdirSync(dir)
      .filter((name) => parseLogName(name) !== undefined && statSync(join(dir, name)).isFile())
      .sort()
      .map((name) => ({ name, bytes: readFileSync(join(dir, name)) }));
  } catch (error) {
    const code = errorCode(error);
    if (code === '') throw error;
    throw new BadInput(`--plog ${dir}: cannot read (${code}); give a directory that holds log.<index>.<start> files`);
  }
}

/** The partition that a file belongs to, from the first entry of its header (plog 4). */
function gpidOf(file: NamedBytes, dir: string): string {
  if (file.bytes.length < 44 || file.bytes.readUInt32LE(0) !== 0xdeadbeef || file.bytes.readInt32LE(32) < 1) {
    throw new BadInput(`--plog ${join(dir, file.name)}: byte 0: no log file header; "pegasus-check plog" shows what is in it`);
  }
  return `${String(file.bytes.readInt32LE(36))}.${String(file.bytes.readInt32LE(40))}`;
}

function partitionCountFor(gpid: string, hashKeys: readonly string[], dir: string): number {
  const index = Number(gpid.slice(gpid.indexOf('.') + 1));
  for (let count = index + 1; count <= LARGEST_PARTITION_COUNT; count += 1) {
    if (hashKeys.every((key) => partitionIndexOf(key, count) === index)) return count;
  }
  throw new BadInput(`--plog ${dir}: the keys in the log belong to no single partition ${gpid} of a table with up to ${String(LARGEST_PARTITION_COUNT)} partitions`);
}

export function preloadFrom(dir: string): Preload {
  const files = readFiles(dir);
  const first = files[0];
  if (first === undefined) throw new BadInput(`--plog ${dir}: holds no log.<index>.<start> file`);
  const gpid = gpidOf(first, dir);
  const hashKeys = new Set<string>();
  for (const file of files) {
    const decoded = decodeLogFile(gpid, file.name, file.bytes);
    if (decoded.tail === 'invalid') {
      throw new DamagedData(`--plog ${join(dir, file.name)}: damaged after ${String(decoded.records.length)} records; "pegasus-check plog" shows where`);
    }
    for (const record of decoded.records) {
      for (const update of record.updates) for (const row of update.rows) hashKeys.add(splitStoredKey(row.key)?.hashKey ?? '');
    }
  }
  return {
    cluster: 'source',
    table: 'table#1',
    gpid,
    partitionCount: partitionCountFor(gpid, [...hashKeys].sort(), dir),
    files: files.map(({ name, bytes }) => ({ name, hex: bytes.toString('hex') })),
  };
}

/** Input that was read and is damaged: exit code 3. */
export class DamagedData extends BadInput {}
