/**
 * The set of writes that the loader collects for one hand-over (dup 6.5; upstream's mutation_batch).
 *
 * Departures: writes stand in the order of the log, by decree and by place in their mutation, not by timestamp and
 * address (dup.B22, B23, B35); what was buffered is committed by the loader when it has read everything that the
 * replica had applied, so a superseded record never wins (dup.B24) and the newest write never waits for another one
 * (dup.B25).
 */
import type { Decree } from '../../../../model/vocabulary.ts';
import type { Context } from '../../../context.ts';
import type { LogMutation } from '../../../storage/plog/types.ts';
import type { Mutation } from '../../mutation.ts';
import type { PipelineHost } from '../types.ts';
import type { BufferOwner, MutationBuffer } from './mutationBuffer.ts';
import type { LoadedWrite } from './types.ts';

/** Before `reset`: nothing was read. */
const NOT_BEGUN: Decree = -1;

export class MutationBatch implements BufferOwner {
  readonly ctx: Context;
  readonly host: PipelineHost;
  readonly buffer: MutationBuffer;
  private loaded: LoadedWrite[] = [];
  private startDecree: Decree = NOT_BEGUN;
  private loadedBytes = 0;

  constructor(ctx: Context, host: PipelineHost) {
    this.ctx = ctx;
    this.host = host;
    this.buffer = new ctx.parts.MutationBuffer(ctx, this, NOT_BEGUN);
  }

  hasBegun(): boolean {
    return this.buffer.lastCommittedDecree() !== NOT_BEGUN;
  }

  /** Everything up to `decree` is shipped. */
  reset(decree: Decree): void {
    this.buffer.reset(decree);
    this.loaded = [];
    this.loadedBytes = 0;
  }

  setStartDecree(start: Decree): void {
    this.startDecree = start;
  }

  /** A record, in the order of the log; records that were read before are known. */
  add(record: LogMutation): void {
    this.buffer.prepare(record);
  }

  /** Everything that was in the log when the replica had applied `applied` has been added. */
  commitApplied(applied: Decree): void {
    this.buffer.commitApplied(applied);
  }

  /** Known to be committed, and loaded or missing. */
  lastDecree(): Decree {
    return this.buffer.lastCommittedDecree();
  }

  /** Bodies of the loaded writes. */
  bytes(): number {
    return this.loadedBytes;
  }

  /** Hands the loaded writes out; what is buffered stays. */
  moveAllMutations(): readonly LoadedWrite[] {
    const writes = this.loaded;
    this.loaded = [];
    this.loadedBytes = 0;
    return writes;
  }

  // ------------------------------------------------------------------ of the buffer

  onCommitted(mutation: Mutation): void {
    const { decree, timestampUs, updates } = mutation.data;
    if (decree < this.startDecree) return;
    for (const { code, data } of updates) {
      if (!this.isLoaded(code)) continue;
      this.loaded.push({ decree, timestampUs, code, body: data });
      this.loadedBytes += data.length;
    }
  }

  /** Empty writes carry nothing; atomic writes cannot be repeated elsewhere. */
  isLoaded(code: string): boolean {
    switch (code) {
      case 'RPC_REPLICATION_WRITE_EMPTY':
      case 'RPC_RRDB_RRDB_INCR':
      case 'RPC_RRDB_RRDB_CHECK_AND_SET':
      case 'RPC_RRDB_RRDB_CHECK_AND_MUTATE':
        return false;
      default:
        return true;
    }
  }

  onMissing(from: Decree, to: Decree): void {
    const { replica, dupId } = this.host;
    const first = Math.max(from, this.startDecree);
    if (to < first) return;
    replica.host.metrics.set(replica.gpid, 'dup_recent_lost_mutations', to - first + 1);
    this.ctx.env.emit({ kind: 'dup.skipped', gpid: replica.gpid, dupId, from: first, to });
  }
}
