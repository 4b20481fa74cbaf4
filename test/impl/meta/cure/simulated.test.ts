/** The cure over the simulated world itself: frozen messages, task pools, the store's FIFO sessions and its own faults. */
import { describe, expect, it } from 'vitest';
import type { Context } from '../../../../impl/context.ts';
import { reply, task } from '../../../../impl/env/contract.ts';
import type { Env, Replier } from '../../../../impl/env/contract.ts';
import type { ChancePoint } from '../../../../impl/env/sim/chance.ts';
import { SimWorld } from '../../../../impl/env/sim/world.ts';
import { AdminClient } from '../../../../impl/client/adminClient.ts';
import type { AdminAnswer } from '../../../../impl/client/adminClient.ts';
import { clientParts } from '../../../../impl/client/parts.ts';
import { MetaServer } from '../../../../impl/meta/metaServer.ts';
import { metaParts } from '../../../../impl/meta/parts.ts';
import { decodeConfig } from '../../../../impl/meta/records.ts';
import type { Parts } from '../../../../impl/parts.ts';
import type { ConfigProposal, ConfigProposalAck, UpdateConfigRequest } from '../../../../impl/protocol/messages.ts';
import { DEFAULT_SETTINGS } from '../../../../impl/settings.ts';
import { ScriptedChance, START_WALL_US, TraceObserver } from '../../env/fixture.ts';
import { META, NEVER_FROZEN, detectorOf, requestFor } from '../metaCluster.ts';
import { A, B, C, SERVERS, textOf } from './cureCluster.ts';

const CLIENT = 'source/client-0';
const SETTINGS = { ...DEFAULT_SETTINGS, ...NEVER_FROZEN };
const OPTIONS = { hash: 0, timeoutMs: 5000 };

function contextOf(env: Env, own: Partial<Parts> = {}): Context {
  const parts: Partial<Parts> = { ...metaParts, ...clientParts, ...own };
  return { env, settings: SETTINGS, parts: parts as Parts };
}

/** Does what it is told, and asks until it is answered. */
class Server {
  readonly env: Env;

  constructor(env: Env) {
    this.env = env;
    env.rpc.serve('RPC_CONFIG_PROPOSAL', this, 'onProposal');
  }

  onProposal(proposal: ConfigProposal, replier: Replier<ConfigProposalAck>): void {
    replier.reply({ error: 'ERR_OK' });
    this.ask(requestFor(this.env.self, proposal));
  }

  ask(request: UpdateConfigRequest): void {
    this.env.rpc.call(META, 'RPC_CM_UPDATE_PARTITION_CONFIGURATION', request, OPTIONS, reply(this, 'onUpdated', request));
  }

  onUpdated({ error }: { readonly error: string }, request: UpdateConfigRequest): void {
    if (error !== 'ERR_OK') this.env.tasks.post('LPC_DELAY_UPDATE_CONFIG', 0, 1000, task(this, 'ask', request));
  }
}

class User {
  readonly admin: AdminClient;

  constructor(env: Env) {
    this.admin = new AdminClient(contextOf(env), { metaServers: [META] });
  }

  create(): void {
    const request = { appName: 't1', partitionCount: 1, replicaCount: 3, successIfExist: true, envs: {} };
    this.admin.createTable(request, reply(this, 'onAdmin'));
  }

  onAdmin(_answer: AdminAnswer): void {
    // What counts is what is stored.
  }
}

class Bench {
  readonly world: SimWorld;
  readonly dead = new Set<string>();
  crashes = 0;

  constructor(fate: (point: ChancePoint) => boolean = () => false) {
    const chance = new ScriptedChance(({ point }) => (point.startsWith('store.') && point !== 'store.slow' && fate(point) ? 1 : undefined));
    const observer = new TraceObserver();
    const world = new SimWorld({ chance, observer, startWallUs: START_WALL_US, strict: true });
    this.world = world;
    observer.hook = (line) => {
      if (!line.startsWith(`stopped ${META}`)) return;
      this.crashes++;
      world.at(1000, () => void world.startNode(META));
    };
    const own = { MetaFailureDetector: detectorOf(this.dead) };
    const add = (id: string, boot: (env: Env) => object): void => {
      const { poolWorkers, taskOverrides } = SETTINGS;
      world.addNode(id, { cluster: 'source', poolWorkers, taskOverrides, boot });
      world.startNode(id);
    };
    add(META, (env) => {
      const meta = new MetaServer(contextOf(env, own), { cluster: 'source', replicaServers: SERVERS });
      meta.start();
      return meta;
    });
    for (const server of SERVERS) add(server, (env) => new Server(env));
    add(CLIENT, (env) => new User(env));
    this.runMs(100);
  }

  create(): void {
    const user = this.world.rootOf(CLIENT);
    if (user instanceof User) this.world.post(CLIENT, 'LPC_CLIENT', 0, task(user, 'create'));
  }

  meta(): MetaServer {
    const meta = this.world.rootOf(META);
    if (!(meta instanceof MetaServer)) throw new Error('no meta server');
    return meta;
  }

  kill(node: string): void {
    this.dead.add(node);
    this.world.post(META, 'LPC_META_STATE_HIGH', 0, task(this.meta().cure, 'onChangeNodeState', node, false));
  }

  runMs(ms: number): void {
    this.world.run({ untilUs: this.world.nowUs() + ms * 1000 });
  }

  stored(): string {
    const config = decodeConfig(this.world.storeView('source').get('/pegasus/source/apps/1/0') ?? '');
    return config === undefined ? '' : textOf(config);
  }
}

describe('in the simulated world', () => {
  it('a table is whole in milliseconds, and survives its primary', () => {
    const bench = new Bench();
    bench.create();
    bench.runMs(100);
    expect(bench.stored()).toBe('3 0 12 / ');
    bench.kill(A);
    bench.runMs(100);
    expect(bench.stored()).toBe('5 1 2 / 0');
  });

  it('an update that is on its way when its primary dies is there before the removal, and gone after it', () => {
    const bench = new Bench();
    bench.create();
    bench.runMs(100);
    const server = bench.world.rootOf(A);
    const config = bench.meta().state.config('1.0');
    if (!(server instanceof Server) || config === undefined) throw new Error('no table');
    const request = { type: 'CT_DOWNGRADE_TO_INACTIVE', node: B, config: { ...config, ballot: 4, secondaries: [C] } } as const;
    bench.world.post(A, 'LPC_DELAY_UPDATE_CONFIG', 0, task(server, 'ask', request));
    for (let i = 0; i < 1000 && bench.meta().configService.pendingUpdate('1.0') === undefined; i++) bench.runMs(0.05);
    expect(bench.stored()).toBe('3 0 12 / ');
    bench.kill(A);
    const seen = new Set<string>();
    for (let i = 0; i < 100; i++) {
      bench.runMs(0.1);
      seen.add(bench.stored());
    }
    expect([...seen]).toEqual(['3 0 12 / ', '4 0 2 / 1', '4 - 12 / 0', '5 1 2 / 0']);
  });

  it('a crash after any of the writes leaves a partition that becomes whole', () => {
    let struck = 0;
    for (let target = 0; target < 16; target++) {
      let changes = 0;
      const bench = new Bench((point) => point === 'store.crash-after' && changes++ === target);
      bench.runMs(5000);
      bench.create();
      bench.runMs(30_000);
      if (bench.stored() === '') bench.create();
      bench.runMs(30_000);
      expect(bench.stored()).toMatch(/^3 \d \d\d \/ $/);
      bench.kill(A);
      bench.runMs(60_000);
      // A new meta server knows of no dropout to wait for.
      expect(bench.stored()).toMatch(/^(5 1 2|6 1 23) \/ 0$/);
      struck += bench.crashes;
    }
    // Roots, lock, table, partition, available, three members, removal and successor.
    expect(struck).toBe(12);
  });

  it.each(['store.timeout', 'store.timeout-after-effect'] as const)('%s of every third operation only costs time', (fault) => {
    let asked = 0;
    const bench = new Bench((point) => point === fault && asked++ % 3 === 0);
    bench.runMs(60_000);
    bench.create();
    bench.runMs(60_000);
    if (bench.stored() === '') bench.create();
    bench.runMs(60_000);
    expect(bench.stored()).toMatch(/^3 \d \d\d \/ $/);
    bench.kill(A);
    bench.runMs(60_000);
    expect(bench.stored()).toMatch(/^5 1 2 \/ 0$/);
  });
});
