/**
 * RPC_QUERY_LAST_CHECKPOINT_INFO: tells which files make up a replica's newest checkpoint, with sizes and checksums
 * when they are asked for (repl 2.7, dup 5.5; upstream's replica_stub::on_query_last_checkpoint).
 *
 * Departure: a checkpoint that is older than what its asker needs is refused with ERR_INVALID_STATE (dup.B15); the need
 * is known to the duplicators towards its cluster, and only the PRIMARY has them.
 */
import type { ClusterId, Decree, ErrorCode } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { DiskError } from '../env/contract.ts';
import type { Replier } from '../env/contract.ts';
import type { QueryCheckpointInfoRequest, QueryCheckpointInfoResponse } from '../protocol/messages.ts';
import type { StorageAppContract } from '../storage/contracts.ts';
import { checksumOf } from './duplication/checkpointDirectory.ts';
import type { CheckpointRequester } from './checkpointTriggers.ts';
import type { Replica } from './replica.ts';
import type { ReplicaServer } from './replicaStub.ts';

const NO_CHECKPOINT = { baseDir: '', files: [], fileSizes: [], fileMd5s: [], lastDurable: 0 } as const;

export class CheckpointQuery implements CheckpointRequester {
  readonly ctx: Context;
  readonly server: ReplicaServer;

  constructor(ctx: Context, server: ReplicaServer) {
    this.ctx = ctx;
    this.server = server;
  }

  onQueryLastCheckpoint(request: QueryCheckpointInfoRequest, replier: Replier<QueryCheckpointInfoResponse>): void {
    const replica = this.server.replicas.get(request.gpid);
    const storage = replica?.storage;
    const error = replica === undefined ? 'ERR_OBJECT_NOT_FOUND' : this.queryError(replica, request);
    if (storage === undefined || error !== 'ERR_OK') {
      replier.reply({ error: storage === undefined ? 'ERR_OBJECT_NOT_FOUND' : error, ...NO_CHECKPOINT });
      return;
    }
    replier.reply(this.checkpointInfo(storage, request));
  }

  /** The tables of dup 5.5 and repl 2.7. */
  queryError(replica: Replica, request: QueryCheckpointInfoRequest): ErrorCode {
    if (!this.maySend(replica, request)) return 'ERR_INVALID_STATE';
    return replica.lastDurableDecree() === 0 ? 'ERR_PATH_NOT_FOUND' : 'ERR_OK';
  }

  maySend(replica: Replica, request: QueryCheckpointInfoRequest): boolean {
    return replica.isPrimary() && this.coversDuplication(replica, request);
  }

  /**
   * Whatever is not in the checkpoint must come by the log, which is shipped from behind `last_decree`. A PRIMARY that
   * has not heard yet of the duplication does not know. Where the checkpoint is missing, it is made.
   */
  coversDuplication(replica: Replica, request: QueryCheckpointInfoRequest): boolean {
    const needed = this.neededDecree(replica, request.cluster);
    if (needed === undefined) return !replica.duplicatorManager.isDuplicating();
    if (needed <= replica.lastDurableDecree()) return true;
    replica.checkpoints.asyncTriggerManualEmergencyCheckpoint(needed, 0, this);
    return false;
  }

  /** Undefined: no duplication to that cluster is known. */
  neededDecree(replica: Replica, cluster: ClusterId): Decree | undefined {
    let needed: Decree | undefined;
    for (const duplicator of replica.duplicatorManager.duplications.values()) {
      if (duplicator.remoteCluster !== cluster) continue;
      needed = Math.max(needed ?? 0, duplicator.lastDecree());
    }
    return needed;
  }

  /** The asker comes again. */
  onTriggered(_error: ErrorCode, _minDecree: Decree, _durable: Decree): void {}

  checkpointInfo(storage: StorageAppContract, request: QueryCheckpointInfoRequest): QueryCheckpointInfoResponse {
    const { error, dir, files, decree } = storage.getCheckpoint();
    const fileSizes: number[] = [];
    const fileMd5s: string[] = [];
    const described = error === 'ERR_OK' && this.describe(dir, request, files, fileSizes, fileMd5s);
    if (!described) return { error: 'ERR_GET_LEARN_STATE_FAILED', ...NO_CHECKPOINT };
    return { error, baseDir: dir, files, fileSizes, fileMd5s, lastDurable: decree };
  }

  /** With MD5, size and checksum of each file; computed where the partition's other steps wait for it, as upstream. */
  describe(
    dir: string,
    request: QueryCheckpointInfoRequest,
    files: readonly string[],
    fileSizes: number[],
    fileMd5s: string[],
  ): boolean {
    if (request.checksumType === 'NONE') return true;
    const { disk } = this.ctx.env;
    try {
      for (const file of files) {
        const { sizeBytes } = disk.info(`${dir}/${file}`);
        fileSizes.push(sizeBytes);
        fileMd5s.push(checksumOf(this.ctx, disk.read(`${dir}/${file}`, 0, sizeBytes)));
      }
      return true;
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      return false;
    }
  }
}
