/** Each rule refuses its hand-written traces, and accepts what comes before; both ways to step agree. */
import { describe, expect, it } from 'vitest';
import { next, step } from '../../model/next.ts';
import { ruleNames } from '../../model/rules/index.ts';
import { init } from '../../model/state.ts';
import { DISK } from '../traces/disk.ts';
import { DUPLICATION } from '../traces/duplication.ts';
import { DUPLICATION_ANSWERS } from '../traces/duplicationAnswers.ts';
import { DUPLICATION_METRICS } from '../traces/duplicationMetrics.ts';
import { DUPLICATION_FOLLOWER } from '../traces/duplicationFollower.ts';
import { DUPLICATION_SHIP } from '../traces/duplicationShip.ts';
import { DUPLICATION_SYNC } from '../traces/duplicationSync.ts';
import { LEARNING } from '../traces/learning.ts';
import { LIVENESS } from '../traces/liveness.ts';
import { LOAD_ANSWERS } from '../traces/loadAnswers.ts';
import { LOAD_INGESTION } from '../traces/loadIngestion.ts';
import { LOAD_READS } from '../traces/loadReads.ts';
import { LOAD_PARTITIONS } from '../traces/loadPartitions.ts';
import { LOAD_SENT } from '../traces/loadSent.ts';
import { LOAD_POLLS } from '../traces/loadPolls.ts';
import { LOAD_REPORTS } from '../traces/loadReports.ts';
import { LOADS } from '../traces/loads.ts';
import type { Refused } from '../traces/refused.ts';
import { COPY_REPLICA } from '../traces/copyReplica.ts';
import { PRIMARY_MOVE } from '../traces/primaryMove.ts';
import { REPLICATION } from '../traces/replication.ts';
import { CONFIG } from '../traces/story.ts';
import { TABLE_NAMES } from '../traces/tableNames.ts';
import { THROTTLE } from '../traces/throttle.ts';
import { WORLD } from '../traces/world.ts';

const ALL: readonly Refused[] = [
  ...REPLICATION,
  ...DISK,
  ...WORLD,
  ...TABLE_NAMES,
  ...DUPLICATION,
  ...DUPLICATION_SYNC,
  ...DUPLICATION_SHIP,
  ...DUPLICATION_FOLLOWER,
  ...DUPLICATION_ANSWERS,
  ...DUPLICATION_METRICS,
  ...PRIMARY_MOVE,
  ...COPY_REPLICA,
  ...LIVENESS,
  ...LEARNING,
  ...THROTTLE,
  ...LOAD_INGESTION,
  ...LOAD_READS,
  ...LOADS,
  ...LOAD_PARTITIONS,
  ...LOAD_SENT,
  ...LOAD_POLLS,
  ...LOAD_REPORTS,
  ...LOAD_ANSWERS,
];

describe('refusing traces', () => {
  it.each(ALL.map((one) => [`${one.rule}: ${one.why}`, one] as const))('%s', (_, trace) => {
    const { rule, before, event, permitted, says = '', config } = trace;
    const plain = init(config ?? CONFIG);
    let state = init(config ?? CONFIG);
    for (const [i, earlier] of before.entries()) {
      expect(step(plain, earlier), `event ${i}`).toBeUndefined();
      const after = next(state, earlier);
      if ('violation' in after) throw new Error(after.violation.message);
      state = after.state;
      expect(state).toEqual(plain);
    }
    const kept = structuredClone(state);
    const immutable = next(state, event);
    const mutable = step(plain, event);
    expect(mutable?.rule).toBe(rule);
    expect('violation' in immutable ? immutable.violation : undefined).toEqual(mutable);
    expect(state).toEqual(kept);
    expect(mutable?.expected).not.toBe(mutable?.actual);
    expect(mutable?.message).toContain(event.kind);
    expect(mutable?.message).toContain(says);
    if (permitted !== undefined) expect(step(state, permitted)).toBeUndefined();
  });

  it('has one for every rule', () => {
    const traced = new Set(ALL.map(({ rule }) => rule));
    const names = ruleNames().map(({ name }) => name);
    expect(names.length).toBeGreaterThan(70);
    expect(names.filter((name) => !traced.has(name))).toEqual([]);
    expect([...traced].filter((name) => !names.includes(name))).toEqual([]);
  });
});
