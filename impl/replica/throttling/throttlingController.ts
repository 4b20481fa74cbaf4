/**
 * The window controller: how much a replica admits within one second of the wall clock, and what happens to the rest
 * (thr 3, 4; upstream's utils/throttling_controller.cpp).
 *
 * Departures (docs/departures.md): thr.T2 no accepted value gives a negative limit or wait; a table that does not know
 * its partitions counts as one of one partition.
 */
import type { Context } from '../../context.ts';
import { parseThrottlingValue } from './throttlingValue.ts';
import type { ThrottlingItem } from './throttlingValue.ts';

/** The waits are milliseconds. */
export type ThrottlingVerdict =
  | { readonly kind: 'pass' }
  | { readonly kind: 'delay'; readonly waitMs: number }
  | { readonly kind: 'reject'; readonly waitMs: number };

/** What became of a value. The old one is told when another one, or none, took its place. */
export interface ThrottlingChange {
  readonly ok: boolean;
  readonly hint: string;
  readonly changed: boolean;
  readonly oldValue: string;
}

const PASS: ThrottlingVerdict = { kind: 'pass' };
const UNCHANGED: ThrottlingChange = { ok: true, hint: '', changed: false, oldValue: '' };
/** The longest wait that a timer takes: nearly 25 days. */
const MAX_WAIT_MS = 2 ** 31 - 1;

export class ThrottlingController {
  readonly ctx: Context;
  private isEnabled = false;
  private value = '';
  private partitionCount = 0;
  /** Units in a second; 0: no limit. */
  private delayLimit = 0;
  private delayMs = 0;
  private rejectLimit = 0;
  private rejectMs = 0;
  private windowSecond = 0;
  private used = 0;

  constructor(ctx: Context) {
    this.ctx = ctx;
  }

  enabled(): boolean {
    return this.isEnabled;
  }

  /** The thresholds in force, for tests and commands. */
  limits(): { delayLimit: number; delayMs: number; rejectLimit: number; rejectMs: number } {
    const { delayLimit, delayMs, rejectLimit, rejectMs } = this;
    return { delayLimit, delayMs, rejectLimit, rejectMs };
  }

  /** Units that were admitted in the second of the last request. */
  usedUnits(): number {
    return this.used;
  }

  // ------------------------------------------------------------------ configuration (thr 3)

  /** Takes a value of the table's env; one that cannot be read changes nothing here. */
  parseFromEnv(value: string, partitionCount: number): ThrottlingChange {
    if (this.isUnchanged(value, partitionCount)) return UNCHANGED;
    const result = parseThrottlingValue(value);
    if (!result.ok) return { ok: false, hint: result.hint, changed: false, oldValue: '' };
    const oldValue = this.value;
    const { delay, reject } = result.value;
    this.isEnabled = true;
    this.value = value;
    this.partitionCount = partitionCount;
    this.delayLimit = this.limitOf(delay, partitionCount);
    this.delayMs = this.waitOf(delay);
    this.rejectLimit = this.limitOf(reject, partitionCount);
    this.rejectMs = this.waitOf(reject);
    return { ok: true, hint: '', changed: true, oldValue };
  }

  isUnchanged(value: string, partitionCount: number): boolean {
    return this.isEnabled && this.value === value && this.partitionCount === partitionCount;
  }

  /** The partition's share, at least 1; 0 when the table has no limit. Saturates: nobody uses so much in a second. */
  limitOf(item: ThrottlingItem | undefined, partitionCount: number): number {
    if (item === undefined || item.units === 0n) return 0;
    const share = item.units / BigInt(Math.max(partitionCount, 1)) + 1n;
    return Number(share < Number.MAX_SAFE_INTEGER ? share : Number.MAX_SAFE_INTEGER);
  }

  /** Every partition waits the whole time; as long as a timer can, where more is asked for (thr.T2). */
  waitOf(item: ThrottlingItem | undefined): number {
    if (item === undefined) return 0;
    return Number(item.millis < MAX_WAIT_MS ? item.millis : MAX_WAIT_MS);
  }

  /** Throttles nothing from now on. */
  reset(): ThrottlingChange {
    if (!this.isEnabled) return UNCHANGED;
    const oldValue = this.value;
    this.isEnabled = false;
    this.value = '';
    this.partitionCount = 0;
    this.delayLimit = 0;
    this.delayMs = 0;
    this.rejectLimit = 0;
    this.rejectMs = 0;
    this.windowSecond = 0;
    this.used = 0;
    return { ok: true, hint: '', changed: true, oldValue };
  }

  // ------------------------------------------------------------------ admission (thr 4)

  /** Charges `cost` to this second unless it is refused. `timeoutMs`: as the client sent it, 0 or less for none. */
  control(timeoutMs: number, cost: number): ThrottlingVerdict {
    if (!this.isEnabled) return PASS;
    this.enterWindow();
    this.used += cost;
    if (this.isBeyond(this.rejectLimit)) {
      this.giveBack(cost);
      return { kind: 'reject', waitMs: this.waitWithin(timeoutMs, this.rejectMs) };
    }
    if (this.isBeyond(this.delayLimit)) return { kind: 'delay', waitMs: this.waitWithin(timeoutMs, this.delayMs) };
    return PASS;
  }

  /** Any other second of the clock is a new window, an earlier one too. */
  enterWindow(): void {
    const second = Math.floor(this.ctx.env.clock.wallUs() / 1_000_000);
    if (second === this.windowSecond) return;
    this.windowSecond = second;
    this.used = 0;
  }

  isBeyond(limit: number): boolean {
    return limit > 0 && this.used > limit;
  }

  /** What is refused is not charged. */
  giveBack(cost: number): void {
    this.used -= cost;
  }

  /** The answer comes before the caller gives up. */
  waitWithin(timeoutMs: number, waitMs: number): number {
    return timeoutMs > 0 ? Math.min(waitMs, Math.floor(timeoutMs / 2)) : waitMs;
  }
}
