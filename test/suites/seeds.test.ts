/**
 * Issues of upstream, replayed as they were reported: each plan of `test/seeds` fails with its defect for the property that the
 * issue is about, shows over a longer time what the reporter saw, and passes without the defect. Settings and times are upstream's
 * own where the report depends on them.
 */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { ModelEvent } from '../../model/events.ts';
import { DEFECTS } from '../../properties/defects/index.ts';
import { partsWith } from '../../properties/defects/types.ts';
import { corpusPlans } from '../../properties/hunt/corpus.ts';
import type { Plan } from '../../properties/plan/types.ts';
import { runPlan, type RunResult } from '../../properties/run/runPlan.ts';

const SEEDS = corpusPlans(fileURLToPath(new URL('../seeds', import.meta.url)));
const MINUTE_US = 60_000_000;

function seed(name: string): Plan {
  const found = SEEDS.find((s) => s.name === name);
  if (found === undefined) throw new Error(`no seed ${name}`);
  return found.plan;
}

interface How {
  readonly defect?: string;
  readonly property?: string;
  readonly trace?: boolean;
}

function run(plan: Plan, { defect, ...options }: How): RunResult {
  const defects = DEFECTS.filter((d) => d.id === defect);
  expect(defects).toHaveLength(defect === undefined ? 0 : 1);
  return runPlan(plan, { ...options, parts: partsWith(defects) });
}

/** The same, looked at for so long before anything is called late. */
function over(minutes: number, plan: Plan): Plan {
  const wait = { kind: 'wait', afterMs: 0, forMs: 60_000 };
  return { ...plan, steps: [...plan.steps, ...Array.from({ length: minutes }, () => wait)] };
}

type EventOf<K extends ModelEvent['kind']> = Extract<ModelEvent, { kind: K }>;

function eventsOf<K extends ModelEvent['kind']>(result: RunResult, kind: K): readonly EventOf<K>[] {
  return (result.trace ?? []).filter((event): event is EventOf<K> => event.kind === kind);
}

/** When the duplications of a table came to a status, minutes; Infinity: never. */
function minutesUntil(result: RunResult, appId: number, status: string): number {
  const stored = eventsOf(result, 'dup.stored').find((e) => e.appId === appId && e.record.status === status);
  return (stored?.atUs ?? Infinity) / MINUTE_US;
}

/** When everything up to a decree had been shipped, virtual microseconds. */
function shippedUs(result: RunResult, decree: number): number {
  return eventsOf(result, 'dup.shipped').find((e) => e.last >= decree)?.atUs ?? Infinity;
}

/** When a partition's newest record was logged, and its decree. */
function lastWrite(result: RunResult, value: string): { readonly atUs: number; readonly decree: number } {
  const prepared = eventsOf(result, 'replica.prepared').find((e) => e.node.startsWith('source') && JSON.stringify(e.mutation).includes(value));
  if (prepared === undefined) throw new Error(`${value} was never prepared`);
  return { atUs: prepared.atUs, decree: prepared.mutation.decree };
}

describe('#2025: a duplication to a table of another name stays in DS_APP', () => {
  const plan = seed('2025');

  it('is stuck on L1 with the defect', () => {
    const { verdict } = run(plan, { defect: 'dup-app-check-source-name' });
    expect(verdict).toMatchObject({ kind: 'stuck', property: 'L1', rule: 'dup L1 shipping begins', blame: { kind: 'bug' } });
  });

  it('is in DS_APP an hour later', () => {
    const late = run(over(60, plan), { defect: 'dup-app-check-source-name', property: 'L1', trace: true });
    expect(minutesUntil(late, 1, 'DS_APP')).toBeLessThan(1.5);
    expect(minutesUntil(late, 1, 'DS_LOG')).toBe(Infinity);
    expect(late.verdict).toMatchObject({ kind: 'stuck', property: 'L1' });
  });

  it('ships after about a minute without', () => {
    const right = run(plan, { trace: true });
    expect(right.verdict).toEqual({ kind: 'pass' });
    expect(minutesUntil(right, 1, 'DS_LOG')).toBeLessThan(2);
  });
});

describe('#2048: the newest write is shipped only with the empty write that comes minutes later', () => {
  const plan = seed('2048');

  it('breaks L2 with the defect', () => {
    const { verdict } = run(plan, { defect: 'dup-newest-held-back' });
    expect(verdict).toMatchObject({ kind: 'stuck', property: 'L2', rule: 'dup L2 drained', blame: { kind: 'bug' } });
  });

  it.each([
    ['minutes later with the defect', 'dup-newest-held-back', 100, 220],
    ['within a second without', undefined, 0, 1],
  ])('%s', (_, defect, leastSeconds, mostSeconds) => {
    const late = run(over(5, plan), { ...(defect === undefined ? {} : { defect }), property: 'L2', trace: true });
    const { atUs, decree } = lastWrite(late, 'v3');
    const seconds = (shippedUs(late, decree) - atUs) / 1_000_000;
    expect(seconds).toBeGreaterThanOrEqual(leastSeconds);
    expect(seconds).toBeLessThan(mostSeconds);
  });

  it('passes without', () => {
    expect(run(plan, {}).verdict).toEqual({ kind: 'pass' });
  });
});

describe('#2069: eight partitions with one or two records each wait for checkpoints for most of an hour', () => {
  const plan = seed('2069');
  const defect = 'fulldup-empty-partition';

  it('calls a checkpoint prepared that is not there, with the defect', () => {
    const { verdict } = run(plan, { defect });
    expect(verdict).toMatchObject({ kind: 'violation', property: 'dup.S15', rule: 'dup/report-prepared-truly', actual: 'prepared with checkpoint 0' });
  });

  it('is stuck in DS_APP on L1, the table of one or two records only', () => {
    const { verdict } = run(plan, { defect, property: 'L1' });
    expect(verdict).toMatchObject({ kind: 'stuck', property: 'L1', rule: 'dup L1 shipping begins' });
    expect(verdict).toHaveProperty('message', expect.stringContaining('t1 of duplication'));
  });

  it('gets its checkpoints after 35 to 55 minutes, while a table of several writes per partition is quick', () => {
    const late = run(over(60, plan), { defect, property: 'L1', trace: true });
    expect(minutesUntil(late, 1, 'DS_APP')).toBeLessThan(2);
    expect(minutesUntil(late, 1, 'DS_LOG')).toBeGreaterThan(35);
    expect(minutesUntil(late, 1, 'DS_LOG')).toBeLessThan(56);
    expect(minutesUntil(late, 2, 'DS_LOG')).toBeLessThan(2);
  });

  it('ships both tables within two minutes without', () => {
    const right = run(over(60, plan), { property: 'L1', trace: true });
    expect(right.verdict).toEqual({ kind: 'pass' });
    for (const appId of [1, 2]) expect(minutesUntil(right, appId, 'DS_LOG')).toBeLessThan(2);
  });
});

describe('#2183: other work in the long pool starves the loader', () => {
  const plan = seed('2183');
  const defect = 'pool-dup-load-starved';

  it('breaks L2 with the defect', () => {
    const { verdict } = run(plan, { defect });
    expect(verdict).toMatchObject({ kind: 'stuck', property: 'L2', rule: 'dup L2 drained', blame: { kind: 'bug' } });
  });

  it('ships none of twenty writes as long as the load lasts, ten minutes, with the defect', () => {
    const late = run(over(11, plan), { defect, property: 'L2', trace: true });
    const first = lastWrite(late, 'v2');
    expect((shippedUs(late, first.decree) - first.atUs) / MINUTE_US).toBeGreaterThan(9);
  });

  it('ships each within seconds beside the same load without', () => {
    const right = run(over(11, plan), { property: 'L2', trace: true });
    for (const value of ['v2', 'v11', 'v21']) {
      const { atUs, decree } = lastWrite(right, value);
      expect((shippedUs(right, decree) - atUs) / 1_000_000).toBeLessThan(5);
    }
  });

  it('passes without', () => {
    expect(run(plan, {}).verdict).toEqual({ kind: 'pass' });
  });
});

describe('#2156: an ingestion write that a throttle delays keeps all writes out, and only a forced cancel ends the load', () => {
  const plan = seed('2156');
  const defect = 'bl-ingest-stuck-throttled';
  const at = { cluster: 'source', table: 'table#1' };
  const late = { kind: 'put', afterMs: 3_600_000, ...at, hashKey: 'hd', sortKey: 's', value: 'v4', ttlSeconds: 0 };
  const force = { kind: 'cancelBulkLoad', afterMs: 100, ...at, forced: true };
  const clear = { kind: 'clearBulkLoad', afterMs: 60_000, ...at };
  const again = { ...late, afterMs: 100, value: 'v5' };

  /** What the steps of a kind were answered, in order. */
  function answersTo(result: RunResult, kind: string): readonly string[] {
    const ids = eventsOf(result, 'command.invoked').filter((e) => e.command.kind === kind).map((e) => e.id);
    return ids.map((id) => eventsOf(result, 'command.answered').find((e) => e.id === id)?.answer.error ?? 'none');
  }

  const statuses = (result: RunResult): readonly string[] => eventsOf(result, 'load.stored').map((e) => e.record.status);

  it('answers the delayed write as if another one were ingesting, with the defect', () => {
    const { verdict } = run(plan, { defect });
    expect(verdict).toMatchObject({ kind: 'violation', property: 'bl.S4', rule: 'ingestion/no-need-behind-another', actual: 'ERR_NO_NEED_OPERATE' });
  });

  it('is stuck on L3 with the defect', () => {
    const { verdict } = run(plan, { defect, property: 'L3' });
    expect(verdict).toMatchObject({ kind: 'stuck', property: 'L3', rule: 'load L3 ends' });
    expect(verdict).toHaveProperty('message', expect.stringContaining('in BLS_INGESTING'));
  });

  it('stays in BLS_INGESTING and refuses writes an hour later, until a forced cancel and a clear', () => {
    const result = run({ ...plan, steps: [...plan.steps, late, force, clear, again] }, { defect, property: 'L6', trace: true });
    expect(answersTo(result, 'put')).toEqual(['ERR_OK', 'ERR_OK', 'ERR_OPERATION_DISABLED', 'ERR_OPERATION_DISABLED', 'ERR_OK']);
    expect(statuses(result)).toEqual(['BLS_DOWNLOADING', 'BLS_DOWNLOADED', 'BLS_INGESTING', 'BLS_CANCELED']);
    expect([answersTo(result, 'cancelBulkLoad'), answersTo(result, 'clearBulkLoad')]).toEqual([['ERR_OK'], ['ERR_OK']]);
    expect(eventsOf(result, 'storage.ingested')).toEqual([]);
    expect(result.verdict).toEqual({ kind: 'pass' });
  });

  it('cannot be canceled without force', () => {
    const result = run({ ...plan, steps: [...plan.steps, { ...force, afterMs: 600_000, forced: false }] }, { defect, property: 'L6', trace: true });
    expect(answersTo(result, 'cancelBulkLoad')).toEqual(['ERR_INVALID_STATE']);
  });

  it('ingests after the delay without', () => {
    const right = run(plan, { trace: true });
    expect(right.verdict).toEqual({ kind: 'pass' });
    expect(eventsOf(right, 'throttle.verdict').map(({ verdict, waitMs }) => [verdict, waitMs])).toEqual([['DELAY', 500]]);
    expect(answersTo(right, 'put')).toEqual(['ERR_OK', 'ERR_OK', 'ERR_OK']);
    expect(statuses(right)).toEqual(['BLS_DOWNLOADING', 'BLS_DOWNLOADED', 'BLS_INGESTING', 'BLS_SUCCEED']);
    expect(eventsOf(right, 'storage.ingested')).toHaveLength(3);
  });
});
