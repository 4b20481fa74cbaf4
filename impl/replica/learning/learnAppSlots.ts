/** How many replicas of this server learn a checkpoint at once (repl 1.9; upstream's `_learn_app_concurrent_count`). */
import type { Context } from '../../context.ts';

export class LearnAppSlots {
  readonly ctx: Context;
  private taken = 0;

  constructor(ctx: Context) {
    this.ctx = ctx;
  }

  hasFree(): boolean {
    return this.taken < this.ctx.settings.learnAppMaxConcurrentCount;
  }

  take(): void {
    this.taken++;
  }

  giveBack(): void {
    this.taken--;
    this.ctx.env.check(this.taken >= 0, 'learn_app_concurrent_count', () => `${this.taken}`);
  }
}
