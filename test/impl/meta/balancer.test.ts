import { describe, expect, it } from 'vitest';
import { Inbox } from './fakeWorld.ts';
import { META, MetaCluster, SERVERS } from './metaCluster.ts';

const [A, B, C] = SERVERS as [string, string, string];

/** A table of one partition that A serves, with B and C. */
class MoveCluster extends MetaCluster {
  constructor() {
    super();
    this.world.run(100);
    this.create('t', { partitions: 1 });
    this.world.run(1000);
    this.proposals.length = 0;
  }

  move(to: string, partitionIndex = 0, appName = 't'): Inbox<{ error: string; body?: unknown }> {
    const inbox = new Inbox<{ error: string; body?: unknown }>();
    const process = this.world.processes.get('source/client-0');
    const then = { owner: inbox, method: 'onAnswer', args: [] };
    process?.later(0, () =>
      process.ctx.env.rpc.call(
        META,
        'RPC_CM_PROPOSE_BALANCER',
        { appName, partitionIndex, type: 'move_pri', from: '', to },
        { hash: 0, timeoutMs: 5000 },
        then,
      ),
    );
    return inbox;
  }

  /** Since the move, as `server type ballot`. */
  told(): string[] {
    return this.proposals.map(({ to, proposal }) => `${to} ${proposal.type} ${proposal.config.ballot}`);
  }
}

describe('a primary that is moved', () => {
  it('steps down, and the target takes over: two ballots, the same members', () => {
    const cluster = new MoveCluster();
    expect(cluster.storedConfig(1, 0)).toMatchObject({ ballot: 3, primary: A });
    const answer = cluster.move(C);
    cluster.world.run(100);
    expect(answer.last).toMatchObject({ error: 'ERR_OK', body: { error: 'ERR_OK', appId: 1 } });
    expect(cluster.told()).toEqual([`${A} CT_DOWNGRADE_TO_SECONDARY 3`, `${C} CT_UPGRADE_TO_PRIMARY 4`]);
    expect(cluster.storedConfig(1, 0)).toMatchObject({ ballot: 5, primary: C, secondaries: [B, A] });
    cluster.world.run(60_000);
    expect(cluster.proposals).toHaveLength(2);
    cluster.move(A);
    cluster.world.run(100);
    expect(cluster.storedConfig(1, 0)).toMatchObject({ ballot: 7, primary: A });
  });

  it.each([
    ['the primary itself', A, 0, 't', 'ERR_INVALID_PARAMETERS'],
    ['a stranger', 'source/replica-9', 0, 't', 'ERR_INVALID_PARAMETERS'],
    ['no partition', C, 1, 't', 'ERR_INVALID_PARAMETERS'],
    ['no table', C, 0, 'x', 'ERR_APP_NOT_EXIST'],
  ])('is refused with %s', (_what, to, index, name, error) => {
    const cluster = new MoveCluster();
    const answer = cluster.move(to, index, name);
    cluster.world.run(100);
    expect(answer.last).toMatchObject({ body: { error } });
    expect(cluster.proposals).toEqual([]);
  });

  it('is refused while another move, or another change of the configuration, is under way', () => {
    const cluster = new MoveCluster();
    cluster.obeys = (server) => server === A;
    cluster.move(C);
    cluster.world.run(100);
    const second = cluster.move(B);
    cluster.world.run(100);
    expect(second.last).toMatchObject({ body: { error: 'ERR_BUSY' } });
    const other = new MoveCluster();
    let isLate = true;
    other.world.storeFate = ({ operation }) => (isLate && operation === 'set' ? 'timeout' : 'ok');
    const config = other.storedConfig(1, 0);
    if (config === undefined) throw new Error('no configuration');
    other.update(A, { type: 'CT_PRIMARY_FORCE_UPDATE_BALLOT', node: A, config: { ...config, ballot: 4 } });
    other.world.run(100);
    const early = other.move(C);
    other.world.run(100);
    expect(early.last).toMatchObject({ body: { error: 'ERR_BUSY' } });
    isLate = false;
    other.world.run(5000);
    other.move(C);
    other.world.run(100);
    expect(other.storedConfig(1, 0)).toMatchObject({ ballot: 6, primary: C });
  });

  it('that does not step down is told so with each look, and nothing else is asked meanwhile', () => {
    const cluster = new MoveCluster();
    cluster.obeys = () => false;
    cluster.move(C);
    cluster.world.run(25_000);
    const { length } = cluster.told();
    expect([3, 4]).toContain(length);
    expect(cluster.told()).toEqual(Array<string>(length).fill(`${A} CT_DOWNGRADE_TO_SECONDARY 3`));
    const other = cluster.move(B);
    cluster.world.run(100);
    expect(other.last).toMatchObject({ body: { error: 'ERR_BUSY' } });
    cluster.obeys = () => true;
    cluster.world.run(cluster.world.settings.lbIntervalMs);
    expect(cluster.storedConfig(1, 0)).toMatchObject({ ballot: 5, primary: C });
  });

  it('that refuses to step down stays the primary, and may be moved later', () => {
    const cluster = new MoveCluster();
    cluster.answers = () => 'ERR_INVALID_STATE';
    cluster.move(C);
    cluster.world.run(60_000);
    expect(cluster.told()).toEqual([`${A} CT_DOWNGRADE_TO_SECONDARY 3`]);
    cluster.answers = () => 'ERR_OK';
    cluster.move(B);
    cluster.world.run(100);
    expect(cluster.storedConfig(1, 0)).toMatchObject({ ballot: 5, primary: B });
  });

  it('whose target refuses to take over gets another one: no member lacks anything', () => {
    const cluster = new MoveCluster();
    cluster.answers = (server) => (server === C ? 'ERR_INCOMPLETE_DATA' : 'ERR_OK');
    cluster.move(C);
    cluster.world.run(100);
    expect(cluster.told().slice(0, 2)).toEqual([`${A} CT_DOWNGRADE_TO_SECONDARY 3`, `${C} CT_UPGRADE_TO_PRIMARY 4`]);
    expect(cluster.storedConfig(1, 0)?.ballot).toBe(5);
    expect([A, B]).toContain(cluster.storedConfig(1, 0)?.primary);
    const count = cluster.proposals.length;
    cluster.world.run(60_000);
    expect(cluster.proposals).toHaveLength(count);
  });

  it('and has stepped down when the meta server restarts is replaced', () => {
    const cluster = new MoveCluster();
    cluster.obeys = (_server, { type }) => type === 'CT_DOWNGRADE_TO_SECONDARY';
    cluster.move(C);
    cluster.world.run(100);
    expect(cluster.storedConfig(1, 0)).toMatchObject({ ballot: 4, primary: '', secondaries: [B, C, A] });
    cluster.obeys = () => true;
    cluster.restartMeta();
    cluster.world.run(30_000);
    expect(cluster.storedConfig(1, 0)?.ballot).toBe(5);
    expect(cluster.storedConfig(1, 0)?.primary).not.toBe('');
  });

  it('is left alone when its table is dropped meanwhile', () => {
    const cluster = new MoveCluster();
    cluster.obeys = (_server, { type }) => type === 'CT_DOWNGRADE_TO_SECONDARY';
    cluster.move(C);
    cluster.world.run(100);
    const dropped = cluster.drop('t');
    cluster.world.run(1000);
    expect(dropped.last).toMatchObject({ error: 'ERR_OK' });
    const count = cluster.proposals.length;
    cluster.world.run(60_000);
    expect(cluster.proposals).toHaveLength(count);
    const late = cluster.move(C);
    cluster.world.run(100);
    expect(late.last).toMatchObject({ body: { error: 'ERR_APP_DROPPED' } });
  });

  it.each([
    ['by a secondary', B, { primary: '', secondaries: [A, B, C] }],
    ['that loses a member', A, { primary: '', secondaries: [B, C] }],
    ['that keeps itself as the primary', A, { primary: A, secondaries: [B, C] }],
  ])('a step down %s is a defect of who asks', (_what, node, members) => {
    const cluster = new MoveCluster();
    const config = cluster.storedConfig(1, 0);
    if (config === undefined) throw new Error('no configuration');
    cluster.update(node, { type: 'CT_DOWNGRADE_TO_SECONDARY', node, config: { ...config, ...members, ballot: 4 } });
    cluster.world.run(100);
    expect(cluster.metaProcess.failure?.message).toContain('request_check');
    expect(cluster.storedConfig(1, 0)?.ballot).toBe(3);
  });
});
