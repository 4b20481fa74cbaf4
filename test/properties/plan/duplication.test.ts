/** Plans with a follower: how many there are, what they hold, and what the rest of the profile keeps. */
import { describe, expect, it } from 'vitest';
import { COMMON_PROFILE } from '../../../properties/plan/arbitrary.ts';
import { checkPlan } from '../../../properties/plan/parse.ts';
import { settingsOf, settingsOfClusters } from '../../../properties/plan/settings.ts';
import { specOf } from '../../../properties/plan/steps/index.ts';
import { subsystemKinds } from '../../../properties/plan/subsystems.ts';
import { stepText } from '../../../properties/plan/text.ts';
import type { Plan, Step } from '../../../properties/plan/types.ts';
import { samplePlans } from '../samples.ts';

const PLANS = samplePlans(900, 22);
const PAIRS = PLANS.filter((p) => p.clusters.length > 1);
const textOf = (step: Step, name: string): string => {
  const value = step[name];
  return typeof value === 'string' ? value : '';
};
const ofKind = (plan: Plan, kind: string): readonly Step[] => plan.steps.filter((s) => s.kind === kind);
const adds = PAIRS.flatMap((p) => ofKind(p, 'addDup'));

describe('plans of the common profile', () => {
  it('have a follower about every second time, and the others nothing of duplication', () => {
    expect(PAIRS.length).toBeGreaterThan(390);
    expect(PAIRS.length).toBeLessThan(510);
    for (const plan of PLANS.filter((p) => p.clusters.length === 1)) {
      expect(plan.steps.filter((s) => specOf(s.kind)?.needsFollower === true && !textOf(s, 'line').includes('bulk_load'))).toEqual([]);
      expect(Object.keys(plan.settings).filter((name) => name.startsWith('dup') || name === 'nfsCopyBlockBytes')).toEqual([]);
      expect(JSON.stringify(plan)).not.toContain('follower');
    }
  });

  it('mostly add a duplication early and go on writing, both with a checkpoint and to a table that is there', () => {
    const early = PAIRS.filter((p) => p.steps.slice(0, 9).some((s) => s.kind === 'addDup'));
    expect(early.length / PAIRS.length).toBeGreaterThan(0.7);
    expect(adds.filter((s) => s['checkpoint'] === true).length).toBeGreaterThan(80);
    const logOnly = PAIRS.filter((p) => {
      const at = p.steps.findIndex((s) => s.kind === 'addDup' && s['checkpoint'] === false);
      return at > 0 && p.steps.slice(0, at).some((s) => s.kind === 'createTable' && s['cluster'] === 'follower');
    });
    expect(logOnly.length).toBeGreaterThan(40);
    const writesAfter = early.filter((p) => p.steps.slice(p.steps.findIndex((s) => s.kind === 'addDup')).some((s) => s.kind === 'put' && s['cluster'] === 'source'));
    expect(writesAfter.length / early.length).toBeGreaterThan(0.6);
  });

  it('hold every kind of refusal, reads and writes at the follower, and faults in both clusters', () => {
    const some = (test: (s: Step) => boolean, steps: readonly Step[] = adds): boolean => steps.some(test);
    expect(some((s) => s['remoteCluster'] === 'nowhere')).toBe(true);
    expect(some((s) => s['remoteCluster'] === 'source')).toBe(true);
    expect(some((s) => s['remoteReplicaCount'] === -1)).toBe(true);
    expect(some((s) => s['table'] === 'nowhere')).toBe(true);
    expect(some((s) => s['remoteTable'] !== '' && s['remoteTable'] !== s['table'])).toBe(true);
    expect(PAIRS.some((p) => ofKind(p, 'addDup').some((s) => Number(s['remoteReplicaCount']) > (p.clusters[1]?.replicaServers ?? 0)))).toBe(true);
    const all = PAIRS.flatMap((p) => p.steps);
    expect(some((s) => ['pauseDup', 'startDup', 'removeDup'].includes(s.kind) && s['dup'] === '7', all)).toBe(true);
    for (const kind of ['put', 'get', 'multiPut']) expect(some((s) => s.kind === kind && s['cluster'] === 'follower', all), kind).toBe(true);
    for (const kind of ['crash', 'powerLoss', 'bitRot', 'slowDisk', 'poolLoad']) {
      for (const cluster of ['source', 'follower']) expect(some((s) => s.kind === kind && textOf(s, 'node').includes(cluster), all), `${kind} ${cluster}`).toBe(true);
    }
    expect(some((s) => s.kind === 'cutLink' && textOf(s, 'from').includes('source') && textOf(s, 'to').includes('follower'), all)).toBe(true);
  });

  it('are right as files, name each duplication once, and print references for ids', () => {
    for (const plan of PAIRS) {
      expect(checkPlan(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
      const refs = ofKind(plan, 'addDup').map((s) => s['as']);
      expect(new Set(refs).size).toBe(refs.length);
    }
    const line = (fields: Omit<Step, 'afterMs'> & { readonly kind: string }): string => stepText({ afterMs: 0, ...fields });
    expect(line({ kind: 'pauseDup', cluster: 'source', table: 'table#1', dup: 'dup#2' })).toBe('pause_dup t1 dup#2');
    expect(line({ kind: 'setDupFailMode', cluster: 'source', table: 'table#1', dup: '7', failMode: 'skip' })).toBe('set_dup_fail_mode t1 7 skip');
    expect(line({ kind: 'addDup', cluster: 'source', as: 'dup#1', table: 'table#1', remoteCluster: 'follower', checkpoint: true, remoteTable: 'table#2', remoteReplicaCount: 2 })).toBe('add_dup t1 follower -s -a t2 -r 2');
  });
});

describe('settings of two clusters', () => {
  it('keep the relations that bounds rely on', () => {
    for (const { settings, clusters } of PAIRS) {
      const [source, follower] = settingsOfClusters(settings, clusters.map((c) => c.settings));
      if (source === undefined || follower === undefined) throw new Error('two clusters');
      expect(source.dupSyncTimeoutMs).toBeLessThan(source.duplicationSyncPeriodMs);
      expect(2 * (source.dupNoMutationLoadDelayMs + source.dupShipRetryMs + source.dupRequestTimeoutMs)).toBeLessThan(source.groupCheckIntervalMs);
      expect(source.dupMaxAllowedWriteSizeBytes).toBeLessThanOrEqual(follower.maxAllowedWriteSizeBytes);
      expect(follower.dupMaxAllowedWriteSizeBytes).toBeLessThanOrEqual(source.maxAllowedWriteSizeBytes);
      expect(follower.maxAllowedWriteSizeBytes).toBeGreaterThan(200);
    }
  });

  it('differ now and then, and a cluster alone has what the plan says', () => {
    expect(PAIRS.filter((p) => p.clusters[1]?.settings?.['maxAllowedWriteSizeBytes'] !== undefined).length).toBeGreaterThan(30);
    expect(PAIRS.filter((p) => p.clusters[0]?.settings !== undefined)).toEqual([]);
    const settings = { duplicateLogBatchBytes: 100, dupLoadPlogTask: 1 };
    expect(settingsOfClusters(settings, [undefined])).toEqual([settingsOf(settings)]);
    expect(settingsOf(settings)).toMatchObject({ duplicateLogBatchBytes: 100, dupLoadPlogTask: 'LPC_REPLICATION_LONG_HIGH', duplicationSyncPeriodMs: 1000 });
  });
});

describe('a search over one subsystem', () => {
  it('has a follower always for duplication, and never for another', () => {
    const of = (name: string): readonly Plan[] => samplePlans(60, 3, { ...COMMON_PROFILE, kinds: subsystemKinds(name) });
    expect(of('duplication').every((p) => p.clusters.length > 1)).toBe(true);
    for (const name of ['tables', 'replication', 'log', 'checkpoint']) expect(of(name).every((p) => p.clusters.length === 1), name).toBe(true);
  });
});

describe('more than one way (dup 2, 7)', () => {
  const isThird = (step: Step): boolean => step.kind === 'addDup' && step['remoteCluster'] === 'third';

  it('about a tenth has a third cluster: chains through the follower, and two duplications of one table', () => {
    const threes = PLANS.filter((p) => p.clusters.length === 3);
    expect(threes.length / PLANS.length).toBeGreaterThan(0.07);
    expect(threes.length / PLANS.length).toBeLessThan(0.15);
    const of = (cluster: string): readonly Step[] => threes.flatMap((p) => p.steps.filter((s) => isThird(s) && s['cluster'] === cluster));
    expect(of('follower').length).toBeGreaterThan(15);
    expect(of('source').length).toBeGreaterThan(15);
    for (const plan of threes) {
      expect(plan.clusters.map(({ id }) => id)).toEqual(['source', 'follower', 'third']);
      expect(checkPlan(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
    }
    for (const plan of PLANS.filter((p) => p.clusters.length < 3)) expect(JSON.stringify(plan)).not.toContain('third');
  });

  it('about a tenth duplicates both ways, and rows are changed on both sides', () => {
    const backs = PLANS.filter((p) => p.steps.some((s) => s.kind === 'addDup' && s['cluster'] === 'follower' && s['remoteCluster'] === 'source'));
    expect(backs.length / PLANS.length).toBeGreaterThan(0.07);
    expect(backs.length / PLANS.length).toBeLessThan(0.18);
    const keyOf = (s: Step): string => `${textOf(s, 'hashKey')}/${textOf(s, 'sortKey')}`;
    const isWrite = (s: Step): boolean => s.kind === 'put' || s.kind === 'remove';
    const conflicting = backs.filter(({ steps }) =>
      steps.some((s) => isWrite(s) && s['cluster'] === 'follower' && steps.some((t) => isWrite(t) && t['cluster'] === 'source' && keyOf(s) === keyOf(t))),
    );
    expect(conflicting.length / backs.length).toBeGreaterThan(0.4);
  });
});
