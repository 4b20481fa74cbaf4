/** The bench's plans with two clusters: whole lives of a duplication, and one that only ships, which grows in one size. */
import { PLAN_FORMAT, PLAN_VERSION, type Plan, type Step } from '../plan/types.ts';

const SOURCE = { cluster: 'source', table: 'table#1' };
const DUP = { ...SOURCE, dup: 'dup#1' };

function planOf(steps: readonly Step[], settings: Readonly<Record<string, number>> = {}): Plan {
  return {
    format: PLAN_FORMAT,
    version: PLAN_VERSION,
    clusters: [
      { id: 'source', replicaServers: 3 },
      { id: 'follower', replicaServers: 2 },
    ],
    settings: { mutation2pcMinReplicaCount: 1, groupCheckIntervalMs: 8000, ...settings },
    steps,
    chance: { kind: 'frozen', deviations: [] },
  };
}

function create(cluster: string, partitionCount: number, replicaCount: number): Step {
  return { kind: 'createTable', afterMs: 0, cluster, as: 'table#1', name: 'table#1', partitionCount, replicaCount, envs: {}, successIfExist: false };
}

function add(afterMs: number, checkpoint: boolean): Step {
  return { kind: 'addDup', afterMs, as: 'dup#1', ...SOURCE, remoteCluster: 'follower', checkpoint, remoteTable: '', remoteReplicaCount: checkpoint ? 2 : 0 };
}

function write(i: number, afterMs: number): Step {
  return { kind: 'put', afterMs, ...SOURCE, hashKey: `k${String(i % 16)}`, sortKey: '', value: `v${String(i)}`, ttlSeconds: 0 };
}

function writes(from: number, count: number, afterMs: number): readonly Step[] {
  return Array.from({ length: count }, (_, i) => write(from + i, afterMs));
}

/** 3 + 2 servers, 2 partitions, 30 steps: a checkpoint is copied, writes are shipped, a pause, a crash of a server on either side. */
export function lifePlan(variant: number): Plan {
  return planOf([
    create('source', 2, 3),
    { kind: 'wait', afterMs: 0, forMs: 400 },
    ...writes(variant, 5, 10),
    add(0, true),
    { kind: 'wait', afterMs: 0, forMs: 5000 },
    ...writes(variant + 5, 6, variant % 2 === 0 ? 0 : 10),
    { kind: 'crash', afterMs: 100, node: `node(${variant % 2 === 0 ? 'source' : 'follower'},${String(variant % 2)})`, downMs: 500, insideCall: 0 },
    { kind: 'pauseDup', afterMs: 100, ...DUP },
    ...writes(variant + 11, 6, 10),
    { kind: 'startDup', afterMs: 500, ...DUP },
    ...writes(variant + 17, 4, 1),
    { kind: 'queryDup', afterMs: 10, ...SOURCE },
    { kind: 'get', afterMs: 100, cluster: 'follower', table: 'table#1', hashKey: 'k1', sortKey: '' },
  ]);
}

/** What is written between two moments of rest in a shipping plan: as much as fits into the prepare list. */
const WAVE = 8;

/** A log-only duplication from an empty table on: writes in waves, all of them shipped at the end. */
export function shippingPlan(size: { readonly writes: number; readonly partitions: number }): Plan {
  const steps: Step[] = [create('source', size.partitions, 3), create('follower', size.partitions, 2), add(500, false), { kind: 'wait', afterMs: 0, forMs: 1500 }];
  for (let i = 0; i < size.writes; i += WAVE) steps.push(...writes(i, Math.min(WAVE, size.writes - i), 1), { kind: 'wait', afterMs: 0, forMs: 20 });
  return planOf(steps);
}

/**
 * As many writes while it is paused, which are then shipped in one go out of a log of that length; the log of the first half
 * is read behind the confirmed decree only.
 */
export function backlogPlan(count: number): Plan {
  const steps: Step[] = [create('source', 1, 3), create('follower', 1, 2), add(500, false), { kind: 'wait', afterMs: 0, forMs: 1500 }, ...writes(0, 2, 1)];
  steps.push({ kind: 'pauseDup', afterMs: 500, ...DUP }, { kind: 'wait', afterMs: 0, forMs: 1500 });
  for (let i = 0; i < count; i += WAVE) steps.push(...writes(i + 2, Math.min(WAVE, count - i), 1), { kind: 'wait', afterMs: 0, forMs: 20 });
  steps.push({ kind: 'startDup', afterMs: 100, ...DUP });
  return planOf(steps);
}
