/** Whose fault a verdict is: each kind of blame, from runs that end so. */
import { describe, expect, it } from 'vitest';
import { DEFECTS } from '../../../properties/defects/index.ts';
import { partsWith } from '../../../properties/defects/types.ts';
import { PLAN_FORMAT, PLAN_VERSION, type Plan, type Step } from '../../../properties/plan/types.ts';
import { runPlan } from '../../../properties/run/runPlan.ts';
import { blameText, causeOf, isFinding, verdictSentence, type Blame, type Verdict } from '../../../properties/run/verdict.ts';
import { spinning } from './spinning.ts';

const AT = { cluster: 'source', table: 'table#1' };
const CREATE: Step = { kind: 'createTable', afterMs: 0, cluster: 'source', as: 'table#1', name: 'table#1', partitionCount: 1, replicaCount: 3, envs: {}, successIfExist: false };
const put = (value: string, afterMs = 500): Step => ({ kind: 'put', afterMs, ...AT, hashKey: 'a', sortKey: '', value, ttlSeconds: 0 });
const DUPLICATE: Step = { kind: 'addDup', afterMs: 500, cluster: 'source', as: 'dup#1', table: 'table#1', remoteCluster: 'follower', checkpoint: true, remoteTable: '', remoteReplicaCount: 0 };
const LOAD: readonly Step[] = [
  { kind: 'prepareLoad', afterMs: 500, ...AT, provider: 'local', root: 'r1', folder: 'source', rows: ['a|y|b1'], files: 'one', variant: 'good', nth: 0 },
  { kind: 'startBulkLoad', afterMs: 0, ...AT, folder: 'source', provider: 'local', root: 'r1', ingestBehind: false },
];

function planOf(steps: readonly Step[], settings: Readonly<Record<string, number>> = {}, follower?: Readonly<Record<string, number>>): Plan {
  const clusters = [{ id: 'source', replicaServers: 3 }, ...(follower === undefined ? [] : [{ id: 'follower', replicaServers: 3, settings: follower }])];
  return { format: PLAN_FORMAT, version: PLAN_VERSION, clusters, settings, steps, chance: { kind: 'frozen', deviations: [] } };
}

function blameOf(verdict: Verdict): Blame {
  if (verdict.kind === 'pass') throw new Error('passes');
  return verdict.blame;
}

describe('bug', () => {
  it('is what no fault excuses, and nothing is said behind the sentence', () => {
    const plan = planOf([CREATE, put('v1')]);
    const { verdict } = runPlan(plan, { parts: partsWith(DEFECTS.filter((d) => d.id === 'ack-before-log')) });
    expect(verdict).toMatchObject({ kind: 'violation', property: 'S1', blame: { kind: 'bug' }, cluster: 'source', gpid: '1.0' });
    expect(isFinding(verdict)).toBe(true);
    expect(verdictSentence(verdict)).toMatch(/got ballot \d+, not logged$/);
  });
});

describe('excusable', () => {
  const dead = ['source,0', 'source,1', 'source,2'].map((at): Step => ({ kind: 'powerLoss', afterMs: 1, node: `node(${at})`, downMs: 100, tail: 'cut', keepPermille: 0 }));

  it('names the fault that took every copy', () => {
    const { verdict } = runPlan(planOf([CREATE, put('v1'), ...dead]));
    expect(verdict).toMatchObject({ kind: 'violation', property: 'S2', blame: { kind: 'excusable', fault: 'power-loss at source/replica-0 1.0.pegasus/plog/log.1.0 cut 0' } });
    expect(verdictSentence(verdict)).toMatch(/ \(excusable: power-loss at source\/replica-0 .*\)$/);
    expect(isFinding(verdict)).toBe(false);
  });
});

describe('inconclusive', () => {
  it.each([
    ['L2', 'a write that the follower never takes', planOf([CREATE, DUPLICATE, put('a value of more than fifty bytes, so that nobody there takes it', 5000)], {}, { maxAllowedWriteSizeBytes: 50 }), /^inconclusive: follower takes writes of at most 50 bytes/],
    ['L3', 'polls that are rarer while ingesting', planOf([CREATE, ...LOAD, put('v1', 5000)], { bulkLoadIngestRequestIntervalMs: 5000 }), /^inconclusive: polls while ingesting .* 5000.* 500/],
    ['repl.L7', 'clients that give up at once', planOf([CREATE, put('v0'), ...LOAD, put('v1', 5000)], { clientTimeoutMs: 100 }), /^inconclusive: clients wait for 100 ms/],
  ])('%s is void by %s', (property, _, plan, reason) => {
    const { verdict } = runPlan(plan);
    expect(verdict).toMatchObject({ property, blame: { kind: 'inconclusive' } });
    expect(blameText(blameOf(verdict))).toMatch(reason);
    expect(verdictSentence(verdict)).toContain('(inconclusive: ');
    expect(isFinding(verdict)).toBe(false);
  });

  it('a setting that voids another promise excuses nothing', () => {
    const plan = planOf([CREATE, put('v1')], { bulkLoadIngestRequestIntervalMs: 5000, clientTimeoutMs: 100 });
    const { verdict } = runPlan(plan, { parts: partsWith(DEFECTS.filter((d) => d.id === 'ack-before-log')) });
    expect(blameOf(verdict)).toEqual({ kind: 'bug' });
  });

  it('a follower that takes little excuses nothing where it is not duplicated to', () => {
    const plan = planOf([CREATE, put('v1')], {}, { maxAllowedWriteSizeBytes: 50 });
    expect(runPlan(plan).verdict).toEqual({ kind: 'pass' });
  });
});

describe('a run that is cut off', () => {
  it('before its faults have ended', () => {
    const { verdict } = runPlan(planOf([CREATE, { kind: 'wait', afterMs: 0, forMs: 3000 }]), { parts: spinning(), dispatchLimit: 50_000 });
    expect(blameText(blameOf(verdict))).toMatch(/^inconclusive: the run was cut off at 0\.\d s, before its faults had ended: nothing was due yet$/);
    expect(verdictSentence(verdict)).toMatch(/^the run hit its limit: dispatches \(inconclusive: /);
  });

  it('names the promise that had time left', () => {
    const plan = planOf([CREATE, DUPLICATE, put('v1', 5000)], {}, {});
    const { dispatches } = runPlan(plan, { parts: partsWith(DEFECTS.filter((d) => d.id === 'dup-newest-held-back')) });
    const { verdict } = runPlan(plan, { parts: partsWith(DEFECTS.filter((d) => d.id === 'dup-newest-held-back')), dispatchLimit: dispatches - 100 });
    expect(causeOf(verdict)).toBe('limit/dispatches');
    expect(blameText(blameOf(verdict))).toMatch(/^inconclusive: the run was cut off at \d+\.\d s, and dup L2 drained \(1\.0 of duplication \d+\).* had time left until \d+\.\d s$/);
  });

  it('is reported: it may be a runaway', () => {
    const { verdict } = runPlan(planOf([CREATE, { kind: 'wait', afterMs: 0, forMs: 3000 }]), { parts: spinning(), dispatchLimit: 50_000 });
    expect(isFinding(verdict)).toBe(true);
  });
});
