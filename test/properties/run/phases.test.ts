/** The phases of a run: steps, guards, faults and their undoing, heal, settling, probes; and that no run hangs. */
import { describe, expect, it } from 'vitest';
import { PLAN_FORMAT, PLAN_VERSION, type Plan, type Step } from '../../../properties/plan/types.ts';
import { runPlan } from '../../../properties/run/runPlan.ts';
import { isFinding, verdictSentence } from '../../../properties/run/verdict.ts';
import { samplePlans } from '../samples.ts';
import { spinning } from './spinning.ts';

const at = { cluster: 'source', table: 'table#1' };
const CREATE: Step = { kind: 'createTable', afterMs: 0, cluster: 'source', as: 'table#1', name: 'table#1', partitionCount: 1, replicaCount: 3, envs: {}, successIfExist: false };
const PUT: Step = { kind: 'put', afterMs: 100, ...at, hashKey: 'a', sortKey: '', value: 'v1', ttlSeconds: 0 };

function planOf(steps: readonly Step[], settings: Readonly<Record<string, number>> = {}): Plan {
  return { format: PLAN_FORMAT, version: PLAN_VERSION, clusters: [{ id: 'source', replicaServers: 3 }], settings, steps, chance: { kind: 'frozen', deviations: [] } };
}

describe('a run', () => {
  it('reads back what was written, after everything has settled', () => {
    const result = runPlan(planOf([CREATE, PUT]), { trace: true });
    expect(result.verdict).toEqual({ kind: 'pass' });
    const reads = (result.trace ?? []).filter((e) => e.kind === 'command.answered' && e.answer.kind === 'read');
    expect(reads).toHaveLength(1);
    expect(reads[0]).toMatchObject({ answer: { error: 'ERR_OK', found: true, value: 'v1' } });
  });

  it('records steps whose references do not resolve as no-ops', () => {
    const result = runPlan(planOf([PUT, { kind: 'crash', afterMs: 0, node: 'node(source,7)', downMs: 10, insideCall: 0 }, CREATE]));
    expect(result.skippedSteps).toEqual([0, 1]);
    expect(result.verdict).toEqual({ kind: 'pass' });
  });

  it('heals: every fault ends and every node comes back, at the latest after the last step', () => {
    const steps: Step[] = [
      CREATE,
      PUT,
      { kind: 'wait', afterMs: 0, forMs: 1000 },
      { kind: 'cutLink', afterMs: 10, from: 'node(source,0)', to: 'node(source,1)', oneWay: false, forMs: 600_000 },
      { kind: 'slowDisk', afterMs: 0, node: 'node(source,0)', factor: 100, forMs: 600_000 },
      { kind: 'poolBusy', afterMs: 0, node: 'node(source,1)', tasks: 4, costMs: 50, forMs: 600_000 },
      { kind: 'crash', afterMs: 10, node: 'node(source,2)', downMs: 600_000, insideCall: 0 },
      { ...PUT, value: 'v2' },
      { kind: 'wait', afterMs: 0, forMs: 1000 },
    ];
    const result = runPlan(planOf(steps, { clientTimeoutMs: 20_000 }), { trace: true });
    expect(result.verdict, verdictSentence(result.verdict)).toEqual({ kind: 'pass' });
    expect(result.virtualMs).toBeLessThan(120_000);
    const values = (result.trace ?? []).flatMap((e) => (e.kind === 'command.answered' && e.answer.kind === 'read' ? [e.answer.value] : []));
    expect(values).toEqual(['v2']);
    for (const effect of ['link.cut', 'disk.slowed', 'pool.occupied', 'process.crash']) expect(result.effects.get(effect) ?? 0, effect).toBeGreaterThan(0);
  });

  it('messages are never changed under way: the strict world agrees with the fast one', () => {
    for (const plan of samplePlans(60, 31)) {
      const strict = runPlan(plan, { strict: true });
      expect(strict.digest).toBe(runPlan(plan).digest);
    }
  });
});

describe('a runaway', () => {
  it('ends with a verdict that names the bound it hit', () => {
    const result = runPlan(planOf([CREATE, { kind: 'wait', afterMs: 0, forMs: 3000 }]), { parts: spinning(), dispatchLimit: 50_000 });
    expect(result.verdict).toMatchObject({ kind: 'limit', limit: 'dispatches' });
    expect(isFinding(result.verdict)).toBe(true);
    expect(result.dispatches).toBeLessThanOrEqual(50_001);
  });
});
