/** Which parts of a plan matter: plans of which it is known by hand. */
import { describe, expect, it } from 'vitest';
import { partsWith } from '../../../properties/defects/types.ts';
import { explain } from '../../../properties/explain/explain.ts';
import { tryParts, type Budget } from '../../../properties/explain/marks.ts';
import { watchRun } from '../../../properties/explain/watched.ts';
import type { Plan, Step } from '../../../properties/plan/types.ts';
import { runPlan } from '../../../properties/run/runPlan.ts';
import { defect, explained, markLines, planIn } from './fixture.ts';

/** A secondary that acknowledges before it has logged: any write to two members shows it. What else is here does not matter. */
const PADDED: Plan = {
  ...planIn('shrunk', 'ack-before-log'),
  clusters: [{ id: 'source', replicaServers: 2 }, { id: 'follower', replicaServers: 1, settings: { workersLocalApp: 1 } }],
  settings: { checkpointIntervalMs: 1000, batchWriteDisabled: 0 },
  steps: [...planIn('shrunk', 'ack-before-log').steps, { kind: 'get', afterMs: 20, cluster: 'source', table: 'table#1', hashKey: 'b', sortKey: 'z' }],
};

describe('marks', () => {
  const padded = explained(PADDED, 'ack-before-log');

  it('are exact: what the failure needs, and what may be anything', () => {
    expect(markLines(padded.marks)).toEqual([
      '* cluster source (without it)',
      // One server alone refuses the table: that says no more than leaving out its step.
      '· source: 2 replica servers',
      '· cluster follower',
      '· follower: 1 replica servers',
      '· workersLocalApp=1',
      '· checkpointIntervalMs=1000',
      '* create t1 -p 1 -r 2 -f (without it)',
      '· 0 ms after what is before it',
      // Of so many the groups are not full yet when the write comes.
      '* partitionCount 1 (1001 instead of 1)',
      '* replicaCount 2 (1 instead of 2)',
      '· successIfExist false',
      '* use t1 ; multi_set b z v3 (without it)',
      '· 1 ms after what is before it',
      '· hashKey "b"',
      '· sortKeys ["z"]',
      '· values ["v3"]',
      '· ttlSeconds 0',
      '· use t1 ; get b z',
      '· 20 ms after what is before it',
      '· hashKey "b"',
      '· sortKey "z"',
    ]);
  });

  it('count what was run, and no value that is refused: a table of no partitions', () => {
    const { marks, runs } = padded;
    const triedInAll = marks.reduce((sum, { tried }) => sum + tried, 0);
    // The failing run, and values that are none: they were run, and count for no mark.
    expect(runs).toBeGreaterThan(triedInAll);
    const partitionCount = marks.find(({ text }) => text === 'partitionCount 1');
    expect(partitionCount).toMatchObject({ mark: 'necessary', passesWith: '1001 instead of 1', breaksWith: '' });
    expect(partitionCount?.tried).toBeGreaterThanOrEqual(2);
  });

  it('tell a deviation, and how large it is, apart', () => {
    const plan: Plan = {
      ...planIn('shrunk', 'ack-before-log'),
      chance: { kind: 'frozen', deviations: [{ cause: 'link.delay|source/client-0>source/meta-0|RPC_CM_CREATE_APP||0|1', value: 200 }] },
    };
    const lines = markLines(explained(plan, 'ack-before-log', { maxRuns: 16 }).marks);
    expect(lines.slice(-2)).toEqual(['· link.delay by 200 us: source/client-0>source/meta-0 RPC_CM_CREATE_APP', '· 200 us']);
  });

  it('a deviation without which nothing fails is necessary', () => {
    const lines = markLines(explained(planIn('shrunk', 'reproposal-forgets-last'), 'reproposal-forgets-last', { maxRuns: 6 }).marks);
    expect(lines).toContain('* disk.write-error: source/replica-1 create log of 1.0 (without it)');
  });

  it('what only changes into another failure is necessary, and says into which', () => {
    const plan = planIn('shrunk', 'ack-before-log');
    // The write shows one defect; without it the restart behind it shows the other one.
    const restarted: Plan = { ...plan, steps: [...plan.steps, { kind: 'restart', afterMs: 3000, node: 'node(source,0)', downMs: 100 }] };
    const { marks, nearestPass } = explained(restarted, 'ack-before-log + restarted-primary-keeps-ballot', { maxRuns: 24 });
    const lines = markLines(marks);
    expect(lines).toContain('* use t1 ; multi_set b z v3 [without it: repl.S2/replication/one-primary-per-ballot]');
    expect(lines).toContain('· restart node(source,0), down for 100 ms');
    expect(lines).toContain('* replicaCount 2 [1 instead of 2: repl.S2/replication/one-primary-per-ballot]');
    expect(nearestPass?.part).toEqual({ kind: 'step', step: 0 });
  });

  it('a value whose step does nothing is no value', () => {
    const plan = planIn('shrunk', 'ack-before-log');
    const [create] = plan.steps;
    if (create === undefined) throw new Error('no step');
    // Another table, made only behind the write: the write cannot go there.
    const later: Plan = { ...plan, steps: [...plan.steps, { ...create, afterMs: 50, as: 'table#2', name: 'table#2' }] };
    const texts = explained(later, 'ack-before-log', { maxRuns: 24 }).marks.map(({ text }) => text);
    expect(texts).toContain('hashKey "b"');
    expect(texts).not.toContain('table "table#1"');
    // One that is made before it is another value, and does as well.
    const both: Plan = { ...plan, steps: [create, { ...create, as: 'table#2', name: 'table#2' }, ...plan.steps.slice(1)] };
    expect(markLines(explained(both, 'ack-before-log', { maxRuns: 24 }).marks)).toContain('· table "table#1"');
  });
});

describe('the budget', () => {
  const plan = planIn('shrunk', 'ack-before-log');

  it('goes to the boldest changes first; what it did not reach is untried', () => {
    const { marks, runs } = explained(plan, 'ack-before-log', { maxRuns: 3 });
    expect(runs).toBe(3);
    expect(marks.filter(({ mark }) => mark !== 'untried').map(({ part }) => part)).toEqual([{ kind: 'step', step: 0 }, { kind: 'step', step: 1 }]);
    expect(marks.filter(({ mark }) => mark === 'untried').every(({ tried, passesWith }) => tried === 0 && passesWith === '')).toBe(true);
  });

  it('ends when it is told to', () => {
    let asked = 0;
    const { runs } = explained(plan, 'ack-before-log', { stopped: () => (asked += 1) > 4 });
    expect(runs).toBe(5);
  });

  it('is not touched by a plan that passes', () => {
    expect(explain(plan, runPlan(plan))).toEqual({ marks: [], nearestPass: undefined, waits: [], runs: 0 });
  });
});

describe('what is explained', () => {
  it('is always the same', () => {
    const plan = planIn('shrunk', 'tombstone-seen-through');
    const twice = [1, 2].map(() => explained(plan, 'tombstone-seen-through', { maxRuns: 12 }));
    expect(twice[0]).toEqual(twice[1]);
  });

  it('is the property that was asked for', () => {
    const plan = planIn('seeds', '2156');
    const { marks, waits } = explained(plan, 'bl-ingest-stuck-throttled', { property: 'L3', maxRuns: 9 });
    expect(waits[0]?.kind).toBe('obligation');
    expect(markLines(marks)).toContain('* use t1 ; set hd s v1 (without it)');
  });
});

describe('a value with which a failure is excused', () => {
  const AT = { cluster: 'source', table: 'table#1' };
  const power = (afterMs: number, node: number): Step => ({ kind: 'powerLoss', afterMs, node: `node(source,${String(node)})`, downMs: 100, tail: 'cut', keepPermille: 1000 });
  const plan: Plan = {
    ...planIn('shrunk', 'ack-before-log'),
    clusters: [{ id: 'source', replicaServers: 1 }],
    settings: { mutation2pcMinReplicaCount: 1 },
    steps: [
      { kind: 'createTable', afterMs: 0, cluster: 'source', as: 'table#1', name: 'table#1', partitionCount: 1, replicaCount: 1, envs: {}, successIfExist: false },
      { kind: 'put', afterMs: 500, ...AT, hashKey: 'a', sortKey: '', value: 'v1', ttlSeconds: 0 },
      power(100, 0),
    ],
  };

  it('is no value: of how much a power loss leaves, only what breaks by itself counts', () => {
    // With less kept the row is gone, which the power loss excuses; with all kept the defect shows, however the tail is cut.
    const lines = markLines(explained(plan, 'reproposal-loses-timestamp').marks);
    expect(lines.filter((line) => line.includes('keepPermille'))).toEqual([]);
    expect(lines).toContain('· tail "cut"');
    expect(lines).toContain('* power loss at node(source,0) (unsynced tails cut, 1000 per mille kept), back after 100 ms (without it)');
  });
});

describe('a run that is cut off', () => {
  const plan = planIn('shrunk', 'ack-before-log');
  const failing = watchRun(plan, { parts: partsWith([defect('ack-before-log')]) });
  const failedAtUs = failing.result.verdict.kind === 'pass' ? -1 : failing.result.verdict.atUs;
  /** Every other plan is cut off then. */
  const cutAt = (atUs: number): Budget => ({
    spent: () => false,
    run: () => ({ ...failing, result: { ...failing.result, verdict: { kind: 'limit', limit: 'dispatches', atUs, blame: { kind: 'inconclusive', reason: 'cut off' } } } }),
  });

  it('behind the moment of the failure may pass: nothing is called free', () => {
    const { marks } = tryParts(plan, failing, cutAt(failedAtUs + 1));
    expect(marks.length).toBeGreaterThan(5);
    expect(new Set(marks.map(({ mark }) => mark))).toEqual(new Set(['untried']));
  });

  it('before that says nothing', () => {
    expect(tryParts(plan, failing, cutAt(failedAtUs)).marks).toEqual([]);
  });
});
