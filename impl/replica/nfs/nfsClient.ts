/**
 * Copies files of another replica server into a directory of the own disk, block by block (dup 5.5; upstream's
 * nfs_client_impl.cpp): asks for the sizes first, then for one block of one file after the other. Each request has two
 * retries. A file is written anew from its beginning and synced when it is whole. One object copies one list.
 */
import type { ErrorCode, Gpid, NodeId } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { reply, resume } from '../../env/contract.ts';
import { fileOperation } from '../../env/fileOperation.ts';
import type { Continuation, RpcHandle, RpcResult } from '../../env/contract.ts';
import type { NfsCopyResponse, NfsGetFileSizeResponse } from '../../protocol/duplicationMessages.ts';

/** Of one request, after its first attempt. */
const MAX_RETRIES = 2;

export interface CopyRequest {
  readonly source: NodeId;
  readonly sourceDir: string;
  readonly files: readonly string[];
  /** Must exist. Files of the same names are replaced. */
  readonly destDir: string;
  /** For the requests' worker, and the causes of their fates. */
  readonly hash: number;
  readonly gpid: Gpid;
}

export class NfsClient {
  readonly ctx: Context;
  readonly request: CopyRequest;
  private readonly then: Continuation<ErrorCode>;
  private sizes: readonly number[] = [];
  private fileIndex = 0;
  private offset = 0;
  private retries = 0;
  private call: RpcHandle | undefined;
  private ended = false;

  /** `then` resumes with ERR_OK when every file is there and synced, or with what went wrong. */
  constructor(ctx: Context, request: CopyRequest, then: Continuation<ErrorCode>) {
    this.ctx = ctx;
    this.request = request;
    this.then = then;
  }

  copyRemoteFiles(): void {
    this.retries = 0;
    this.beginRemoteCopy();
  }

  /** Nothing more is asked or written, and nobody hears of the end. */
  cancel(): void {
    this.ended = true;
    this.call?.cancel();
  }

  // ------------------------------------------------------------------ sizes

  beginRemoteCopy(): void {
    const { source, sourceDir, files, hash, gpid } = this.request;
    this.call = this.ctx.env.rpc.call(
      source,
      'RPC_NFS_GET_FILE_SIZE',
      { dir: sourceDir, files },
      { hash, timeoutMs: this.ctx.settings.rpcTimeoutMs, gpid },
      reply(this, 'endGetFileSize'),
    );
  }

  endGetFileSize(result: RpcResult<NfsGetFileSizeResponse>): void {
    if (this.ended) return;
    const error = result.error === 'ERR_OK' ? result.body.error : result.error;
    if (result.error !== 'ERR_OK' || error !== 'ERR_OK') {
      if (this.mayRetry()) this.beginRemoteCopy();
      else this.end(error);
      return;
    }
    this.sizes = result.body.sizes;
    if (this.sizes.length === this.request.files.length) this.startFile(0);
    else this.end('ERR_INVALID_DATA');
  }

  // ------------------------------------------------------------------ blocks

  startFile(index: number): void {
    this.fileIndex = index;
    this.offset = 0;
    if (this.request.files[index] === undefined) {
      this.end('ERR_OK');
      return;
    }
    const error = fileOperation(() => {
      this.replaceFile(this.destPath());
    });
    if (error === 'ERR_OK') this.continueCopy();
    else this.end(error);
  }

  replaceFile(path: string): void {
    const { disk } = this.ctx.env;
    if (disk.exists(path)) disk.remove(path);
    disk.create(path);
  }

  /** The next block of the file, or the next file. */
  continueCopy(): void {
    this.retries = 0;
    if (this.offset < this.fileSize()) this.copyBlock();
    else this.finishFile();
  }

  copyBlock(): void {
    const { source, sourceDir, hash, gpid } = this.request;
    const size = this.blockSize();
    const request = { dir: sourceDir, file: this.fileName(), offset: this.offset, size };
    this.call = this.ctx.env.rpc.call(
      source,
      'RPC_NFS_COPY',
      request,
      { hash, timeoutMs: this.ctx.settings.rpcTimeoutMs, gpid },
      reply(this, 'endCopy', size),
    );
  }

  blockSize(): number {
    return Math.min(this.ctx.settings.nfsCopyBlockBytes, this.fileSize() - this.offset);
  }

  endCopy(result: RpcResult<NfsCopyResponse>, size: number): void {
    if (this.ended) return;
    if (result.error !== 'ERR_OK') {
      this.onBlockFailed(result.error);
      return;
    }
    const { error, bytes } = result.body;
    if (error !== 'ERR_OK') this.onBlockFailed(error);
    else if (!this.isWholeBlock(bytes, size)) this.onBlockFailed('ERR_INCOMPLETE_DATA');
    else this.writeBlock(bytes);
  }

  /** The file was cut meanwhile otherwise. */
  isWholeBlock(bytes: Uint8Array, size: number): boolean {
    return bytes.length === size;
  }

  onBlockFailed(error: ErrorCode): void {
    if (this.mayRetry()) this.copyBlock();
    else this.end(error);
  }

  mayRetry(): boolean {
    return this.retries++ < MAX_RETRIES;
  }

  writeBlock(bytes: Uint8Array): void {
    const error = fileOperation(() => {
      this.ctx.env.disk.write(this.destPath(), this.offset, bytes);
    });
    this.offset += bytes.length;
    if (error === 'ERR_OK') this.continueCopy();
    else this.end(error);
  }

  finishFile(): void {
    const error = fileOperation(() => {
      this.syncFile(this.destPath());
    });
    if (error === 'ERR_OK') this.startFile(this.fileIndex + 1);
    else this.end(error);
  }

  syncFile(path: string): void {
    this.ctx.env.disk.sync(path);
  }

  private end(error: ErrorCode): void {
    this.ended = true;
    resume(this.then, error);
  }

  private fileName(): string {
    return this.request.files[this.fileIndex] ?? '';
  }

  private fileSize(): number {
    return this.sizes[this.fileIndex] ?? 0;
  }

  private destPath(): string {
    return `${this.request.destDir}/${this.fileName()}`;
  }
}
