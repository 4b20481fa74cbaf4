/**
 * What a frozen plan is made simpler by: passes over its clusters, steps, deviations, settings, names and fields, the boldest first.
 * Every candidate is a plan that a file may hold, and smaller in `sizeOf` (./size.ts), so that shrinking ends.
 */
import type { Deviation, Plan, Step } from '../plan/types.ts';
import { fewerClusters, fewerServers, lessPreload } from './clusters.ts';
import { simplerFields, smallerDeviations } from './fields.ts';
import { plainerKeys, plainerValues } from './keys.ts';
import { simplerKinds } from './kinds.ts';
import { fewer, fewerPairs, type Part } from './lists.ts';
import { simplerThan, type Pass } from './minimize.ts';
import { STEP_REFERENCES } from './names.ts';
import { fewerWithUsers, merged, reaimed, renumbered } from './references.ts';
import { sameNames } from './remotes.ts';
import { fewerSettings, simplerSettings } from './settings.ts';
import { timeInStead, timeKept } from './times.ts';

const STEPS: Part<Plan, Step> = { of: (plan) => plan.steps, put: (plan, steps) => ({ ...plan, steps }) };

const DEVIATIONS: Part<Plan, Deviation> = {
  of: (plan) => (plan.chance.kind === 'frozen' ? plan.chance.deviations : []),
  put: (plan, deviations) => ({ ...plan, chance: { kind: 'frozen', deviations } }),
};

/** A log from elsewhere is that of a table whose name no step makes. */
function namesFromElsewhere({ preload }: Plan): readonly string[] {
  return preload === undefined ? [] : [preload.table];
}

/** Pairs are tried among at most this many steps: one run for each of up to 276 pairs. */
const PAIRS_UP_TO = 24;

const fewerSteps = fewer('steps', STEPS);
const fewerDeviations = fewer('deviations', DEVIATIONS);

/** What leaves out one thing and changes nothing else. */
export const REMOVALS: readonly Pass<Plan>[] = [fewerClusters, lessPreload, fewerSteps, fewerDeviations, fewerSettings];

export const PLAN_PASSES: readonly Pass<Plan>[] = [
  fewerClusters,
  lessPreload,
  fewerSteps,
  fewerDeviations,
  timeKept,
  fewerWithUsers('steps with what uses them', STEPS, STEP_REFERENCES),
  merged('one table, duplication or load for two', STEPS, STEP_REFERENCES),
  fewerSettings,
  fewerServers,
  simplerKinds,
  reaimed('earlier tables, duplications and loads', STEPS, STEP_REFERENCES),
  sameNames,
  plainerKeys,
  plainerValues,
  renumbered('numbers of tables, duplications and loads', STEPS, STEP_REFERENCES, namesFromElsewhere),
  simplerFields,
  smallerDeviations,
  simplerSettings,
  timeInStead,
  fewerPairs('pairs of steps', STEPS, PAIRS_UP_TO),
];

/** All plans that are simpler than a frozen one, lazily. */
export function candidates(plan: Plan): Iterable<Plan> {
  return simplerThan(plan, PLAN_PASSES);
}
