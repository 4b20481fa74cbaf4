/**
 * One file's way from a provider to the own disk (bl 14.2), in blocks, with the MD5 taken on the way. What is made of
 * size and MD5 is the caller's. Every refusal of the own disk is ERR_FILE_OPERATION_FAILED; a remote file that is
 * missing is damage, not something to wait for: ERR_CORRUPTION.
 *
 * The caller may hop between blocks, as the transfer takes its time: `begin()`, then `nextBlock()` while it answers
 * 'more'. A failed download leaves what it wrote; the next round finds it by its size.
 */
import type { Context } from '../context.ts';
import { DiskError } from '../env/contract.ts';
import { Md5 } from '../protocol/md5.ts';
import { answer, type Answer, failed, type RemoteError, type RemoteFile } from './contract.ts';

export const DOWNLOAD_BLOCK_BYTES = 1 << 20;

/** ERR_PATH_ALREADY_EXIST: there is a local file of that name, left alone. */
export type DownloadError =
  | 'ERR_CORRUPTION'
  | 'ERR_FS_INTERNAL'
  | 'ERR_FILE_OPERATION_FAILED'
  | 'ERR_PATH_ALREADY_EXIST';

export interface Downloaded {
  readonly sizeBytes: number;
  /** Of the bytes that came, 32 lower-case hex digits. */
  readonly md5: string;
}

export class FileDownload {
  readonly ctx: Context;
  readonly file: RemoteFile;
  readonly localPath: string;
  private readonly digest = new Md5();
  private sizeBytes = 0;

  /** `localPath`: on the own disk; its directory must be there. */
  constructor(ctx: Context, file: RemoteFile, localPath: string) {
    this.ctx = ctx;
    this.file = file;
    this.localPath = localPath;
  }

  /** All of it in the running task. */
  run(): Answer<Downloaded, DownloadError> {
    const begun = this.begin();
    if (begun.error !== 'ERR_OK') return begun;
    for (;;) {
      const block = this.nextBlock();
      if (block.error !== 'ERR_OK') return block;
      if (block.value === 'done') return answer(this.downloaded());
    }
  }

  begin(): Answer<'more', DownloadError> {
    const { disk } = this.ctx.env;
    if (disk.exists(this.localPath)) return failed('ERR_PATH_ALREADY_EXIST');
    const size = this.file.size();
    if (size.error !== 'ERR_OK') return failed(this.errorOf(size.error));
    return this.locally('more', () => {
      disk.create(this.localPath);
    });
  }

  /** Takes one block over; 'done' when it was the last, and the local file is durable. */
  nextBlock(): Answer<'more' | 'done', DownloadError> {
    const { disk } = this.ctx.env;
    const block = this.file.readBlock(this.sizeBytes, DOWNLOAD_BLOCK_BYTES);
    if (block.error !== 'ERR_OK') return failed(this.errorOf(block.error));
    const bytes = block.value;
    const isLast = bytes.length < DOWNLOAD_BLOCK_BYTES;
    return this.locally(isLast ? 'done' : 'more', () => {
      if (bytes.length > 0) disk.write(this.localPath, this.sizeBytes, bytes);
      this.digest.update(bytes);
      this.sizeBytes += bytes.length;
      if (isLast) disk.sync(this.localPath);
    });
  }

  /** What has come so far. */
  downloaded(): Downloaded {
    return { sizeBytes: this.sizeBytes, md5: this.digest.hex() };
  }

  errorOf(error: RemoteError): DownloadError {
    return error === 'ERR_OBJECT_NOT_FOUND' ? 'ERR_CORRUPTION' : error;
  }

  private locally<T>(value: T, act: () => void): Answer<T, DownloadError> {
    try {
      act();
      return answer(value);
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      return failed('ERR_FILE_OPERATION_FAILED');
    }
  }
}
