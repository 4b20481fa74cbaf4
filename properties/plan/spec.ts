/**
 * What each kind of step knows of itself: its fields (a plan from a file is checked against them), how it is drawn, what it
 * refers to, what it does, how it reads, and how it gets simpler. One command or fault per file in `steps/`.
 */
import type { Draw } from './draw.ts';
import type { Step, StepValue } from './types.ts';
import type { Symbols } from './symbols.ts';
import type { Stage } from '../run/stage.ts';

/**
 * A field's type: how a value from a file is judged (an error text, or undefined when it is fine), and simpler values, each of a
 * smaller `size`, so that making a plan simpler ends.
 */
export interface Field {
  readonly describe: string;
  check(value: unknown): string | undefined;
  simpler(value: StepValue): readonly StepValue[];
  /** Of what has no simpler values nobody asks it. */
  size?(value: StepValue): number;
}

export interface StepSpec {
  readonly kind: string;
  readonly family: 'client' | 'admin' | 'fault' | 'wait';
  /** Share among the steps drawn by the common profile. */
  readonly weight: number;
  /** Drawn only in plans with a second cluster, or with bulk loads: either is enough for what has both. */
  readonly needsFollower?: true;
  readonly needsLoads?: true;
  readonly fields: Readonly<Record<string, Field>>;
  /** What is wrong with fields that are right each by itself. */
  check?(step: Step): { readonly field: string; readonly message: string } | undefined;
  /** Draws the fields (without kind and afterMs), or undefined when it makes no sense now. May update the symbols. */
  draw(draw: Draw, symbols: Symbols): Readonly<Record<string, StepValue>> | undefined;
  /** Whether everything the step refers to exists now; a step whose guard fails is a recorded no-op. */
  guard(step: Step, stage: Stage): boolean;
  run(step: Step, stage: Stage): void;
  /** The step as a line: a shell line for commands, a sentence for faults. */
  text(step: Step): string;
}

/** Does a plan have what this kind of step is about? */
export function hasSubject(spec: StepSpec, withFollower: boolean, withLoads: boolean): boolean {
  if (spec.needsFollower !== true && spec.needsLoads !== true) return true;
  return (spec.needsFollower === true && withFollower) || (spec.needsLoads === true && withLoads);
}

// ---------------------------------------------------------------- fields

/** Values between a target and `value`: the target, then by halves of the way back, down to the next one. */
export function towards(target: number, value: number): readonly number[] {
  const values: number[] = [];
  for (let gap = value - target; gap !== 0; gap = Math.trunc(gap / 2)) values.push(value - gap);
  return values;
}

export function int(min: number, max: number): Field {
  const target = min <= 0 && max >= 0 ? 0 : min;
  return {
    describe: `an integer from ${String(min)} to ${String(max)}`,
    check: (v) => (typeof v === 'number' && Number.isInteger(v) && v >= min && v <= max ? undefined : `must be an integer from ${String(min)} to ${String(max)}`),
    simpler: (v) => (typeof v === 'number' ? towards(target, v) : []),
    size: (v) => (typeof v === 'number' ? Math.abs(v - target) : 0),
  };
}

export function oneOf(...values: readonly string[]): Field {
  return {
    describe: values.join(' | '),
    check: (v) => (typeof v === 'string' && values.includes(v) ? undefined : `must be one of ${values.join(', ')}`),
    simpler: (v) => {
      const at = typeof v === 'string' ? values.indexOf(v) : -1;
      return at > 0 ? values.slice(0, at) : [];
    },
    size: (v) => (typeof v === 'string' ? values.indexOf(v) : 0),
  };
}

export function text(pattern: RegExp, describe: string): Field {
  return {
    describe,
    check: (v) => (typeof v === 'string' && pattern.test(v) ? undefined : `must be ${describe}`),
    simpler: () => [],
    size: (v) => (typeof v === 'string' ? textSize(v) : 0),
  };
}

/** A reference is as large as its number; any other word larger than those, by its letters and the numbers in it. */
export function textSize(word: string): number {
  if (word === '') return 0;
  const reference = /^(?:table#|dup#|v|(?:node|meta)\([a-z]+,)(\d+)\)?$/.exec(word);
  if (reference !== null) return 1 + Number(reference[1]);
  let size = word.length === 1 ? 0 : 10_000;
  for (const [part] of word.matchAll(/\d{1,9}|\D/g)) size += /^\d/.test(part) ? 100 + Number(part) : part.charCodeAt(0);
  return size;
}

export const flag: Field = {
  describe: 'true or false',
  check: (v) => (typeof v === 'boolean' ? undefined : 'must be true or false'),
  simpler: (v) => (v === true ? [false] : []),
  size: (v) => (v === true ? 1 : 0),
};

export const keyText: Field = text(/^[\x20-\x7e]{0,64}$/, 'at most 64 printable ASCII characters');
export const tableRef: Field = text(/^(table#\d{1,4}|[A-Za-z0-9_.:-]{0,64})$/, 'a table reference (table#1) or a plain name');
export const dupRef: Field = text(/^dup#\d{1,4}$/, 'a duplication reference such as dup#1');
/** A number stands for itself: an id that no duplication has. */
export const dupIdRef: Field = text(/^(dup#\d{1,4}|-?\d{1,9})$/, 'a duplication reference (dup#1) or a plain id');
export const nodeRef: Field = text(/^(node|meta)\([a-z]{1,16},\d{1,3}\)$/, 'a node reference such as node(source,0) or meta(source,0)');

export function listOf(item: Field, max: number): Field {
  return {
    describe: `a list of at most ${String(max)}, each ${item.describe}`,
    check: (v) => {
      if (!Array.isArray(v) || v.length > max) return `must be a list of at most ${String(max)}`;
      for (const one of v) {
        const wrong = item.check(one);
        if (wrong !== undefined) return `each item ${wrong}`;
      }
      return undefined;
    },
    simpler: (v) => {
      if (!Array.isArray(v) || v.length < 2) return [];
      return v.map((_, i) => v.filter((__, j) => j !== i));
    },
    size: (v) => (Array.isArray(v) ? v.reduce((sum: number, one: StepValue) => sum + 1 + (item.size?.(one) ?? 0), 0) : 0),
  };
}

export const envs: Field = {
  describe: 'an object of strings',
  check: (v) =>
    typeof v === 'object' && v !== null && !Array.isArray(v) && Object.values(v).every((x) => typeof x === 'string') ? undefined : 'must be an object whose values are strings',
  simpler: (v) => {
    const entries = Object.entries(v);
    return entries.map((_, i) => Object.fromEntries(entries.filter((__, j) => j !== i)) as Record<string, string>);
  },
  size: (v) => (typeof v === 'object' ? Object.values(v).reduce((sum: number, one: string) => sum + 1 + textSize(one), 0) : 0),
};

// ---------------------------------------------------------------- typed access to a checked step

export function str(step: Step, field: string): string {
  const value = step[field];
  if (typeof value !== 'string') throw new Error(`step ${step.kind} lacks ${field}`);
  return value;
}
export function num(step: Step, field: string): number {
  const value = step[field];
  if (typeof value !== 'number') throw new Error(`step ${step.kind} lacks ${field}`);
  return value;
}
export function bool(step: Step, field: string): boolean {
  return step[field] === true;
}
export function strings(step: Step, field: string): readonly string[] {
  const value = step[field];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}
export function record(step: Step, field: string): Readonly<Record<string, string>> {
  const value = step[field];
  return typeof value === 'object' && !Array.isArray(value) ? (value as Readonly<Record<string, string>>) : {};
}
