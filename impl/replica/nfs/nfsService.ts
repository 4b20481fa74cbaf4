/**
 * Serves files of this server's own disk to other replica servers (dup 5.5; upstream's nfs_service_impl.cpp). Only what
 * lies inside a replica directory is served: a path that is absolute, leaves its directory or begins elsewhere is
 * refused with ERR_INVALID_PARAMETERS.
 */
import type { ErrorCode } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { DiskError } from '../../env/contract.ts';
import type { Replier } from '../../env/contract.ts';
import { NO_BYTES } from '../../protocol/bytes.ts';
import type {
  NfsCopyRequest,
  NfsCopyResponse,
  NfsGetFileSizeRequest,
  NfsGetFileSizeResponse,
} from '../../protocol/duplicationMessages.ts';
import { gpidOfDir } from '../replicaOpener.ts';

export class NfsService {
  readonly ctx: Context;

  constructor(ctx: Context) {
    this.ctx = ctx;
  }

  openNfsService(): void {
    const { rpc } = this.ctx.env;
    rpc.serve('RPC_NFS_GET_FILE_SIZE', this, 'onGetFileSize');
    rpc.serve('RPC_NFS_COPY', this, 'onCopy');
  }

  /** Sizes beside the names; the first file that is missing fails the request. */
  onGetFileSize(request: NfsGetFileSizeRequest, replier: Replier<NfsGetFileSizeResponse>): void {
    const sizes: number[] = [];
    for (const file of request.files) {
      const path = this.pathOf(request.dir, file);
      const error = path === undefined ? 'ERR_INVALID_PARAMETERS' : this.addSize(path, sizes);
      if (error === 'ERR_OK') continue;
      replier.reply({ error, sizes: [] });
      return;
    }
    replier.reply({ error: 'ERR_OK', sizes });
  }

  private addSize(path: string, sizes: number[]): ErrorCode {
    return this.guarded(() => {
      sizes.push(this.ctx.env.disk.info(path).sizeBytes);
    });
  }

  /** One block; fewer bytes than were asked for only at the end of the file. */
  onCopy(request: NfsCopyRequest, replier: Replier<NfsCopyResponse>): void {
    const path = this.pathOf(request.dir, request.file);
    if (path === undefined || !this.isBlock(request)) {
      replier.reply({ error: 'ERR_INVALID_PARAMETERS', bytes: NO_BYTES });
      return;
    }
    let bytes: Uint8Array = NO_BYTES;
    const error = this.guarded(() => {
      bytes = this.readBlock(path, request.offset, request.size);
    });
    replier.reply({ error, bytes });
  }

  isBlock(request: NfsCopyRequest): boolean {
    const { offset, size } = request;
    const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(size);
    return whole && offset >= 0 && size > 0 && size <= this.ctx.settings.nfsCopyBlockBytes;
  }

  readBlock(path: string, offset: number, sizeBytes: number): Uint8Array {
    return this.ctx.env.disk.read(path, offset, sizeBytes);
  }

  /** The file's path on this disk; undefined when it is not inside a replica directory. */
  pathOf(dir: string, file: string): string | undefined {
    const path = `${dir}/${file}`;
    const parts = path.split('/');
    if (!parts.every(isName)) return undefined;
    return gpidOfDir(parts[0] ?? '') === undefined ? undefined : path;
  }

  private guarded(body: () => void): ErrorCode {
    try {
      body();
      return 'ERR_OK';
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      return error.code === 'not-found' ? 'ERR_OBJECT_NOT_FOUND' : 'ERR_FILE_OPERATION_FAILED';
    }
  }
}

/** One component of a path. */
export function isName(part: string): boolean {
  return part !== '' && part !== '.' && part !== '..' && !part.includes('/');
}
