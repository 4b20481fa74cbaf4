/** FM11: the primary of a follower table opens first, then the others with its decree, then it is assigned. */
import { describe, expect, it } from 'vitest';
import type { ConfigProposal } from '../../../impl/protocol/messages.ts';
import { FakeWorld } from './fakeWorld.ts';
import { META, SERVERS } from './metaCluster.ts';
import { DEFAULT_PARTS } from '../../../impl/parts.ts';
import type { MetaServer } from '../../../impl/meta/metaServer.ts';
import type { FakeProcess } from './fakeWorld.ts';

const ENVS = { 'duplication.master_cluster': 'source', 'duplication.master_metas': 'source/meta-0' };
const [R0, R1, R2] = ['source/replica-0', 'source/replica-1', 'source/replica-2'];

type Reply = { readonly error: 'ERR_OK' | 'ERR_BUSY' | 'ERR_TRY_AGAIN' | 'ERR_INCONSISTENT_STATE'; readonly decree?: number };

/** A meta server before servers that answer as `decide` says. */
class Scene {
  readonly world = new FakeWorld();
  readonly told: { readonly to: string; readonly type: string; readonly decree: number; readonly primary: string }[] = [];
  decide: (to: string, proposal: ConfigProposal) => Reply | undefined = () => ({ error: 'ERR_OK', decree: 50 });
  meta: MetaServer;
  private process: FakeProcess;

  constructor(servers: readonly string[] = SERVERS) {
    for (const name of servers) {
      this.world.process(name).answer('RPC_CONFIG_PROPOSAL', (proposal, replier) => {
        const { type, config } = proposal;
        this.told.push({ to: name, type, decree: config.lastCommittedDecree, primary: config.primary });
        const answer = this.decide(name, proposal);
        if (answer !== undefined) replier.reply(answer);
      });
    }
    [this.meta, this.process] = this.startMeta(servers);
    void this.process;
    this.world.run(100);
  }

  startMeta(servers: readonly string[] = SERVERS): [MetaServer, FakeProcess] {
    const process = this.world.process(META);
    const meta = new DEFAULT_PARTS.MetaServer(process.ctx, { cluster: 'source', replicaServers: servers });
    process.later(0, () => meta.start());
    return [meta, process];
  }

  create(envs: Record<string, string>, partitionCount = 1, replicaCount = 3): void {
    const request = { appName: 'f', partitionCount, replicaCount, successIfExist: false, envs };
    const caller = this.world.process('source/client-0');
    const ignore = { onReply: (): void => undefined };
    caller.later(0, () => {
      const then = { owner: ignore, method: 'onReply', args: [] };
      caller.ctx.env.rpc.call(META, 'RPC_CM_CREATE_APP', request, { hash: 0, timeoutMs: 5000 }, then);
    });
  }

  lines(): readonly string[] {
    return this.told.map(({ to, type, decree }) => `${to.slice(-1)} ${type} ${decree}`);
  }
}

const UP = 'CT_UPGRADE_TO_SECONDARY';
const ASSIGN = 'CT_ASSIGN_PRIMARY';

describe('a follower table', () => {
  it('goes on to the secondaries when the primary is open, and to the assignment when all have its decree', () => {
    const scene = new Scene();
    scene.create(ENVS);
    scene.world.run(100);
    expect(scene.lines()).toEqual([`1 ${UP} 0`, `2 ${UP} 50`, `0 ${UP} 50`, `1 ${ASSIGN} 50`]);
    for (const { primary } of scene.told) expect(primary).toBe(R1);
  });

  it.each([{ error: 'ERR_BUSY' }, { error: 'ERR_TRY_AGAIN' }, { error: 'ERR_OK' }, undefined] as const)(
    'waits for the primary while it answers %j',
    (answer) => {
      const scene = new Scene();
      scene.decide = () => answer;
      scene.create(ENVS);
      scene.world.run(11_000);
      expect(scene.lines()).toEqual([`1 ${UP} 0`, `1 ${UP} 0`, `1 ${UP} 0`]);
    },
  );

  it('waits for a secondary that is busy, or open with another decree', () => {
    const scene = new Scene();
    const answers: Record<string, Reply> = {
      [R0 ?? '']: { error: 'ERR_OK', decree: 49 },
      [R1 ?? '']: { error: 'ERR_OK', decree: 50 },
      [R2 ?? '']: { error: 'ERR_BUSY' },
    };
    scene.decide = (to) => answers[to];
    scene.create(ENVS);
    scene.world.run(100);
    answers[R2 ?? ''] = { error: 'ERR_OK', decree: 50 };
    scene.world.run(5000);
    expect(scene.told.filter(({ type }) => type === ASSIGN)).toEqual([]);
    answers[R0 ?? ''] = { error: 'ERR_OK', decree: 50 };
    scene.world.run(5000);
    expect(scene.lines().slice(-4)).toEqual([`1 ${UP} 0`, `2 ${UP} 50`, `0 ${UP} 50`, `1 ${ASSIGN} 50`]);
  });

  it('takes the decree of each round anew: a primary that began again brings another', () => {
    const scene = new Scene();
    let decree = 50;
    scene.decide = (to) => (to === R1 ? { error: 'ERR_OK', decree } : { error: 'ERR_BUSY' });
    scene.create(ENVS);
    scene.world.run(100);
    decree = 70;
    scene.world.run(5000);
    expect(scene.lines()).toEqual([`1 ${UP} 0`, `2 ${UP} 50`, `0 ${UP} 50`, `1 ${UP} 0`, `2 ${UP} 70`, `0 ${UP} 70`]);
  });

  it('of one replica is assigned when it is open', () => {
    const scene = new Scene();
    scene.create(ENVS, 1, 1);
    scene.world.run(100);
    expect(scene.lines()).toEqual([`1 ${UP} 0`, `1 ${ASSIGN} 50`]);
  });

  it('has members that follow from the partition, whatever else the servers hold', () => {
    const servers = [...SERVERS, 'source/replica-3'].reverse();
    const scene = new Scene(servers);
    scene.decide = () => undefined;
    scene.create(ENVS, 5, 3);
    scene.world.run(100);
    // App 1: partition i begins at server (1 + i) mod 4.
    const first = scene.told.map(({ to }) => to.slice(-1));
    expect(first).toEqual(['1', '2', '3', '0', '1']);
    scene.startMeta(servers);
    scene.world.run(100);
    expect(scene.told.slice(5).map(({ to }) => to.slice(-1))).toEqual(first);
  });

  it.each([[{}], [{ 'duplication.master_cluster': 'source' }], [{ 'duplication.master_metas': 'source/meta-0' }]])(
    'needs both envs: %j is an ordinary one',
    (envs) => {
      const scene = new Scene();
      scene.create(envs);
      scene.world.run(100);
      expect(scene.lines()).toEqual([`1 ${UP} 0`, `2 ${UP} 0`, `0 ${ASSIGN} 0`]);
    },
  );
});
