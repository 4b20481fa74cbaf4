/** What a second worker brings: the same batches of a campaign on one worker and on two, by the wall clock, both warm. */
import { batchSeed } from '../hunt/batches.ts';
import { SearchPool } from '../hunt/pool.ts';
import { median, type BenchLine } from './measure.ts';

/** Batches of one measurement: many enough that the last one, for which a worker waits, is a small part. */
const BATCHES = 12;
const RUNS = 25;
/** Rounds in which the workers' code is still being compiled. */
const WARM_UP = 2;
const SEED = 20_261_121;

/** Real time of some batches of a campaign, seconds. */
async function secondsOf(pool: SearchPool): Promise<number> {
  const began = performance.now();
  const jobs = Array.from({ length: BATCHES }, (_, number) => ({ seed: batchSeed(SEED, number), runs: RUNS, forMs: Infinity, defects: [], stopAtFirst: false }));
  await Promise.all(jobs.map((job) => pool.do('batch', job)));
  return (performance.now() - began) / 1000;
}

/** Median of so many rounds, in which one worker and two take turns, so that what else the machine does hits both. */
export async function workersLines(rounds: number): Promise<readonly BenchLine[]> {
  const one = new SearchPool({ threads: 1 });
  const two = new SearchPool({ threads: 2 });
  try {
    const ratios: number[] = [];
    for (let round = -WARM_UP; round < rounds; round += 1) {
      const ratio = (await secondsOf(one)) / (await secondsOf(two));
      if (round >= 0) ratios.push(ratio);
    }
    return [{ name: 'two workers over one', value: median(ratios), unit: 'ratio' }];
  } finally {
    await Promise.all([one.close(), two.close()]);
  }
}
