/**
 * Simpler plans than a given frozen one, the boldest first: a whole cluster, runs of steps, single steps, deviations, cluster
 * size, settings, field values, times. Every candidate is strictly smaller in `sizeOf`, so that shrinking ends.
 */
import { simplerSettings } from '../plan/settings.ts';
import { towards } from '../plan/spec.ts';
import { specOf } from '../plan/steps/index.ts';
import type { ClusterShape, FrozenChance, Plan, Step } from '../plan/types.ts';

function withDeviations(plan: Plan, deviations: FrozenChance['deviations']): Plan {
  return { ...plan, chance: { kind: 'frozen', deviations } };
}

/** Chunks of a list to leave out, from halves down to single entries. */
function* without<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let size = items.length; size >= 1; size = Math.floor(size / 2)) {
    for (let from = items.length - size; from >= 0; from -= size) {
      yield [...items.slice(0, from), ...items.slice(from + size)];
    }
  }
}

function* fewerSteps(plan: Plan): Generator<Plan> {
  for (const steps of without(plan.steps)) {
    yield { ...plan, steps };
  }
  // A removed step may have carried the time that the rest needs: leave the step out and keep its time.
  for (let i = plan.steps.length - 1; i >= 0; i -= 1) {
    const step = plan.steps[i];
    const next = plan.steps[i + 1];
    if (step === undefined || next === undefined) continue;
    const carried = step.afterMs + (step.kind === 'wait' && typeof step['forMs'] === 'number' ? step['forMs'] : 0);
    if (carried === 0) continue;
    const merged: Step = { ...next, afterMs: Math.min(600_000, next.afterMs + carried) };
    yield { ...plan, steps: [...plan.steps.slice(0, i), merged, ...plan.steps.slice(i + 2)] };
  }
}

function* fewerDeviations(plan: Plan): Generator<Plan> {
  if (plan.chance.kind !== 'frozen') return;
  for (const deviations of without(plan.chance.deviations)) yield withDeviations(plan, deviations);
}

/** A plan of one cluster says more than one of two: the cluster goes with all that is done in it, or only duplication goes. */
function* fewerClusters(plan: Plan): Generator<Plan> {
  if (plan.clusters.length < 2) return;
  for (let i = plan.clusters.length - 1; i >= 0; i -= 1) {
    const gone = plan.clusters[i]?.id ?? '';
    if (plan.preload?.cluster === gone) continue;
    const clusters = plan.clusters.filter((_, j) => j !== i);
    yield { ...plan, clusters, steps: plan.steps.filter((step) => !isAbout(step, gone)) };
    yield { ...plan, clusters };
  }
  const steps = plan.steps.filter((step) => specOf(step.kind)?.needsFollower !== true);
  if (steps.length < plan.steps.length) yield { ...plan, steps };
}

function isAbout(step: Step, cluster: string): boolean {
  if (step['cluster'] === cluster || step['remoteCluster'] === cluster) return true;
  return Object.values(step).some((value) => typeof value === 'string' && /^(?:node|meta)\(/.test(value) && value.includes(`(${cluster},`));
}

function* simplerClusters(plan: Plan): Generator<Plan> {
  for (let i = 0; i < plan.clusters.length; i += 1) {
    const cluster = plan.clusters[i];
    if (cluster?.settings === undefined) continue;
    const { settings, ...bare } = cluster;
    const put = (one: ClusterShape): Plan => ({ ...plan, clusters: plan.clusters.map((c, j) => (j === i ? one : c)) });
    yield put(bare);
    for (const simpler of simplerSettings(settings)) if (Object.keys(simpler).length > 0) yield put({ ...bare, settings: simpler });
  }
}

function* smallerClusters(plan: Plan): Generator<Plan> {
  for (let i = 0; i < plan.clusters.length; i += 1) {
    const cluster = plan.clusters[i];
    if (cluster === undefined) continue;
    for (const replicaServers of towards(1, cluster.replicaServers)) {
      yield { ...plan, clusters: plan.clusters.map((c, j) => (j === i ? { ...c, replicaServers } : c)) };
    }
  }
}

function* simplerSteps(plan: Plan): Generator<Plan> {
  for (let i = 0; i < plan.steps.length; i += 1) {
    const step = plan.steps[i];
    if (step === undefined) continue;
    for (const simpler of simplerStep(step)) yield { ...plan, steps: [...plan.steps.slice(0, i), simpler, ...plan.steps.slice(i + 1)] };
  }
}

function* simplerStep(step: Step): Generator<Step> {
  for (const afterMs of towards(0, step.afterMs)) yield { ...step, afterMs };
  const spec = specOf(step.kind);
  if (spec === undefined) return;
  for (const [name, field] of Object.entries(spec.fields)) {
    const value = step[name];
    if (value === undefined) continue;
    for (const simpler of field.simpler(value)) yield { ...step, [name]: simpler };
  }
}

function* simplerDeviations(plan: Plan): Generator<Plan> {
  if (plan.chance.kind !== 'frozen') return;
  const { deviations } = plan.chance;
  for (let i = 0; i < deviations.length; i += 1) {
    const deviation = deviations[i];
    if (deviation === undefined || deviation.value === 1) continue;
    for (const value of towards(1, deviation.value)) {
      yield withDeviations(plan, deviations.map((d, j) => (j === i ? { ...d, value } : d)));
    }
  }
}

/** All simpler plans, lazily. */
export function* candidates(plan: Plan): Generator<Plan> {
  yield* fewerClusters(plan);
  yield* fewerSteps(plan);
  yield* fewerDeviations(plan);
  yield* smallerClusters(plan);
  yield* simplerClusters(plan);
  for (const settings of simplerSettings(plan.settings)) yield { ...plan, settings };
  yield* simplerSteps(plan);
  yield* simplerDeviations(plan);
}
