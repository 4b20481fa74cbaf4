/** The machine's own clocks. */
import type { Clock } from '../contract.ts';

export class RealClock implements Clock {
  monotonicUs(): number {
    return Number(process.hrtime.bigint() / 1000n);
  }

  wallUs(): number {
    return Date.now() * 1000;
  }
}
