/**
 * Two meta servers over the simulated world: a duplication goes from the add to DS_LOG against a real follower's meta
 * server, under lost answers, crashes and a store that times out; and what it is when a part of the way is spoilt.
 */
import { describe, expect, it } from 'vitest';
import type { Context } from '../../../../impl/context.ts';
import { reply, task } from '../../../../impl/env/contract.ts';
import type { Env, Replier, RpcResult } from '../../../../impl/env/contract.ts';
import type { ChancePoint } from '../../../../impl/env/sim/chance.ts';
import { SimWorld } from '../../../../impl/env/sim/world.ts';
import { AppService } from '../../../../impl/meta/appService.ts';
import { DuplicationService } from '../../../../impl/meta/duplication/duplicationService.ts';
import { FollowerAppClient } from '../../../../impl/meta/duplication/followerAppClient.ts';
import type { DuplicationInfo } from '../../../../impl/meta/duplication/duplicationInfo.ts';
import { metaParts } from '../../../../impl/meta/parts.ts';
import { decodeApp } from '../../../../impl/meta/records.ts';
import type { AppState } from '../../../../impl/meta/serverState.ts';
import type { Parts } from '../../../../impl/parts.ts';
import type { DuplicationSyncResponse } from '../../../../impl/protocol/duplicationMessages.ts';
import type { ConfigProposal, ConfigProposalAck } from '../../../../impl/protocol/messages.ts';
import { DEFAULT_SETTINGS } from '../../../../impl/settings.ts';
import type { Settings } from '../../../../impl/settings.ts';
import type { PartitionConfig } from '../../../../model/vocabulary.ts';
import { ScriptedChance, START_WALL_US, TraceObserver } from '../../env/fixture.ts';
import { CLUSTERS, REMOTE_META } from './dupCluster.ts';
import { META, NEVER_FROZEN, detectorOf, requestFor } from '../metaCluster.ts';

const OPERATOR = 'source/client-0';
const SETTINGS: Settings = {
  ...DEFAULT_SETTINGS,
  ...NEVER_FROZEN,
  ...CLUSTERS,
  duplicationSyncPeriodMs: 1000,
  rpcTimeoutMs: 1000,
  lbIntervalMs: 1000,
};

/** A replica server that opens what it is told to, and reports its partitions' checkpoints in every sync. */
class Server {
  readonly env: Env;
  readonly meta: string;
  readonly dups = new Set<number>();

  constructor(env: Env, meta: string) {
    this.env = env;
    this.meta = meta;
    env.rpc.serve('RPC_CONFIG_PROPOSAL', this, 'onProposal');
    this.sync();
  }

  onProposal(proposal: ConfigProposal, replier: Replier<ConfigProposalAck>): void {
    replier.reply({ error: 'ERR_OK' });
    const request = requestFor(this.env.self, proposal);
    const options = { hash: 0, timeoutMs: 1000 };
    this.env.rpc.call(this.meta, 'RPC_CM_UPDATE_PARTITION_CONFIGURATION', request, options, reply(this, 'onUpdated'));
  }

  onUpdated(): void {
    // The meta server proposes again until it is stored.
  }

  sync(): void {
    const confirms = [...this.dups].flatMap((dupId) =>
      ['1.0', '1.1'].map(
        (gpid) => ({ gpid, dupId, confirmedDecree: 5, checkpointPrepared: true, lastCommittedDecree: 5 }),
      ),
    );
    const request = { node: this.env.self, confirms };
    const options = { hash: 0, timeoutMs: 900 };
    this.env.rpc.call(this.meta, 'RPC_CM_DUPLICATION_SYNC', request, options, reply(this, 'onSynced'));
    this.env.tasks.post('LPC_DUPLICATION_SYNC_TIMER', 0, 1000, task(this, 'sync'));
  }

  onSynced(result: RpcResult<DuplicationSyncResponse>): void {
    if (result.error !== 'ERR_OK' || result.body.error !== 'ERR_OK') return;
    this.dups.clear();
    for (const app of result.body.apps) for (const { dupId } of app.duplications) this.dups.add(dupId);
  }
}

/** Creates a table, and when that is done duplicates it to `f1` with one replica. */
class Operator {
  readonly env: Env;
  readonly answers: string[] = [];

  constructor(env: Env) {
    this.env = env;
  }

  create(cluster: string, appName: string): void {
    const request = { appName, partitionCount: 2, replicaCount: 2, successIfExist: true, envs: {} };
    const options = { hash: 0, timeoutMs: 30_000 };
    this.env.rpc.call(`${cluster}/meta-0`, 'RPC_CM_CREATE_APP', request, options, reply(this, 'onAnswer'));
  }

  add(remoteReplicaCount: number): void {
    const request = {
      appName: 't1',
      remoteClusterName: 'follower',
      isDuplicatingCheckpoint: true,
      remoteAppName: 'f1',
      remoteReplicaCount,
    };
    const options = { hash: 0, timeoutMs: 30_000 };
    this.env.rpc.call(META, 'RPC_CM_ADD_DUPLICATION', request, options, reply(this, 'onAnswer'));
  }

  onAnswer(result: RpcResult<{ readonly error: string }>): void {
    this.answers.push(result.body?.error ?? result.error);
  }
}

class TwoClusters {
  readonly world: SimWorld;
  readonly operator: Operator;
  crashes = 0;

  constructor(
    fate: (point: ChancePoint, where: string, what: string) => boolean = () => false,
    parts: Partial<Parts> = {},
  ) {
    const chance = new ScriptedChance(({ point, where, what }) => (fate(point, where, what) ? 1 : undefined));
    const observer = new TraceObserver();
    this.world = new SimWorld({ chance, observer, startWallUs: START_WALL_US, strict: true });
    observer.hook = (line) => {
      const node = [META, REMOTE_META].find((name) => line.startsWith(`stopped ${name}`));
      if (node === undefined) return;
      this.crashes++;
      this.world.at(1000, () => void this.world.startNode(node));
    };
    for (const cluster of ['source', 'follower']) {
      const servers = [0, 1].map((index) => `${cluster}/replica-${index}`);
      this.addNode(cluster, `${cluster}/meta-0`, (env) => {
        const own = { MetaFailureDetector: detectorOf(new Set()) };
        const table: Partial<Parts> = { ...metaParts, ...own, ...parts };
        const ctx: Context = { env, settings: SETTINGS, parts: table as Parts };
        const meta = new ctx.parts.MetaServer(ctx, { cluster, replicaServers: servers });
        meta.start();
        return meta;
      });
      for (const server of servers) this.addNode(cluster, server, (env) => new Server(env, `${cluster}/meta-0`));
    }
    this.addNode('source', OPERATOR, (env) => new Operator(env));
    const root = this.world.rootOf(OPERATOR);
    if (!(root instanceof Operator)) throw new Error('no operator');
    this.operator = root;
  }

  private addNode(cluster: string, id: string, boot: (env: Env) => object): void {
    const { poolWorkers, taskOverrides } = SETTINGS;
    this.world.addNode(id, { cluster, poolWorkers, taskOverrides, boot });
    this.world.startNode(id);
  }

  run(ms: number): this {
    this.world.run({ untilUs: this.world.nowUs() + ms * 1000 });
    return this;
  }

  create(cluster: string, name: string): this {
    this.run(1000);
    this.world.post(OPERATOR, 'LPC_CLIENT', 0, task(this.operator, 'create', cluster, name));
    return this.run(5000);
  }

  add(remoteReplicaCount = 1): this {
    this.world.post(OPERATOR, 'LPC_CLIENT', 0, task(this.operator, 'add', remoteReplicaCount));
    return this;
  }

  /** Statuses of the duplications of table 1 in the store. */
  statuses(): string[] {
    const store = this.world.storeView('source');
    const path = '/pegasus/source/apps/1/duplication';
    return store.children(path).map(
      (id) => String((JSON.parse(store.get(`${path}/${id}`) ?? '{}') as { status?: string }).status),
    );
  }

  follower(appId = 1): ReturnType<typeof decodeApp> {
    return decodeApp(this.world.storeView('follower').get(`/pegasus/follower/apps/${appId}`) ?? '');
  }
}

/** Whether an answer of the follower's meta server to a creation request may be lost. */
function isCreateAnswer(point: ChancePoint, where: string, what: string): boolean {
  return point === 'link.reply-lost' && where.startsWith(REMOTE_META) && what.includes('RPC_CM_CREATE_APP');
}

describe('a duplication between two clusters', () => {
  it('comes to DS_LOG with a follower table exactly as asked for', () => {
    const clusters = new TwoClusters().create('source', 't1').add();
    clusters.run(10_000);
    expect(clusters.operator.answers).toEqual(['ERR_OK', 'ERR_OK']);
    expect(clusters.statuses()).toEqual(['DS_LOG']);
    expect(clusters.follower()?.info).toMatchObject({
      appName: 'f1',
      status: 'AS_AVAILABLE',
      partitionCount: 2,
      maxReplicaCount: 1,
      envs: { 'duplication.follower_app_status': 'created', 'duplication.master_app_name': 't1' },
    });
    expect(clusters.follower(2)).toBeUndefined();
  });

  it('comes there although the follower has a table of the master’s name', () => {
    const clusters = new TwoClusters().create('source', 't1').create('follower', 't1').add();
    clusters.run(10_000);
    expect(clusters.statuses()).toEqual(['DS_LOG']);
    expect(clusters.follower(2)?.info.appName).toBe('f1');
  });

  it('stays in DS_PREPARE when the follower has a table of that name already', () => {
    const clusters = new TwoClusters().create('source', 't1').create('follower', 'f1').add();
    clusters.run(20_000);
    expect(clusters.statuses()).toEqual(['DS_PREPARE']);
    expect(clusters.follower()?.info.envs).toEqual({});
  });

  it.each([1, 2, 5])('comes there when the first %i answers of a creation are lost', (lost) => {
    let seen = 0;
    const clusters = new TwoClusters((point, where, what) => isCreateAnswer(point, where, what) && ++seen <= lost);
    clusters.create('source', 't1').add().run(30_000);
    expect(seen).toBeGreaterThan(lost);
    expect(clusters.statuses()).toEqual(['DS_LOG']);
    expect(clusters.follower(2)).toBeUndefined();
  });

  it('comes there whichever write of either meta server is the last of its process', () => {
    let struck = 0;
    for (let target = 0; target < 30; target++) {
      let changes = -1;
      let armed = false;
      const clusters = new TwoClusters((point) => armed && point === 'store.crash-after' && ++changes === target);
      clusters.create('source', 't1');
      armed = true;
      clusters.add().run(15_000);
      if (clusters.statuses().length === 0) clusters.add();
      clusters.run(20_000);
      expect([target, clusters.statuses()]).toEqual([target, ['DS_LOG']]);
      expect(clusters.follower(2)).toBeUndefined();
      struck += clusters.crashes;
      if (clusters.crashes === 0) break;
    }
    // The add: 3; progress: 2; DS_APP; the follower table: 4, its configurations: 2, its mark for each server; DS_LOG.
    expect(struck).toBe(15);
  });

  it.each(['store.timeout', 'store.timeout-after-effect'] as const)('%s of every third only costs time', (fault) => {
    let asked = 0;
    const clusters = new TwoClusters((point) => point === fault && asked++ % 3 === 0);
    clusters.run(30_000).create('source', 't1').run(30_000);
    clusters.add().run(300_000);
    expect(clusters.operator.answers.at(-1)).toBe('ERR_OK');
    expect(clusters.statuses()).toEqual(['DS_LOG']);
  });
});

describe('spoilt in one method', () => {
  it('the check under the master’s name never ends', () => {
    class Spoilt extends FollowerAppClient {
      override checkedAppName(dup: DuplicationInfo): string {
        return dup.identity.appName;
      }
    }
    const clusters = new TwoClusters(undefined, { FollowerAppClient: Spoilt }).create('source', 't1').add();
    clusters.run(30_000);
    expect(clusters.statuses()).toEqual(['DS_APP']);
  });

  it('a follower that takes no repeat is stuck after a lost answer', () => {
    class Spoilt extends AppService {
      override processCreateFollowerAppStatus(
        ...[request, , replier]: Parameters<AppService['processCreateFollowerAppStatus']>
      ): void {
        replier.reply({ error: 'ERR_APP_EXIST', hint: request.appName, appId: 0 });
      }
    }
    let seen = 0;
    const clusters = new TwoClusters(
      (point, where, what) => isCreateAnswer(point, where, what) && ++seen <= 2,
      { AppService: Spoilt },
    );
    clusters.create('source', 't1').add().run(30_000);
    expect(clusters.statuses()).toEqual(['DS_PREPARE']);
  });

  it('one replica is never enough when a secondary is demanded', () => {
    class Spoilt extends FollowerAppClient {
      override hasEnoughSecondaries(config: PartitionConfig): boolean {
        return config.secondaries.length > 0;
      }
    }
    const clusters = new TwoClusters(undefined, { FollowerAppClient: Spoilt }).create('source', 't1').add();
    clusters.run(30_000);
    expect(clusters.statuses()).toEqual(['DS_APP']);
  });

  it('a follower table has the master’s replica count when the asked one is ignored', () => {
    class Spoilt extends FollowerAppClient {
      override followerReplicaCount(app: AppState): number {
        return app.record.info.maxReplicaCount;
      }
    }
    const clusters = new TwoClusters(undefined, { FollowerAppClient: Spoilt }).create('source', 't1').add();
    clusters.run(30_000);
    expect(clusters.follower()?.info.maxReplicaCount).toBe(2);
  });

  it('a second add is told OK when the answer ignores what there is', () => {
    class Spoilt extends DuplicationService {
      override existingError(): 'ERR_OK' {
        return 'ERR_OK';
      }
    }
    const clusters = new TwoClusters(undefined, { DuplicationService: Spoilt }).create('source', 't1').add();
    clusters.run(1000).add().run(1000);
    expect([clusters.operator.answers, clusters.statuses().length]).toEqual([['ERR_OK', 'ERR_OK', 'ERR_OK'], 1]);
  });
});
