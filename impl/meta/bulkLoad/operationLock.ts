/**
 * The cluster's operation lock (bl 6.1 #1): one load at a time, unless concurrent loads are allowed. It knows who holds
 * it, so that nobody lets go of another's hold (bl.B8), and several loads may hold it after a restart (bl.B2).
 */
export class OperationLock {
  protected readonly holders = new Set<number>();
  private nextHold = 1;

  isFree(): boolean {
    return this.holders.size === 0;
  }

  /** A hold, to be let go of once. */
  take(): number {
    const hold = this.nextHold++;
    this.holders.add(hold);
    return hold;
  }

  /** Repeats do nothing. */
  release(hold: number): void {
    this.holders.delete(hold);
  }
}
