/** Campaigns: the outcome is a function of seed and runs, whoever does the work and in whatever order; findings are kept by cause. */
import { describe, expect, it } from 'vitest';
import { BATCH_RUNS, batchOf, batchSeed, shardRuns } from '../../../properties/hunt/batches.ts';
import { runCampaign, type CampaignFollow, type CampaignOptions, type CampaignResult } from '../../../properties/hunt/campaign.ts';
import type { BatchJob, PlainFinding } from '../../../properties/hunt/job.ts';
import { failingOf, FakeWorkers, planOf, type Script } from './fakeWorkers.ts';

const SEED = 11;

function options(more: Partial<CampaignOptions> = {}): CampaignOptions {
  return { seed: SEED, runs: 12 * BATCH_RUNS, forMs: Infinity, shard: { index: 1, count: 1 }, stopAtFirst: false, maxShrinkMs: 1000, corpus: [], defects: [], signal: new AbortController().signal, ...more };
}

/** Batches by their number, as their seed tells it. */
function numberOf({ seed }: Pick<BatchJob, 'seed'>): number {
  return Array.from({ length: 200 }, (_, n) => n).find((n) => batchSeed(SEED, n) === seed) ?? -1;
}

/** Batches 3, 5, 7, 9, 11 fail for one cause, 4 for another; later ones are smaller. */
const FINDS: Script = {
  finds: (job) => {
    const number = numberOf(job);
    if (number === 4) return [failingOf('L1/other', job.seed, 7, 3)];
    return number >= 3 && number % 2 === 1 ? [failingOf('S1/rule', job.seed, 2, 20 - number)] : [];
  },
};

function told({ seconds: _, coverage, ...result }: CampaignResult): object {
  return { ...result, coverage: coverage.toJSON() };
}

describe('batches', () => {
  it('are as many runs as their shard is said to have, all shards together the whole', () => {
    for (const [runs, count] of [[1, 1], [499, 1], [501, 3], [60, 4]] as const) {
      const shards = Array.from({ length: count }, (_, i) => ({ index: i + 1, count }));
      const made = shards.map((shard) => Array.from({ length: 20 }, (_, nth) => batchOf(SEED, runs, shard, nth)?.runs ?? 0).reduce((sum, one) => sum + one, 0));
      expect(shards.map((shard) => shardRuns(runs, shard))).toEqual(made);
      expect(made.reduce((sum, one) => sum + one, 0)).toBe(runs);
    }
  });

  it('have seeds of their own, the first the campaign\'s', () => {
    const seeds = Array.from({ length: 5000 }, (_, n) => batchSeed(SEED, n));
    expect(seeds[0]).toBe(SEED);
    expect(new Set(seeds).size).toBe(seeds.length);
    for (const seed of seeds) expect(seed).toBe(seed | 0);
    const others = new Set(Array.from({ length: 5000 }, (_, n) => batchSeed(SEED + 1, n)));
    expect(seeds.filter((seed) => others.has(seed)).length).toBeLessThan(3);
  });

  it('keep their seeds from version to version', () => {
    expect([1, 2, 1000].map((n) => batchSeed(1, n))).toEqual([1348811757, -866737429, -2119503393]);
  });

  it('are shared out among shards without gap or overlap, and cover the runs exactly', () => {
    const runs = 7 * BATCH_RUNS + 13;
    const all = [1, 2, 3].flatMap((index) => {
      const batches = [];
      for (let nth = 0, batch = batchOf(SEED, runs, { index, count: 3 }, 0); batch !== undefined; nth += 1, batch = batchOf(SEED, runs, { index, count: 3 }, nth)) batches.push(batch);
      return batches;
    });
    expect(all.map(({ number }) => number).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(all.reduce((sum, batch) => sum + batch.runs, 0)).toBe(runs);
    for (const { number, seed } of all) expect(seed).toBe(batchSeed(SEED, number));
  });
});

describe.each([true, false])('with stopAtFirst %s', (stopAtFirst) => {
  it('the outcome is the same for one worker and for many, however long each batch takes', async () => {
    const outcomes: object[] = [];
    for (const [threads, spread] of [[1, 0], [2, 7], [5, 3], [5, 11]] as const) {
      let draw = 0;
      const workers = new FakeWorkers(threads, { ...FINDS, takesMs: () => (draw += 5) % (spread + 1) });
      outcomes.push(told(await runCampaign(workers, options({ stopAtFirst }))));
      expect(workers.mostAtOnce).toBe(threads);
    }
    for (const one of outcomes) expect(one).toEqual(outcomes[0]);
  });
});

describe('findings', () => {
  it('are one for each cause, the smallest, with how often it was met', async () => {
    const workers = new FakeWorkers(2, FINDS);
    const { found, totals, repeatRuns } = await runCampaign(workers, options());
    expect(found.map(({ finding, times }) => [finding.cause, times, finding.plan.steps.length])).toEqual([['S1/rule', 5, 12], ['L1/other', 1, 2]]);
    expect(workers.of('shrink')).toHaveLength(4);
    expect(totals.runs).toBe(12 * BATCH_RUNS);
    expect(repeatRuns).toBe(12 * BATCH_RUNS);
  });

  it('are told as soon as they are met, and when a smaller plan is there', async () => {
    const better: PlainFinding[] = [];
    await runCampaign(new FakeWorkers(1, FINDS), options(), { onFinding: (finding) => better.push(finding) });
    expect(better.filter(({ cause }) => cause === 'L1/other').map(({ shrinkRuns, plan }) => [shrinkRuns, plan.steps.length])).toEqual([[0, 3], [5, 2]]);
    expect(better.filter(({ cause }) => cause === 'S1/rule').map(({ plan }) => plan.steps.length)).toEqual([17, 16, 14, 12]);
  });

  it('end the campaign when the first is enough: that of the lowest batch, though a later one was quicker', async () => {
    const workers = new FakeWorkers(6, { ...FINDS, takesMs: () => 20 - workers.asked.length });
    const { found, totals, repeatRuns } = await runCampaign(workers, options({ stopAtFirst: true }));
    expect(found.map(({ finding }) => [finding.cause, finding.seed, finding.foundInRuns])).toEqual([['S1/rule', batchSeed(SEED, 3), 2]]);
    expect(found[0]?.finding.shrinkRuns).toBe(5);
    expect([totals.runs, repeatRuns]).toEqual([4 * BATCH_RUNS, 4 * BATCH_RUNS]);
    expect(workers.of('batch').length).toBeLessThan(12);
  });
});

it('the corpus comes first, and what fails in it is a finding with its file', async () => {
  const workers = new FakeWorkers(2, { finds: () => [], corpusFails: 9 });
  const corpus = Array.from({ length: 60 }, (_, n) => ({ file: `corpus/${String(n)}.json`, plan: planOf(n) }));
  const { found, replayed, totals } = await runCampaign(workers, options({ corpus, runs: BATCH_RUNS }));
  expect(workers.asked.slice(0, 3).map(({ kind }) => kind)).toEqual(['replay', 'replay', 'replay']);
  expect(replayed).toBe(60);
  expect(totals.runs).toBe(BATCH_RUNS);
  expect(found.map(({ finding }) => [finding.cause, finding.file])).toEqual([['S2/corpus', 'corpus/9.json']]);
});

it('a batch whose workers die is told with its seed, and costs its rest alone', async () => {
  const lines: string[] = [];
  const { lost, totals, found } = await runCampaign(new FakeWorkers(2, { ...FINDS, dies: (job) => numberOf(job) === 5 }), options(), { onLost: (line) => lines.push(line) });
  expect(lost).toEqual([`batch 5 (seed ${String(batchSeed(SEED, 5))}, ${String(BATCH_RUNS)} runs) is lost twice with its worker: it fell over`]);
  expect(lines).toEqual(lost);
  expect(totals.runs).toBe(11.5 * BATCH_RUNS);
  expect(found.map(({ finding, times }) => [finding.cause, times])).toEqual([['S1/rule', 5], ['L1/other', 1]]);
});

describe('being asked to end', () => {
  async function ended(follow: (stop: AbortController) => CampaignFollow): Promise<{ readonly result: CampaignResult; readonly workers: FakeWorkers }> {
    const stop = new AbortController();
    const workers = new FakeWorkers(2, { ...FINDS, takesMs: (kind) => (kind === 'shrink' ? 30 : 2) });
    return { result: await runCampaign(workers, options({ runs: Infinity, signal: stop.signal }), follow(stop)), workers };
  }

  it('keeps what was found though nothing was shrunk yet, and begins no batch more', async () => {
    const { result, workers } = await ended((stop) => ({ onFinding: () => { stop.abort(); } }));
    expect(result.interrupted).toBe(true);
    expect(result.found.map(({ finding }) => [finding.cause, finding.shrinkRuns, finding.minimal])).toContainEqual(['S1/rule', 0, false]);
    expect(workers.of('batch').length).toBeLessThan(8);
    expect(workers.of('shrink').length).toBe(0);
  });

  it('takes in what batches under way have done', async () => {
    const { result, workers } = await ended((stop) => ({ onBatch: ({ number }) => { if (number === 1) stop.abort(); } }));
    expect(result.totals.runs).toBeGreaterThanOrEqual(2 * BATCH_RUNS);
    expect(result.totals.runs).toBeLessThan(workers.of('batch').length * BATCH_RUNS);
    expect(result.repeatRuns).toBeGreaterThanOrEqual(result.totals.runs);
  });
});

it('time ends it', async () => {
  const { totals, interrupted } = await runCampaign(new FakeWorkers(2, { finds: () => [], takesMs: () => 5 }), options({ runs: Infinity, forMs: 60 }));
  expect(totals.runs).toBeGreaterThan(0);
  expect(interrupted).toBe(false);
});

it('tells progress over all workers', async () => {
  const runs: number[] = [];
  await runCampaign(new FakeWorkers(3, FINDS), options(), { onProgress: (progress) => runs.push(progress.runs) });
  expect(runs.at(-1)).toBe(12 * BATCH_RUNS);
  expect(runs).toEqual([...runs].sort((a, b) => a - b));
});
