/** Meta server and clients over the simulated world itself: frozen messages, task pools, the store's own faults. */
import { describe, expect, it } from 'vitest';
import { AdminClient } from '../../../impl/client/adminClient.ts';
import type { AdminAnswer } from '../../../impl/client/adminClient.ts';
import { KvClient } from '../../../impl/client/kvClient.ts';
import { reply, task } from '../../../impl/env/contract.ts';
import type { Env, Replier } from '../../../impl/env/contract.ts';
import type { ChancePoint } from '../../../impl/env/sim/chance.ts';
import { SimWorld } from '../../../impl/env/sim/world.ts';
import { clientParts } from '../../../impl/client/parts.ts';
import { metaParts } from '../../../impl/meta/parts.ts';
import { decodeApp, decodeConfig } from '../../../impl/meta/records.ts';
import type { Context } from '../../../impl/context.ts';
import type { Parts } from '../../../impl/parts.ts';
import type {
  ClientRequest,
  ConfigProposal,
  ConfigProposalAck,
  WriteResponse,
} from '../../../impl/protocol/messages.ts';
import { DEFAULT_SETTINGS } from '../../../impl/settings.ts';
import { ScriptedChance, START_WALL_US, TraceObserver } from '../env/fixture.ts';
import { META, SERVERS, detectorOf, requestFor } from './metaCluster.ts';

const CLIENT = 'source/client-0';

function contextOf(env: Env): Context {
  const parts: Partial<Parts> = { ...metaParts, ...clientParts, MetaFailureDetector: detectorOf(new Set()) };
  return { env, settings: DEFAULT_SETTINGS, parts: parts as Parts };
}

/** A replica server that does what it is told, and takes every write while it is a primary. */
class Server {
  readonly env: Env;

  constructor(env: Env) {
    this.env = env;
    env.rpc.serve('RPC_CONFIG_PROPOSAL', this, 'onProposal');
    env.rpc.serve('RPC_RRDB_RRDB_PUT', this, 'onPut');
  }

  onProposal(proposal: ConfigProposal, replier: Replier<ConfigProposalAck>): void {
    replier.reply({ error: 'ERR_OK' });
    const request = requestFor(this.env.self, proposal);
    const options = { hash: 0, timeoutMs: 5000 };
    this.env.rpc.call(META, 'RPC_CM_UPDATE_PARTITION_CONFIGURATION', request, options, reply(this, 'onUpdated'));
  }

  onUpdated(): void {
    // The meta server proposes again until it is stored.
  }

  onPut(_request: ClientRequest, replier: Replier<WriteResponse>): void {
    replier.reply({ error: 'ERR_OK', decree: 1, server: this.env.self });
  }
}

class User {
  readonly kv: KvClient;
  readonly admin: AdminClient;
  readonly answers: string[] = [];

  constructor(ctx: Context) {
    this.kv = new KvClient(ctx, { metaServers: [META] });
    this.admin = new AdminClient(ctx, { metaServers: [META] });
  }

  create(): void {
    const request = { appName: 't1', partitionCount: 2, replicaCount: 3, successIfExist: true, envs: {} };
    this.admin.createTable(request, reply(this, 'onAdmin'));
  }

  onAdmin(answer: AdminAnswer): void {
    this.answers.push(answer.error);
  }

  put(id: number): void {
    this.kv.put(id, 't1', `key${id}`, '', 'v', 0, reply(this, 'onPut'));
  }

  onPut(answer: WriteResponse): void {
    this.answers.push(answer.error);
  }
}

interface Cluster {
  readonly world: SimWorld;
  readonly user: User;
  readonly runFor: (ms: number) => void;
  readonly crashes: () => number;
}

/** The cluster under scripted store faults; the meta server comes back a second after each crash. */
function cluster(fate: (point: ChancePoint) => boolean): Cluster {
  let crashes = 0;
  const chance = new ScriptedChance(({ point }) => {
    if (!point.startsWith('store.') || point === 'store.slow') return undefined;
    return fate(point) ? 1 : undefined;
  });
  const observer = new TraceObserver();
  const world = new SimWorld({ chance, observer, startWallUs: START_WALL_US, strict: true });
  observer.hook = (line) => {
    if (!line.startsWith(`stopped ${META}`)) return;
    crashes++;
    world.at(1000, () => void world.startNode(META));
  };
  const add = (id: string, boot: (env: Env) => object): void => {
    const { poolWorkers, taskOverrides } = DEFAULT_SETTINGS;
    world.addNode(id, { cluster: 'source', poolWorkers, taskOverrides, boot });
    world.startNode(id);
  };
  add(META, (env) => {
    const ctx = contextOf(env);
    const meta = new ctx.parts.MetaServer(ctx, { cluster: 'source', replicaServers: SERVERS });
    meta.start();
    return meta;
  });
  for (const server of SERVERS) add(server, (env) => new Server(env));
  add(CLIENT, (env) => new User(contextOf(env)));
  const user = world.rootOf(CLIENT);
  if (!(user instanceof User)) throw new Error('no user');
  const runFor = (ms: number): void => void world.run({ untilUs: world.nowUs() + ms * 1000 });
  return { world, user, runFor, crashes: () => crashes };
}

function expectWhole(world: SimWorld): void {
  expect(decodeApp(world.storeView('source').get('/pegasus/source/apps/1') ?? '')?.info.status).toBe('AS_AVAILABLE');
  for (const index of [0, 1]) {
    const config = decodeConfig(world.storeView('source').get(`/pegasus/source/apps/1/${index}`) ?? '');
    expect(config).toMatchObject({ ballot: 3, maxReplicaCount: 3 });
    expect(new Set([config?.primary, ...(config?.secondaries ?? [])])).toEqual(new Set(SERVERS));
  }
}

describe('in the simulated world', () => {
  it('a table is made and written in milliseconds', () => {
    const { world, user, runFor } = cluster(() => false);
    runFor(100);
    world.post(CLIENT, 'LPC_CLIENT', 0, task(user, 'create'));
    runFor(100);
    expectWhole(world);
    for (let i = 0; i < 10; i++) world.post(CLIENT, 'LPC_CLIENT', 0, task(user, 'put', i));
    runFor(100);
    expect(user.answers).toEqual(Array.from({ length: 11 }, () => 'ERR_OK'));
  });

  it('a crash after any of the writes leaves a whole table', () => {
    let struck = 0;
    for (let target = 0; target < 20; target++) {
      let changes = 0;
      const { world, user, runFor, crashes } = cluster(
        (point) => point === 'store.crash-after' && changes++ === target,
      );
      runFor(5000);
      for (let attempt = 0; attempt < 3 && user.answers.at(-1) !== 'ERR_OK'; attempt++) {
        world.post(CLIENT, 'LPC_CLIENT', 0, task(user, 'create'));
        runFor(10_000);
      }
      expect(user.answers.at(-1)).toBe('ERR_OK');
      runFor(20_000);
      expectWhole(world);
      struck += crashes();
    }
    // Root nodes, lock, table, partitions, available, three configurations of each as its members come.
    expect(struck).toBe(14);
  });

  it.each(['store.timeout', 'store.timeout-after-effect'] as const)(
    '%s of every third operation only costs time',
    (fault) => {
      let asked = 0;
      const { world, user, runFor } = cluster((point) => point === fault && asked++ % 3 === 0);
      runFor(60_000);
      for (let attempt = 0; attempt < 3 && user.answers.at(-1) !== 'ERR_OK'; attempt++) {
        world.post(CLIENT, 'LPC_CLIENT', 0, task(user, 'create'));
        runFor(60_000);
      }
      expectWhole(world);
      world.post(CLIENT, 'LPC_CLIENT', 0, task(user, 'put', 1));
      runFor(1000);
      expect(user.answers.at(-1)).toBe('ERR_OK');
      expect(world.faultEffects().get(fault)).toBeGreaterThan(3);
    },
  );
});
