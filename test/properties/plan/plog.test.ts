/** Booting from a real server's log (skipped by name where the file is not there). */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { preloadFrom } from '../../../properties/plan/preload.ts';
import { PLAN_FORMAT, PLAN_VERSION, type Plan, type Step } from '../../../properties/plan/types.ts';
import { COMMON_PROFILE } from '../../../properties/plan/arbitrary.ts';
import { runPlan } from '../../../properties/run/runPlan.ts';
import { isFinding, verdictSentence } from '../../../properties/run/verdict.ts';
import { samplePlans } from '../samples.ts';

const REAL = fileURLToPath(new URL('../../../../shared/pegasus/data/plog', import.meta.url));

describe.skipIf(!existsSync(REAL))('the real log file', () => {
  const preload = existsSync(REAL) ? preloadFrom(REAL) : undefined;
  const planOf = (steps: readonly Step[]): Plan => ({
    format: PLAN_FORMAT,
    version: PLAN_VERSION,
    clusters: [{ id: 'source', replicaServers: 3 }],
    settings: {},
    ...(preload === undefined ? {} : { preload }),
    steps,
    chance: { kind: 'frozen', deviations: [] },
  });
  const at = { cluster: 'source', table: 'table#1' };

  it('says which table it belongs to', () => {
    expect(preload?.gpid).toBe('1.4');
    expect(preload?.partitionCount).toBeGreaterThan(4);
  });

  it('boots a replica whose `get a a` answers a, and whose emergency checkpoint lists a decree of at least 3', () => {
    const result = runPlan(
      planOf([
        { kind: 'get', afterMs: 2000, ...at, hashKey: 'a', sortKey: 'a' },
        { kind: 'emergencyCheckpoint', afterMs: 100, ...at, partitionIndex: 4, minDecree: 0 },
        { kind: 'queryCheckpoint', afterMs: 3000, ...at, partitionIndex: 4, minDecree: 3 },
      ]),
      { trace: true },
    );
    expect(result.verdict, verdictSentence(result.verdict)).toEqual({ kind: 'pass' });
    const answers = (result.trace ?? []).flatMap((e) => (e.kind === 'command.answered' ? [e.answer] : []));
    expect(answers[0]).toEqual({ kind: 'read', error: 'ERR_OK', found: true, value: 'a' });
    expect(answers[1]).toMatchObject({ kind: 'checkpoint', error: 'ERR_OK' });
    expect(answers[2]).toMatchObject({ kind: 'checkpoint', error: 'ERR_OK', prepared: true });
    const listed = (result.trace ?? []).flatMap((e) => (e.kind === 'checkpoint.listed' && e.gpid === '1.4' ? [e.decree] : []));
    expect(Math.max(...listed)).toBeGreaterThanOrEqual(3);
  });

  it('carries a hunt under faults', () => {
    for (const plan of samplePlans(40, 99, preload === undefined ? COMMON_PROFILE : { ...COMMON_PROFILE, preload })) {
      const result = runPlan(plan);
      expect(isFinding(result.verdict), verdictSentence(result.verdict)).toBe(false);
    }
  });
});
