/** Another server takes the place of a member by an operator's wish (bl 17.2): each chain, each refusal, what comes between. */
import { describe, expect, it } from 'vitest';
import type { BalanceType } from '../../../impl/protocol/messages.ts';
import type { ProposalType } from '../../../impl/meta/cure/cureView.ts';
import { A, B, C, CureCluster, D } from './cure/cureCluster.ts';

/** Proposals of these types are not carried out: their servers learn, or take their time. */
function slow(cluster: CureCluster, ...types: readonly ProposalType[]): void {
  cluster.obeys = (_server, { type }) => !types.some((one) => one === type);
}

describe('a secondary that is copied', () => {
  it('leaves when the new one has learned: one member too many for a while', () => {
    const cluster = CureCluster.served();
    slow(cluster, 'CT_ADD_SECONDARY_FOR_LB');
    const answer = cluster.balance('copy_sec', B, D);
    cluster.world.run(25_000);
    expect(answer.last).toMatchObject({ body: { error: 'ERR_OK', hint: '', appId: 1 } });
    expect(new Set(cluster.told())).toEqual(new Set(['0 CT_ADD_SECONDARY_FOR_LB 3']));
    expect(cluster.text()).toBe('3 0 12 / ');
    cluster.obeys = () => true;
    cluster.world.run(10_000);
    expect(cluster.told()).toEqual(['0 CT_ADD_SECONDARY_FOR_LB 3', '0 CT_REMOVE 1']);
    expect(cluster.text()).toBe('5 0 23 / 1');
    cluster.world.run(700_000);
    expect(cluster.told()).toEqual([]);
  });

  it('is told to leave before the cure sees one member too many', () => {
    const cluster = CureCluster.served();
    slow(cluster, 'CT_REMOVE');
    cluster.balance('copy_sec', C, D);
    cluster.world.run(35_000);
    expect(cluster.text()).toBe('4 0 123 / ');
    expect(new Set(cluster.told())).toEqual(new Set(['0 CT_ADD_SECONDARY_FOR_LB 3', '0 CT_REMOVE 2']));
  });
});

describe('a primary that is copied', () => {
  it('teaches, steps down and leaves: four ballots', () => {
    const cluster = CureCluster.served();
    cluster.balance('copy_pri', A, D);
    cluster.world.run(1000);
    expect(cluster.told()).toEqual(['0 CT_ADD_SECONDARY_FOR_LB 3', '0 CT_DOWNGRADE_TO_SECONDARY', '3 CT_UPGRADE_TO_PRIMARY', '3 CT_REMOVE 0']);
    expect(cluster.text()).toBe('7 3 12 / 0');
    cluster.world.run(700_000);
    expect(cluster.told()).toEqual([]);
  });

  it('is whoever serves when nobody is named', () => {
    const cluster = CureCluster.served();
    cluster.balance('copy_pri', '', D);
    cluster.world.run(1000);
    expect(cluster.text()).toBe('7 3 12 / 0');
  });
});

describe('a wish that does not fit', () => {
  const STRANGER = 'other/replica-0';
  it.each<[string, BalanceType, string, string, string]>([
    ['another primary', 'copy_pri', B, D, `${B} is not the primary of 1.0`],
    ['another primary to move', 'move_pri', B, C, `${B} is not the primary of 1.0`],
    ['the primary as a secondary', 'copy_sec', A, D, `${A} is no secondary of 1.0`],
    ['no secondary at all', 'copy_sec', '', D, ' is no secondary of 1.0'],
    ['a target that is a secondary', 'copy_sec', B, C, `${C} is a member of 1.0`],
    ['a target that is the primary', 'copy_pri', A, A, `${A} is a member of 1.0`],
    ['a target of another cluster', 'copy_sec', B, STRANGER, `${STRANGER} is no server of this cluster`],
  ])('%s', (_what, type, from, to, hint) => {
    const cluster = CureCluster.served();
    const answer = cluster.balance(type, from, to);
    cluster.world.run(1000);
    expect(answer.last).toMatchObject({ body: { error: 'ERR_INVALID_PARAMETERS', hint, appId: 0 } });
    expect(cluster.told()).toEqual([]);
  });

  it('a target that is not alive', () => {
    const cluster = CureCluster.served();
    cluster.kill(D);
    cluster.world.run(100);
    const answer = cluster.balance('copy_sec', B, D);
    cluster.world.run(1000);
    expect(answer.last).toMatchObject({ body: { error: 'ERR_INVALID_PARAMETERS', hint: `${D} is not alive` } });
  });

  it('nobody serves: a new table whose first primary is awaited, or one that lost it', () => {
    const cluster = CureCluster.served();
    cluster.obeys = () => false;
    cluster.kill(A);
    cluster.world.run(100);
    const answer = cluster.balance('copy_pri', '', D);
    cluster.world.run(1000);
    expect(answer.last).toMatchObject({ body: { error: 'ERR_BUSY', hint: '1.0 is changing' } });
  });

  it('another wish stands', () => {
    const cluster = CureCluster.served();
    slow(cluster, 'CT_ADD_SECONDARY_FOR_LB');
    cluster.balance('copy_sec', B, D);
    cluster.world.run(100);
    const answer = cluster.balance('copy_pri', A, D);
    cluster.world.run(1000);
    expect(answer.last).toMatchObject({ body: { error: 'ERR_BUSY' } });
  });
});

describe('something comes between', () => {
  it('a member dies while the new one learns: nobody else leaves (cure.11)', () => {
    const cluster = CureCluster.served();
    slow(cluster, 'CT_ADD_SECONDARY_FOR_LB');
    cluster.balance('copy_sec', B, D);
    cluster.world.run(100);
    cluster.kill(C);
    cluster.world.run(30_000);
    expect(new Set(cluster.told())).toEqual(new Set(['0 CT_ADD_SECONDARY_FOR_LB 3', '0 CT_DOWNGRADE_TO_INACTIVE 2']));
    expect(cluster.text()).toBe('4 0 1 / 2');
  });

  it('the new one dies while it learns: the members stay', () => {
    const cluster = CureCluster.served();
    slow(cluster, 'CT_ADD_SECONDARY_FOR_LB');
    cluster.balance('copy_pri', A, D);
    cluster.world.run(100);
    cluster.kill(D);
    cluster.told();
    cluster.world.run(60_000);
    expect(cluster.told()).toEqual([]);
    expect(cluster.text()).toBe('3 0 12 / ');
  });

  it('its learning fails: the wish is dropped, and may be made anew', () => {
    const cluster = CureCluster.served();
    slow(cluster, 'CT_ADD_SECONDARY_FOR_LB');
    cluster.balance('copy_sec', B, D);
    cluster.world.run(100);
    cluster.reports(D, { status: 'PS_POTENTIAL_SECONDARY' });
    cluster.reports(D, { status: 'PS_ERROR' });
    cluster.told();
    cluster.world.run(30_000);
    expect(cluster.told()).toEqual([]);
    cluster.obeys = () => true;
    cluster.balance('copy_sec', B, D);
    cluster.world.run(1000);
    expect(cluster.text()).toBe('5 0 23 / 1');
  });

  it('the new one refuses to take over: another member does, and one leaves', () => {
    const cluster = CureCluster.served();
    cluster.answers = (server, { type }) => (server === D && type === 'CT_UPGRADE_TO_PRIMARY' ? 'ERR_INCOMPLETE_DATA' : 'ERR_OK');
    cluster.balance('copy_pri', A, D);
    cluster.world.run(60_000);
    const { primary, secondaries } = cluster.config();
    expect(primary).not.toBe(D);
    expect(secondaries).toHaveLength(2);
  });

  it.each<[string, BalanceType, string, ProposalType]>([
    ['learns', 'copy_sec', B, 'CT_ADD_SECONDARY_FOR_LB'],
    ['is one too many', 'copy_sec', B, 'CT_REMOVE'],
    ['has no primary', 'copy_pri', A, 'CT_UPGRADE_TO_PRIMARY'],
    ['is the primary', 'copy_pri', A, 'CT_REMOVE'],
  ])('the meta server restarts when the group %s: the wish is gone, and the partition is whole', (_when, type, from, stuck) => {
    const cluster = CureCluster.served();
    slow(cluster, stuck);
    cluster.balance(type, from, D);
    cluster.world.run(1000);
    expect(cluster.proposals.at(-1)?.proposal.type).toBe(stuck);
    cluster.obeys = () => true;
    cluster.told();
    cluster.restartMeta();
    cluster.world.run(60_000);
    expect(cluster.told()).not.toContain('0 CT_ADD_SECONDARY_FOR_LB 3');
    const { primary, secondaries } = cluster.config();
    expect(primary).not.toBe('');
    expect(secondaries).toHaveLength(2);
    cluster.told();
    cluster.world.run(60_000);
    expect(cluster.told()).toEqual([]);
  });

  it('the table is dropped: nothing is proposed any more', () => {
    const cluster = CureCluster.served();
    slow(cluster, 'CT_REMOVE');
    cluster.balance('copy_sec', B, D);
    cluster.world.run(1000);
    cluster.drop('t');
    cluster.world.run(1000);
    cluster.told();
    cluster.world.run(60_000);
    expect(cluster.told()).toEqual([]);
  });
});

it.each(['CT_ADD_SECONDARY', 'CT_ADD_SECONDARY_FOR_LB'] as const)('%s is no request', (type) => {
  const cluster = CureCluster.served();
  const config = cluster.config();
  const answer = cluster.update(A, { type, node: D, config: { ...config, ballot: 4, secondaries: [...config.secondaries, D] } });
  cluster.world.run(100);
  expect(answer.last).toMatchObject({ error: 'ERR_INVALID_PARAMETERS' });
  expect(cluster.text()).toBe('3 0 12 / ');
});
