/**
 * What the steps of a plan call what other steps make: tables, duplications, places of loads on a provider, also in a line for the
 * shell. Inside of the minimizer a place `r1` is called `root#1`, so that each name says its sort.
 */
import { strings } from '../plan/spec.ts';
import type { Step, StepValue } from '../plan/types.ts';
import type { References } from './references.ts';

/** Fields that make what they name. */
const MAKES: Readonly<Record<string, readonly string[]>> = { createTable: ['as'], recallTable: ['as'], renameTable: ['as'], addDup: ['as'], prepareLoad: ['root'] };
/** Fields that name; of a creation `name` goes with `as`. */
const NAMING = ['table', 'remoteTable', 'dup', 'as', 'name', 'root'] as const;

const IN_LINE = /\bdup#\d+\b|\b[tr]\d+\b/g;

/** A word of a plan by its name here, '' when it is none that could be another. */
function nameOf(field: string, word: string): string {
  if (field === 'root') return /^r\d+$/.test(word) ? `root#${word.slice(1)}` : '';
  return /^(?:table|dup)#\d+$/.test(word) ? word : '';
}

function wordOf(name: string): string {
  return name.startsWith('root#') ? `r${name.slice('root#'.length)}` : name;
}

function nameInLine(word: string): string {
  if (word.startsWith('dup#')) return word;
  return word.startsWith('t') ? `table#${word.slice(1)}` : `root#${word.slice(1)}`;
}

function lineWordOf(name: string): string {
  return name.startsWith('table#') ? `t${name.slice('table#'.length)}` : wordOf(name);
}

function text(value: StepValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function made(step: Step): readonly string[] {
  return (MAKES[step.kind] ?? []).map((field) => nameOf(field, text(step[field]))).filter((name) => name !== '');
}

function used(step: Step): readonly string[] {
  if (step.kind === 'shell') return [...new Set((text(step['line']).match(IN_LINE) ?? []).map(nameInLine))];
  const own = made(step);
  const all = NAMING.map((field) => nameOf(field, text(step[field])));
  return [...new Set(all.filter((name) => name !== '' && !own.includes(name)))];
}

function changed(step: Step, fields: readonly string[], from: string, to: string): Step {
  if (step.kind === 'shell') return { ...step, line: text(step['line']).replace(IN_LINE, (word) => (nameInLine(word) === from ? lineWordOf(to) : word)) };
  const hits = fields.filter((field) => nameOf(field, text(step[field])) === from);
  return hits.length === 0 ? step : { ...step, ...Object.fromEntries(hits.map((field) => [field, wordOf(to)])) };
}

export const STEP_REFERENCES: References<Step> = {
  made,
  used,
  aimed: (step, from, to) => (made(step).includes(from) ? step : changed(step, NAMING, from, to)),
  renamed: (step, from, to) => changed(step, NAMING, from, to),
};

// ---------------------------------------------------------------- values

const NUMBERED = /^([vb])(\d+)$/;

/** A word of a value: `v12` of a write, `b3` of a load; the others are as long as they are for a reason. */
function valuesOf(step: Step): readonly string[] {
  const inRows = strings(step, 'rows').map((row) => row.split('|').at(-1) ?? '');
  return [text(step['value']), ...strings(step, 'values'), ...inRows].filter((value) => NUMBERED.test(value));
}

/** The same values, counted from 1 in the order of their numbers: they stay different from each other. */
export function valuesRenumbered(steps: readonly Step[]): readonly Step[] {
  const other = new Map<string, string>();
  for (const letter of ['v', 'b']) {
    const numbers = [...new Set(steps.flatMap(valuesOf))].filter((value) => value.startsWith(letter)).map((value) => Number(value.slice(1)));
    numbers.sort((a, b) => a - b);
    for (const [i, number] of numbers.entries()) other.set(`${letter}${String(number)}`, `${letter}${String(i + 1)}`);
  }
  const now = (value: string): string => other.get(value) ?? value;
  return steps.map((step) => {
    if (valuesOf(step).every((value) => now(value) === value)) return step;
    const value = step['value'] === undefined ? {} : { value: now(text(step['value'])) };
    const values = step['values'] === undefined ? {} : { values: strings(step, 'values').map(now) };
    const rows = step['rows'] === undefined ? {} : { rows: strings(step, 'rows').map((row) => row.replace(/[^|]*$/, now)) };
    return { ...step, ...value, ...values, ...rows };
  });
}
