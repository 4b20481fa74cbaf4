/** Where members come and go: what operators wish, and what servers ask for (repl 1.10; bl 17.2). */
import { describe, expect, it } from 'vitest';
import { A, B, C, CureCluster, D } from './cureCluster.ts';

const ROUND_MS = 10_000;

describe('a primary that is moved', () => {
  it('steps down, and the target takes over', () => {
    const cluster = CureCluster.served();
    const answer = cluster.move(C);
    cluster.world.run(1000);
    expect(answer.last).toMatchObject({ body: { error: 'ERR_OK' } });
    expect(cluster.told()).toEqual(['0 CT_DOWNGRADE_TO_SECONDARY', '2 CT_UPGRADE_TO_PRIMARY']);
    expect(cluster.text()).toBe('5 2 10 / ');
  });

  it('whose target dies in between: any other secondary does', () => {
    const cluster = CureCluster.served();
    cluster.answers = (server, { type }) => {
      if (server === C && type === 'CT_UPGRADE_TO_PRIMARY') cluster.kill(C);
      return 'ERR_OK';
    };
    cluster.move(C);
    cluster.world.run(2 * ROUND_MS);
    expect(cluster.config().primary).not.toBe('');
    expect(cluster.config().secondaries).not.toContain(C);
    expect(cluster.config().lastDrops).toEqual([C]);
  });

  it('is refused while something else stands proposed', () => {
    const cluster = CureCluster.served();
    cluster.obeys = () => false;
    cluster.update(A, { type: 'CT_REMOVE', node: B, config: { ...cluster.config(), ballot: 4, secondaries: [C] } });
    cluster.world.run(1000);
    expect(cluster.told()).toEqual(['0 CT_ADD_SECONDARY 1']);
    const answer = cluster.move(C);
    cluster.world.run(1000);
    expect([answer.last, cluster.told()]).toMatchObject([{ body: { error: 'ERR_BUSY' } }, []]);
  });

  it('and does not step down stays', () => {
    const cluster = CureCluster.served();
    cluster.answers = () => 'ERR_INVALID_STATE';
    cluster.move(C);
    cluster.world.run(60_000);
    expect(cluster.told()).toEqual(['0 CT_DOWNGRADE_TO_SECONDARY']);
    expect(cluster.text()).toBe('3 0 12 / ');
  });
});

describe('frozen', () => {
  it('proposes nothing and accepts no update; a dead primary is removed all the same', () => {
    const cluster = CureCluster.served({ minLiveNodeCountForUnfreeze: 4 });
    cluster.kill(A);
    cluster.world.run(2 * ROUND_MS);
    expect(cluster.told()).toEqual([]);
    expect(cluster.text()).toBe('4 - 12 / 0');
    expect(cluster.cure().contextOf('1.0').decision).toEqual({ kind: 'wait', reason: 'frozen' });
    const config = { ...cluster.config(), ballot: 5, primary: B, secondaries: [C] };
    const answer = cluster.update(B, { type: 'CT_UPGRADE_TO_PRIMARY', node: B, config });
    cluster.world.run(100);
    expect(answer.last).toEqual({ error: 'ERR_STATE_FREEZED', config: cluster.config() });
    cluster.revive(A);
    cluster.world.run(1000);
    expect(cluster.text()).toBe('6 1 20 / ');
  });
});

describe('an update', () => {
  it('of a server that is dead by now is refused: a dead primary is never stored', () => {
    const cluster = CureCluster.served();
    cluster.obeys = () => false;
    cluster.kill(A);
    cluster.world.run(1000);
    cluster.kill(C);
    cluster.world.process(C);
    const config = { ...cluster.config(), ballot: 5, primary: C, secondaries: [B] };
    const answer = cluster.update(C, { type: 'CT_UPGRADE_TO_PRIMARY', node: C, config });
    cluster.world.run(100);
    expect(answer.last).toMatchObject({ error: 'ERR_INACTIVE_STATE', config: { ballot: 4 } });
  });

  it('CT_ADD_SECONDARY is refused: it is a proposal', () => {
    const cluster = CureCluster.served();
    const config = { ...cluster.config(), ballot: 4, secondaries: [B, C, D] };
    const answer = cluster.update(A, { type: 'CT_ADD_SECONDARY', node: D, config });
    cluster.world.run(100);
    expect(answer.last).toMatchObject({ error: 'ERR_INVALID_PARAMETERS' });
  });

  it.each([
    ['that takes a member along', 'CT_REMOVE', B, { secondaries: [] }],
    ['of an unknown server', 'CT_UPGRADE_TO_SECONDARY', 'source/replica-9', { secondaries: [B, C, 'source/replica-9'] }],
    ['that brings in two', 'CT_ASSIGN_PRIMARY', D, { primary: D }],
  ] as const)('%s is a defect of who asks', (_what, type, node, change) => {
    const cluster = CureCluster.served();
    cluster.update(A, { type, node, config: { ...cluster.config(), ...change, ballot: 4 } });
    cluster.world.run(100);
    expect(cluster.metaProcess.failure?.check).toBe('request_check');
    expect(cluster.storedConfig(1, 0)?.ballot).toBe(3);
  });
});
