/**
 * How large a plan is: what matters most first. Every candidate of the minimizer is smaller at the first place that differs; with
 * each place a whole number that is never negative, no shrinking goes on for ever.
 */
import { settingSize } from '../plan/settings.ts';
import { specOf } from '../plan/steps/index.ts';
import type { ClusterShape, Plan, Step } from '../plan/types.ts';
import { kindRank } from './kinds.ts';

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function stepSize(step: Step): number {
  const fields = Object.entries(specOf(step.kind)?.fields ?? {});
  return step.afterMs + sum(fields.map(([name, field]) => (step[name] === undefined ? 0 : (field.size?.(step[name]) ?? 0))));
}

function settingsSize(settings: ClusterShape['settings'] = {}): number {
  return sum(Object.entries(settings).map(([name, value]) => settingSize(name, value)));
}

/**
 * Clusters and logs from elsewhere, steps, deviations, settings, servers, steps of kinds that a simpler one may stand for, and in the
 * end how large all numbers, names and times are.
 */
export function sizeOf({ clusters, preload, settings, steps, chance }: Plan): readonly number[] {
  const deviations = chance.kind === 'frozen' ? chance.deviations : [];
  const own = clusters.map((c) => c.settings ?? {});
  return [
    clusters.length + (preload?.files.length ?? 0),
    steps.length,
    deviations.length,
    sum([settings, ...own].map((s) => Object.keys(s).length)),
    sum(clusters.map((c) => c.replicaServers)),
    sum(steps.map((step) => kindRank(step.kind))),
    sum(steps.map(stepSize)) + sum([settings, ...own].map(settingsSize)) + sum(deviations.map((d) => d.value)),
  ];
}

/** Is the first place that differs smaller? */
export function isSmaller(one: readonly number[], than: readonly number[]): boolean {
  for (const [i, size] of one.entries()) {
    const other = than[i] ?? 0;
    if (size !== other) return size < other;
  }
  return false;
}
