/**
 * Admission of writes on the primary, in the order of its table, and the answers to them (repl 1.4, bl 15.1; upstream's
 * replica_2pc.cpp, on_client_write). What is let in goes to the write queue, and from there to two-phase commit.
 *
 * Departures (docs/departures.md): R2 a refusal for a disk names the disk's error; bl.15.1 the ballot of an ingestion
 * write is compared here (bl.B12, B34); bl.B5 what two-phase commit refuses gives the ingesting flag back.
 */
import type { Decree, ErrorCode } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import type { Replier } from '../env/contract.ts';
import type { IngestionResponse } from '../protocol/bulkLoadMessages.ts';
import { areBodiesReadable, decodeDuplicate } from '../protocol/duplicate.ts';
import type { DuplicateResponse } from '../protocol/duplicationMessages.ts';
import { decodeIngestion } from '../protocol/ingestion.ts';
import type { ClientRequest, IngestionWriteResponse, WriteResponse } from '../protocol/messages.ts';
import type { DuplicateStatus } from '../storage/contracts.ts';
import { denialOf } from './denyClient.ts';
import { errorOfDiskStatus } from './host.ts';
import type { DiskStatus } from './host.ts';
import { holdsIngestion } from './mutation.ts';
import type { ClientWrite, ClientWriteCode, Mutation } from './mutation.ts';
import type { MutationQueue } from './mutationQueue.ts';
import type { Replica } from './replica.ts';

const APPLIED: IngestionResponse = { error: 'ERR_OK', rocksdbError: 0 };

export abstract class WriteAdmission {
  readonly ctx: Context;
  readonly replica: Replica;
  readonly queue: MutationQueue;

  constructor(ctx: Context, replica: Replica) {
    this.ctx = ctx;
    this.replica = replica;
    this.queue = new ctx.parts.MutationQueue(ctx, replica.gpid);
  }

  abstract initPrepare(mutation: Mutation, reconciliation: boolean, popAll?: boolean): ErrorCode;

  // ------------------------------------------------------------------ who writes

  onClientWrite(code: ClientWriteCode, request: ClientRequest, replier: Replier<WriteResponse>): void {
    this.onWrite({ code, request, replier });
  }

  /** A write of another cluster is admitted like a client's (dup 7.2). */
  onDuplicate(request: ClientRequest, replier: Replier<DuplicateResponse>): void {
    this.onWrite({ code: 'RPC_RRDB_RRDB_DUPLICATE', request, replier });
  }

  /** So is the ingestion write: no row of the table is waived for it (bl 15.1). */
  onIngestionWrite(request: ClientRequest, replier: Replier<IngestionWriteResponse>): void {
    this.onWrite({ code: 'RPC_RRDB_RRDB_BULK_LOAD', request, load: decodeIngestion(request.body), replier });
  }

  // ------------------------------------------------------------------ the table (bl 15.1)

  /** `throttled`: it has waited, and is not throttled again (thr 5.1). */
  onWrite(write: ClientWrite, throttled = false): void {
    const denial = denialOf(this.replica.app.envs, 'write');
    if (denial === 'silence') return;
    const refusal = denial === 'reconfig' ? 'ERR_INVALID_STATE' : this.refuseWrite(write);
    if (refusal === undefined) this.admitWrite(write, throttled);
    else this.responseClientWrite(write, refusal);
  }

  /** Rows 3 to 9: size and form of a write, then what the replica is. */
  refuseWrite(write: ClientWrite): ErrorCode | undefined {
    const { body } = write.request;
    if (write.code === 'RPC_RRDB_RRDB_DUPLICATE') {
      if (this.refusesDuplicate(body)) return 'ERR_INVALID_DATA';
    } else if (this.isTooLarge(body.length) || this.isUnreadableIngestion(write)) {
      return 'ERR_INVALID_DATA';
    }
    return this.refuseClientWrite(write);
  }

  isTooLarge(sizeBytes: number): boolean {
    const limit = this.ctx.settings.maxAllowedWriteSizeBytes;
    return limit > 0 && sizeBytes > limit;
  }

  /**
   * What does not decode would change nothing, and what is too large goes the way of a client's write. A write alone in
   * its request is measured without the envelope: its source has taken it (dup.B34).
   */
  refusesDuplicate(body: Uint8Array): boolean {
    const entries = decodeDuplicate(body);
    if (entries === undefined || !areBodiesReadable(entries)) return true;
    const lone = entries.length === 1 ? entries[0] : undefined;
    return this.isTooLarge(lone?.rawMessage.length ?? body.length);
  }

  isUnreadableIngestion(write: ClientWrite): boolean {
    return write.code === 'RPC_RRDB_RRDB_BULK_LOAD' && write.load === undefined;
  }

  /** Rows 7 to 9, first match; undefined lets the write go on. */
  refuseClientWrite(write: ClientWrite): ErrorCode | undefined {
    if (!this.replica.isPrimary()) return 'ERR_INVALID_STATE';
    if (this.ctx.settings.rejectWriteWhenDiskInsufficient) {
      const status = this.diskStatusOfGroup();
      if (status !== 'NORMAL') return errorOfDiskStatus(status);
    }
    return this.replica.bulkLoader.ingestion.refuseWhileIngesting(write.code === 'RPC_RRDB_RRDB_BULK_LOAD');
  }

  /** Rows 10 to 15. What may still send a write back, or let it wait, comes before anything is changed (#2157). */
  admitWrite(write: ClientWrite, throttled: boolean): void {
    if (this.hasTooFewMembers()) {
      this.responseClientWrite(write, 'ERR_NOT_ENOUGH_MEMBER');
      return;
    }
    if (!throttled && this.replica.throttle.throttleWriteRequest(write)) return;
    const refusal = this.admitIngestion(write);
    if (refusal === undefined) this.enqueueWrite(write);
    else this.responseClientWrite(write, refusal);
  }

  /** Rows 12 to 14, of an ingestion write only; it is certain to be queued when the flag is set. */
  admitIngestion(write: ClientWrite): ErrorCode | undefined {
    if (write.code !== 'RPC_RRDB_RRDB_BULK_LOAD' || write.load === undefined) return undefined;
    const { ingestion } = this.replica.bulkLoader;
    const refusal = ingestion.refuseIngestion(write.load);
    if (refusal === undefined) ingestion.startIngestion();
    return refusal;
  }

  enqueueWrite(write: ClientWrite): void {
    const mutation = this.queue.addWork(write);
    if (mutation !== undefined) this.initPrepare(mutation, false);
  }

  // ------------------------------------------------------------------ disk and members

  /** The own disk's state when it is not normal, else the first secondary's that is not (repl.R2). */
  diskStatusOfGroup(): DiskStatus {
    const own = this.replica.host.diskStatus();
    if (own !== 'NORMAL') return own;
    for (const status of this.replica.primaryStates.secondaryDiskStatus.values()) {
      if (status !== 'NORMAL') return status;
    }
    return 'NORMAL';
  }

  /** min_2pc (repl 1.4): a setting, or the majority of the table's replicas. */
  minReplicaCount(): number {
    const count = this.ctx.settings.mutation2pcMinReplicaCount;
    if (count > 0) return count;
    const max = this.replica.app.maxReplicaCount;
    return max <= 2 ? 1 : Math.floor(max / 2) + 1;
  }

  hasTooFewMembers(): boolean {
    return this.memberCount() < this.minReplicaCount();
  }

  /** As many members as the table wants (bl 15.1 #13). */
  isGroupFull(): boolean {
    return this.memberCount() >= this.replica.app.maxReplicaCount;
  }

  memberCount(): number {
    return this.replica.primaryStates.membership.secondaries.length + 1;
  }

  // ------------------------------------------------------------------ answers

  responseClientWrite(write: ClientWrite, error: ErrorCode, decree: Decree = -1): void {
    const server = this.replica.self();
    if (error !== 'ERR_OK') {
      write.replier.refuse(error);
    } else if (write.code === 'RPC_RRDB_RRDB_BULK_LOAD') {
      write.replier.reply({ error, ingestion: APPLIED, decree, server });
    } else if (write.code === 'RPC_RRDB_RRDB_DUPLICATE') {
      const { status, hint } = this.duplicateStatus(write.request.body);
      write.replier.reply({ error, storageStatus: status, hint, decree, server });
    } else {
      write.replier.reply({ error, decree, server });
    }
  }

  /** What storage made of an applied DUPLICATE. */
  duplicateStatus(body: Uint8Array): DuplicateStatus {
    return this.replica.storage?.duplicateStatus(body) ?? { status: 0, hint: '' };
  }

  responseClients(mutation: Mutation, error: ErrorCode): void {
    for (const write of mutation.clientRequests) this.responseClientWrite(write, error, mutation.decree);
  }

  /** Admission had let it in, and it comes to nothing: what admission marked for it is taken back (bl.B5). */
  refuseAdmitted(mutation: Mutation, error: ErrorCode): void {
    if (holdsIngestion(mutation.data)) this.replica.bulkLoader.ingestion.onIngestionWriteRefused();
    this.responseClients(mutation, error);
  }

  /** The empty record of a committed ingestion write could not be written here: it may be sent again (bl 15.3, B5). */
  onIngestionNotApplied(mutation: Mutation, error: ErrorCode): void {
    this.replica.bulkLoader.ingestion.onIngestionWriteRefused();
    const ingestion: IngestionResponse = { error: 'ERR_TRY_AGAIN', rocksdbError: rocksdbErrorOf(error) };
    const { decree } = mutation;
    for (const write of mutation.clientRequests) {
      if (write.code !== 'RPC_RRDB_RRDB_BULK_LOAD') continue;
      write.replier.reply({ error: 'ERR_OK', ingestion, decree, server: this.replica.self() });
    }
  }
}

/** RocksDB's Status::Code: kCorruption, kIOError, kAborted. */
function rocksdbErrorOf(error: ErrorCode): number {
  if (error === 'ERR_RDB_CORRUPTION') return 2;
  return error === 'ERR_DISK_IO_ERROR' ? 5 : 10;
}
