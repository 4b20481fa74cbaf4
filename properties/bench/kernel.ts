/** The bare event heap: events per second with a thousand pending, each of which schedules itself again. The yardstick of the bench. */
import { Kernel, SimEvent } from '../../impl/env/sim/kernel.ts';
import { DEFAULT_LIMITS } from '../../impl/env/sim/limits.ts';

const PENDING = 1000;
const EVENTS = 2_000_000;

class Tick extends SimEvent {
  private readonly kernel: Kernel;
  private readonly stepUs: number;

  constructor(kernel: Kernel, stepUs: number) {
    super();
    this.kernel = kernel;
    this.stepUs = stepUs;
  }

  override fire(): void {
    this.kernel.schedule(this.kernel.nowUs + this.stepUs, this);
  }
}

/** @param events how many are dispatched while measuring. */
export function bareKernelPerSecond(events: number = EVENTS): number {
  const kernel = new Kernel({ ...DEFAULT_LIMITS, dispatches: Number.POSITIVE_INFINITY });
  for (let i = 0; i < PENDING; i += 1) kernel.schedule(i, new Tick(kernel, 1000 + (i % 97)));
  const began = performance.now();
  kernel.run({ untilUs: Number.MAX_SAFE_INTEGER, stop: () => kernel.dispatches >= events });
  return (kernel.dispatches * 1000) / (performance.now() - began);
}
