/**
 * Downloads the checkpoint that a replica of a follower table begins with (dup 5.5; upstream's replica_follower.cpp):
 * asks the master's meta servers for the partition, its primary for the newest checkpoint, and copies the files into
 * `<replica dir>/data/duplication`. Each step is a task of LPC_DUPLICATE_CHECKPOINT; one object serves one attempt.
 *
 * Departure (dup.Q8): files are verified by size and MD5, and those of an earlier attempt that are right are not copied
 * again.
 */
import type { ErrorCode, Gpid, NodeId } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { reply, resume, task } from '../../env/contract.ts';
import type { Continuation, RpcHandle, RpcResult } from '../../env/contract.ts';
import type { MasterInfo } from '../../protocol/masterInfo.ts';
import { formatGpid, parseGpid, threadHash } from '../../protocol/gpid.ts';
import type {
  AppInfo,
  QueryCheckpointInfoRequest,
  QueryCheckpointInfoResponse,
  QueryConfigResponse,
} from '../../protocol/messages.ts';
import { isName } from '../nfs/nfsService.ts';
import type { NfsClient } from '../nfs/nfsClient.ts';
import type { CheckpointDirectory } from './checkpointDirectory.ts';
import type { CheckpointFile } from './checkpointDirectory.ts';

export interface FollowerOptions {
  readonly gpid: Gpid;
  readonly app: AppInfo;
  /** The replica's directory. */
  readonly dir: string;
  readonly master: MasterInfo;
}

/** Where the checkpoint is. */
interface CheckpointSource {
  readonly node: NodeId;
  readonly gpid: Gpid;
}

export class ReplicaFollower {
  readonly ctx: Context;
  readonly options: FollowerOptions;
  readonly directory: CheckpointDirectory;
  /** Why the attempt failed, in detail; the caller only learns ERR_TRY_AGAIN. */
  lastError: ErrorCode = 'ERR_OK';
  private readonly hash: number;
  private readonly then: Continuation<ErrorCode>;
  private running = false;
  private call: RpcHandle | undefined;
  private copier: NfsClient | undefined;
  private metaIndex = 0;

  /** `then` resumes with ERR_OK when the whole checkpoint is there, else with ERR_TRY_AGAIN. */
  constructor(ctx: Context, options: FollowerOptions, then: Continuation<ErrorCode>) {
    this.ctx = ctx;
    this.options = options;
    this.then = then;
    this.hash = threadHash(options.gpid);
    this.directory = new ctx.parts.CheckpointDirectory(ctx, options.dir);
  }

  /** ERR_BUSY when it is running already; the outcome comes by `then`. */
  duplicateCheckpoint(): ErrorCode {
    if (this.running) return 'ERR_BUSY';
    this.running = true;
    this.lastError = 'ERR_OK';
    this.post(task(this, 'asyncDuplicateCheckpointFromMasterReplica'));
    return 'ERR_OK';
  }

  /** Nobody hears of the end any more. */
  cancel(): void {
    this.running = false;
    this.call?.cancel();
    this.copier?.cancel();
  }

  private post(then: Continuation): void {
    this.ctx.env.tasks.post('LPC_DUPLICATE_CHECKPOINT', this.hash, 0, then);
  }

  finish(error: ErrorCode): void {
    this.running = false;
    this.lastError = error;
    resume(this.then, error === 'ERR_OK' ? 'ERR_OK' : 'ERR_TRY_AGAIN');
  }

  // ------------------------------------------------------------------ the master's configuration

  asyncDuplicateCheckpointFromMasterReplica(): void {
    if (this.running) this.queryMasterReplicaConfig();
  }

  queryMasterReplicaConfig(): void {
    const { gpid } = this.options;
    this.call = this.ctx.env.rpc.call(
      this.masterMeta(),
      'RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX',
      { appName: this.options.master.appName },
      { hash: this.hash, timeoutMs: this.ctx.settings.rpcTimeoutMs, gpid },
      reply(this, 'onQueryMasterReplicaConfigReply'),
    );
  }

  /** Each meta server of the master is asked once. */
  onQueryMasterReplicaConfigReply(result: RpcResult<QueryConfigResponse>): void {
    if (!this.running) return;
    if (result.error === 'ERR_OK') {
      this.post(task(this, 'onMasterReplicaConfig', result.body));
    } else if (++this.metaIndex < this.options.master.metas.length) {
      this.queryMasterReplicaConfig();
    } else {
      this.finish(result.error);
    }
  }

  onMasterReplicaConfig(response: QueryConfigResponse): void {
    if (!this.running) return;
    const source = this.updateMasterReplicaConfig(response);
    if (typeof source === 'string') this.finish(source);
    else this.copyMasterReplicaCheckpoint(source);
  }

  /** Where the master's partition is served; or why it is not known. */
  updateMasterReplicaConfig(response: QueryConfigResponse): CheckpointSource | ErrorCode {
    if (response.error !== 'ERR_OK') return response.error;
    if (this.isAnotherTable(response.appId)) return 'ERR_APP_DROPPED';
    if (response.partitionCount !== this.options.app.partitionCount) return 'ERR_INCONSISTENT_STATE';
    const index = parseGpid(this.options.gpid)?.partitionIndex ?? 0;
    const config = response.partitions[index];
    if (config === undefined) return 'ERR_INVALID_DATA';
    const gpid = formatGpid(response.appId, index);
    if (config.gpid !== gpid) return 'ERR_INCONSISTENT_STATE';
    if (config.primary === '') return 'ERR_INVALID_STATE';
    return { node: config.primary, gpid };
  }

  /** The master's table is gone, and its name is another one's by now. */
  isAnotherTable(appId: number): boolean {
    const { appId: wanted } = this.options.master;
    return wanted !== undefined && wanted !== appId;
  }

  private masterMeta(): NodeId {
    const { metas } = this.options.master;
    return metas[this.metaIndex % metas.length] ?? '';
  }

  // ------------------------------------------------------------------ the checkpoint

  copyMasterReplicaCheckpoint(source: CheckpointSource): void {
    if (!this.running) return;
    const { node, gpid } = source;
    const cluster = this.ctx.settings.dupClusterName;
    const request: QueryCheckpointInfoRequest = { gpid, checksumType: this.checksumType(), cluster };
    this.call = this.ctx.env.rpc.call(
      node,
      'RPC_QUERY_LAST_CHECKPOINT_INFO',
      request,
      { hash: threadHash(gpid), timeoutMs: this.ctx.settings.rpcTimeoutMs, gpid },
      reply(this, 'onQueryLastCheckpointReply', source),
    );
  }

  checksumType(): QueryCheckpointInfoRequest['checksumType'] {
    return 'MD5';
  }

  onQueryLastCheckpointReply(result: RpcResult<QueryCheckpointInfoResponse>, source: CheckpointSource): void {
    if (!this.running) return;
    const error = result.error === 'ERR_OK' ? this.checkpointError(result.body) : result.error;
    if (result.error !== 'ERR_OK' || error !== 'ERR_OK') this.finish(error);
    else this.post(task(this, 'nfsCopyCheckpoint', result.body, source));
  }

  /** Why a checkpoint that is offered is not taken. */
  checkpointError(response: QueryCheckpointInfoResponse): ErrorCode {
    if (response.error !== 'ERR_OK') return response.error;
    const { files, fileSizes, fileMd5s } = response;
    const complete = files.length === fileSizes.length && files.length === fileMd5s.length;
    return complete && files.every(isName) && files.includes('CURRENT') ? 'ERR_OK' : 'ERR_INVALID_DATA';
  }

  // ------------------------------------------------------------------ the copy

  nfsCopyCheckpoint(response: QueryCheckpointInfoResponse, source: CheckpointSource): void {
    if (!this.running) return;
    const files = response.files.map((name, i): CheckpointFile => {
      return { name, sizeBytes: response.fileSizes[i] ?? 0, md5: response.fileMd5s[i] ?? '' };
    });
    const error = this.directory.prepare(files);
    if (error !== 'ERR_OK') this.finish(error);
    else this.nfsCopyRemoteFiles(source.node, response.baseDir, this.filesToCopy(files));
  }

  /** Those that are not there whole from an earlier attempt. */
  filesToCopy(files: readonly CheckpointFile[]): readonly CheckpointFile[] {
    return files.filter((file) => !this.directory.keepIfIntact(file));
  }

  nfsCopyRemoteFiles(source: NodeId, sourceDir: string, missing: readonly CheckpointFile[]): void {
    if (missing.length === 0) {
      this.post(task(this, 'onNothingMissing'));
      return;
    }
    const { gpid } = this.options;
    const files = missing.map(({ name }) => name);
    const request = { source, sourceDir, files, destDir: this.directory.path, hash: this.hash, gpid };
    const then: Continuation<ErrorCode> = reply(this, 'onRemoteFilesCopied', missing);
    this.copier = new this.ctx.parts.NfsClient(this.ctx, request, then);
    this.copier.copyRemoteFiles();
  }

  onNothingMissing(): void {
    if (this.running) this.finish('ERR_OK');
  }

  onRemoteFilesCopied(error: ErrorCode, copied: readonly CheckpointFile[]): void {
    if (!this.running) return;
    this.copier = undefined;
    this.finish(error === 'ERR_OK' ? this.verify(copied) : error);
  }

  /** What was copied is what was offered; a file that is not is removed, so that it is copied again. */
  verify(copied: readonly CheckpointFile[]): ErrorCode {
    let error: ErrorCode = 'ERR_OK';
    for (const file of copied) if (!this.directory.isIntact(file)) error = 'ERR_CORRUPTION';
    return error;
  }
}
