import { describe, expect, it } from 'vitest';
import { CacheLearning } from '../../../../impl/replica/learning/cacheLearning.ts';
import { DEFAULT_SETTINGS } from '../../../../impl/settings.ts';
import { LearnCluster } from './learnCluster.ts';

const ONE_LONG_WORKER = { ...DEFAULT_SETTINGS.poolWorkers, THREAD_POOL_REPLICATION_LONG: 1 };

describe('LT_CACHE (repl 1.9)', () => {
  it('a learner of a small table takes over the prepare list, and is a member a few messages later', () => {
    const c = new LearnCluster();
    c.write(30);
    const learner = c.spare();
    c.addLearner(learner);
    c.writeUntil(() => c.statusOf(learner) === 'PS_SECONDARY');
    expect(c.problemsOf(learner)).toEqual([]);
    expect(c.rounds()).toEqual(['LT_CACHE']);
    expect(c.missingInLog(learner, 1)).toEqual([]);
  });

  it('also an empty table\'s', () => {
    const c = new LearnCluster();
    const learner = c.spare();
    c.addLearner(learner);
    c.runUntil(() => c.statusOf(learner) === 'PS_SECONDARY');
    c.write(3);
    expect(c.problemsOf(learner)).toEqual([]);
  });

  it('with writes in flight all the time; each is acknowledged by the learner too', () => {
    const c = new LearnCluster();
    c.write(10);
    const learner = c.spare();
    c.addLearner(learner);
    c.writeUntil(() => c.statusOf(learner) === 'PS_SECONDARY', 0.1);
    expect(c.problemsOf(learner)).toEqual([]);
    expect(c.missingInLog(learner, 1)).toEqual([]);
    // Something was under way when it began to follow, and came again in the same ballot.
    const reproposed = c.claimsOf(c.primary(c.gpid), 'replica.prepared').filter(({ mutation, reproposal }) => reproposal && mutation.ballot === c.p.ballot());
    expect(reproposed.length).toBeGreaterThan(0);
    expect(c.acked.size).toBeGreaterThan(20);
  });

  it('while the checkpoint is made prepares are logged and committed, and applied afterwards', () => {
    const c = new LearnCluster({ settings: { poolWorkers: ONE_LONG_WORKER } });
    c.write(10);
    const learner = c.spare();
    c.addLearner(learner);
    c.writeUntil(() => c.learnerStatus(learner) === 'LearningWithoutPrepare', 0.1);
    const release = c.world.occupyPool(learner, 'THREAD_POOL_REPLICATION_LONG', 1, 200, false);
    c.writeUntil(() => c.learnerStatus(learner) === 'LearningWithPrepare', 0.1);
    c.write(10);
    const replica = c.replica(learner, c.gpid);
    expect(replica.lastCommittedDecree()).toBeGreaterThan(replica.lastAppliedDecree() + 5);
    release();
    c.writeUntil(() => c.statusOf(learner) === 'PS_SECONDARY');
    expect(c.problemsOf(learner)).toEqual([]);
  });

  it('what has left the prepare list meanwhile is applied from the own log', () => {
    const c = new LearnCluster({ settings: { maxMutationCountInPrepareList: 30, poolWorkers: ONE_LONG_WORKER } });
    c.write(10);
    const learner = c.spare();
    c.addLearner(learner);
    c.writeUntil(() => c.learnerStatus(learner) === 'LearningWithoutPrepare', 0.1);
    const release = c.world.occupyPool(learner, 'THREAD_POOL_REPLICATION_LONG', 1, 2000, false);
    c.writeUntil(() => c.learnerStatus(learner) === 'LearningWithPrepare', 0.1);
    c.write(100);
    release();
    c.writeUntil(() => c.statusOf(learner) === 'PS_SECONDARY');
    expect(c.tasks.get('LPC_CATCHUP_WITH_PRIVATE_LOGS')).toBeGreaterThan(0);
    expect(c.problemsOf(learner)).toEqual([]);
  });

  it('a crash before the checkpoint is found out: the directory is refused, and the node learns anew', () => {
    let isMade = true;
    class NoCheckpoint extends CacheLearning {
      override makeCheckpoint(round: number): void {
        if (isMade) super.makeCheckpoint(round);
      }
    }
    const c = new LearnCluster({ partsOf: () => ({ CacheLearning: NoCheckpoint }) });
    isMade = false;
    c.write(150);
    const learner = c.spare();
    c.addLearner(learner);
    c.writeUntil(() => c.learnerStatus(learner) === 'LearningWithPrepare', 0.1);
    // A ballot that rises meanwhile does not make it forget (repl.Q15).
    const { configurator } = c.replica(learner, c.gpid);
    configurator.updateLocalConfiguration(c.replica(learner, c.gpid).makeConfig(7, c.primary(c.gpid), 'PS_POTENTIAL_SECONDARY'));
    const info = new TextDecoder().decode(c.world.diskView(learner).read(`${c.gpid}.pegasus/.init-info`));
    expect(JSON.parse(info)).toMatchObject({ init_ballot: 7, init_durable_decree: expect.toSatisfy((d: number) => d > 100) });
    c.world.stopNode(learner, 'crash');
    c.run(10);
    c.world.startNode(learner);
    c.runUntil(() => c.claimsOf(learner, 'replica.load-failed').length > 0);
    expect(c.claimsOf(learner, 'replica.load-failed')).toEqual([{ kind: 'replica.load-failed', gpid: c.gpid, error: 'ERR_INCOMPLETE_DATA' }]);
  });
});
