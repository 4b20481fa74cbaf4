/**
 * Plans of older versions, made into plans of this one when they are read: what somebody kept stays of use when the language of plans
 * grows. A version is counted when old plans could not be read any more (a field that every step of a kind must have), not for a new
 * kind of step or a new setting. A migration says what the old plan meant; it never fails, since what it makes is checked afterwards.
 */
import { PLAN_FORMAT, PLAN_VERSION } from './types.ts';

type Plain = Readonly<Record<string, unknown>>;

/** From the version of its place (counted from 1) to the next. */
const MIGRATIONS: readonly ((plan: Plain) => Plain)[] = [
  // 2: a process may crash inside any of its env calls. Before, it crashed between two tasks.
  (plan) => withSteps(plan, (step) => (step['kind'] === 'crash' ? { ...step, insideCall: step['insideCall'] ?? 0 } : step)),
];

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withSteps(plan: Plain, change: (step: Plain) => Plain): Plain {
  const { steps } = plan;
  return Array.isArray(steps) ? { ...plan, steps: steps.map((step: unknown) => (isPlain(step) ? change(step) : step)) } : plan;
}

/** The oldest version that can still be read. */
export const OLDEST_PLAN_VERSION = PLAN_VERSION - MIGRATIONS.length;

/** A plan of an older version as one of this; everything else is answered as it is. */
export function migrated(value: unknown): unknown {
  if (!isPlain(value) || value['format'] !== PLAN_FORMAT) return value;
  const { version } = value;
  if (typeof version !== 'number' || !Number.isInteger(version) || version < OLDEST_PLAN_VERSION || version >= PLAN_VERSION) return value;
  const plan = MIGRATIONS.slice(version - OLDEST_PLAN_VERSION).reduce((older, migrate) => migrate(older), value);
  return { ...plan, version: PLAN_VERSION };
}
