/** `pegasus-check bench`. */
import { bench } from '../bench/bench.ts';
import type { BenchLine } from '../bench/measure.ts';
import { EXIT, type Io } from './io.ts';

const NAME_WIDTH = 84;

export async function runBench(options: { readonly json: boolean }, io: Io, measure: () => readonly BenchLine[] | Promise<readonly BenchLine[]> = bench): Promise<number> {
  const lines = await measure();
  if (options.json) io.out(JSON.stringify(lines));
  else for (const line of lines) io.out(textOf(line));
  return EXIT.nothingFound;
}

function textOf({ name, value, unit, most }: BenchLine): string {
  const said = value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(3);
  // A mark and no error: on a busy machine a figure may be off.
  const mark = most !== undefined && value > most ? `  <- grows faster than it should (${String(most)} at most)` : '';
  return `${name.padEnd(NAME_WIDTH)} ${said} ${unit}${mark}`;
}
