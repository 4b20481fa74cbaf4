/**
 * The directory into which a learner copies what it learns, `<replica dir>/learn` (repl 1.9; upstream's learn_dir). It is
 * emptied before each copy, and what an interrupted round left in it is never read.
 */
import type { ErrorCode } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { fileOperation } from '../../env/fileOperation.ts';
import { resume } from '../../env/contract.ts';
import type { Continuation } from '../../env/contract.ts';
import type { LearnResponse } from '../../protocol/learnMessages.ts';
import type { NfsClient } from '../nfs/nfsClient.ts';
import type { Replica } from '../replica.ts';

export class LearnFiles {
  readonly ctx: Context;
  readonly replica: Replica;
  readonly path: string;
  private client: NfsClient | undefined;

  constructor(ctx: Context, replica: Replica) {
    this.ctx = ctx;
    this.replica = replica;
    this.path = `${replica.dir}/learn`;
  }

  /** `then` resumes on the replica's own worker when every file is there and synced, or with what went wrong. */
  copy({ baseDir, config, state }: LearnResponse, then: Continuation<ErrorCode>): void {
    const { gpid, hash } = this.replica;
    const { files } = state;
    const prepared = this.prepare(files);
    if (prepared !== 'ERR_OK') {
      resume(then, prepared);
      return;
    }
    const request = { source: config.primary, sourceDir: baseDir, files, destDir: this.path, hash, gpid };
    this.client = new this.ctx.parts.NfsClient(this.ctx, request, then);
    this.client.copyRemoteFiles();
  }

  /** Empty, with the directories that the files need. */
  prepare(files: readonly string[]): ErrorCode {
    const { disk } = this.ctx.env;
    return fileOperation(() => {
      if (disk.exists(this.path)) disk.remove(this.path, { recursive: true });
      disk.mkdir(this.path);
      for (const file of files) {
        const end = file.lastIndexOf('/');
        if (end >= 0) disk.mkdir(`${this.path}/${file.slice(0, end)}`);
      }
    });
  }

  cancel(): void {
    this.client?.cancel();
    this.client = undefined;
  }
}
