/** `pegasus-check bench`. */
import { bench } from '../bench/bench.ts';
import type { BenchLine } from '../bench/measure.ts';
import { EXIT, type Io } from './io.ts';

export async function runBench(options: { readonly json: boolean }, io: Io, measure: () => readonly BenchLine[] | Promise<readonly BenchLine[]> = bench): Promise<number> {
  const lines = await measure();
  if (options.json) io.out(JSON.stringify(lines));
  else for (const { name, value, unit } of lines) io.out(`${name.padEnd(52)} ${value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(3)} ${unit}`);
  return EXIT.nothingFound;
}
