import { describe, expect, it } from 'vitest';
import { threadHash } from '../../../../impl/protocol/gpid.ts';
import type { LearnRequest } from '../../../../impl/protocol/learnMessages.ts';
import { LearnCluster } from './learnCluster.ts';

/** repl 1.9: learner applied, learner max_gced, primary committed, primary max_gced, min_confirmed -> learn_start. */
const LEARN_START = [
  [5, -1, 5, 0, 3, 4],
  [5, 4, 5, 0, 3, 4],
  [5, 0, 5, 0, 3, 6],
  [0, 4, 5, 0, 3, 1],
  [5, -1, 5, -1, -1, 6],
  [5, -1, 5, 2, -1, 3],
  [5, 3, 5, 2, -1, 3],
  [5, 3, 5, 0, -1, 1],
  [5, 0, 5, 2, -1, 6],
  [0, -1, 5, 2, -1, 1],
  [1, -1, 5, 2, -1, 2],
] as const;

describe('get_learn_start_decree (repl 1.9 step 3)', () => {
  const c = new LearnCluster();
  const { duplicatorManager, learnee } = c.p;

  it.each(LEARN_START)('(%i, %i, %i, %i, %i -> %i)', (applied, learnerGced, _committed, gced, confirmed, start) => {
    duplicatorManager.isDuplicating = () => true;
    duplicatorManager.minConfirmedDecree = () => confirmed;
    learnee.maxGcedDecree = () => gced;
    expect(learnee.getLearnStartDecree(applied, learnerGced)).toBe(start);
    duplicatorManager.isDuplicating = () => false;
    expect(learnee.getLearnStartDecree(applied, learnerGced)).toBe(applied + 1);
  });
});

describe('on_learn (repl 1.9)', () => {
  /** Asks as a learner that is registered does, but for what is changed. */
  function ask(c: LearnCluster, change: Partial<LearnRequest> = {}): readonly unknown[] {
    const learner = c.spare();
    const { learnerGroup } = c.p;
    const request: LearnRequest = {
      gpid: c.gpid, learner, signature: learnerGroup.signatureOf(learner),
      lastCommittedInApp: 0, lastCommittedInPrepareList: 0, maxGcedDecree: -1, ...change,
    };
    const box = c.call(c.primary(c.gpid), 'RPC_LEARN', request, threadHash(c.gpid));
    c.runUntil(() => box.result !== undefined);
    const body = box.result?.body;
    return [box.result?.error, body?.error, body?.type, body?.prepareStartDecree, body?.state.meta.length];
  }

  /** Registered, and the learner itself hears nothing of it. */
  function withLearner(c: LearnCluster): void {
    c.p.learnerGroup.sendAddLearner = () => undefined;
    c.p.groupChecker.stopGroupCheck();
    c.addLearner(c.spare());
  }

  it('refuses whom it does not know, another signature, and while it is not PRIMARY', () => {
    const c = new LearnCluster();
    c.write(5);
    expect(ask(c, { signature: 1 })).toEqual(['ERR_OK', 'ERR_OBJECT_NOT_FOUND', 'LT_INVALID', -1, 0]);
    withLearner(c);
    expect(ask(c, { signature: 7 })).toEqual(['ERR_OK', 'ERR_WRONG_CHECKSUM', 'LT_INVALID', -1, 0]);
    const [node] = c.members();
    const learner = c.spare();
    const request = { gpid: c.gpid, learner, signature: 1, lastCommittedInApp: 0, lastCommittedInPrepareList: 0, maxGcedDecree: -1 };
    const box = c.call(c.secondary(), 'RPC_LEARN', request, threadHash(c.gpid));
    const absent = c.call(learner, 'RPC_LEARN', request, threadHash(c.gpid));
    c.p.configurator.updateLocalConfigurationWithNoBallotChange('PS_INACTIVE');
    const replica = c.replica(node ?? '', c.gpid);
    replica.configurator.setInactiveStateTransient(true);
    const inactive = c.call(node ?? '', 'RPC_LEARN', request, threadHash(c.gpid));
    c.run(10);
    expect(box.result?.body?.error).toBe('ERR_INVALID_STATE');
    expect(inactive.result?.body?.error).toBe('ERR_INACTIVE_STATE');
    expect(absent.result?.error).toBe('ERR_OBJECT_NOT_FOUND');
  });

  it('the cache: records up to the commit point, and prepares from behind it', () => {
    const c = new LearnCluster();
    c.write(5);
    withLearner(c);
    expect(ask(c)).toEqual(['ERR_OK', 'ERR_OK', 'LT_CACHE', 6, 5]);
    expect(ask(c, { lastCommittedInApp: 3 })).toEqual(['ERR_OK', 'ERR_OK', 'LT_CACHE', 6, 2]);
    expect(ask(c, { lastCommittedInApp: 5 })).toEqual(['ERR_OK', 'ERR_OK', 'LT_CACHE', 6, 0]);
    expect(c.p.learnerGroup.nodesToPrepare(5)).toEqual([]);
    expect(c.p.learnerGroup.nodesToPrepare(6)).toEqual([c.spare()]);
    // It has what this primary has never prepared: it learns from nothing.
    expect(ask(c, { lastCommittedInApp: 9 })).toEqual(['ERR_OK', 'ERR_OK', 'LT_CACHE', 6, 5]);
  });

  it('a learner that is ahead of the commit point comes again', () => {
    const c = new LearnCluster();
    c.write(5);
    withLearner(c);
    const [primary = '', secondary = ''] = c.members();
    c.world.cutLink(secondary, primary);
    c.send();
    c.run(20);
    expect([c.p.lastCommittedDecree(), c.p.lastPreparedDecree()]).toEqual([5, 6]);
    expect(ask(c, { lastCommittedInApp: 6 })).toEqual(['ERR_OK', 'ERR_INCONSISTENT_STATE', 'LT_INVALID', -1, 0]);
  });

  it('what is not committed is proposed again in the same ballot, with its timestamp (repl.R1)', () => {
    const c = new LearnCluster();
    c.write(5);
    withLearner(c);
    const [primary = '', secondary = ''] = c.members();
    c.world.cutLink(secondary, primary);
    c.send();
    c.run(20);
    expect(ask(c)).toEqual(['ERR_OK', 'ERR_OK', 'LT_CACHE', 6, 5]);
    c.run(20);
    const proposals = c.claimsOf(primary, 'replica.prepared').filter(({ mutation }) => mutation.decree === 6);
    expect(proposals.map(({ reproposal }) => reproposal)).toEqual([false, true]);
    expect(proposals[1]?.mutation.timestampUs).toBe(proposals[0]?.mutation.timestampUs);
    expect(proposals[0]?.mutation.timestampUs).toBeGreaterThan(0);
    expect(c.sent.some((m) => m.code === 'RPC_PREPARE' && m.to === c.spare() && m.decree === 6)).toBe(true);
    // Nobody is there to acknowledge it; the client is answered all the same, once the learner is given up.
    c.world.restoreLink(secondary, primary);
    c.runUntil(() => c.isServing(c.gpid) && c.p.lastCommittedDecree() >= 6, 20_000);
    expect(c.p.learnerGroup.nodes()).toEqual([]);
    expect(c.read(c.gpid, 'k5')).toBe('v-k5');
    expect(c.checks()).toEqual([]);
  });
});
