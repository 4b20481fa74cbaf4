import { describe, expect, it } from 'vitest';
import type { ConfigType, NodeId } from '../../../../model/vocabulary.ts';
import { threadHash } from '../../../../impl/protocol/gpid.ts';
import { LearnCluster } from './learnCluster.ts';

function proposed(c: LearnCluster, type: ConfigType, node: NodeId): string | undefined {
  const box = c.propose(type, node);
  c.runUntil(() => box.result !== undefined);
  return box.result?.body?.error;
}

/** The first that a ballot gives. */
function firstSignature({ p }: LearnCluster): number {
  return p.ballot() * 2 ** 32 + 2;
}

describe('learners of a primary (repl 1.9)', () => {
  it('join while there is room: one place for a member, one more for load balance', () => {
    const c = new LearnCluster();
    const learner = c.spare();
    c.p.learnerGroup.sendAddLearner = () => undefined;
    expect(proposed(c, 'CT_ADD_SECONDARY', learner)).toBe('ERR_INVALID_STATE');
    expect(proposed(c, 'CT_ADD_SECONDARY_FOR_LB', learner)).toBe('ERR_OK');
    const { signature } = c.p.learnerGroup.learners.get(learner) ?? { signature: 0 };
    expect(signature).toBe(firstSignature(c));
    // Known already: the same place, the same signature.
    expect(proposed(c, 'CT_ADD_SECONDARY', learner)).toBe('ERR_OK');
    expect(proposed(c, 'CT_ADD_SECONDARY_FOR_LB', learner)).toBe('ERR_OK');
    expect(proposed(c, 'CT_ADD_SECONDARY', 'c/replica-9')).toBe('ERR_INVALID_STATE');
    expect(c.p.learnerGroup.signatureOf(learner)).toBe(signature);
    // Members are what they are.
    expect(proposed(c, 'CT_ADD_SECONDARY', c.secondary())).toBe('ERR_OK');
    expect(c.p.learnerGroup.nodes()).toEqual([learner]);
  });

  it('a signature never comes again in the life of a replica (repl.R17)', () => {
    const c = new LearnCluster();
    const { learnerGroup } = c.p;
    const first = [learnerGroup.nextSignature(), learnerGroup.nextSignature()];
    const least = firstSignature(c);
    expect(first).toEqual([least, least + 1]);
    const replica = c.p;
    const { membership } = replica.primaryStates;
    replica.configurator.updateLocalConfigurationWithNoBallotChange('PS_INACTIVE');
    replica.configurator.setInactiveStateTransient(true);
    expect(replica.configurator.updateConfiguration(membership)).toBe(true);
    expect(replica.status()).toBe('PS_PRIMARY');
    expect(learnerGroup.nextSignature()).toBe(least + 2);
    // A new ballot begins above all of the old one.
    const next = { ...membership, ballot: membership.ballot + 1 };
    expect(replica.configurator.updateConfiguration(next)).toBe(true);
    expect(learnerGroup.nextSignature()).toBe(least + 2 ** 32);
  });

  it('an upgrade needs the signature, and prepares from where the learner knows (repl.R17)', () => {
    const c = new LearnCluster();
    const { learnerGroup } = c.p;
    const asked: string[] = [];
    c.p.members.upgradeToSecondaryOnPrimary = (node) => void asked.push(node);
    learnerGroup.learners.set('x', { signature: 5, prepareStartDecree: -1, lastLearnLogFile: '' });
    const notify = (signature: number, prepareStartDecree: number, node = 'x'): string =>
      learnerGroup.onLearnCompletionNotification({ gpid: c.gpid, node, report: { status: 'LearningSucceeded', signature, prepareStartDecree } });
    expect(notify(5, 10)).toBe('ERR_LEARNER_NOT_FOUND');
    learnerGroup.learners.set('x', { signature: 5, prepareStartDecree: 12, lastLearnLogFile: '' });
    expect([notify(5, 11), notify(4, 12), notify(5, 12, 'y')]).toEqual(['ERR_LEARNER_NOT_FOUND', 'ERR_LEARNER_NOT_FOUND', 'ERR_LEARNER_NOT_FOUND']);
    expect(asked).toEqual([]);
    expect(notify(5, 12)).toBe('ERR_OK');
    expect(asked).toEqual(['x']);
    const report = { status: 'LearningWithPrepare', signature: 5, prepareStartDecree: 12 } as const;
    expect(learnerGroup.onLearnCompletionNotification({ gpid: c.gpid, node: 'x', report })).toBe('ERR_INVALID_STATE');
  });

  it('a primary that changes its configuration keeps them, any other does not (repl.Q17)', () => {
    const c = new LearnCluster();
    const replica = c.p;
    const { learnerGroup, configurator } = replica;
    const { membership } = replica.primaryStates;
    const put = (node: NodeId): void => void learnerGroup.learners.set(node, { signature: 5, prepareStartDecree: 12, lastLearnLogFile: '' });
    const learner = c.spare();
    const other = c.secondary();
    put('x');
    put(learner);
    configurator.updateLocalConfigurationWithNoBallotChange('PS_INACTIVE');
    configurator.setInactiveStateTransient(true);
    expect(learnerGroup.nodes()).toHaveLength(2);
    // Back, with one of them as a member.
    const secondaries = [...membership.secondaries, learner];
    configurator.updateConfiguration({ ...membership, secondaries, ballot: membership.ballot + 1 });
    expect(learnerGroup.nodes()).toEqual(['x']);
    configurator.updateConfiguration({ ...membership, primary: other, secondaries: [replica.self()], ballot: membership.ballot + 2 });
    expect(replica.status()).toBe('PS_SECONDARY');
    expect(learnerGroup.nodes()).toEqual([]);
  });
});

describe('changes of members at the primary (repl 1.10)', () => {
  it('CT_DOWNGRADE_TO_INACTIVE: the member is out, under the next ballot', () => {
    const c = new LearnCluster({}, 3);
    const out = c.secondary();
    expect(proposed(c, 'CT_DOWNGRADE_TO_INACTIVE', out)).toBe('ERR_OK');
    c.runUntil(() => c.isServing(c.gpid) && !c.members().includes(out));
    const asked = c.sent.find((m) => m.code === 'RPC_CM_UPDATE_PARTITION_CONFIGURATION' && m.kind !== 'reply' && m.atUs > 0 && JSON.stringify(m.body).includes('CT_DOWNGRADE_TO_INACTIVE'));
    expect(asked?.body).toMatchObject({ type: 'CT_DOWNGRADE_TO_INACTIVE', node: out, config: { ballot: 4, primary: c.primary(c.gpid) } });
    c.write(3);
    expect(c.checks()).toEqual([]);
  });

  it('CT_REMOVE: the node is told, and closes its replica', () => {
    const c = new LearnCluster({ settings: { gcMemoryReplicaIntervalMs: 500, configSyncIntervalMs: 600_000 } }, 3);
    const out = c.secondary();
    expect(proposed(c, 'CT_REMOVE', out)).toBe('ERR_OK');
    c.runUntil(() => c.sent.some((m) => m.code === 'RPC_REMOVE_REPLICA'));
    c.run(5);
    expect(c.server(out).replicas.has(c.gpid)).toBe(false);
    expect(c.claimsOf(out, 'replica.closed')).toEqual([]);
    c.run(600);
    expect(c.claimsOf(out, 'replica.closed')).toHaveLength(1);
    expect(c.members()).not.toContain(out);
  });

  it('a replica that only waits to be closed is taken back by an offer', () => {
    const c = new LearnCluster({}, 3);
    c.write(10);
    const out = c.secondary();
    const replica = c.replica(out, c.gpid);
    proposed(c, 'CT_REMOVE', out);
    c.runUntil(() => c.server(out).closingReplicas.has(c.gpid) && c.isServing(c.gpid));
    expect(proposed(c, 'CT_ADD_SECONDARY', out)).toBe('ERR_OK');
    c.writeUntil(() => c.statusOf(out) === 'PS_SECONDARY');
    expect(c.replica(out, c.gpid)).toBe(replica);
    expect(c.problemsOf(out)).toEqual([]);
  });

  it('proposals of another configuration are refused', () => {
    const c = new LearnCluster({}, 3);
    const { app, primaryStates } = c.p;
    const config = { ...primaryStates.membership, ballot: 0 };
    const request = { app, type: 'CT_REMOVE', node: c.secondary(), config } as const;
    const box = c.call(c.primary(c.gpid), 'RPC_CONFIG_PROPOSAL', request, threadHash(c.gpid));
    const atSecondary = c.call(c.secondary(), 'RPC_CONFIG_PROPOSAL', { ...request, config: primaryStates.membership }, threadHash(c.gpid));
    c.run(50);
    expect([box.result?.body?.error, atSecondary.result?.body?.error]).toEqual(['ERR_VERSION_OUTDATED', 'ERR_INVALID_STATE']);
  });
});
