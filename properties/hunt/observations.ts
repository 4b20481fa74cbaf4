/**
 * Runs as lines of JSON in the schema of Hypothesis's observations (https://hypothesis.readthedocs.io, "observability"), which Tyche
 * and other tools show as distributions: how large plans are, what was in them, how they ended. Every field of the schema is there,
 * also where nothing is known.
 */
import { planHeader, planLines } from '../plan/text.ts';
import type { Plan } from '../plan/types.ts';
import type { RunResult } from '../run/runPlan.ts';
import { causeOf, isFinding, verdictSentence } from '../run/verdict.ts';

export interface Observation {
  readonly type: 'test_case';
  /** `gave_up`: a fault beyond the budget excuses the failure, so that the run says nothing. */
  readonly status: 'passed' | 'failed' | 'gave_up';
  /** '' when it passed. */
  readonly status_reason: string;
  readonly representation: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly how_generated: string;
  readonly features: Readonly<Record<string, string | number | boolean>>;
  /** We have no line coverage. */
  readonly coverage: null;
  /** Seconds. */
  readonly timing: Readonly<Record<string, number>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly property: string;
  /** Unix time at which the campaign began, seconds: it groups the lines. */
  readonly run_start: number;
}

/** Where a run came from. */
export interface Origin {
  readonly seed: number;
  /** In the search of that seed, from 1. */
  readonly run: number;
  readonly runStart: number;
  readonly defects: readonly string[];
  readonly subsystem: string | undefined;
  readonly property: string | undefined;
}

export function observationOf(plan: Plan, result: RunResult, seconds: number, origin: Origin): Observation {
  const { verdict, digest, dispatches, virtualMs, effects, skippedSteps, deviations } = result;
  const { seed, run, defects, subsystem, property } = origin;
  const kinds = [...new Set(plan.steps.map(({ kind }) => kind))].sort();
  return {
    type: 'test_case',
    status: verdict.kind === 'pass' ? 'passed' : isFinding(verdict) ? 'failed' : 'gave_up',
    status_reason: verdict.kind === 'pass' ? '' : verdictSentence(verdict),
    representation: [planHeader(plan), ...planLines(plan)].join('\n'),
    arguments: { clusters: plan.clusters, settings: plan.settings, steps: plan.steps.length, chance: plan.chance.kind },
    how_generated: `run ${String(run)} of seed ${String(seed)}`,
    features: {
      steps: plan.steps.length,
      clusters: plan.clusters.length,
      servers: plan.clusters.reduce((sum, { replicaServers }) => sum + replicaServers, 0),
      deviations: deviations.length,
      'skipped steps': skippedSteps.length,
      dispatches,
      'virtual seconds': virtualMs / 1000,
      ...Object.fromEntries(kinds.map((kind) => [`step ${kind}`, true])),
      ...Object.fromEntries([...effects].map(([fault, times]) => [`effect ${fault}`, times])),
    },
    coverage: null,
    timing: { 'execute:test': seconds },
    metadata: { digest, cause: causeOf(verdict), seed, run, defects },
    property: ['pegasus-check', ...(subsystem === undefined ? [] : [subsystem]), ...(property === undefined ? [] : [property]), ...defects].join(' '),
    run_start: origin.runStart,
  };
}
