/** A plan as people read it: cluster, settings, steps with their virtual times, deviations. */
import { num } from './spec.ts';
import { settingText } from './settings.ts';
import { specOf } from './steps/index.ts';
import type { Plan, Step } from './types.ts';

export function stepText(step: Step): string {
  return specOf(step.kind)?.text(step) ?? step.kind;
}

/** Steps with a cluster that nobody types. */
const UNTYPED: ReadonlySet<string> = new Set(['prepareLoad', 'slowStore', 'waitFor']);

/** A step's text; where there are several clusters, a command begins with the one that it is typed at. */
export function promptedText(step: Step, plan: Plan): string {
  const cluster = step['cluster'];
  return plan.clusters.length > 1 && typeof cluster === 'string' && !UNTYPED.has(step.kind) ? `${cluster}> ${stepText(step)}` : stepText(step);
}

/** The same, but for commands at the first cluster: most of them are. */
function lineText(step: Step, plan: Plan): string {
  return step['cluster'] === plan.clusters[0]?.id ? stepText(step) : promptedText(step, plan);
}

/** The earliest virtual time at which each step starts, milliseconds after the cluster is up. */
export function stepTimesMs(plan: Plan): readonly number[] {
  let atMs = 0;
  return plan.steps.map((step) => {
    const beginsMs = atMs + step.afterMs;
    atMs = beginsMs + (step.kind === 'wait' ? num(step, 'forMs') : 0);
    return beginsMs;
  });
}

/** One line per step, each with the earliest virtual time at which it starts, in milliseconds. */
export function planLines(plan: Plan, textOf: (step: Step, plan: Plan) => string = lineText): readonly string[] {
  const times = stepTimesMs(plan);
  const lines = plan.steps.map((step, i) => `${String(i + 1).padStart(3)}  ${`+${String(times[i] ?? 0)} ms`.padStart(10)}  ${textOf(step, plan)}`);
  if (plan.chance.kind === 'frozen') {
    for (const d of plan.chance.deviations) lines.push(`        deviation  ${deviationText(d.cause, d.value)}`);
  } else lines.push(`        chance     seed ${plan.chance.seed}, at most ${String(plan.chance.budget)} deviations`);
  return lines;
}

export function planHeader(plan: Plan): string {
  const clusters = plan.clusters.map((c) => `${c.id}: ${String(c.replicaServers)} replica servers${c.settings === undefined ? '' : ` (${settingText(c.settings)})`}`).join(', ');
  return `${clusters}; settings: ${settingText(plan.settings)}`;
}

/** A deviation as words: where it strikes, what, and by how much. */
export function deviationText(cause: string, value: number): string {
  const [point, where, what, gpid, number, occurrence] = cause.split('|');
  const about = gpid === '' ? '' : ` of ${gpid ?? ''}${number === '-1' || number === '0' ? '' : ` decree ${number ?? ''}`}`;
  const nth = occurrence === '1' ? '' : ` (time ${occurrence ?? ''})`;
  const amount = value === 1 ? '' : ` by ${String(value)} us`;
  return `${point ?? ''}${amount}: ${where ?? ''} ${what ?? ''}${about}${nth}`;
}
