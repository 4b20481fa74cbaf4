/** The bench's plans of members that move do what their figures are about, and the figures come out. */
import { describe, expect, it } from 'vitest';
import { GROWTH_UNIT, growthLine } from '../../../properties/bench/measure.ts';
import { CACHED_RECORDS, clusterPlan, LEARNER, learnPlan, TOPOLOGIES, tablesPlan, topologyPlan } from '../../../properties/bench/memberPlans.ts';
import { clusterLines, clusterMinute, learn, passing, topologyLines } from '../../../properties/bench/members.ts';
import { runBench } from '../../../properties/cli/bench.ts';
import { checkPlan } from '../../../properties/plan/parse.ts';
import type { Plan } from '../../../properties/plan/types.ts';
import { runPlan } from '../../../properties/run/runPlan.ts';
import type { ModelEvent } from '../../../model/events.ts';

function eventsOf(plan: Plan): readonly ModelEvent[] {
  expect(checkPlan(plan)).toEqual(plan);
  const { trace, verdict, skippedSteps } = runPlan(plan, { trace: true });
  expect([verdict.kind, skippedSteps]).toEqual(['pass', []]);
  return trace ?? [];
}

describe('three clusters', () => {
  it.each(TOPOLOGIES)('%s: every hop ships, and others learn what a server had that is away', (topology) => {
    for (const variant of [0, 1]) {
      const plan = topologyPlan(topology, variant);
      expect(plan.steps).toHaveLength(30);
      const hops = new Set<string>();
      let learned = 0;
      for (const event of eventsOf(plan)) {
        if (event.kind === 'dup.sent') hops.add(`${event.from.split('/')[0] ?? ''} ${event.to.split('/')[0] ?? ''}`);
        else if (event.kind === 'learn.answered' && event.atUs > 10_000_000) learned += 1;
      }
      expect(hops.size).toBe(topology === 'master-master' ? 3 : 2);
      expect(learned).toBeGreaterThan(0);
    }
  });

  it('have their figures', () => {
    for (const { name, value } of topologyLines(1, 1)) expect(value, name).toBeGreaterThan(1);
  });
});

describe('a learner', () => {
  it.each(['LT_CACHE', 'LT_LOG', 'LT_APP'] as const)('takes in all rows by %s', (by) => {
    const rows = by === 'LT_CACHE' ? 2 * CACHED_RECORDS : 1200;
    const plan = learnPlan(by, rows);
    const applied = new Map<string, number>();
    for (const event of eventsOf(plan)) {
      if (event.kind === 'replica.applied' && event.node === LEARNER) applied.set(event.gpid, event.decree);
      if (event.kind === 'storage.replaced' && event.node === LEARNER) applied.set(event.gpid, event.decree);
    }
    const each = by === 'LT_CACHE' ? CACHED_RECORDS : rows;
    expect([...applied.values()].map((decree) => decree >= each)).toEqual(by === 'LT_CACHE' ? [true, true] : [true]);
    for (const follow of [true, false]) {
      const { replicas, bytes } = learn(by, rows, follow);
      expect(replicas).toBeGreaterThanOrEqual(applied.size);
      // A row's value, its keys, and what frames them.
      expect(bytes / rows).toBeGreaterThan(64);
      expect(bytes / rows).toBeLessThan(400);
    }
  });

  it('that learns otherwise than the figure says is an error', () => {
    expect(() => learn('LT_LOG', 4, true)).toThrow('was to learn by LT_LOG');
  });
});

describe('a large cluster', () => {
  it('moves members within the minute that is measured, and the minute is a minute', () => {
    const size = { servers: 6, partitions: 12 };
    const learned = eventsOf(clusterPlan(size)).filter((event) => event.kind === 'learn.answered' && event.atUs > 35_000_000);
    expect(learned.length).toBeGreaterThan(3);
    for (const follow of [true, false]) {
      const { virtualSeconds, dispatches, heapBytes } = clusterMinute(size, follow);
      expect(Math.round(virtualSeconds)).toBe(60);
      expect(dispatches).toBeGreaterThan(10_000);
      expect(heapBytes).toBeGreaterThan(1 << 20);
    }
  });

  it('many tables are written to', () => {
    passing(tablesPlan(4));
    expect(eventsOf(tablesPlan(4)).filter((event) => event.kind === 'command.answered' && event.answer.kind === 'write')).toHaveLength(8);
  });

  it('has its figures', () => {
    const lines = clusterLines({ servers: 8, partitions: 8 });
    expect(lines).toHaveLength(10);
    for (const { name, value, unit } of lines) if (!name.endsWith('heap gained')) expect(value, `${name} ${unit}`).toBeGreaterThan(0.3);
  });
});

it('what grows faster than it should is marked', async () => {
  const text: string[] = [];
  const io = { out: (line: string) => void text.push(line), err: (line: string) => void text.push(line), interactive: false };
  await runBench({ json: false }, io, () => [growthLine('linear', 1), growthLine('quadratic', 2), { name: 'no growth', value: 9, unit: GROWTH_UNIT }]);
  expect(text.map((line) => line.includes('grows faster than it should'))).toEqual([false, true, false]);
});
