/** How the bench measures: medians of rounds, in seconds of processor time, and how the time grows with a size. */
export interface BenchLine {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What is more grows faster than it should. */
  readonly most?: number;
}

/** Of lines that tell by what the time is multiplied when one size is doubled. */
export const GROWTH_UNIT = 'x for twice';
/** What is linear doubles, and what is measured varies. */
const LINEAR = 2.4;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** The median rate of some rounds, after one to warm up. */
export function medianRate(rounds: number, round: () => number): number {
  round();
  return median(Array.from({ length: rounds }, round));
}

/** Wall time of some work, seconds. */
export function wallSeconds(work: () => void): number {
  const began = performance.now();
  work();
  return (performance.now() - began) / 1000;
}

/** Processor time of all threads of this process, seconds: what others do on the machine does not count, garbage collection does. */
export function cpuSeconds(work: () => void): number {
  const began = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1_000_000;
}

/** Slope of log(time) over log(size): `work(factor)` gives the work of that size, for factors 1, 2, 4 ... `largest`; medians of `rounds`. */
export function slope(work: (factor: number) => () => void, largest: number, rounds = 3): number {
  return slopeOfSeconds(
    (factor) => {
      const once = work(factor);
      once();
      return () => cpuSeconds(once);
    },
    largest,
    rounds,
  );
}

/** The same of work that measures itself, answers seconds, and is warm. */
export function slopeOfSeconds(work: (factor: number) => () => number, largest: number, rounds = 3): number {
  const points: { readonly x: number; readonly y: number }[] = [];
  for (let factor = 1; factor <= largest; factor *= 2) {
    points.push({ x: Math.log2(factor), y: Math.log2(median(Array.from({ length: rounds }, work(factor)))) });
  }
  const meanX = points.reduce((sum, p) => sum + p.x, 0) / points.length;
  const meanY = points.reduce((sum, p) => sum + p.y, 0) / points.length;
  const up = points.reduce((sum, p) => sum + (p.x - meanX) * (p.y - meanY), 0);
  const down = points.reduce((sum, p) => sum + (p.x - meanX) ** 2, 0);
  return up / down;
}

/** By what the time is multiplied when the size is doubled, out of the slope of the logarithms; near 2 is linear. */
export function growthLine(name: string, exponent: number): BenchLine {
  return { name, value: 2 ** exponent, unit: GROWTH_UNIT, most: LINEAR };
}
