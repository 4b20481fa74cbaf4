/**
 * Client reads: who may answer them, and what they see (repl 1.1). They run in THREAD_POOL_LOCAL_APP, beside the
 * replica's own thread. Departure: repl.R15 is mended by the barrier of FM5.
 */
import type { ErrorCode } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import type { Replier } from '../env/contract.ts';
import type { ClientRequest, ReadResponse } from '../protocol/messages.ts';
import { decodeKey } from '../protocol/rrdb.ts';
import { StorageError } from '../storage/engine/contract.ts';
import { PEGASUS_EPOCH_BEGIN_SECONDS } from './constants.ts';
import { denialOf } from './denyClient.ts';
import type { Replica } from './replica.ts';

export class ReplicaReads {
  readonly ctx: Context;
  readonly replica: Replica;

  constructor(ctx: Context, replica: Replica) {
    this.ctx = ctx;
    this.replica = replica;
  }

  /** `throttled`: it has waited, and is not throttled again (thr 5.2). */
  onClientRead(request: ClientRequest, replier: Replier<ReadResponse>, throttled = false): void {
    const denial = denialOf(this.replica.app.envs, 'read');
    if (denial === 'silence') return;
    const denied = denial === 'reconfig' || this.isInactive();
    if (!denied && !throttled && this.replica.throttle.throttleReadRequest(request, replier)) return;
    const refusal = denied ? 'ERR_INVALID_STATE' : this.refuseClientRead();
    if (refusal !== 'ERR_OK') {
      replier.refuse(refusal);
      return;
    }
    this.onGet(request, replier);
  }

  /** Who could not answer in any case uses nothing of the limit; a secondary does, as upstream. */
  isInactive(): boolean {
    const { closed } = this.replica;
    const status = this.replica.status();
    return closed || status === 'PS_INACTIVE' || status === 'PS_POTENTIAL_SECONDARY';
  }

  /** First match of 1.1. */
  refuseClientRead(): ErrorCode {
    if (this.replica.closed || !this.replica.isPrimary()) return 'ERR_INVALID_STATE';
    return this.isBehindNewPrimaryMark() ? 'ERR_INVALID_STATE' : 'ERR_OK';
  }

  /** What an earlier primary acknowledged may not be committed here again yet. */
  isBehindNewPrimaryMark(): boolean {
    return this.replica.lastCommittedDecree() < this.replica.primaryStates.lastPrepareDecreeOnNewPrimary;
  }

  onGet(request: ClientRequest, replier: Replier<ReadResponse>): void {
    const key = decodeKey(request.body);
    if (key === undefined) {
      replier.refuse('ERR_INVALID_DATA');
      return;
    }
    if (this.replica.throttle.refusesReadBySize(request.clientTimeoutMs)) {
      replier.refuse('ERR_BUSY');
      return;
    }
    try {
      const row = this.replica.storage?.get(key, this.nowSeconds());
      this.replica.throttle.chargeRead(row === undefined ? undefined : key.length + row.value.length);
      replier.reply({ error: 'ERR_OK', found: row !== undefined, value: row?.value ?? '' });
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      replier.refuse(error.kind === 'io' ? 'ERR_DISK_IO_ERROR' : 'ERR_RDB_CORRUPTION');
    }
  }

  /** Pegasus's time of expiry checks. */
  nowSeconds(): number {
    return Math.floor(this.ctx.env.clock.wallUs() / 1_000_000) - PEGASUS_EPOCH_BEGIN_SECONDS;
  }
}
