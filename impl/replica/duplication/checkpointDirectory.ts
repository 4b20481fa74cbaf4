/**
 * The directory into which a follower's replica downloads its first checkpoint, `<replica dir>/data/duplication` (dup
 * 5.5; beside `rdb`, whose place it takes by one rename: docs/departures.md ST5). While it stands and `rdb` does not,
 * the replica does not exist yet, whatever the process was doing when it ended.
 */
import type { ErrorCode } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { fileOperation } from '../../env/fileOperation.ts';
import type { Disk } from '../../env/contract.ts';
import { md5Hex } from '../../protocol/md5.ts';

/** A file as the source describes it. */
export interface CheckpointFile {
  readonly name: string;
  readonly sizeBytes: number;
  /** 32 lower-case hex digits. */
  readonly md5: string;
}

/** Bytes whose MD5 takes a virtual microsecond. */
const MD5_BYTES_PER_US = 500;

/** Whether the replica directory holds a download, and no replica yet. */
export function isDownload(disk: Disk, replicaDir: string): boolean {
  return disk.exists(downloadDir(replicaDir)) && !disk.exists(databaseDir(replicaDir));
}

function downloadDir(replicaDir: string): string {
  return `${replicaDir}/data/duplication`;
}

function databaseDir(replicaDir: string): string {
  return `${replicaDir}/data/rdb`;
}

/** The checksum of a file's bytes, at the cost of computing it. */
export function checksumOf(ctx: Context, bytes: Uint8Array): string {
  ctx.env.tasks.charge(Math.ceil(bytes.length / MD5_BYTES_PER_US));
  return md5Hex(bytes);
}

export class CheckpointDirectory {
  readonly ctx: Context;
  readonly replicaDir: string;
  readonly path: string;

  constructor(ctx: Context, replicaDir: string) {
    this.ctx = ctx;
    this.replicaDir = replicaDir;
    this.path = downloadDir(replicaDir);
  }

  /** Makes the directory with one name, and removes what does not belong to the checkpoint. */
  prepare(files: readonly CheckpointFile[]): ErrorCode {
    const { disk } = this.ctx.env;
    return fileOperation(() => {
      disk.mkdir(this.path);
      for (const name of disk.list(this.path)) {
        if (!files.some((file) => file.name === name)) disk.remove(`${this.path}/${name}`, { recursive: true });
      }
    });
  }

  /** A file that an earlier attempt left whole stays; its bytes may never have been synced. */
  keepIfIntact(file: CheckpointFile): boolean {
    if (!this.isIntact(file)) return false;
    return fileOperation(() => {
      this.ctx.env.disk.sync(`${this.path}/${file.name}`);
    }) === 'ERR_OK';
  }

  /** A file of another size or checksum is removed. */
  isIntact(file: CheckpointFile): boolean {
    const { disk } = this.ctx.env;
    const path = `${this.path}/${file.name}`;
    let intact = false;
    fileOperation(() => {
      if (!disk.exists(path)) return;
      intact = disk.info(path).sizeBytes === file.sizeBytes && this.matches(path, file);
      if (!intact) disk.remove(path);
    });
    return intact;
  }

  matches(path: string, file: CheckpointFile): boolean {
    return checksumOf(this.ctx, this.ctx.env.disk.read(path, 0, file.sizeBytes)) === file.md5;
  }

  /** From now on the directory is the replica's database. Everything else of the replica stands already. */
  adopt(): ErrorCode {
    return fileOperation(() => {
      this.ctx.env.disk.rename(this.path, databaseDir(this.replicaDir));
    });
  }
}
