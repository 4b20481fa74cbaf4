/** Single steps of learning whose omission a calm cluster forgives. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_PARTS } from '../../../../impl/parts.ts';
import { DEFAULT_SETTINGS } from '../../../../impl/settings.ts';
import { LearnCluster } from './learnCluster.ts';

const ONE_WORKER = { ...DEFAULT_SETTINGS.poolWorkers, THREAD_POOL_REPLICATION_LONG: 1, THREAD_POOL_PLOG: 1 };

describe('a learner', () => {
  it('that begins anew forgets what it had committed and not applied', () => {
    const c = new LearnCluster({ settings: { poolWorkers: ONE_WORKER } });
    c.write(10);
    const learner = c.spare();
    c.addLearner(learner);
    c.writeUntil(() => c.learnerStatus(learner) === 'LearningWithoutPrepare', 0.1);
    c.world.occupyPool(learner, 'THREAD_POOL_REPLICATION_LONG', 1, 200, false);
    c.writeUntil(() => c.learnerStatus(learner) === 'LearningWithPrepare', 0.1);
    c.write(10);
    const replica = c.replica(learner, c.gpid);
    expect(replica.lastCommittedDecree()).toBeGreaterThan(replica.lastAppliedDecree());
    replica.learner.beginLearning(replica.learner.signature + 1);
    expect(replica.lastCommittedDecree()).toBe(replica.lastAppliedDecree());
    expect(replica.learner.report()).toMatchObject({ status: 'LearningWithoutPrepare', prepareStartDecree: -1 });
  });

  it('says again that it is done when nobody answers, and stays what it is', () => {
    const c = new LearnCluster({ settings: { groupCheckIntervalMs: 60_000, rpcTimeoutMs: 500 } });
    c.write(10);
    const learner = c.spare();
    c.addLearner(learner);
    c.runUntil(() => c.learnerStatus(learner) === 'LearningSucceeded');
    c.world.resetSession(learner, c.primary(c.gpid));
    expect(c.p.metaRequester.pendingRequest()).toBeUndefined();
    c.runUntil(() => c.statusOf(learner) === 'PS_SECONDARY', 5000);
    expect(c.claimsOf(learner, 'replica.status').map(({ to }) => to)).toEqual(['PS_POTENTIAL_SECONDARY', 'PS_SECONDARY']);
    expect(c.sent.filter((m) => m.code === 'RPC_LEARN_COMPLETION_NOTIFY' && m.kind !== 'reply')).toHaveLength(2);
    expect(c.problemsOf(learner)).toEqual([]);
  });

  it('has written what it took over from the cache before it is done', () => {
    const c = new LearnCluster({ settings: { poolWorkers: ONE_WORKER } });
    c.write(10);
    const learner = c.spare();
    c.addLearner(learner);
    c.runUntil(() => c.learnerStatus(learner) === 'LearningWithoutPrepare');
    // Whoever else writes the log has to wait.
    c.world.occupyPool(learner, 'THREAD_POOL_PLOG', 1, 3000, false);
    c.runUntil(() => c.learnerStatus(learner) === 'LearningSucceeded', 2000);
    expect(c.loggedDecrees(learner)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('makes a checkpoint before it replaces a log that its last one needs', () => {
    const c = new LearnCluster();
    c.write(30);
    const replica = c.replica(c.secondary(), c.gpid);
    const { logs } = replica.learner;
    const replaced: string[] = [];
    logs.resetFrom = (dir) => {
      replaced.push(`${dir} ${replica.lastDurableDecree()}`);
      return 'ERR_FILE_OPERATION_FAILED';
    };
    const state = { toDecreeIncluded: 30, files: ['log.1.0'], meta: [], learnStartDecree: 1 };
    expect(logs.replaceLog(state)).toBe('ERR_FILE_OPERATION_FAILED');
    expect(logs.replaceLog({ ...state, learnStartDecree: 20 })).toBe('ERR_FILE_OPERATION_FAILED');
    const dir = `${c.gpid}.pegasus/learn`;
    expect(replaced).toEqual([`${dir} 0`, `${dir} ${replica.lastAppliedDecree()}`]);
  });

  it('becomes a member only when it is done, and never the primary', () => {
    const c = new LearnCluster({ settings: { groupCheckIntervalMs: 60_000 } });
    c.write(150);
    const learner = c.spare();
    c.addLearner(learner);
    c.runUntil(() => c.learnerStatus(learner) === 'LearningWithoutPrepare');
    const replica = c.replica(learner, c.gpid);
    const { membership } = c.p.primaryStates;
    const ballot = membership.ballot + 1;
    const secondaries = [...membership.secondaries, learner];
    expect(replica.configurator.updateConfiguration({ ...membership, ballot, secondaries })).toBe(false);
    expect(replica.configurator.updateConfiguration({ ...membership, ballot, primary: learner })).toBe(false);
    expect([replica.status(), replica.ballot()]).toEqual(['PS_POTENTIAL_SECONDARY', membership.ballot]);
  });
});

describe('learned logs', () => {
  it('are applied up to an ingestion write, which is left to a checkpoint (bl.B17), and say so by no error', () => {
    const c = new LearnCluster();
    c.write(5);
    const replica = c.replica(c.secondary(), c.gpid);
    const applied = replica.lastAppliedDecree();
    const mutations = new DEFAULT_PARTS.LearnedMutations(replica.ctx, replica, { intoLog: false, claims: false });
    const codes = ['RPC_REPLICATION_WRITE_EMPTY', 'RPC_RRDB_RRDB_BULK_LOAD', 'RPC_REPLICATION_WRITE_EMPTY'];
    for (const [i, code] of codes.entries()) {
      const updates = [{ code, serializationType: 0, data: new Uint8Array() }];
      const decree = applied + 1 + i;
      mutations.take({ gpid: c.gpid, ballot: 1, decree, logOffset: -1, lastCommittedDecree: decree - 1, timestampUs: 1, updates });
    }
    mutations.commitSoft(applied + codes.length);
    expect(replica.lastAppliedDecree()).toBe(applied + 1);
    expect(replica.storage?.pendingIngestion()).toBeUndefined();
    expect(mutations.error).toBe('ERR_OK');
  });

  it('with a hole below a commit point end as an error', () => {
    const c = new LearnCluster();
    c.write(5);
    const replica = c.replica(c.secondary(), c.gpid);
    const mutations = new DEFAULT_PARTS.LearnedMutations(replica.ctx, replica, { intoLog: false, claims: false });
    const updates = [{ code: 'RPC_REPLICATION_WRITE_EMPTY', serializationType: 0, data: new Uint8Array() }];
    const decree = replica.lastAppliedDecree() + 2;
    mutations.take({ gpid: c.gpid, ballot: 1, decree, logOffset: -1, lastCommittedDecree: decree - 1, timestampUs: 1, updates });
    expect(mutations.error).toBe('ERR_INCOMPLETE_DATA');
  });
});

describe('a primary', () => {
  it('hears no more of a prepare that it has proposed anew in the same ballot', () => {
    const c = new LearnCluster();
    c.write(5);
    const [primary = '', secondary = ''] = c.members();
    c.world.cutLink(secondary, primary);
    c.send();
    c.run(20);
    const { configurator, prepareList, twoPc } = c.p;
    const old = prepareList.getMutationByDecree(6);
    if (old === undefined) throw new Error('not prepared');
    expect(twoPc.ignoresPrepareReply(old)).toBe(false);
    twoPc.cancelOutstandingPrepares();
    configurator.replayPrepareList();
    expect(twoPc.ignoresPrepareReply(old)).toBe(true);
    const anew = prepareList.getMutationByDecree(6);
    expect(anew === undefined || twoPc.ignoresPrepareReply(anew)).toBe(false);
  });
});
