/** The stand-in bug: what it needs, that failing programs end at that, and that they would not without the passes over names. */
import { describe, expect, it } from 'vitest';
import { minimizerLines } from '../../../properties/bench/minimizer.ts';
import { failingProgram, fails, minimizeProgram, NEEDED_COMMANDS, STAND_IN_PASSES, type Program, type StandInCommand } from '../../../properties/bench/standIn.ts';
import { simplerThan } from '../../../properties/minimize/minimize.ts';

const SMALLEST: Program = [
  { kind: 'open', as: 'h#1' },
  { kind: 'link', of: 'h#1', as: 'h#2' },
  { kind: 'write', of: 'h#1' },
  { kind: 'close', of: 'h#1' },
  { kind: 'snapshot', of: 'h#2', as: 's#1' },
  { kind: 'restore', of: 's#1', as: 'h#3' },
];

/** Of the seeds 1 to `seeds`. */
function shareOfSmallest(seeds: number, passes = STAND_IN_PASSES): number {
  const ends = Array.from({ length: seeds }, (_, i) => minimizeProgram(failingProgram(i + 1), passes).value);
  return ends.filter((end) => end.length === NEEDED_COMMANDS).length / seeds;
}

/** Every program of at most so many of the commands. */
function* shortPrograms(commands: readonly StandInCommand[], length: number): Generator<Program> {
  yield [];
  if (length === 0) return;
  for (const rest of shortPrograms(commands, length - 1)) for (const command of commands) yield [command, ...rest];
}

describe('the stand-in bug', () => {
  it('needs each of its six commands', () => {
    expect(fails(SMALLEST)).toBe(true);
    expect([...simplerThan(SMALLEST, STAND_IN_PASSES)].filter(fails)).toEqual([]);
    expect(new Set(SMALLEST.map((command) => command.kind)).size).toBe(NEEDED_COMMANDS);
  });

  it('is in no program of five commands about a file, a link of it and a snapshot', () => {
    const handles = ['h#1', 'h#2'];
    const commands: readonly StandInCommand[] = [
      { kind: 'open', as: 'h#1' },
      { kind: 'restore', of: 's#1', as: 'h#2' },
      { kind: 'link', of: 'h#1', as: 'h#2' },
      ...handles.flatMap((of): readonly StandInCommand[] => [{ kind: 'write', of }, { kind: 'close', of }, { kind: 'snapshot', of, as: 's#1' }]),
    ];
    let tried = 0;
    const failing: Program[] = [];
    for (const program of shortPrograms(commands, 5)) {
      tried += 1;
      if (fails(program)) failing.push(program);
    }
    expect(failing).toEqual([]);
    expect(tried).toBeGreaterThan(9 ** 5);
  });

  it('fails in programs of up to a hundred commands, of all kinds, the same for the same seed', () => {
    const programs = Array.from({ length: 40 }, (_, i) => failingProgram(i + 1));
    expect(Math.max(...programs.map((program) => program.length))).toBeGreaterThan(90);
    expect(Math.max(...programs.map((program) => program.length))).toBeLessThanOrEqual(100);
    expect(new Set(programs.flatMap((program) => program.map((command) => command.kind))).size).toBe(6);
    expect(failingProgram(3)).toEqual(programs[2]);
    expect(failingProgram(4)).not.toEqual(programs[2]);
  });
});

describe('the minimizer', () => {
  it('ends at six commands for nearly all seeds, in few runs', () => {
    const [share, runs] = minimizerLines();
    expect(share?.value).toBeGreaterThanOrEqual(0.95);
    expect(runs?.value).toBeLessThan(140);
  });

  it('would not without its passes over names, or over pairs', () => {
    const without = (...words: readonly string[]): number => shareOfSmallest(60, STAND_IN_PASSES.filter((pass) => !words.some((word) => pass.name.includes(word))));
    expect(shareOfSmallest(60)).toBeGreaterThanOrEqual(0.95);
    expect(without('pairs')).toBeLessThan(0.9);
    expect(without('result')).toBeLessThan(0.6);
  });
});
