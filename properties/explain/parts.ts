/**
 * The parts of a plan: everything in it that can be left out or changed by itself, in the plan's order. What defines a name
 * (`as`, and a table called as its reference) is no part: a plan with every use of a name changed too is the same plan.
 * Settings that stand at their calm value are none either: leaving them out changes nothing.
 */
import { calmOf } from '../plan/settings.ts';
import { specOf } from '../plan/steps/index.ts';
import { deviationText, stepText } from '../plan/text.ts';
import type { ClusterShape, Plan, Step, StepValue } from '../plan/types.ts';
import { unreachable } from '../../model/vocabulary.ts';
import type { PlanPart } from './explanation.ts';

export interface NamedPart {
  readonly part: PlanPart;
  /** As the plan's text has it. */
  readonly text: string;
}

/** Every part, in the plan's order: clusters with their servers and settings, settings, steps each with its fields, deviations. */
export function partsOf(plan: Plan): readonly NamedPart[] {
  const parts: NamedPart[] = plan.clusters.flatMap((cluster) => clusterParts(plan, cluster));
  parts.push(...settingParts('', plan.settings));
  plan.steps.forEach((step, i) => parts.push(...stepParts(step, i)));
  if (plan.chance.kind !== 'frozen') return parts;
  plan.chance.deviations.forEach(({ cause, value }, i) => {
    parts.push({ part: { kind: 'deviation', deviation: i }, text: deviationText(cause, value) });
    if (isTimed(cause)) parts.push({ part: { kind: 'amount', deviation: i }, text: `${String(value)} us` });
  });
  return parts;
}

function clusterParts(plan: Plan, { id, replicaServers, settings }: ClusterShape): readonly NamedPart[] {
  const servers: NamedPart = { part: { kind: 'servers', cluster: id }, text: `${id}: ${String(replicaServers)} replica servers` };
  const whole: NamedPart = { part: { kind: 'cluster', cluster: id }, text: `cluster ${id}` };
  const canGo = plan.clusters.length > 1 && plan.preload?.cluster !== id;
  return [...(canGo ? [whole] : []), servers, ...settingParts(id, settings ?? {})];
}

function settingParts(cluster: string, settings: Readonly<Record<string, number>>): readonly NamedPart[] {
  return Object.entries(settings)
    .filter(([name, value]) => cluster !== '' || calmOf(name) !== value)
    .map(([name, value]) => ({ part: { kind: 'setting', cluster, name }, text: `${name}=${String(value)}` }));
}

function stepParts(step: Step, i: number): readonly NamedPart[] {
  const parts: NamedPart[] = [{ part: { kind: 'step', step: i }, text: stepText(step) }];
  parts.push({ part: { kind: 'field', step: i, field: 'afterMs' }, text: `${String(step.afterMs)} ms after what is before it` });
  for (const field of Object.keys(specOf(step.kind)?.fields ?? {})) {
    const value = step[field];
    if (value === undefined || field === 'as' || value === step['as']) continue;
    parts.push({ part: { kind: 'field', step: i, field }, text: `${field} ${valueText(value)}` });
  }
  return parts;
}

/** Does a deviation of this cause take time (and is not only there or not)? */
function isTimed(cause: string): boolean {
  return /^(?:link\.delay|disk\.slow|store\.slow|pool\.delay)\|/.test(cause);
}

/** A value as words: text in quotes, lists and tables of words as JSON. */
export function valueText(value: StepValue): string {
  return typeof value === 'object' || typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** The part as the object of a sentence: `step 3 (crash node(source,0))`, `partitionCount of step 1`. */
export function partPlace(plan: Plan, part: PlanPart): string {
  const stepAt = (i: number): string => `step ${String(i + 1)} (${stepText(plan.steps[i] ?? { kind: 'nothing', afterMs: 0 })})`;
  switch (part.kind) {
    case 'cluster':
      return `cluster ${part.cluster} and all that is done in it`;
    case 'servers':
      return `replica servers of ${part.cluster}`;
    case 'step':
      return stepAt(part.step);
    case 'field':
      return `${part.field === 'afterMs' ? 'the time before' : `${part.field} of`} ${stepAt(part.step)}`;
    case 'deviation':
    case 'amount': {
      const one = plan.chance.kind === 'frozen' ? plan.chance.deviations[part.deviation] : undefined;
      return `the deviation ${one === undefined ? '' : deviationText(one.cause, one.value)}`;
    }
    case 'setting':
      return `setting ${part.name}${part.cluster === '' ? '' : ` of ${part.cluster}`}`;
    default:
      return unreachable(part);
  }
}
