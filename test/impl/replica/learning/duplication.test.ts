import { describe, expect, it } from 'vitest';
import { Learner } from '../../../../impl/replica/learning/learner.ts';
import { LogLearning } from '../../../../impl/replica/learning/logLearning.ts';
import { NODES } from '../cluster.ts';
import { DuplicatingCluster } from './duplicatingCluster.ts';

describe('learning of a duplicated table (dup 6.8)', () => {
  it('what comes by log files goes into the own log as well', () => {
    const c = new DuplicatingCluster({ decree: 5 });
    c.write(150);
    const learner = c.spare();
    c.learn(learner);
    expect(c.problemsOf(learner)).toEqual([]);
    expect(c.rounds()[0]).toBe('LT_LOG');
    expect(c.missingInLog(learner, 1)).toEqual([]);
  });

  it('behind a checkpoint the own log is replaced by the primary\'s, from what is confirmed on (#765)', () => {
    const c = new DuplicatingCluster({ decree: 60 });
    c.write(150);
    c.checkpointAndCollectLog();
    expect(c.missingInLog(c.primary(c.gpid), 1).length).toBeGreaterThan(20);
    const learner = c.spare();
    c.learn(learner);
    expect(c.problemsOf(learner)).toEqual([]);
    expect(c.rounds().slice(0, 2)).toEqual(['LT_APP', 'LT_LOG']);
    expect(c.answers()[1]?.state.learnStartDecree).toBe(61);
    expect(c.missingInLog(learner, 61)).toEqual([]);
  });

  it('also when the step back would end in the cache (dup.B46)', () => {
    const c = new DuplicatingCluster({ decree: 120 });
    c.write(130);
    c.checkpointAndCollectLog();
    c.confirmed.decree = 128;
    const learner = c.spare();
    c.learn(learner);
    expect(c.problemsOf(learner)).toEqual([]);
    expect(c.missingInLog(learner, 129)).toEqual([]);
  });

  it('a checkpoint leaves a hole behind a log of before, which is no log then', () => {
    const c = new DuplicatingCluster({ decree: 5 }, 3);
    c.write(10);
    const node = c.secondary();
    c.remove(node);
    c.write(140);
    c.confirmed.decree = 60;
    c.checkpointAndCollectLog();
    c.learn(node);
    expect(c.problemsOf(node)).toEqual([]);
    expect(c.rounds()[0]).toBe('LT_APP');
    expect(c.missingInLog(node, 61)).toEqual([]);
  });

  it('the log stands also after a restart', () => {
    const c = new DuplicatingCluster({ decree: 60 });
    c.write(150);
    c.checkpointAndCollectLog();
    const learner = c.spare();
    c.learn(learner);
    expect(c.problemsOf(learner)).toEqual([]);
    c.world.stopNode(learner, 'crash');
    c.run(10);
    c.world.startNode(learner);
    c.runUntil(() => c.statusOf(learner) === 'PS_SECONDARY');
    c.write(5);
    expect(c.problemsOf(learner)).toEqual([]);
    expect(c.missingInLog(learner, 61)).toEqual([]);
  });

  it('with nothing confirmed that is known, all that the primary has', () => {
    const c = new DuplicatingCluster({ decree: -1 });
    c.write(150);
    c.checkpointAndCollectLog();
    const learner = c.spare();
    c.learn(learner);
    expect(c.problemsOf(learner)).toEqual([]);
    expect(c.missingInLog(learner, 1)).toEqual([]);
  });
});

describe('the seams for what was wrong once', () => {
  it('learn-stale-duplicating-flag: a replica that is opened again hears of the duplication before its first round', () => {
    class Stale extends Learner {
      override adoptDuplicating(): void {}
    }
    const missing = [{}, { Learner: Stale }].map((parts) => {
      const c = new DuplicatingCluster({ decree: 5 }, 3, parts);
      c.write(10);
      const node = c.secondary();
      // It was here before the duplication was.
      c.replica(node, c.gpid).configurator.updateDuplicating(false);
      c.remove(node);
      c.write(150);
      c.learn(node);
      return c.missingInLog(node, 6).length;
    });
    expect(missing[0]).toBe(0);
    expect(missing[1]).toBeGreaterThan(100);
  });

  it('learn-step-back-not-kept: a replacement that keeps the old log and says OK', () => {
    class Kept extends LogLearning {
      override resetFrom(): 'ERR_OK' {
        return 'ERR_OK';
      }
    }
    const c = new DuplicatingCluster({ decree: 60 }, 2, { LogLearning: Kept });
    c.write(150);
    c.checkpointAndCollectLog();
    const learner = c.spare();
    c.learn(learner);
    expect(c.problemsOf(learner)).toEqual([]);
    expect(c.missingInLog(learner, 61).length).toBeGreaterThan(50);
    expect(NODES).toContain(learner);
  });
});
