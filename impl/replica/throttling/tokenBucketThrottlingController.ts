/**
 * The token bucket of a replica's reads by size (thr 6; upstream's utils/token_bucket_throttling_controller.cpp). A read
 * is let in when there is a token; its cost is known afterwards and may be more than there is, which later reads wait for.
 *
 * Departures (docs/departures.md): thr.T4 a read beyond a second's share is charged too; thr.T5 a partition's share is
 * at least one token in a second; thr.T6 a value that only delays is taken once.
 */
import type { Context } from '../../context.ts';
import type { ThrottlingChange } from './throttlingController.ts';
import { parseTokenBucketValue } from './throttlingValue.ts';

export class TokenBucketThrottlingController {
  readonly ctx: Context;
  private isEnabled = false;
  private value = '';
  private partitionCount = 0;
  /** Tokens in a second, and as many at most. */
  private rate = 0;
  /** When the bucket was, or will be, empty: seconds of the monotonic clock. */
  private zeroTime = 0;

  constructor(ctx: Context) {
    this.ctx = ctx;
  }

  enabled(): boolean {
    return this.isEnabled;
  }

  /** Tokens in a second; 0 before the first configuration. */
  ratePerSecond(): number {
    return this.rate;
  }

  // ------------------------------------------------------------------ configuration

  /** Takes a value of the table's env; one that cannot be read changes nothing here. Debts survive. */
  parseFromEnv(value: string, partitionCount: number): ThrottlingChange {
    const oldValue = this.value;
    if (this.isUnchanged(value, partitionCount)) return { ok: true, hint: '', changed: false, oldValue };
    const result = parseTokenBucketValue(value);
    if (!result.ok) return { ok: false, hint: result.hint, changed: false, oldValue };
    this.isEnabled = result.value.enabled;
    this.value = value;
    this.partitionCount = partitionCount;
    this.rate = this.rateOf(result.value.limit, partitionCount);
    return { ok: true, hint: '', changed: true, oldValue };
  }

  /** Also of a value that enables nothing (thr.T6); no value is the empty one. */
  isUnchanged(value: string, partitionCount: number): boolean {
    return value !== '' && this.value === value && this.partitionCount === partitionCount;
  }

  /** The partition's share, at least 1 (thr.T5): with less nobody could read at all. */
  rateOf(limit: bigint, partitionCount: number): number {
    const share = limit / BigInt(Math.max(partitionCount, 1));
    return Number(share > 0n ? share : 1n);
  }

  /** Limits nothing from now on. Does nothing when it limits nothing: the last value stays known. */
  reset(): ThrottlingChange {
    const oldValue = this.value;
    if (!this.isEnabled) return { ok: true, hint: '', changed: false, oldValue };
    this.isEnabled = false;
    this.value = '';
    this.partitionCount = 0;
    this.rate = 0;
    return { ok: true, hint: '', changed: true, oldValue };
  }

  // ------------------------------------------------------------------ tokens

  /** Whether a read may begin. */
  available(): boolean {
    return !this.isEnabled || this.tokensAt(this.nowSeconds()) > 0;
  }

  tokensAt(nowSeconds: number): number {
    if (nowSeconds <= this.zeroTime) return 0;
    return Math.min((nowSeconds - this.zeroTime) * this.rate, this.rate);
  }

  /** Takes what a read has cost; what is missing is taken from the time to come. */
  consumeToken(cost: number): void {
    if (!this.isEnabled || !this.isCharged(cost)) return;
    const now = this.nowSeconds();
    const there = this.tokensAt(now);
    if (there >= cost) this.zeroTime = now - (there - cost) / this.rate;
    else this.zeroTime = Math.max(now, this.zeroTime) + (cost - there) / this.rate;
  }

  /** Every cost is (thr.T4; upstream: none beyond a second's share). */
  isCharged(cost: number): boolean {
    return cost > 0;
  }

  private nowSeconds(): number {
    return this.ctx.env.clock.monotonicUs() / 1_000_000;
  }
}
