/**
 * What can be put in the place of one part of a plan: nothing, and other values. Each alternative is a whole plan that differs from
 * the given one in that part alone. A step is left out with its time kept (the next step comes no sooner): its time is a
 * part by itself.
 */
import { unreachable } from '../../model/vocabulary.ts';
import { LARGEST_CLUSTER } from '../plan/limits.ts';
import { calmOf, otherSettings } from '../plan/settings.ts';
import { specOf } from '../plan/steps/index.ts';
import type { ClusterShape, Plan, Step, StepValue } from '../plan/types.ts';
import type { PlanPart } from './explanation.ts';
import { valueText } from './parts.ts';
import { otherNumbers, otherValues } from './values.ts';

export interface Alternative {
  readonly plan: Plan;
  /** `without it`, `300 instead of 1000`. */
  readonly words: string;
  /** Of a number, how far it is from the plan's; else 0. */
  readonly distance: number;
  /** The step whose guard must hold, lest the value be none; undefined: no step was changed. */
  readonly step?: number;
  /** A step is gone: those behind it have moved up by one. */
  readonly goneStep?: number;
}

const LONGEST_AFTER_MS = 600_000;

/** Alternatives to a part, the simplest first. */
export function alternativesTo(plan: Plan, part: PlanPart): readonly Alternative[] {
  switch (part.kind) {
    case 'cluster':
      return [{ plan: withoutCluster(plan, part.cluster), words: 'without it', distance: 0 }];
    case 'servers':
      return otherServers(plan, part.cluster);
    case 'step':
      return [{ plan: withoutStep(plan, part.step), words: 'without it', distance: 0, goneStep: part.step }];
    case 'field':
      return otherFields(plan, part.step, part.field);
    case 'deviation':
      return [{ plan: withDeviations(plan, (_, i) => i !== part.deviation), words: 'without it', distance: 0 }];
    case 'amount':
      return otherAmounts(plan, part.deviation);
    case 'setting':
      return otherSettingPlans(plan, part.cluster, part.name);
    default:
      return unreachable(part);
  }
}

function withoutCluster(plan: Plan, gone: string): Plan {
  return { ...plan, clusters: plan.clusters.filter((c) => c.id !== gone), steps: plan.steps.filter((step) => !isAbout(step, gone)) };
}

/** Is a step done in a cluster, or about one of its nodes? */
function isAbout(step: Step, cluster: string): boolean {
  if (step['cluster'] === cluster || step['remoteCluster'] === cluster) return true;
  return Object.values(step).some((value) => typeof value === 'string' && /^(?:node|meta)\(/.test(value) && value.includes(`(${cluster},`));
}

function withoutStep(plan: Plan, gone: number): Plan {
  const keptMs = plan.steps[gone]?.afterMs ?? 0;
  const steps = plan.steps.map((step, i) => (i === gone + 1 ? { ...step, afterMs: Math.min(LONGEST_AFTER_MS, step.afterMs + keptMs) } : step));
  return { ...plan, steps: steps.filter((_, i) => i !== gone) };
}

function withCluster(plan: Plan, id: string, change: (cluster: ClusterShape) => ClusterShape): Plan {
  return { ...plan, clusters: plan.clusters.map((c) => (c.id === id ? change(c) : c)) };
}

function otherServers(plan: Plan, id: string): readonly Alternative[] {
  const now = plan.clusters.find((c) => c.id === id)?.replicaServers ?? 1;
  const counts = [now - 1, 1, now + 1, now + 2].filter((n, i, all) => n >= 1 && n <= LARGEST_CLUSTER && n !== now && all.indexOf(n) === i);
  return counts.map((n) => ({ plan: withCluster(plan, id, (c) => ({ ...c, replicaServers: n })), words: instead(n, now), distance: Math.abs(n - now) }));
}

function instead(other: number | string, now: number | string): string {
  return `${String(other)} instead of ${String(now)}`;
}

function otherFields(plan: Plan, at: number, name: string): readonly Alternative[] {
  const step = plan.steps[at];
  if (step === undefined) return [];
  const put = (changed: Step): Plan => ({ ...plan, steps: plan.steps.map((s, i) => (i === at ? changed : s)) });
  if (name === 'afterMs') {
    const times = otherNumbers(step.afterMs, 0).filter((n) => n <= LONGEST_AFTER_MS);
    return times.map((afterMs) => ({ plan: put({ ...step, afterMs }), words: instead(afterMs, step.afterMs), distance: Math.abs(afterMs - step.afterMs), step: at }));
  }
  const now = step[name];
  if (now === undefined || specOf(step.kind) === undefined) return [];
  return otherValues(plan, step, name).map((value) => ({ plan: put({ ...step, [name]: value }), words: instead(valueText(value), valueText(now)), distance: distanceOf(value, now), step: at }));
}

function distanceOf(value: StepValue, now: StepValue): number {
  return typeof value === 'number' && typeof now === 'number' ? Math.abs(value - now) : 0;
}

function withDeviations(plan: Plan, keep: (value: number, index: number) => boolean | number): Plan {
  if (plan.chance.kind !== 'frozen') return plan;
  const deviations = plan.chance.deviations.flatMap((one, i) => {
    const kept = keep(one.value, i);
    if (kept === false) return [];
    return [kept === true ? one : { ...one, value: kept }];
  });
  return { ...plan, chance: { kind: 'frozen', deviations } };
}

/** The largest deviation that a plan may have, microseconds. */
const LONGEST_DEVIATION_US = 600_000_000;

function otherAmounts(plan: Plan, at: number): readonly Alternative[] {
  const now = plan.chance.kind === 'frozen' ? plan.chance.deviations[at]?.value : undefined;
  if (now === undefined) return [];
  const amounts = otherNumbers(now, 1).filter((n) => n <= LONGEST_DEVIATION_US);
  return amounts.map((value) => ({ plan: withDeviations(plan, (_, i) => (i === at ? value : true)), words: instead(value, now), distance: Math.abs(value - now) }));
}

function withSettings(plan: Plan, cluster: string, settings: Readonly<Record<string, number>>): Plan {
  if (cluster === '') return { ...plan, settings };
  return withCluster(plan, cluster, ({ id, replicaServers }) => ({ id, replicaServers, ...(Object.keys(settings).length === 0 ? {} : { settings }) }));
}

function otherSettingPlans(plan: Plan, cluster: string, name: string): readonly Alternative[] {
  const settings = cluster === '' ? plan.settings : plan.clusters.find((c) => c.id === cluster)?.settings;
  const now = settings?.[name];
  if (settings === undefined || now === undefined) return [];
  const put = (changed: readonly (readonly [string, number])[]): Plan => withSettings(plan, cluster, Object.fromEntries(changed));
  const rest = Object.entries(settings).filter(([key]) => key !== name);
  const calm = cluster === '' ? calmOf(name) : (plan.settings[name] ?? calmOf(name));
  const others = otherSettings(name, now).filter((n) => n !== calm);
  return [
    { plan: put(rest), words: instead(`the calm ${String(calm)}`, now), distance: Math.abs((calm ?? now) - now) },
    ...others.map((n) => ({ plan: put([...rest, [name, n]]), words: instead(n, now), distance: Math.abs(n - now) })),
  ];
}
