/** `<replica dir>/bulk_load`, into which one replica downloads the files of a load (bl 5, replica-side layout). */
import type { ErrorCode } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { fileOperation } from '../../env/fileOperation.ts';
import type { BulkLoadMetadata, FileMeta } from '../../protocol/bulkLoadMessages.ts';
import { BULK_LOAD_METADATA } from '../../provider/paths.ts';
import { decodeBulkLoadMetadata } from '../../provider/records.ts';
import { StorageError } from '../../storage/engine/contract.ts';
import { openExternalRun } from '../../storage/engine/externalRun.ts';
import { checksumOf } from '../duplication/checkpointDirectory.ts';
import { LOCAL_DIR } from './types.ts';

export class BulkLoadDirectory {
  readonly ctx: Context;
  readonly replicaDir: string;
  readonly path: string;

  constructor(ctx: Context, replicaDir: string) {
    this.ctx = ctx;
    this.replicaDir = replicaDir;
    this.path = `${replicaDir}/${LOCAL_DIR}`;
  }

  pathOf(name: string): string {
    return `${this.path}/${name}`;
  }

  exists(): boolean {
    return this.ctx.env.disk.exists(this.path);
  }

  /** The replica's own directory must be there. */
  create(): ErrorCode {
    const { disk } = this.ctx.env;
    if (!disk.exists(this.replicaDir)) return 'ERR_FILE_OPERATION_FAILED';
    return fileOperation(() => {
      disk.mkdir(this.path);
    });
  }

  /** Gone by one rename first, so that no half of it is found; what is left then is the disk cleaner's. */
  remove(): ErrorCode {
    const { disk, clock } = this.ctx.env;
    if (!disk.exists(this.path)) return 'ERR_OK';
    const garbage = `${this.replicaDir}.${LOCAL_DIR}.${Math.floor(clock.wallUs() / 1000)}.gar`;
    return fileOperation(() => {
      disk.rename(this.path, garbage);
      disk.remove(garbage, { recursive: true });
    });
  }

  removeFile(name: string): ErrorCode {
    const { disk } = this.ctx.env;
    const path = this.pathOf(name);
    return fileOperation(() => {
      if (disk.exists(path)) disk.remove(path, { recursive: true });
    });
  }

  /** What the provider said of this load; or why it is not known (bl 14.2). */
  readMetadata(): BulkLoadMetadata | ErrorCode {
    const { disk } = this.ctx.env;
    const path = this.pathOf(BULK_LOAD_METADATA);
    if (!disk.exists(path)) return 'ERR_PATH_NOT_FOUND';
    let found: BulkLoadMetadata | undefined;
    const error = fileOperation(() => {
      found = decodeBulkLoadMetadata(disk.read(path, 0, disk.info(path).sizeBytes));
    });
    return error === 'ERR_OK' ? (found ?? 'ERR_CORRUPTION') : error;
  }

  has(name: string): boolean {
    return this.ctx.env.disk.exists(this.pathOf(name));
  }

  isOfSize(file: FileMeta): boolean {
    const { disk } = this.ctx.env;
    let same = false;
    fileOperation(() => {
      const info = disk.info(this.pathOf(file.name));
      same = info.kind === 'file' && info.sizeBytes === file.size;
    });
    return same;
  }

  /** By the bytes on the disk; a file without a checksum in the metadata is as it is. */
  hasChecksum(file: FileMeta): boolean {
    if (file.md5 === '') return true;
    let same = false;
    fileOperation(() => {
      same = checksumOf(this.ctx, this.ctx.env.disk.read(this.pathOf(file.name), 0, file.size)) === file.md5;
    });
    return same;
  }

  /** Whether the bytes on the disk are a whole sorted run. */
  holdsRows(file: FileMeta): boolean {
    try {
      openExternalRun(this.ctx.env.disk, this.pathOf(file.name));
      return true;
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      return false;
    }
  }

  isIntact(file: FileMeta): boolean {
    return this.isOfSize(file) && this.hasChecksum(file);
  }
}
