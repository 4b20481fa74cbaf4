/**
 * How much a campaign has explored, in words and as a table: of the registry's situations, and of the pairs and triples that the five
 * sides of a situation make. The whole product is too large to be met, and too fine to say anything.
 */
import { subsystemKinds } from '../plan/subsystems.ts';
import type { Coverage } from './coverage.ts';
import { DIMENSIONS, isExcluded, situationAt } from './situations.ts';

/** How much of the combinations of some dimensions was met. */
export interface Reached {
  /** Their places in DIMENSIONS. */
  readonly dimensions: readonly number[];
  readonly met: number;
  readonly possible: number;
  /** Those that never were, one word of each dimension, in order. */
  readonly never: readonly (readonly string[])[];
}

/** All choices of `size` dimensions, in order. */
function choices(size: number, from = 0): readonly (readonly number[])[] {
  if (size === 0) return [[]];
  return Array.from({ length: DIMENSIONS.length - from }, (_, i) => from + i).flatMap((first) => choices(size - 1, first + 1).map((rest) => [first, ...rest]));
}

/** Every way to take one value of each of the dimensions, of those that can be met. */
function combinations(dimensions: readonly number[], canBeMet: CanBeMet): readonly (readonly number[])[] {
  const valuesAt = (at: number): readonly number[] => (DIMENSIONS[at]?.values ?? []).flatMap((word, value) => (canBeMet(at, word) ? [value] : []));
  return dimensions.reduce<readonly (readonly number[])[]>((all, at) => all.flatMap((values) => valuesAt(at).map((value) => [...values, value])), [[]]);
}

type CanBeMet = (dimension: number, word: string) => boolean;

/** Kinds of steps of which one is needed for a value; any other command needs the step of its name. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  'no command': ['put'],
  write: ['put'],
  read: ['get'],
  checkpoint: ['triggerCheckpoint', 'emergencyCheckpoint'],
  query: ['listTables', 'queryCheckpoint', 'queryDup', 'listDups', 'queryBulkLoad'],
};

/** A search over one subsystem does not meet what its steps do not bring about. */
function canBeMetIn(subsystem: string | undefined): CanBeMet {
  if (subsystem === undefined) return () => true;
  const kinds = subsystemKinds(subsystem);
  return (dimension, word) => {
    switch (DIMENSIONS[dimension]?.name) {
      case 'duplication':
        return word === 'no duplication' || kinds.has('addDup');
      case 'bulk load':
        return word === 'no load' || kinds.has('startBulkLoad');
      case 'fault':
        return !word.startsWith('provider') || kinds.has('startBulkLoad');
      case 'command':
        return (NEEDED[word] ?? [word]).some((kind) => kinds.has(kind));
      default:
        return true;
    }
  };
}

/** Of each choice of so many dimensions: pairs with 2, triples with 3. */
export function reachedOf(coverage: Coverage, size: number): readonly Reached[] {
  const met = metSituations(coverage);
  const canBeMet = canBeMetIn(coverage.subsystem);
  return choices(size).map((dimensions) => {
    const keys = new Set(met.map((situation) => dimensions.map((at) => situation[at]).join()));
    const possible = combinations(dimensions, canBeMet).filter((values) => !isExcluded(dimensions, values));
    const never = possible.filter((values) => !keys.has(values.join()));
    return { dimensions, met: possible.length - never.length, possible: possible.length, never: never.map((values) => wordsOf(dimensions, values)) };
  });
}

function metSituations(coverage: Coverage): readonly (readonly number[])[] {
  return [...coverage.situations.keys()].filter((index) => (coverage.situations[index] ?? 0) > 0).map(situationAt);
}

function wordsOf(dimensions: readonly number[], values: readonly number[]): readonly string[] {
  return dimensions.map((at, i) => DIMENSIONS[at]?.values[values[i] ?? 0] ?? '');
}

const namesOf = ({ dimensions }: Reached): string => dimensions.map((at) => DIMENSIONS[at]?.name ?? '').join(' x ');

const whole = (n: number): string => n.toLocaleString('en-US');

function total(all: readonly Reached[]): string {
  const met = all.reduce((sum, one) => sum + one.met, 0);
  const possible = all.reduce((sum, one) => sum + one.possible, 0);
  return `${whole(met)} of ${whole(possible)}`;
}

/** Examples that a line has room for. */
const EXAMPLES = 3;

/** The pairs that say most: what the two long procedures meet. */
const TOLD: readonly string[] = ['duplication x fault', 'bulk load x fault', 'duplication x bulk load', 'checkpoint x fault', 'fault x command'];

/** A few lines for people. */
export function coverageText(coverage: Coverage): readonly string[] {
  const pairs = reachedOf(coverage, 2);
  const unmet = coverage.notReached();
  const lines = [
    `situations reached: ${String(coverage.total - unmet.length)} of ${String(coverage.total)}${unmet.length === 0 ? '' : `; never: ${some(unmet.map(({ sentence }) => sentence))}`}`,
    `commands met ${whole(metSituations(coverage).length)} combinations of duplication, bulk load, checkpoint, fault and command: ${total(pairs)} pairs, ${total(reachedOf(coverage, 3))} triples`,
  ];
  for (const pair of pairs.filter((one) => TOLD.includes(namesOf(one)))) {
    const never = pair.never.length === 0 ? '' : `; never: ${some(pair.never.map((words) => words.join(' with ')))}`;
    lines.push(`  ${namesOf(pair)}: ${String(pair.met)} of ${String(pair.possible)} pairs${never}`);
  }
  return lines;
}

function some(all: readonly string[]): string {
  const shown = all.slice(0, EXAMPLES).join(', ');
  return all.length > EXAMPLES ? `${shown}, and ${String(all.length - EXAMPLES)} more` : shown;
}

/** The same as Markdown: every two dimensions, and all pairs that were never met. */
export function coverageMarkdown(coverage: Coverage): string {
  const pairs = reachedOf(coverage, 2);
  const triples = reachedOf(coverage, 3);
  const unmet = coverage.notReached();
  return [
    `Situations of the registry reached: ${String(coverage.total - unmet.length)} of ${String(coverage.total)}.`,
    ...unmet.map(({ id, sentence }) => `- never: ${sentence} (\`${id}\`)`),
    '',
    `Combinations met at commands: ${total(pairs)} pairs, ${total(triples)} triples.`,
    '',
    '| what | met | of | never met |',
    '|---|---:|---:|---|',
    ...pairs.map((pair) => `| ${namesOf(pair)} | ${String(pair.met)} | ${String(pair.possible)} | ${byFirst(pair)} |`),
    ...triples.map((triple) => `| ${namesOf(triple)} | ${whole(triple.met)} | ${whole(triple.possible)} | |`),
    '',
  ].join('\n');
}

/** Pairs that were never met, those of one word together. */
function byFirst({ never }: Reached): string {
  const groups = new Map<string, string[]>();
  for (const [first = '', second = ''] of never) groups.set(first, [...(groups.get(first) ?? []), second]);
  return [...groups].map(([first, seconds]) => `${first}: ${seconds.join(', ')}`).join('; ');
}
