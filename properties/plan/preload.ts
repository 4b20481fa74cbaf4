/**
 * `--plog DIR`: turns a directory of real log files into the part of a plan that boots from copies of them. The directory is
 * only read. The table's partition count is not in the log; the smallest count is taken under which every key of the log belongs
 * to the log's partition, so that a client finds what the real server wrote.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { partitionIndexOf, splitStoredKey } from '../../impl/protocol/rrdb.ts';
import { errorCode, reasonOf } from '../cli/files.ts';
import { parseLogName } from '../run/audit/logReader.ts';
import { decodeLogFile } from '../run/preloaded.ts';
import { gpidOf, logDamage } from './logFiles.ts';
import { BadInput } from './parse.ts';
import type { Preload } from './types.ts';

const LARGEST_PARTITION_COUNT = 1024;

interface NamedBytes {
  readonly path: string;
  readonly name: string;
  readonly bytes: Buffer;
}

function readFiles(dir: string): readonly NamedBytes[] {
  try {
    if (statSync(dir).isFile()) {
      if (parseLogName(basename(dir)) === undefined) throw new BadInput(`--plog ${dir}: not named log.<index>.<start>; give a directory that holds such files`);
      return [{ path: dir, name: basename(dir), bytes: readFileSync(dir) }];
    }
    return readdirSync(dir)
      .filter((name) => parseLogName(name) !== undefined && statSync(join(dir, name)).isFile())
      .sort()
      .map((name) => ({ path: join(dir, name), name, bytes: readFileSync(join(dir, name)) }));
  } catch (error) {
    const code = errorCode(error);
    if (code === '') throw error;
    throw new BadInput(`--plog ${dir}: cannot read (${reasonOf(code)}); give a directory that holds log.<index>.<start> files`);
  }
}

/** The partition of the first file; a plan's preload must be able to name it. */
function partitionOf(file: NamedBytes): string {
  const gpid = gpidOf(file.bytes);
  if (gpid === undefined || !/^[1-9]\d{0,8}\.(0|[1-9]\d{0,3})$/.test(gpid)) {
    throw new DamagedData(`--plog ${file.path}: byte 0: no header of a partition's log file; "pegasus-check plog" shows what is in it`);
  }
  return gpid;
}

function refuseDamage(files: readonly NamedBytes[], gpid: string): void {
  const damage = logDamage(files, gpid);
  if (damage === undefined) return;
  const line = `--plog ${files.find((f) => f.name === damage.file)?.path ?? damage.file}: byte ${String(damage.byteOffset)}: ${damage.what}`;
  if (damage.damaged) throw new DamagedData(`${line}; "pegasus-check plog" shows what is before it`);
  throw new BadInput(`${line}; give a directory that holds the log of one partition`);
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
  const gpid = partitionOf(first);
  refuseDamage(files, gpid);
  const hashKeys = new Set<string>();
  for (const file of files) {
    for (const record of decodeLogFile(gpid, file.name, file.bytes).records) {
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
