/** The nearest passing plan, and the event at which the two runs part. */
import { describe, expect, it } from 'vitest';
import { checkPlan } from '../../../properties/plan/parse.ts';
import { runPlan } from '../../../properties/run/runPlan.ts';
import { partsWith } from '../../../properties/defects/types.ts';
import { isFinding } from '../../../properties/run/verdict.ts';
import { partingOf } from '../../../properties/explain/parting.ts';
import type { Watched } from '../../../properties/explain/watched.ts';
import type { ModelEvent } from '../../../model/events.ts';
import { defect, explained, planIn } from './fixture.ts';

describe('the nearest passing plan', () => {
  it('of a duplication under another name: the same name, and the duplication goes on where it stood still', () => {
    const { nearestPass } = explained(planIn('shrunk', 'dup-app-check-source-name'), 'dup-app-check-source-name', { property: 'L1' });
    expect(nearestPass).toMatchObject({
      part: { kind: 'field', step: 1, field: 'remoteTable' },
      change: '"" instead of "r1" for remoteTable of step 2 (add_dup t1 follower -s -a r1 -r 1)',
      ended: 'nothing found',
      parting: {
        here: 'follower/meta-0 is asked to create r1 (created)',
        there: 'store: duplication 1767225600 of table 1 to follower/t1 DS_LOG FAIL_SLOW',
      },
    });
    const plan = checkPlan(nearestPass?.plan);
    expect(runPlan(plan, { parts: partsWith([defect('dup-app-check-source-name')]), property: 'L1' }).verdict).toEqual({ kind: 'pass' });
    expect(plan.chance.kind).toBe('frozen');
  });

  it('of a checkpoint at the wrong moment: one millisecond more', () => {
    const plan = planIn('shrunk', 'tombstone-seen-through');
    const { nearestPass } = explained(plan, 'tombstone-seen-through');
    expect(nearestPass?.change).toBe('6823 instead of 6822 for setting checkpointMaxIntervalMs');
    const result = runPlan(plan, { parts: partsWith([defect('tombstone-seen-through')]), trace: true });
    expect(isFinding(result.verdict)).toBe(true);
    const { event = -1, atUs, here, there } = nearestPass?.parting ?? {};
    expect(result.trace?.[event]).toMatchObject({ kind: 'checkpoint.ended', atUs, trigger: 'max-interval', error: 'ERR_TRY_AGAIN' });
    expect(here).toMatch(/^source\/replica-0 1\.0: checkpoint \(max-interval\) ended: ERR_TRY_AGAIN/);
    expect(there).toMatch(/^source\/replica-0 1\.0: checkpoint \(periodic\) ended: ERR_OK/);
  });

  it('is not there while nothing was seen to pass', () => {
    expect(explained(planIn('shrunk', 'ack-before-log'), 'ack-before-log', { maxRuns: 1 }).nearestPass).toBeUndefined();
  });
});

const run = runPlan(planIn('shrunk', 'ack-before-log'), { trace: true });

/** A run made up of events; `own`: those that a step is the beginning of. */
function watched(events: readonly ModelEvent[], own: ReadonlyMap<ModelEvent, number> = new Map()): Watched {
  return { result: run, events, stepOf: own, get left(): never { throw new Error('nobody looks'); } };
}

const told = (decree: number, atUs = decree): ModelEvent => ({ kind: 'replica.committed', atUs, node: 'source/replica-0', gpid: '1.0', decree, ballot: 1 });
const asked = (id: number, table: string): ModelEvent => ({ kind: 'command.invoked', atUs: id, id, cluster: 'source', command: { kind: 'dropTable', name: table } });
const sent = (id: number): ModelEvent => ({ kind: 'attempt.sent', atUs: id, id, cluster: 'source', gpid: '1.0', to: 'source/replica-0' });
const HEALED: ModelEvent = { kind: 'world.healed', atUs: 9 };
const NONE = { step: undefined };

describe('where two runs part', () => {
  it('is the first event that only one of them has; when it comes is no difference', () => {
    const here = watched([told(1), told(2), told(3)]);
    expect(partingOf(here, NONE, watched([told(1, 50), told(2, 60), told(4)]), NONE, false)).toEqual({
      event: 2,
      atUs: 3,
      here: 'source/replica-0 1.0: committed 3',
      there: 'source/replica-0 1.0: committed 4',
      isAtRest: false,
    });
    expect(partingOf(here, NONE, watched([told(1, 7), told(2, 8), told(3, 9)]), NONE, false)).toBeUndefined();
  });

  it('is where one of them ends', () => {
    const short = watched([told(1)]);
    const long = watched([told(1), told(2)]);
    expect(partingOf(short, NONE, long, NONE, false)).toMatchObject({ event: 1, here: '', there: 'source/replica-0 1.0: committed 2', isAtRest: false });
    expect(partingOf(long, NONE, short, NONE, false)).toMatchObject({ event: 1, there: '', isAtRest: true });
  });

  it('is not what the changed step itself asks, nor the numbers of the commands behind it', () => {
    const first = asked(1, 't1');
    const here = watched([first, sent(1), asked(2, 't2'), sent(2), told(1)], new Map([[first, 0]]));
    const there = watched([asked(1, 't2'), sent(1), told(2)]);
    expect(partingOf(here, { step: 0 }, there, NONE, false)).toMatchObject({ event: 4, there: 'source/replica-0 1.0: committed 2' });
    expect(partingOf(here, NONE, there, NONE, false)).toMatchObject({ event: 0 });
  });

  it('is not what a changed fault does at once', () => {
    const struck = (atUs: number, detail: string): ModelEvent => ({ kind: 'fault.struck', atUs, fault: 'process.pause', node: 'source/replica-0', gpid: '', detail });
    const [short, long] = [struck(1, '10 ms'), struck(1, '20 ms')];
    const here = watched([short, told(1), told(2)], new Map([[short, 3]]));
    const there = watched([long, told(1), told(3)], new Map([[long, 3]]));
    expect(partingOf(here, { step: 3 }, there, { step: 3 }, false)).toMatchObject({ event: 2 });
    expect(partingOf(here, { step: 3 }, there, { step: 4 }, false)).toMatchObject({ event: 1 });
  });

  it('of a change of content is where something else happens, not where other content shows', () => {
    const here = watched([told(1), sent(1)]);
    const there = watched([told(2), HEALED]);
    expect(partingOf(here, NONE, there, NONE, true)).toMatchObject({ event: 1, there: 'faults have ended' });
    expect(partingOf(here, NONE, there, NONE, false)).toMatchObject({ event: 0 });
  });

  it('is at rest when the other run goes on to its own questions', () => {
    const here = watched([HEALED, told(1), asked(5, 't1')]);
    expect(partingOf(here, NONE, watched([HEALED, asked(5, 't1')]), NONE, false)).toMatchObject({ event: 1, isAtRest: true });
    expect(partingOf(here, NONE, watched([HEALED, told(2)]), NONE, false)).toMatchObject({ event: 1, isAtRest: false });
  });
});

describe('where two runs part, what was merely done to them and what they merely ask does not count', () => {
  const probe = (id: number, table: string): ModelEvent => ({ kind: 'command.invoked', atUs: 20 + id, id, cluster: 'source', command: { kind: 'queryDup', table } });
  const answered = (id: number, error: 'ERR_OK' | 'ERR_TIMEOUT'): ModelEvent => ({ kind: 'command.answered', atUs: 30 + id, id, cluster: 'source', answer: { kind: 'admin', error, hint: '' } });

  it('questions of the run\'s own, unless the answer to one is where it ends', () => {
    const here = watched([HEALED, probe(7, 't1'), probe(8, 't2'), answered(7, 'ERR_OK'), answered(8, 'ERR_OK')]);
    const other = (error: 'ERR_OK' | 'ERR_TIMEOUT'): Watched => watched([HEALED, probe(3, 't9'), probe(4, 't2'), answered(4, error), answered(3, 'ERR_TIMEOUT')]);
    expect(partingOf(here, NONE, other('ERR_OK'), NONE, false)).toBeUndefined();
    expect(partingOf(here, NONE, other('ERR_TIMEOUT'), NONE, false)).toMatchObject({ event: 4, here: 'command 8 answered ERR_OK', there: 'command 4 answered ERR_TIMEOUT' });
    expect(partingOf(watched([...here.events, told(1)]), NONE, watched([...other('ERR_TIMEOUT').events, told(2)]), NONE, false)).toMatchObject({ event: 5 });
  });

  it('a crash that strikes later than its step, and the start behind it', () => {
    const node = 'source/replica-0';
    const crash: readonly ModelEvent[] = [
      { kind: 'fault.struck', atUs: 2, fault: 'process.crash', node, gpid: '', detail: '' },
      { kind: 'process.stopped', atUs: 2, node, cause: 'crash', detail: '' },
      { kind: 'process.started', atUs: 3, node },
    ];
    expect(partingOf(watched([told(1), ...crash, told(2)]), NONE, watched([told(1), told(3)]), NONE, false)).toMatchObject({ event: 4, here: 'source/replica-0 1.0: committed 2' });
    const check: ModelEvent = { kind: 'process.stopped', atUs: 2, node, cause: 'check', detail: 'gone' };
    expect(partingOf(watched([told(1), check]), NONE, watched([told(1), told(3)]), NONE, false)).toMatchObject({ event: 1, here: 'source/replica-0: process stopped (check) gone' });
  });
});
