/**
 * `pegasus-check sst ROWS`: makes the files of a bulk load from rows, in the provider's layout, with the engine's own
 * sorted runs. All rows are read and proved first; the files are written into a directory of another name that is
 * renamed when it is whole, so that a user never finds half a load. Exit code 2: bad rows, a partition without any, a
 * load that is there already, or a disk that refuses; then nothing is left behind.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { DiskError } from '../../impl/env/contract.ts';
import { RealDisk } from '../../impl/env/node/disk.ts';
import { isAppName } from '../../impl/protocol/appName.ts';
import { loadFiles, partitionRows } from '../../impl/provider/loadSet.ts';
import { BadInput } from '../plan/parse.ts';
import { EXIT, type Io } from './io.ts';
import { makeDirectories } from './madeDirectories.ts';
import { readRows, type ReadRow } from './sstRows.ts';

export interface SstOptions {
  readonly appId: number;
  readonly app: string;
  readonly cluster: string;
  readonly partitions: number;
  /** The provider's root, or `remote_root_path` below it. */
  readonly root: string;
  /** Bytes of rows after which a file is closed. */
  readonly fileBytes: number;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EISDIR: 'a directory, not a file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
};

/** `file_total_size` must be above 0, or the load fails on the replicas. */
const UNLOADABLE = 'a partition without rows cannot be loaded, so nothing was written';

/** Names of partitions in an error line. */
const MOST_NAMED = 5;

/** Answers the exit code. */
export function runSst(path: string, options: SstOptions, io: Pick<Io, 'out'>): number {
  checkNames(options);
  const rows = readRows(path, reading(path));
  checkPartitions(path, rows, options.partitions);
  const written = writing(options.root, () => writeLoad(rows, options));
  const { cluster, app, partitions } = options;
  const files = `${written.runs} sorted files of ${written.runBytes} bytes`;
  io.out(`${written.dir}: ${partitions} partitions, ${rows.length} rows, ${files}`);
  const below = `<path of ${options.root} below the provider's root>`;
  io.out(`its load: start_bulk_load -a ${app} -c ${cluster} -p <name of the provider> -r ${below}`);
  return EXIT.nothingFound;
}

function checkNames({ app, cluster }: SstOptions): void {
  if (!isAppName(app) || isDots(app)) throw new BadInput(`--app ${JSON.stringify(app)}: not a table's name`);
  if (/^[\w.-]+$/.test(cluster) && !isDots(cluster)) return;
  throw new BadInput(`--cluster ${JSON.stringify(cluster)}: not a cluster's name`);
}

function isDots(name: string): boolean {
  return /^\.+$/.test(name);
}

function checkPartitions(path: string, rows: readonly ReadRow[], partitions: number): void {
  if (rows.length < partitions) {
    throw new BadInput(`${path}: ${rows.length} rows for ${partitions} partitions; ${UNLOADABLE}`);
  }
  const empty: number[] = [];
  for (const [index, places] of partitionRows(rows, partitions).entries()) if (places.length === 0) empty.push(index);
  if (empty.length === 0) return;
  const named = empty.slice(0, MOST_NAMED).join(', ');
  const more = empty.length > MOST_NAMED ? ` and ${empty.length - MOST_NAMED} more` : '';
  const which = `partition${empty.length > 1 ? 's' : ''} ${named}${more} of ${partitions}`;
  throw new BadInput(`${path}: no row for ${which}; ${UNLOADABLE}`);
}

interface Written {
  readonly dir: string;
  readonly runs: number;
  readonly runBytes: number;
}

/** Paths are below `/`, since the root itself may have to be made. */
function writeLoad(rows: readonly ReadRow[], options: SstOptions): Written {
  const disk = new RealDisk('');
  const root = resolve(options.root).split('/').filter((name) => name !== '').join('/');
  const parent = root === '' ? options.cluster : `${root}/${options.cluster}`;
  const dir = `${parent}/${options.app}`;
  if (disk.exists(dir)) throw new BadInput(`/${dir}: is there already; remove it first`);
  const unfinished = `${parent}/.${options.app}.${process.pid}.tmp`;
  const made = makeDirectories(disk, unfinished);
  try {
    let runs = 0;
    let runBytes = 0;
    const info = { appId: options.appId, appName: options.app, partitionCount: options.partitions };
    for (const { path, bytes } of loadFiles(info, rows, options.fileBytes)) {
      writeFile(disk, `${unfinished}/${path}`, bytes);
      if (!path.endsWith('.sst')) continue;
      runs++;
      runBytes += bytes.length;
    }
    disk.rename(unfinished, dir);
    return { dir: `/${dir}`, runs, runBytes };
  } catch (error) {
    made.undo();
    throw error;
  }
}

function writeFile(disk: RealDisk, path: string, bytes: Uint8Array): void {
  disk.mkdir(path.slice(0, path.lastIndexOf('/')));
  disk.create(path);
  disk.write(path, 0, bytes);
  disk.sync(path);
}

function reading(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) throw error;
    throw new BadInput(`${path}: ${REASONS[error.code] ?? error.code}`);
  }
}

/** A refusal of the disk is one line. */
function writing<T>(root: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    throw new BadInput(`${root}: cannot be written: ${error.message}`);
  }
}
