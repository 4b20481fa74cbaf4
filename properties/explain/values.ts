/**
 * Other values of a field, the simplest first: smaller numbers and larger ones, other words of the field's own list, other tables,
 * nodes, duplications and clusters of the plan, shorter and longer lists. Which of them the field takes is asked of the
 * field; nothing is drawn, so that the same plan is always explained in the same way.
 */
import { MOMENTS, momentOf } from '../plan/moments.ts';
import { specOf } from '../plan/steps/index.ts';
import type { Field } from '../plan/spec.ts';
import type { Plan, Step, StepValue } from '../plan/types.ts';

/** Most other values of one part: each costs a run. */
const MOST_VALUES = 6;

/** Of a number: towards what is calm or nothing, then beyond it. `least`: the smallest that is worth a try. */
export function otherNumbers(value: number, least: number): readonly number[] {
  const smaller = [least, Math.trunc((least + value) / 2), value - 1].filter((n) => n >= least && n < value);
  const larger = [value + 1, value * 2, value * 10 + 10, value + 1000].filter((n) => n > value);
  return unique([...smaller, ...larger]).slice(0, MOST_VALUES + 1);
}

/** What the other steps of the plan have in fields of this form; and nodes and clusters that no step names. */
function wordsOf(plan: Plan, pattern: RegExp): readonly string[] {
  const words = plan.steps.flatMap((step) => Object.values(step).filter((v): v is string => typeof v === 'string'));
  const nodes = plan.clusters.flatMap((c) => [...Array.from({ length: c.replicaServers }, (_, i) => `node(${c.id},${String(i)})`), `meta(${c.id},0)`]);
  return unique([...words, ...nodes, ...plan.clusters.map((c) => c.id)]).filter((word) => pattern.test(word));
}

/** A reference is exchanged for another of its kind. */
const REFERENCES: readonly RegExp[] = [/^table#/, /^dup#/, /^(?:node|meta)\(/];

/** `name`: of the field; words that mean no place of the plan are made up by it. */
function otherWords(plan: Plan, name: string, value: string, field: Field): readonly string[] {
  const list = field.describe.includes(' | ') ? field.describe.split(' | ') : [];
  if (list.includes(value)) return list;
  const kind = name === 'remoteTable' ? undefined : REFERENCES.find((pattern) => pattern.test(value));
  if (kind !== undefined) return wordsOf(plan, kind);
  if (name === 'moment') return otherMoments(value);
  if (name === 'cluster' || name === 'remoteCluster') return plan.clusters.map((c) => c.id);
  if (name === 'remoteTable') return ['', ...wordsOf(plan, /^table#/), 'r8', 'r9'];
  const same = plan.steps.map((step) => step[name]).filter((v): v is string => typeof v === 'string');
  return [...numbersChanged(value), ...same, 'q', 'w', 'a longer one that nobody wrote'];
}

/** Other moments of the same subject, those of the same event first. */
function otherMoments(value: string): readonly string[] {
  const now = momentOf(value);
  const same = MOMENTS.filter((moment) => moment.subject === now?.subject);
  return [...same.filter((m) => m.kind === now?.kind), ...same.filter((m) => m.kind !== now?.kind)].map((m) => m.name);
}

/** The same text with one of its numbers changed (table envs: `100*delay*50`). */
function numbersChanged(text: string): readonly string[] {
  if (!text.includes('*')) return [];
  const changed: string[] = [];
  for (const { 0: digits, index } of text.matchAll(/\d+/g)) {
    for (const n of [Number(digits) + 1, Number(digits) * 10, Math.trunc(Number(digits) / 2)]) {
      changed.push(text.slice(0, index) + String(n) + text.slice(index + digits.length));
    }
  }
  return changed;
}

function otherLists(value: readonly StepValue[], field: Field): readonly StepValue[] {
  const last = value.at(-1);
  const longer = typeof last === 'string' ? [[...value, `${last}q`] as readonly string[]] : [];
  return [...field.simpler(value as readonly string[]), ...longer];
}

function otherRecords(value: Readonly<Record<string, string>>, field: Field): readonly StepValue[] {
  const changed = Object.entries(value).flatMap(([key, text]) => numbersChanged(text).map((other) => ({ ...value, [key]: other })));
  return [...field.simpler(value), ...changed];
}

function candidatesOf(plan: Plan, name: string, value: StepValue, field: Field): readonly StepValue[] {
  if (typeof value === 'boolean') return [!value];
  if (typeof value === 'number') return otherNumbers(value, value < 0 ? value * 2 : 0);
  if (typeof value === 'string') return otherWords(plan, name, value, field);
  if (isList(value)) return otherLists(value, field);
  return otherRecords(value, field);
}

function isList(value: StepValue): value is readonly string[] | readonly number[] {
  return Array.isArray(value);
}

/** Other values that the step takes; none for a field that it has not. */
export function otherValues(plan: Plan, step: Step, name: string): readonly StepValue[] {
  const value = step[name];
  const spec = specOf(step.kind);
  const field = spec?.fields[name];
  if (value === undefined || field === undefined) return [];
  const fits = (other: StepValue): boolean =>
    JSON.stringify(other) !== JSON.stringify(value) && field.check(other) === undefined && spec?.check?.({ ...step, [name]: other }) === undefined;
  return unique(candidatesOf(plan, name, value, field)).filter(fits).slice(0, MOST_VALUES);
}

function unique<T>(items: readonly T[]): readonly T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}
