/** How the bench measures: medians of rounds, in seconds of processor time, and slopes of logarithms. */
export interface BenchLine {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
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
  const points: { readonly x: number; readonly y: number }[] = [];
  for (let factor = 1; factor <= largest; factor *= 2) {
    const once = work(factor);
    once();
    const took = median(Array.from({ length: rounds }, () => cpuSeconds(once)));
    points.push({ x: Math.log2(factor), y: Math.log2(took) });
  }
  const meanX = points.reduce((sum, p) => sum + p.x, 0) / points.length;
  const meanY = points.reduce((sum, p) => sum + p.y, 0) / points.length;
  const up = points.reduce((sum, p) => sum + (p.x - meanX) * (p.y - meanY), 0);
  const down = points.reduce((sum, p) => sum + (p.x - meanX) ** 2, 0);
  return up / down;
}
