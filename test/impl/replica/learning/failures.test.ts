/** Rounds that fail, and how learning begins anew (repl 1.9). */
import { describe, expect, it } from 'vitest';
import type { NodeId } from '../../../../model/vocabulary.ts';
import { threadHash } from '../../../../impl/protocol/gpid.ts';
import { AppLearning } from '../../../../impl/replica/learning/appLearning.ts';
import { Learner } from '../../../../impl/replica/learning/learner.ts';
import { META } from '../cluster.ts';
import { LearnCluster } from './learnCluster.ts';

const SMALL_LOG = { logPrivateFileSizeBytes: 2048, logPrivateReserveMaxSizeBytes: 0, rpcTimeoutMs: 500 } as const;

/** A learner of a checkpoint, of logs, and of the cache is about to begin. */
function begun(options: ConstructorParameters<typeof LearnCluster>[0] = {}): { readonly c: LearnCluster; readonly learner: NodeId } {
  const c = new LearnCluster({ ...options, settings: { ...SMALL_LOG, ...options.settings } });
  c.write(150);
  c.checkpointAndCollectLog();
  c.write(5);
  return { c, learner: c.spare() };
}

function statuses(c: LearnCluster, node: NodeId): readonly string[] {
  return c.claimsOf(node, 'replica.status').map(({ from, to }) => `${from.slice(3)} ${to.slice(3)}`);
}

describe('a round that fails', () => {
  it('by what the disk refuses: the replica goes, and the next group check opens another', () => {
    const { c, learner } = begun();
    c.addLearner(learner);
    c.writeUntil(() => c.learnerStatus(learner) === 'LearningWithoutPrepare');
    c.world.setDiskFull(learner, true);
    c.writeUntil(() => c.claimsOf(learner, 'replica.closed').length > 0);
    expect(statuses(c, learner)).toEqual(['INACTIVE POTENTIAL_SECONDARY', 'POTENTIAL_SECONDARY ERROR']);
    c.world.setDiskFull(learner, false);
    c.learnAnyhow(learner);
    expect(c.problemsOf(learner)).toEqual([]);
    expect(c.server(learner).learnAppSlots.hasFree()).toBe(true);
  });

  it('by files that go while they are copied (repl.Q7)', () => {
    const { c, learner } = begun();
    const { storage } = c.p;
    if (storage === undefined) throw new Error('no storage');
    const told = storage.getLearnCheckpoint.bind(storage);
    storage.getLearnCheckpoint = () => ({ ...told(), files: [...told().files, 'checkpoint.1/gone'] });
    c.addLearner(learner);
    c.writeUntil(() => c.claimsOf(learner, 'replica.closed').length > 0);
    storage.getLearnCheckpoint = told;
    c.learnAnyhow(learner);
    expect(c.problemsOf(learner)).toEqual([]);
  });

  it('by another\'s signature: INACTIVE, and the group check begins anew with the right one', () => {
    class Forgetful extends Learner {
      private asked = 0;
      override learnRequest(): ReturnType<Learner['learnRequest']> {
        return this.asked++ === 0 ? { ...super.learnRequest(), signature: 1 } : super.learnRequest();
      }
    }
    const { c, learner } = begun({ partsOf: () => ({ Learner: Forgetful }) });
    c.addLearner(learner);
    c.writeUntil(() => c.statusOf(learner) === 'PS_SECONDARY');
    expect(c.answers()[0]?.error).toBe('ERR_WRONG_CHECKSUM');
    expect(statuses(c, learner)).toEqual([
      'INACTIVE POTENTIAL_SECONDARY',
      'POTENTIAL_SECONDARY INACTIVE',
      'INACTIVE POTENTIAL_SECONDARY',
      'POTENTIAL_SECONDARY SECONDARY',
    ]);
    expect(c.replica(learner, c.gpid).inactiveIsTransient).toBe(false);
    expect(c.problemsOf(learner)).toEqual([]);
  });

  it('by a prepare with another signature: refused, and the learner is given up', () => {
    const { c, learner } = begun();
    c.addLearner(learner);
    c.writeUntil(() => c.learnerStatus(learner) === 'LearningWithPrepare' || c.statusOf(learner) === 'PS_SECONDARY');
    const replica = c.replica(learner, c.gpid);
    if (!replica.learner.isLearner()) throw new Error('too late');
    const config = { ...replica.makeConfig(replica.ballot(), c.primary(c.gpid), 'PS_POTENTIAL_SECONDARY'), learnerSignature: 3 };
    expect(replica.learner.refusePrepare({ config, mutation: new Uint8Array() })).toBe('ERR_INVALID_STATE');
    expect(replica.status()).toBe('PS_INACTIVE');
    c.learnAnyhow(learner);
    expect(c.problemsOf(learner)).toEqual([]);
  });

  it('a learner that cannot be reached delays the writes no longer than a prepare may take', () => {
    const { c, learner } = begun({ settings: { prepareTimeoutForPotentialSecondariesMs: 400, groupCheckIntervalMs: 60_000 } });
    c.addLearner(learner);
    c.writeUntil(() => c.learnerStatus(learner) === 'LearningWithPrepare' || c.statusOf(learner) === 'PS_SECONDARY', 0.5);
    expect(c.p.learnerGroup.isPreparing()).toBe(true);
    c.world.stopNode(learner, 'crash');
    const start = c.world.nowUs();
    c.write(1);
    expect(c.world.nowUs() - start).toBeLessThan(450_000);
    expect(c.p.learnerGroup.nodes()).toEqual([]);
    c.world.startNode(learner);
    c.learnAnyhow(learner);
    expect(c.problemsOf(learner)).toEqual([]);
  });
});

describe('a primary that goes while somebody learns', () => {
  const moments = ['LearningWithoutPrepare', 'LearningWithPrepare', 'LearningSucceeded'] as const;

  it.each(moments)('%s: the next primary begins anew, with a signature of its own', (moment) => {
    const { c, learner } = begun();
    c.addLearner(learner);
    c.writeUntil(() => c.learnerStatus(learner) === moment || c.statusOf(learner) === 'PS_SECONDARY', 0.5);
    const old = c.primary(c.gpid);
    const target = c.secondary();
    const before = c.server(learner).replicas.get(c.gpid)?.learner.signature ?? 0;
    c.call(META, 'RPC_CM_PROPOSE_BALANCER', { appName: 't', partitionIndex: 0, type: 'move_pri', from: '', to: target });
    c.writeUntil(() => c.isServing(c.gpid) && c.primary(c.gpid) === target);
    expect(c.replica(old, c.gpid).learnerGroup.nodes()).toEqual([]);
    c.learnAnyhow(learner);
    expect(c.problemsOf(learner)).toEqual([]);
    if (before > 0 && c.rounds().includes('LT_CACHE')) expect(c.answers().at(-1)?.config.learnerSignature).not.toBe(0);
  });

  it('a new primary may be the learner of before, and has everything', () => {
    const { c, learner } = begun();
    c.addLearner(learner);
    c.writeUntil(() => c.statusOf(learner) === 'PS_SECONDARY');
    c.settle();
    c.call(META, 'RPC_CM_PROPOSE_BALANCER', { appName: 't', partitionIndex: 0, type: 'move_pri', from: '', to: learner });
    c.writeUntil(() => c.isServing(c.gpid) && c.primary(c.gpid) === learner);
    c.write(5);
    for (const [key, value] of c.acked) expect(c.read(c.gpid, key)).toBe(value);
    expect(c.checks()).toEqual([]);
  });
});

describe('a learner that holds what the primary never had', () => {
  it('discards it, and learns from nothing', () => {
    const c = new LearnCluster({ settings: SMALL_LOG }, 3);
    c.write(20);
    const node = c.secondary();
    c.propose('CT_REMOVE', node);
    c.runUntil(() => c.statusOf(node) === undefined && c.isServing(c.gpid));
    const { replica } = c.server(node).closingReplicas.get(c.gpid) ?? {};
    if (replica === undefined) throw new Error('closed already');
    // Twenty more than the primary will ever have prepared under this ballot.
    const { storage } = replica;
    for (let decree = replica.lastAppliedDecree() + 1; decree <= 60; decree++) {
      const updates = [{ code: 'RPC_REPLICATION_WRITE_EMPTY', serializationType: 0, data: new Uint8Array() }];
      storage?.applyMutation({ gpid: c.gpid, ballot: 1, decree, logOffset: -1, lastCommittedDecree: decree - 1, timestampUs: decree, updates });
    }
    expect(replica.lastAppliedDecree()).toBe(60);
    c.learnAnyhow(node);
    expect(c.claimsOf(node, 'replica.status').some(({ to }) => to === 'PS_ERROR')).toBe(false);
    expect(replica.lastAppliedDecree()).toBeLessThan(60);
    expect(c.problemsOf(node)).toEqual([]);
  });
});

describe('the slots for checkpoints', () => {
  it('are given back whenever a round ends', () => {
    class Interrupted extends AppLearning {
      override takeIn(...args: Parameters<AppLearning['takeIn']>): void {
        super.takeIn(...args);
        this.learner.handleLearningError('ERR_TIMEOUT', false);
      }
    }
    const { c, learner } = begun({ partsOf: () => ({ AppLearning: Interrupted }), settings: { learnAppMaxConcurrentCount: 1 } });
    c.addLearner(learner);
    c.runUntil(() => c.rounds().filter((type) => type === 'LT_APP').length >= 3);
    expect(c.server(learner).learnAppSlots.hasFree()).toBe(true);
    expect(c.checks()).toEqual([]);
  });
});

describe('an offer', () => {
  it('of an older ballot is ignored, and so is one to a server that has lost the meta server', () => {
    const c = new LearnCluster();
    c.write(3);
    const learner = c.spare();
    const { app } = c.p;
    const config = { ...c.p.makeConfig(c.p.ballot(), c.primary(c.gpid), 'PS_POTENTIAL_SECONDARY'), learnerSignature: 9 };
    c.server(learner).isConnected = () => false;
    c.call(learner, 'RPC_LEARN_ADD_LEARNER', { app, config }, threadHash(c.gpid));
    c.run(50);
    expect(c.statusOf(learner)).toBeUndefined();
    const secondary = c.secondary();
    c.call(secondary, 'RPC_LEARN_ADD_LEARNER', { app, config: { ...config, ballot: c.p.ballot() - 1 } }, threadHash(c.gpid));
    // Of its own ballot: a member is no learner.
    c.call(secondary, 'RPC_LEARN_ADD_LEARNER', { app, config }, threadHash(c.gpid));
    c.run(50);
    expect(c.statusOf(secondary)).toBe('PS_SECONDARY');
    expect(c.rounds()).toEqual([]);
  });
});
