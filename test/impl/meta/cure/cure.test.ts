/** A meta server that cures: what it proposes when, and what it stores itself (repl 1.10). */
import { describe, expect, it } from 'vitest';
import { A, B, C, CureCluster, D, SERVERS } from './cureCluster.ts';

const ROUND_MS = 10_000;

describe('a new table', () => {
  it('gets a primary, then one secondary after the other: ballot 3', () => {
    const cluster = new CureCluster();
    cluster.world.run(100);
    cluster.create('t', { partitions: 1 });
    cluster.world.run(1000);
    expect(cluster.told()).toEqual(['0 CT_ASSIGN_PRIMARY', '0 CT_ADD_SECONDARY 1', '0 CT_ADD_SECONDARY 2']);
    expect(cluster.text()).toBe('3 0 12 / ');
    expect(cluster.storedConfig(1, 0)).toEqual(cluster.config());
    cluster.world.run(60_000);
    expect(cluster.told()).toEqual([]);
  });

  it('spreads its partitions', () => {
    const cluster = new CureCluster();
    cluster.world.run(100);
    cluster.create('t', { partitions: 8, replicas: 3 });
    cluster.world.run(60_000);
    const configs = Array.from({ length: 8 }, (_, i) => cluster.config(i));
    const count = (of: (i: number) => readonly string[]): number[] =>
      SERVERS.map((server) => configs.filter((_, i) => of(i).includes(server)).length);
    expect(count((i) => [configs[i]?.primary ?? ''])).toEqual([2, 2, 2, 2]);
    expect(count((i) => [configs[i]?.primary ?? '', ...(configs[i]?.secondaries ?? [])])).toEqual([6, 6, 6, 6]);
  });

  it('asks another server when the chosen one refuses, and the same one when the message is lost', () => {
    const cluster = new CureCluster();
    cluster.world.run(100);
    cluster.world.loses = ({ code, atMs }) => code === 'RPC_CONFIG_PROPOSAL' && atMs < 1000;
    cluster.create('t', { partitions: 1, replicas: 1 });
    cluster.answers = (server) => (server === A ? 'ERR_LOCAL_APP_FAILURE' : 'ERR_OK');
    cluster.world.run(2 * ROUND_MS + 1000);
    expect(cluster.told()).toEqual(['0 CT_ASSIGN_PRIMARY', '1 CT_ASSIGN_PRIMARY']);
    expect(cluster.text()).toBe('1 1  / ');
  });

  it('does not turn away from a server that is busy with it', () => {
    const cluster = new CureCluster();
    cluster.world.run(100);
    cluster.answers = () => 'ERR_BUSY';
    cluster.create('t', { partitions: 1, replicas: 1 });
    cluster.world.run(2 * ROUND_MS + 1000);
    expect(cluster.told()).toEqual(Array<string>(3).fill('0 CT_ASSIGN_PRIMARY'));
  });

  it('is left alone when it is dropped', () => {
    const cluster = CureCluster.served();
    cluster.drop('t');
    cluster.world.run(1000);
    cluster.kill(A, B);
    cluster.world.run(60_000);
    expect(cluster.told()).toEqual([]);
    expect(cluster.text()).toBe('4 -  / 120');
  });
});

describe('a primary dies', () => {
  it('is removed by the meta server, and a secondary takes over: two ballots', () => {
    const cluster = CureCluster.served();
    cluster.kill(A);
    cluster.world.run(1000);
    expect(cluster.recordWrites().slice(-2)).toEqual(['set 1/0 ballot 4', 'set 1/0 ballot 5']);
    expect(cluster.told()).toEqual(['1 CT_UPGRADE_TO_PRIMARY']);
    expect(cluster.text()).toBe('5 1 2 / 0');
  });

  it('and comes back in time: it is added again', () => {
    const cluster = CureCluster.served();
    cluster.kill(A);
    cluster.world.run(500_000);
    cluster.told();
    expect(cluster.text()).toBe('5 1 2 / 0');
    cluster.revive(A);
    cluster.world.run(1000);
    expect(cluster.told()).toEqual(['1 CT_ADD_SECONDARY 0']);
    expect(cluster.text()).toBe('6 1 20 / ');
  });

  it('and does not: another server takes its place', () => {
    const cluster = CureCluster.served();
    cluster.kill(A);
    cluster.world.run(590_000);
    expect(cluster.text()).toBe('5 1 2 / 0');
    cluster.world.run(20_000);
    expect(cluster.text()).toBe('6 1 23 / 0');
  });

  it('even when nobody is left to take over', () => {
    const cluster = CureCluster.served();
    cluster.kill(C, B, A);
    cluster.world.run(ROUND_MS);
    expect(cluster.text()).toBe('4 - 12 / 0');
    expect(cluster.cure().contextOf('1.0').decision).toEqual({ kind: 'wait', reason: 'no-secondary-alive' });
    expect(cluster.told()).toEqual([]);
    cluster.revive(C);
    cluster.world.run(1000);
    // The other secondary is dead: its new primary lets go of it, and too few are left to wait.
    expect(cluster.told()).toEqual(['2 CT_UPGRADE_TO_PRIMARY', '2 CT_DOWNGRADE_TO_INACTIVE 1', '2 CT_ADD_SECONDARY 3']);
    expect(cluster.text()).toBe('7 2 3 / 01');
  });

  it('before its own update is stored: that one is cancelled, whatever the store makes of it', () => {
    for (const fate of ['timeout', 'timeout-after-effect'] as const) {
      const cluster = CureCluster.served();
      cluster.world.storeFate = ({ value }) => (value.includes('"ballot":4') && value.includes(`"primary":"${A}"`) ? fate : 'ok');
      const config = { ...cluster.config(), ballot: 4, secondaries: [C] };
      const answer = cluster.update(A, { type: 'CT_DOWNGRADE_TO_INACTIVE', node: B, config });
      cluster.world.run(1500);
      cluster.kill(A);
      cluster.world.run(ROUND_MS);
      expect(answer.answers.filter((one) => typeof one !== 'string')).toEqual([]);
      expect(cluster.text()).toBe('5 1 2 / 0');
      expect(cluster.storedConfig(1, 0)).toEqual(cluster.config());
    }
  });

  it('is removed once, however often somebody looks', () => {
    const cluster = CureCluster.served();
    let sets = 0;
    cluster.world.storeFate = ({ operation }) => {
      if (operation === 'set') sets++;
      return 'timeout';
    };
    cluster.kill(A, B, C);
    cluster.world.run(500);
    expect(sets).toBe(1);
  });

  it('and its update is found by a meta server that starts right then: it is removed in the next ballot', () => {
    const cluster = CureCluster.served();
    let isCut = false;
    cluster.world.storeFate = ({ value }) => {
      if (!value.includes('"ballot":4')) return 'ok';
      if (value.includes(`"primary":"${A}"`)) return 'timeout-after-effect';
      isCut = true;
      return 'crash-before';
    };
    const config = { ...cluster.config(), ballot: 4, secondaries: [C] };
    cluster.update(A, { type: 'CT_DOWNGRADE_TO_INACTIVE', node: B, config });
    cluster.world.run(100);
    cluster.kill(A);
    cluster.world.run(100);
    expect(isCut).toBe(true);
    cluster.world.storeFate = () => 'ok';
    cluster.restartMeta();
    cluster.world.run(ROUND_MS);
    // The member that was let go of is there, and comes back.
    expect(cluster.text()).toBe('7 2 1 / 0');
  });

  it('while it was becoming primary: found with the next look', () => {
    const cluster = CureCluster.served();
    cluster.obeys = () => false;
    cluster.kill(A);
    cluster.world.run(1000);
    const { config } = cluster.proposals.at(-1)?.proposal ?? {};
    if (config === undefined) throw new Error('no proposal');
    // The update is on its way when its sender dies.
    cluster.world.storeFate = ({ value }) => (value.includes('"ballot":5') ? 'timeout-after-effect' : 'ok');
    cluster.update(B, { type: 'CT_UPGRADE_TO_PRIMARY', node: B, config: { ...config, ballot: 5, primary: B, secondaries: [C] } });
    cluster.world.run(100);
    cluster.kill(B);
    cluster.world.run(100);
    cluster.world.storeFate = () => 'ok';
    cluster.obeys = () => true;
    cluster.world.run(2 * ROUND_MS);
    expect(cluster.text()).toMatch(/^\d+ 2 3 \/ 01$/);
  });
});

describe('a secondary dies', () => {
  it('is let go of by its primary; the place waits for it', () => {
    const cluster = CureCluster.served();
    cluster.kill(B);
    cluster.world.run(1000);
    expect(cluster.told()).toEqual(['0 CT_DOWNGRADE_TO_INACTIVE 1']);
    expect(cluster.text()).toBe('4 0 2 / 1');
    cluster.world.run(60_000);
    expect(cluster.told()).toEqual([]);
    expect(cluster.cure().contextOf('1.0').decision).toEqual({ kind: 'wait', reason: 'waits-for-last-drop' });
  });

  it('also when the first proposal is lost', () => {
    const cluster = CureCluster.served();
    cluster.world.loses = ({ code }) => code === 'RPC_CONFIG_PROPOSAL';
    cluster.kill(B);
    cluster.world.run(1000);
    expect(cluster.text()).toBe('3 0 12 / ');
    cluster.world.loses = () => false;
    cluster.world.run(ROUND_MS);
    expect(cluster.text()).toBe('4 0 2 / 1');
  });

  it('is replaced at once when too few are left for a write', () => {
    const cluster = CureCluster.served();
    cluster.kill(B, C);
    cluster.world.run(ROUND_MS);
    expect(cluster.text()).toBe('6 0 3 / 12');
  });

  it('is nobody asked to let go of while an update is on its way', () => {
    const cluster = CureCluster.served();
    cluster.world.storeFate = ({ operation }) => (operation === 'set' ? 'timeout' : 'ok');
    const config = { ...cluster.config(), ballot: 4 };
    cluster.update(A, { type: 'CT_PRIMARY_FORCE_UPDATE_BALLOT', node: A, config });
    cluster.world.run(100);
    cluster.kill(B);
    cluster.world.run(2 * ROUND_MS);
    expect(cluster.told()).toEqual([]);
    cluster.world.storeFate = () => 'ok';
    cluster.world.run(ROUND_MS);
    expect(cluster.text()).toBe('5 0 2 / 1');
  });
});

describe('who shall take over', () => {
  it('and refuses lets the next one try at once; when all have, they are asked again', () => {
    const cluster = CureCluster.served();
    cluster.answers = () => 'ERR_INCOMPLETE_DATA';
    cluster.kill(A);
    cluster.world.run(1000);
    expect(cluster.told()).toEqual(['1 CT_UPGRADE_TO_PRIMARY', '2 CT_UPGRADE_TO_PRIMARY']);
    cluster.answers = (server) => (server === B ? 'ERR_INCOMPLETE_DATA' : 'ERR_OK');
    cluster.world.run(ROUND_MS);
    expect(cluster.told()).toEqual(['1 CT_UPGRADE_TO_PRIMARY', '2 CT_UPGRADE_TO_PRIMARY']);
    expect(cluster.text()).toBe('5 2 1 / 0');
  });

  it('and refused once is asked again under another configuration', () => {
    const cluster = CureCluster.served();
    cluster.answers = (server) => (server === B ? 'ERR_INCOMPLETE_DATA' : 'ERR_OK');
    cluster.kill(A);
    cluster.world.run(1000);
    cluster.revive(A);
    cluster.world.run(1000);
    expect(cluster.text()).toBe('6 2 10 / ');
    cluster.told();
    cluster.answers = () => 'ERR_OK';
    cluster.kill(C);
    cluster.world.run(1000);
    expect(cluster.told()[0]).toBe('1 CT_UPGRADE_TO_PRIMARY');
  });

  it('is not passed over for an answer to an earlier proposal', () => {
    const cluster = CureCluster.served();
    cluster.obeys = () => false;
    cluster.kill(A);
    cluster.world.run(1000);
    const proposal = cluster.cure().contextOf('1.0').front();
    if (proposal === undefined) throw new Error('no proposal');
    const refusal = { error: 'ERR_OK', body: { error: 'ERR_INVALID_STATE' } } as const;
    cluster.cure().onProposalAck(refusal, '1.0', 3, proposal);
    cluster.cure().onProposalAck(refusal, '1.0', 4, { ...proposal });
    expect(cluster.cure().contextOf('1.0').front()).toBe(proposal);
    cluster.cure().onProposalAck(refusal, '1.0', 4, proposal);
    expect(cluster.cure().contextOf('1.0').front()?.node).toBe(C);
  });

  it('and dies is replaced', () => {
    const cluster = CureCluster.served();
    cluster.obeys = () => false;
    cluster.kill(A);
    cluster.world.run(1000);
    cluster.obeys = () => true;
    cluster.kill(B);
    cluster.world.run(1000);
    expect(cluster.told()).toEqual(['1 CT_UPGRADE_TO_PRIMARY', '2 CT_UPGRADE_TO_PRIMARY', '2 CT_DOWNGRADE_TO_INACTIVE 1', '2 CT_ADD_SECONDARY 3']);
  });
});

describe('a learner', () => {
  it('that has failed gives way to the next one', () => {
    const cluster = CureCluster.served();
    cluster.kill(B, C);
    cluster.obeys = (_server, { type }) => type !== 'CT_ADD_SECONDARY';
    cluster.world.run(ROUND_MS);
    expect(cluster.told().at(-1)).toBe('0 CT_ADD_SECONDARY 3');
    cluster.revive(C);
    cluster.reports(D, { status: 'PS_INACTIVE' });
    cluster.world.run(ROUND_MS);
    expect(new Set(cluster.told())).toEqual(new Set(['0 CT_ADD_SECONDARY 3']));
    cluster.reports(D, { status: 'PS_POTENTIAL_SECONDARY' });
    cluster.reports(D, { status: 'PS_ERROR' });
    cluster.world.run(ROUND_MS);
    expect(cluster.told()).toEqual(['0 CT_ADD_SECONDARY 2']);
  });

  it('is asked for last, but where there is nothing but a primary', () => {
    const cluster = CureCluster.served();
    const app = cluster.meta.state.app(1);
    if (app === undefined) throw new Error('no table');
    const add = { type: 'CT_ADD_SECONDARY', target: A, node: D } as const;
    const wishes = [
      { app, config: cluster.config(), proposal: add },
      { app, config: { ...cluster.config(), secondaries: [] }, proposal: add },
      { app, config: cluster.config(), proposal: { type: 'CT_REMOVE', target: A, node: B } as const },
    ];
    const sent: unknown[] = [];
    const cure = cluster.cure();
    Object.assign(cure, { lookAt: () => wishes.shift(), sendProposal: (wish: unknown) => sent.push(wish) });
    const [one, two, three] = wishes;
    for (let i = 0; i < 2; i++) app.configs.push(cluster.config());
    cure.checkAllPartitions();
    expect(sent).toEqual([three, two, one]);
  });

  it('too many: the primary is told to remove a secondary', () => {
    const cluster = CureCluster.served();
    const config = { ...cluster.config(), ballot: 4, secondaries: [B, C, D] };
    cluster.update(A, { type: 'CT_UPGRADE_TO_SECONDARY', node: D, config });
    cluster.world.run(1000);
    expect(cluster.told()).toEqual(['0 CT_REMOVE 1']);
    expect(cluster.text()).toBe('5 0 23 / 1');
  });
});
