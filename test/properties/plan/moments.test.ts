/** What is drawn around named moments: of what a plan has, all of them, aimed at one table, met by every fault and command. */
import { describe, expect, it } from 'vitest';
import { COMMON_PROFILE } from '../../../properties/plan/arbitrary.ts';
import { MOMENTS, momentOf } from '../../../properties/plan/moments.ts';
import { specOf } from '../../../properties/plan/steps/index.ts';
import { subsystemKinds } from '../../../properties/plan/subsystems.ts';
import type { Plan, Step } from '../../../properties/plan/types.ts';
import { samplePlans } from '../samples.ts';

const PLANS = samplePlans(1200, 73);
const LOADS = samplePlans(400, 72, { ...COMMON_PROFILE, kinds: subsystemKinds('bulk-load') });

const textOf = (step: Step | undefined, name: string): string => {
  const value = step?.[name];
  return typeof value === 'string' ? value : '';
};
const subjectOf = (step: Step): string => momentOf(textOf(step, 'moment'))?.subject ?? '';
const waitsOf = (plans: readonly Plan[]): readonly Step[] => plans.flatMap(({ steps }) => steps.filter(({ kind }) => kind === 'waitFor'));

/** Kinds of the steps right behind the waits that `test` takes; what other waits stand between does not count. */
function kindsBehind(plans: readonly Plan[], test: (wait: Step) => boolean): ReadonlySet<string> {
  return new Set(plans.flatMap(({ steps }) => steps.flatMap((step, i) => (step.kind === 'waitFor' && test(step) ? [steps[i + 1]?.kind ?? ''] : []))));
}

describe('plans', () => {
  it('wait for a moment about every second time', () => {
    const share = PLANS.filter((plan) => waitsOf([plan]).length > 0).length / PLANS.length;
    expect(share).toBeGreaterThan(0.4);
    expect(share).toBeLessThan(0.95);
  });

  it('wait for every moment there is, the first time or a later one', () => {
    const waits = [...waitsOf(PLANS), ...waitsOf(LOADS)];
    const drawn = new Set(waits.map((step) => textOf(step, 'moment')));
    expect(MOMENTS.map(({ name }) => name).filter((name) => !drawn.has(name))).toEqual([]);
    expect(waits.some((step) => step['nth'] !== 1)).toBe(true);
    // A status is waited for once: it seldom comes again.
    expect(waits.filter((step) => textOf(step, 'moment').includes(':')).every((step) => step['nth'] === 1)).toBe(true);
  });

  it('wait for nothing that they do not have', () => {
    expect(PLANS.some((plan) => plan.clusters.length < 2)).toBe(true);
    for (const plan of PLANS) {
      const subjects = new Set(waitsOf([plan]).map(subjectOf));
      if (plan.clusters.length < 2) expect(subjects).not.toContain('duplication');
      if (!plan.steps.some(({ kind }) => kind === 'startBulkLoad')) expect(subjects).not.toContain('load');
      for (const { kind } of plan.steps) if (plan.clusters.length < 2 && specOf(kind)?.needsLoads !== true) expect(specOf(kind)?.needsFollower, kind).toBeUndefined();
    }
  });
});

describe('what befalls a table at a moment', () => {
  it('is every fault and every command about it', () => {
    const ofLoad = kindsBehind([...PLANS, ...LOADS], (wait) => subjectOf(wait) === 'load');
    for (const kind of ['pauseBulkLoad', 'restartBulkLoad', 'cancelBulkLoad', 'clearBulkLoad', 'dropTable', 'movePrimary', 'setEnvs', 'put']) expect(ofLoad).toContain(kind);
    for (const kind of ['crash', 'powerLoss', 'restart', 'pause', 'cutLink', 'resetSession', 'diskFull', 'slowStore', 'slowDisk', 'slowProvider', 'providerDown']) expect(ofLoad).toContain(kind);
    const ofDup = kindsBehind(PLANS, (wait) => subjectOf(wait) === 'duplication');
    for (const kind of ['startDup', 'pauseDup', 'removeDup', 'setDupFailMode', 'dropTable', 'put', 'crash', 'powerLoss', 'pause', 'cutLink', 'slowStore', 'poolLoad']) expect(ofDup).toContain(kind);
  });

  it('is that a duplication or a load begins beside it', () => {
    expect(kindsBehind([...PLANS, ...LOADS], (wait) => subjectOf(wait) === 'load')).toContain('addDup');
    expect(kindsBehind(PLANS, (wait) => subjectOf(wait) === 'duplication')).toContain('prepareLoad');
  });

  it('is asked of the table that is waited for', () => {
    const several = LOADS.filter(({ steps }) => new Set(steps.filter(({ kind }) => kind === 'startBulkLoad').map((step) => step['table'])).size > 1);
    const asked = several.flatMap(({ steps }) =>
      steps.flatMap((step, i) => {
        const next = steps[i + 1];
        return step.kind === 'waitFor' && subjectOf(step) === 'load' && next !== undefined && /^(?:pause|restart|cancel|clear)BulkLoad$/.test(next.kind) ? [next['table'] === step['table']] : [];
      }),
    );
    expect(asked.length).toBeGreaterThan(30);
    // Steps that are drawn by themselves stand behind a wait too.
    expect(asked.filter(Boolean).length / asked.length).toBeGreaterThan(0.85);
  });

  it('is what a status needs that does not come by itself', () => {
    const pauses = LOADS.flatMap(({ steps }) => steps.flatMap((step, i) => (textOf(step, 'moment') === 'load.stored:BLS_PAUSED' ? [steps[i - 1]?.kind ?? ''] : [])));
    expect(pauses.filter((kind) => kind === 'pauseBulkLoad').length / pauses.length).toBeGreaterThan(0.4);
  });
});
