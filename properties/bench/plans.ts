/**
 * The bench's plans: a fixed family (3 replica servers, tables of 2 partitions, 30 steps), drawn once from fixed seeds by the common
 * profile's own drawing, so that a change of the generator does not change what is measured; and families that grow in one size.
 */
import { PLAN_FORMAT, PLAN_VERSION, type Plan, type Step } from '../plan/types.ts';

export interface Size {
  readonly steps: number;
  readonly partitions: number;
  readonly servers: number;
}

export const COMMITTED_SIZE: Size = { steps: 30, partitions: 2, servers: 3 };

/** A plan of a size: puts, gets and checkpoints spread over the partitions, a crash and a cut in the middle; no chance. */
export function sizedPlan(size: Size, variant: number): Plan {
  const steps: Step[] = [
    { kind: 'createTable', afterMs: 0, cluster: 'source', as: 'table#1', name: 'table#1', partitionCount: size.partitions, replicaCount: Math.min(3, size.servers), envs: {}, successIfExist: false },
    { kind: 'wait', afterMs: 0, forMs: 50 },
  ];
  for (let i = 0; steps.length < size.steps; i += 1) steps.push(stepOf(i, variant, size));
  return {
    format: PLAN_FORMAT,
    version: PLAN_VERSION,
    clusters: [{ id: 'source', replicaServers: size.servers }],
    settings: {},
    steps,
    chance: { kind: 'frozen', deviations: [] },
  };
}

function stepOf(i: number, variant: number, size: Size): Step {
  const n = i + variant * 7;
  const hashKey = `k${String(n % (size.partitions * 8))}`;
  const at = { afterMs: 10, cluster: 'source', table: 'table#1' };
  if (i === 9) return { kind: 'crash', afterMs: 10, node: `node(source,${String(variant % size.servers)})`, downMs: 200, insideCall: 0 };
  if (n % 11 === 5) return { kind: 'emergencyCheckpoint', ...at, partitionIndex: n % size.partitions, minDecree: 0 };
  if (n % 5 === 3) return { kind: 'get', ...at, hashKey, sortKey: '' };
  return { kind: 'put', ...at, hashKey, sortKey: '', value: `v${String(n)}`, ttlSeconds: 0 };
}

/** The set that "plans per second" is measured on. */
export function benchPlans(): readonly Plan[] {
  return Array.from({ length: 40 }, (_, variant) => sizedPlan(COMMITTED_SIZE, variant));
}
