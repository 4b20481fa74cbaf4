/** How many replicas of this server download at once (bl 14.1; upstream's `_bulk_load_downloading_count`). */
import type { Context } from '../../context.ts';
import type { DownloadSlots } from './types.ts';

export class BulkLoadDownloadSlots implements DownloadSlots {
  readonly ctx: Context;
  private taken = 0;

  constructor(ctx: Context) {
    this.ctx = ctx;
  }

  count(): number {
    return this.taken;
  }

  isFull(): boolean {
    return this.taken >= this.ctx.settings.maxConcurrentBulkLoadDownloadingCount;
  }

  take(): void {
    this.taken++;
  }

  giveBack(): void {
    this.taken--;
    this.ctx.env.check(this.taken >= 0, 'bulk_load_downloading_count', () => `${this.taken}`);
  }
}
