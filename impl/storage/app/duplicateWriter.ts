/**
 * What a DUPLICATE write does to a follower's rows (dup 7.2, 7.3; upstream's pegasus_write_service::duplicate). Every
 * replica of the partition, and the replay of its log, judges the same bytes by the same options.
 *
 * Departures: the entries of one write are one storage batch, and a write of which one entry is refused changes nothing
 * (dup.B39); an own cluster without an id refuses (upstream aborts, dup.B42); keys of other partitions are refused
 * (dup.B43); the lag is never negative (dup.B40). Removals are judged by their time tag too and leave it behind, a row
 * that has expired counts like any other, and an equal tag is taken (dup.B38). A default TTL of the follower's table
 * does not exist.
 */
import type { Context } from '../../context.ts';
import { decodeDuplicate, isDuplicable, writeHashOf } from '../../protocol/duplicate.ts';
import type { DuplicateEntry } from '../../protocol/duplicate.ts';
import { partitionIndexOfGpid } from '../../protocol/gpid.ts';
import { decodeRows } from '../../protocol/rrdb.ts';
import type { DuplicateStatus, StorageAppOptions } from '../contracts.ts';
import type { BatchOp, StorageEngineContract } from '../engine/contract.ts';
import { encodeRemoval, encodeValue, isNewerThan, makeTimetag } from './valueSchema.ts';

/** A write that arrives later than this after it was made at its source is counted as lagging. */
const LAGGING_WRITE_MS = 10_000;

export const STORAGE_OK = 0;
export const STORAGE_INVALID_ARGUMENT = 4;

const ACCEPTED: DuplicateStatus = { status: STORAGE_OK, hint: '' };
const NO_OPS: readonly BatchOp[] = [];

function refused(hint: string): DuplicateStatus {
  return { status: STORAGE_INVALID_ARGUMENT, hint };
}

export class DuplicateWriter {
  readonly ctx: Context;
  readonly options: StorageAppOptions;
  readonly engine: StorageEngineContract;

  constructor(ctx: Context, options: StorageAppOptions, engine: StorageEngineContract) {
    this.ctx = ctx;
    this.options = options;
    this.engine = engine;
  }

  /** What is answered to the body once it is applied; the same before and after. */
  statusOf(body: Uint8Array): DuplicateStatus {
    const entries = decodeDuplicate(body);
    return entries === undefined ? refused('the request cannot be decoded') : this.judge(entries);
  }

  /** The rows of the body; none when it is refused. Only the first time of the same body counts. */
  batchOf(body: Uint8Array, again: boolean): readonly BatchOp[] {
    const entries = decodeDuplicate(body);
    if (entries === undefined || this.judge(entries).status !== STORAGE_OK) return NO_OPS;
    if (!again) this.count(entries);
    const batch: BatchOp[] = [];
    for (const entry of entries) this.addEntry(batch, entry);
    return batch;
  }

  // ------------------------------------------------------------------ steps 1, 2 and 5

  /** The first refusal decides. */
  judge(entries: readonly DuplicateEntry[]): DuplicateStatus {
    for (const entry of entries) {
      const status = this.judgeEntry(entry);
      if (status.status !== STORAGE_OK) return status;
    }
    return ACCEPTED;
  }

  judgeEntry(entry: DuplicateEntry): DuplicateStatus {
    const own = this.ownClusterId();
    if (own === undefined) return refused('this cluster has no id');
    if (entry.clusterId === own) return refused('a duplication of this cluster to itself');
    if (!this.isConfigured(entry.clusterId)) return refused(`unknown cluster id ${entry.clusterId}`);
    if (!isDuplicable(entry.code)) return refused(`${entry.code} cannot be duplicated`);
    return this.isOwnKey(entry) ? ACCEPTED : refused('a key of another partition');
  }

  ownClusterId(): number | undefined {
    return this.ctx.settings.duplicationGroup[this.ctx.settings.dupClusterName];
  }

  isConfigured(clusterId: number): boolean {
    const { dupIgnoreOtherClusterIds, duplicationGroup } = this.ctx.settings;
    return dupIgnoreOtherClusterIds || Object.values(duplicationGroup).includes(clusterId);
  }

  /** A body that does not decode has no key; it was refused when it arrived. */
  isOwnKey(entry: DuplicateEntry): boolean {
    const { gpid, partitionCount } = this.options;
    const hash = writeHashOf(entry.code, entry.rawMessage);
    if (hash === undefined) return false;
    if (partitionCount === undefined) return true;
    return Number(hash % BigInt(partitionCount)) === partitionIndexOfGpid(gpid);
  }

  // ------------------------------------------------------------------ steps 3 to 5

  count(entries: readonly DuplicateEntry[]): void {
    const { metrics, gpid } = this.options;
    if (metrics === undefined || entries.length === 0) return;
    metrics.add(gpid, 'dup_requests', entries.length);
    for (const entry of entries) {
      const lagMs = this.lagMs(entry);
      metrics.set(gpid, 'dup_time_lag_ms', lagMs);
      if (lagMs > LAGGING_WRITE_MS) metrics.add(gpid, 'dup_lagging_writes', 1);
    }
  }

  /** The source's clock may be ahead. */
  lagMs(entry: DuplicateEntry): number {
    return Math.max(0, Math.floor((this.ctx.env.clock.wallUs() - entry.timestampUs) / 1000));
  }

  /** Values and removals carry the time and the cluster of their source. */
  addEntry(batch: BatchOp[], entry: DuplicateEntry): void {
    const { timestampUs, clusterId } = entry;
    for (const row of decodeRows(entry.code, entry.rawMessage) ?? []) {
      if (this.isOutdated(batch, row.key, entry)) continue;
      const value = row.op === 'remove' ? encodeRemoval(timestampUs, clusterId) : encodeValue(row.value, row.expireTs, timestampUs, clusterId);
      batch.push({ key: row.key, value });
    }
  }

  /**
   * dup 7.3: a write that asks for it loses against what is newer; equal times go by cluster id. The updates of one
   * mutation have one time: of equal tags the later one stays, as at the source. Whether a row has expired is not asked:
   * the clocks of the members differ.
   */
  isOutdated(batch: readonly BatchOp[], key: string, entry: DuplicateEntry): boolean {
    if (!entry.verifyTimetag || key === '') return false;
    const current = this.currentValue(batch, key);
    return current !== undefined && isNewerThan(current, makeTimetag(entry.timestampUs, entry.clusterId));
  }

  /** As the entries before have left it. */
  private currentValue(batch: readonly BatchOp[], key: string): Uint8Array | undefined {
    const pending = batch.findLast((op) => op.key === key);
    return pending === undefined ? this.engine.get(key) : pending.value;
  }
}
