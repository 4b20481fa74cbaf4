/**
 * What promises take for granted. The profiles draw settings that keep these relations; a plan from a file, or one whose settings were
 * changed to explain it, need not. A promise that a setting voids is not tested by such a run: breaking it shows nothing.
 */
import { settingsOfClusters } from '../plan/settings.ts';
import type { Plan } from '../plan/types.ts';
import { largestWriteBytes } from '../plan/writeSizes.ts';
import type { Settings } from '../../impl/settings.ts';

interface Premise {
  /** Registry ids of the promises that rest on it. */
  readonly properties: ReadonlySet<string>;
  /** What is wrong in one cluster, as a reason; undefined: the premise holds. */
  broken(settings: Settings, plan: Plan, cluster: string): string | undefined;
}

const PREMISES: readonly Premise[] = [
  {
    // An operator keeps what is duplicated below what the follower takes: it would refuse one write for ever, and all behind it wait.
    properties: new Set(['L2', 'dup.L2', 'dup.L4', 'dup.S11']),
    broken: ({ maxAllowedWriteSizeBytes: taken }, { steps }, cluster) => {
      if (!steps.some((step) => step['remoteCluster'] === cluster)) return undefined;
      const largest = largestWriteBytes(steps);
      if (taken === 0 || taken >= largest) return undefined;
      return `${cluster} takes writes of at most ${String(taken)} bytes (maxAllowedWriteSizeBytes), and the plan has larger ones (up to ${String(largest)} on their way)`;
    },
  },
  {
    // While a table ingests its polls come faster, not slower (bl 2); the bounds count the slower ones.
    properties: new Set(['L3']),
    broken: ({ bulkLoadIngestRequestIntervalMs: fast, bulkLoadRequestIntervalMs: slow }) =>
      fast <= slow ? undefined : `polls while ingesting (bulkLoadIngestRequestIntervalMs ${String(fast)}) are rarer than others (bulkLoadRequestIntervalMs ${String(slow)})`,
  },
  {
    // Who gives up sooner than one prepare may take calls what is served unserved.
    properties: new Set(['repl.L7']),
    broken: ({ clientTimeoutMs, prepareTimeoutMs }) =>
      clientTimeoutMs >= prepareTimeoutMs ? undefined : `clients wait for ${String(clientTimeoutMs)} ms (clientTimeoutMs), less than one prepare may take (prepareTimeoutMs ${String(prepareTimeoutMs)})`,
  },
];

/** The reason why a run of this plan says nothing about a promise; undefined: it does. */
export function voidedBy(plan: Plan, property: string): string | undefined {
  const each = settingsOfClusters(plan.settings, plan.clusters.map((c) => c.settings));
  for (const premise of PREMISES) {
    if (!premise.properties.has(property)) continue;
    for (const [i, { id }] of plan.clusters.entries()) {
      const settings = each[i];
      const reason = settings === undefined ? undefined : premise.broken(settings, plan, id);
      if (reason !== undefined) return reason;
    }
  }
  return undefined;
}
