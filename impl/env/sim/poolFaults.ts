/**
 * Faults of thread pools.
 *
 * May fail: a task enters its queue late (`pool.delay`, asked at each post): a thread that was descheduled between its
 * decision and its hand-over. Later tasks of the same queue and priority stay behind it, since the queue is FIFO; a
 * delayed task (a timer) is just later by itself. A pool is busy with the work of others (`pool.occupied`, a step):
 * tasks of LPC_BACKGROUND_WORK keep coming back, each as it ends, until they are released or the process ends.
 *
 * Cannot fail: no task is lost, run twice or overtaken within its queue and priority, and none is interrupted.
 */
import type { PoolName } from '../../protocol/taskCodes.ts';
import type { ResolvedCode } from './pools.ts';
import type { SimProcess } from './process.ts';

/** Extra time before a task enters its queue, microseconds. */
export function decidePoolDelay(process: SimProcess, code: ResolvedCode, hash: number): number {
  const { core, node } = process;
  const extraUs = core.chance.decide('pool.delay', node.id, code.code, '', hash);
  if (extraUs === undefined || extraUs <= 0) return 0;
  core.strike('pool.delay', node.id, '', `${code.code} ${hash}: ${extraUs} us`);
  return Math.round(extraUs);
}

/** Background work in one pool of one process. */
export class Occupation {
  private readonly process: SimProcess;
  private readonly code: ResolvedCode;
  private readonly costUs: number;
  private readonly repeat: boolean;
  private released = false;
  private told = false;

  constructor(process: SimProcess, poolName: PoolName, costMs: number, repeat: boolean) {
    this.process = process;
    // A task without cost that comes back at once would never let time pass.
    this.costUs = Math.max(1, Math.round(costMs * 1000));
    this.repeat = repeat;
    const base = process.code('LPC_BACKGROUND_WORK');
    this.code = { ...base, pool: process.pool(poolName) };
  }

  /** Adds one task; the hash spreads tasks over the workers of a partitioned pool. */
  add(hash: number, atUs: number): void {
    const task = this.process.newTask(this.code, this.code.pool, hash, { owner: this, method: 'work', args: [hash] });
    this.code.pool.admit(task, atUs);
  }

  /** Running tasks end as they would, and none comes back. */
  release(): void {
    this.released = true;
  }

  /** One task of background work. */
  work(hash: number): void {
    const { core, node } = this.process;
    if (this.released) return;
    if (this.told) core.count('pool.occupied');
    else core.strike('pool.occupied', node.id, '', this.code.pool.name);
    this.told = true;
    core.chargedUs += this.costUs;
    if (this.repeat) this.add(hash, core.momentUs());
  }
}
