/** How a run handles two clusters: references to duplications, settings, dispatch of commands, load that outlasts faults. */
import { describe, expect, it } from 'vitest';
import type { Answer, Command } from '../../../model/commands.ts';
import { DEFAULT_PARTS, type Parts } from '../../../impl/parts.ts';
import type { Settings } from '../../../impl/settings.ts';
import { PLAN_FORMAT, PLAN_VERSION, type ClusterShape, type Plan, type Step } from '../../../properties/plan/types.ts';
import { runPlan, type RunResult } from '../../../properties/run/runPlan.ts';

const SOURCE: ClusterShape = { id: 'source', replicaServers: 1 };
const FOLLOWER: ClusterShape = { id: 'follower', replicaServers: 1, settings: { maxAllowedWriteSizeBytes: 700, workersReplication: 1 } };
const CREATE: Step = { kind: 'createTable', afterMs: 0, cluster: 'source', as: 'table#1', name: 'table#1', partitionCount: 1, replicaCount: 1, envs: {}, successIfExist: false };
const ADD: Step = { kind: 'addDup', afterMs: 300, cluster: 'source', as: 'dup#1', table: 'table#1', remoteCluster: 'follower', checkpoint: false, remoteTable: 'r1', remoteReplicaCount: 0 };
const of = (kind: string, dup = 'dup#1'): Step => ({ kind, afterMs: 300, cluster: 'source', table: 'table#1', dup });

function planOf(steps: readonly Step[], clusters: readonly ClusterShape[] = [SOURCE, FOLLOWER]): Plan {
  return { format: PLAN_FORMAT, version: PLAN_VERSION, clusters, settings: { duplicateLogBatchBytes: 100 }, steps, chance: { kind: 'frozen', deviations: [] } };
}

interface Exchange {
  readonly cluster: string;
  readonly command: Command;
  readonly answer: Answer | undefined;
}

/** The implementation alone: what the model says of duplications is another test's matter. */
function exchanges(result: RunResult): readonly Exchange[] {
  const trace = result.trace ?? [];
  const answers = new Map(trace.flatMap((e) => (e.kind === 'command.answered' ? [[e.id, e.answer] as const] : [])));
  return trace.flatMap((e) => (e.kind === 'command.invoked' ? [{ cluster: e.cluster, command: e.command, answer: answers.get(e.id) }] : []));
}
const run = (plan: Plan, parts: Parts = DEFAULT_PARTS): RunResult => runPlan(plan, { follow: false, trace: true, parts });

describe('a duplication reference', () => {
  const steps = [CREATE, ADD, of('pauseDup'), of('startDup', '7'), { ...of('setDupFailMode'), failMode: 'skip' }, { kind: 'shell', afterMs: 300, cluster: 'source', line: 'remove_dup t1 dup#1' }];

  it('stands for the id that the answer named, also in a shell line; a plain number for itself', () => {
    const all = exchanges(run(planOf(steps)));
    const added = all.find(({ command }) => command.kind === 'addDup')?.answer;
    if (added?.kind !== 'dupAdded') throw new Error('not added');
    expect(added).toMatchObject({ error: 'ERR_OK', remoteTable: 'r1', remoteReplicaCount: 1 });
    expect(added.dupId).toBeGreaterThan(1_000_000);
    const changes = all.filter(({ command }) => 'dupId' in command).map(({ command, answer }) => [command.kind, 'dupId' in command ? command.dupId : 0, answer?.error]);
    expect(changes).toEqual([
      ['pauseDup', added.dupId, 'ERR_OK'],
      ['startDup', 7, 'ERR_OBJECT_NOT_FOUND'],
      ['setDupFailMode', added.dupId, 'ERR_OK'],
      ['removeDup', added.dupId, 'ERR_OK'],
    ]);
  });

  it('stands for nothing when its step was left out or refused: what depends on it is a recorded no-op', () => {
    expect(run(planOf(steps.filter((s) => s !== ADD))).skippedSteps).toEqual([1, 3, 4]);
    const refused = run(planOf(steps.map((s) => (s === ADD ? { ...ADD, remoteCluster: 'nowhere' } : s))));
    expect(refused.skippedSteps).toEqual([2, 4, 5]);
    expect(exchanges(refused).find(({ command }) => command.kind === 'addDup')?.answer?.error).toBe('ERR_INVALID_PARAMETERS');
  });

  it('never leads to a cluster that the plan does not have', () => {
    const alone = run(planOf([...steps, { ...of('queryDup'), cluster: 'follower' }], [SOURCE]));
    expect(alone.skippedSteps).toEqual([2, 4, 5, 6]);
    expect(exchanges(alone).every(({ cluster }) => cluster === 'source')).toBe(true);
  });
});

it('each cluster runs with its own settings, and all know of all', () => {
  const seen = new Map<string, Settings>();
  class Watched extends DEFAULT_PARTS.AdminClient {
    constructor(...args: ConstructorParameters<typeof DEFAULT_PARTS.AdminClient>) {
      super(...args);
      seen.set(args[0].settings.dupClusterName, args[0].settings);
    }
  }
  run(planOf([CREATE]), { ...DEFAULT_PARTS, AdminClient: Watched });
  const [source, follower] = [seen.get('source'), seen.get('follower')];
  expect(source).toMatchObject({ dupClusterName: 'source', maxAllowedWriteSizeBytes: 1 << 20, duplicateLogBatchBytes: 100, dupMaxAllowedWriteSizeBytes: 700 });
  expect(follower).toMatchObject({ dupClusterName: 'follower', maxAllowedWriteSizeBytes: 700, duplicateLogBatchBytes: 100, dupMaxAllowedWriteSizeBytes: 1 << 20 });
  for (const settings of [source, follower]) {
    expect(settings?.pegasusClusters).toEqual({ source: ['source/meta-0'], follower: ['follower/meta-0'] });
    expect(settings?.duplicationGroup).toEqual({ source: 1, follower: 2 });
  }
  expect(follower?.poolWorkers.THREAD_POOL_REPLICATION).toBe(1);
});

describe('load of the long pool', () => {
  const occupied = (kind: string): number => {
    const steps = [
      CREATE,
      { kind, afterMs: 100, node: 'node(source,0)', tasks: 1, costMs: 10, forMs: 60_000 },
      { kind: 'crash', afterMs: 50, node: 'node(source,0)', downMs: 20, insideCall: 0 },
      { kind: 'wait', afterMs: 0, forMs: 500 },
    ];
    return runPlan(planOf(steps, [SOURCE])).effects.get('pool.occupied') ?? 0;
  };

  it('goes on in the next process and after heal, unlike a fault', () => {
    expect(occupied('poolBusy')).toBeGreaterThan(2);
    expect(occupied('poolBusy')).toBeLessThan(10);
    expect(occupied('poolLoad')).toBeGreaterThan(80);
  });
});
