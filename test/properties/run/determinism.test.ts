/** Determinism is sacred: the same plan gives the same digest, in this thread, again, and in two workers. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { DEFAULT_PARTS, type Parts } from '../../../impl/parts.ts';
import type { Plan } from '../../../properties/plan/types.ts';
import { difference } from '../../../properties/run/determinism.ts';
import { runPlan } from '../../../properties/run/runPlan.ts';
import { samplePlans } from '../samples.ts';

const PLANS = 100;
const DETAILS = { draws: true, trace: true };

async function digestsInWorker(plans: readonly Plan[]): Promise<readonly string[]> {
  const worker = new Worker(new URL('./runWorker.ts', import.meta.url));
  try {
    worker.postMessage(plans);
    const [digests] = (await once(worker, 'message')) as [readonly string[]];
    return digests;
  } finally {
    await worker.terminate();
  }
}

describe('a plan', () => {
  it(`runs the same twice and in two worker threads, over ${String(PLANS)} plans`, async () => {
    const plans = samplePlans(PLANS, 2026);
    const elsewhere = Promise.all([digestsInWorker(plans), digestsInWorker([...plans].reverse())]);
    const here = plans.map((plan) => {
      const first = runPlan(plan, DETAILS);
      expect(difference(plan, first, runPlan(plan, DETAILS))).toBeUndefined();
      return first.digest;
    });
    const [forward, backward] = await elsewhere;
    expect(forward).toEqual(here);
    expect([...backward].reverse()).toEqual(here);
    expect(new Set(here).size, 'different plans have different digests').toBeGreaterThan(PLANS * 0.95);
  });
});

/** A client that counts over all worlds of the process: the kind of mistake that breaks determinism. */
function leakyParts(): Parts {
  let calls = 0;
  return {
    ...DEFAULT_PARTS,
    KvClient: class extends DEFAULT_PARTS.KvClient {
      override expireTs(ttlSeconds: number): number {
        calls += 1;
        if (calls % 3 === 0) this.ctx.env.tasks.charge(7000);
        return super.expireTs(ttlSeconds);
      }
    },
  };
}

describe('a mismatch', () => {
  it('names the first draw or event that differs', () => {
    const parts = leakyParts();
    const told = samplePlans(60, 5)
      .map((plan) => difference(plan, runPlan(plan, { ...DETAILS, parts }), runPlan(plan, { ...DETAILS, parts })))
      .filter((d) => d !== undefined);
    expect(told.length).toBeGreaterThan(5);
    expect(told.some((d) => /draw \d+ is \S+\|.* in one run and/.test(d))).toBe(true);
    expect(told.every((d) => /in one run and/.test(d))).toBe(true);
  });
});
