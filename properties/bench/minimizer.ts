/** How good the minimizer is where the smallest case is known: programs of the stand-in language, of fixed seeds. */
import { median, type BenchLine } from './measure.ts';
import { failingProgram, minimizeProgram, NEEDED_COMMANDS } from './standIn.ts';

const SEEDS = 200;

export function minimizerLines(): readonly BenchLine[] {
  const ends = Array.from({ length: SEEDS }, (_, i) => minimizeProgram(failingProgram(i + 1)));
  const smallest = ends.filter(({ value }) => value.length === NEEDED_COMMANDS).length;
  return [
    { name: `minimizer: stand-in programs that end smallest (of ${String(SEEDS)})`, value: smallest / SEEDS, unit: 'share' },
    { name: 'minimizer: runs for a stand-in program', value: median(ends.map(({ runs }) => runs)), unit: 'runs' },
  ];
}
