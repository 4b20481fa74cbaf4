/** What moving members cost: whole plans with three clusters, what a learner takes in, and a cluster of many servers and partitions. */
import type { Plan } from '../plan/types.ts';
import { runPlan } from '../run/runPlan.ts';
import { cpuSeconds, growthLine, median, medianRate, slope, slopeOfSeconds, type BenchLine } from './measure.ts';
import { CACHED_RECORDS, CLUSTER_FOR_MS, CLUSTER_FROM_MS, clusterPlan, learnPlan, TOPOLOGIES, tablesPlan, topologyPlan } from './memberPlans.ts';
import type { ClusterSize, LearnedBy } from './memberPlans.ts';
import { LearnStretch, measure, TimeStretch, type Measured } from './stretch.ts';

const MIB = 1 << 20;
/** How many of each topology. */
const PLANS = 4;
const LEARNED_ROWS = 10_000;
/** As many replicas as have so many rows in their prepare lists. */
const CACHED_ROWS = 64 * CACHED_RECORDS;
const CLUSTER: ClusterSize = { servers: 50, partitions: 1000 };

// ---------------------------------------------------------------- three clusters

/** Runs a plan that must pass. */
export function passing(plan: Plan): void {
  const { verdict } = runPlan(plan);
  if (verdict.kind !== 'pass') throw new Error(`a plan of the bench ends as ${verdict.kind}`);
}

export function topologyLines(rounds: number, each: number = PLANS): readonly BenchLine[] {
  return TOPOLOGIES.map((topology) => {
    const plans = Array.from({ length: each }, (_, variant) => topologyPlan(topology, variant));
    plans.forEach(passing);
    const value = medianRate(rounds, () => plans.length / cpuSeconds(() => plans.forEach((plan) => void runPlan(plan))));
    return { name: `three clusters, ${topology}: whole plans (8 servers, 30 steps)`, value, unit: 'plans/CPU s' };
  });
}

// ---------------------------------------------------------------- a learner

export interface Learned {
  readonly replicas: number;
  readonly bytes: number;
  readonly cpuSeconds: number;
}

/** From a learner's first question until the last replica is there. All of them are taught as the plan means it. */
export function learn(by: LearnedBy, rows: number, follow: boolean): Learned {
  const stretch = new LearnStretch();
  const { cpuSeconds: took } = measure(learnPlan(by, rows), stretch, follow);
  const { firstAnswers, ready, bytes } = stretch;
  for (const [gpid, type] of firstAnswers) if (type !== by) throw new Error(`${gpid} was to learn by ${by}, and learned by ${type}`);
  return { replicas: ready, bytes, cpuSeconds: took };
}

function learnedLines(by: LearnedBy, rows: number, of: string, rounds: number): readonly BenchLine[] {
  learn(by, rows, true);
  const runs = Array.from({ length: rounds }, () => learn(by, rows, true));
  const alone = Array.from({ length: rounds }, () => learn(by, rows, false));
  return [
    { name: `learning: ${by}, ${of}`, value: median(runs.map((run) => rows / run.cpuSeconds)), unit: 'rows/CPU s' },
    { name: `learning: ${by}, without model and audits`, value: median(alone.map((run) => rows / run.cpuSeconds)), unit: 'rows/CPU s' },
    { name: `learning: ${by}, what travels, without model and audits`, value: median(alone.map((run) => run.bytes / MIB / run.cpuSeconds)), unit: 'MiB/CPU s' },
  ];
}

export function learningLines(rounds: number): readonly BenchLine[] {
  const log = (factor: number) => () => learn('LT_LOG', 2500 * factor, true).cpuSeconds;
  return [
    ...learnedLines('LT_CACHE', CACHED_ROWS, '64 replicas of 100 rows', rounds),
    ...learnedLines('LT_LOG', LEARNED_ROWS, 'a replica of 10,000 rows', rounds),
    ...learnedLines('LT_APP', LEARNED_ROWS, 'a replica of 10,000 rows', rounds),
    growthLine('growth with records in a log that is learned (2,500 to 10,000)', slopeOfSeconds(log, 4, rounds)),
  ];
}

// ---------------------------------------------------------------- a large cluster

/** A virtual minute of a cluster of that size, its tables being there. */
export function clusterMinute(size: ClusterSize, follow: boolean): Measured {
  return measure(clusterPlan(size), new TimeStretch(CLUSTER_FROM_MS, CLUSTER_FOR_MS), follow);
}

function minuteLines(size: ClusterSize, follow: boolean, rounds: number): readonly BenchLine[] {
  const runs = Array.from({ length: rounds }, () => clusterMinute(size, follow));
  const of = (pick: (run: Measured) => number): number => median(runs.map(pick));
  const name = `${String(size.servers)} servers, ${String(size.partitions)} partitions of 3${follow ? '' : ', without model and audits'}`;
  return [
    { name: `${name}: time (a minute, scaled)`, value: of((run) => (run.cpuSeconds * 3600) / run.virtualSeconds), unit: 'CPU s/virtual hour' },
    { name: `${name}: dispatches`, value: of((run) => run.dispatches / run.cpuSeconds), unit: 'dispatches/CPU s' },
    { name: `${name}: heap in use`, value: of((run) => run.heapBytes / MIB), unit: 'MiB' },
    { name: `${name}: heap gained`, value: of((run) => (run.heapGrownBytes / MIB) * (60 / run.virtualSeconds)), unit: 'MiB/virtual min' },
  ];
}

/** How a virtual minute grows with one size of a cluster, over two doublings; of a warm process. */
function minuteGrowth(what: string, sizeOf: (factor: number) => ClusterSize): BenchLine {
  const exponent = slopeOfSeconds((factor) => () => clusterMinute(sizeOf(factor), true).cpuSeconds, 4, 1);
  return growthLine(what, exponent);
}

/** @param size of the largest cluster; growth is measured up to half of it. One round of each: a run takes half a minute. */
export function clusterLines(size: ClusterSize = CLUSTER, rounds = 1): readonly BenchLine[] {
  const [servers, partitions] = [Math.ceil(size.servers / 8), Math.ceil(size.partitions / 8)];
  return [
    ...minuteLines(size, true, rounds),
    ...minuteLines(size, false, rounds),
    minuteGrowth(`growth with partitions (${String(partitions)} to ${String(4 * partitions)} on ${String(4 * servers)} servers)`, (f) => ({ servers: 4 * servers, partitions: f * partitions })),
    minuteGrowth(`growth with servers (${String(servers)} to ${String(4 * servers)} with ${String(4 * partitions)} partitions)`, (f) => ({ servers: f * servers, partitions: 4 * partitions })),
  ];
}

/** With the number of tables, over four doublings. */
export function tableGrowthLine(rounds: number): BenchLine {
  const grown = (factor: number) => {
    const plan = tablesPlan(4 * factor);
    return () => void runPlan(plan);
  };
  return growthLine('growth with tables (4 to 64)', slope(grown, 16, rounds));
}
