/** Two clusters in one simulated world, a raw client beside them, and follower tables made by hand. */
import type { Claim } from '../../../../model/events.ts';
import type { ClusterId, Gpid, NodeId } from '../../../../model/vocabulary.ts';
import { reply } from '../../../../impl/env/contract.ts';
import type { Env } from '../../../../impl/env/contract.ts';
import { CALM } from '../../../../impl/env/sim/chance.ts';
import type { Chance } from '../../../../impl/env/sim/chance.ts';
import type { WorldObserver } from '../../../../impl/env/sim/observer.ts';
import { SimWorld } from '../../../../impl/env/sim/world.ts';
import { DEFAULT_PARTS } from '../../../../impl/parts.ts';
import type { Parts } from '../../../../impl/parts.ts';
import { threadHash } from '../../../../impl/protocol/gpid.ts';
import type { RpcCode, RpcTypes } from '../../../../impl/protocol/messages.ts';
import { encodeKey, encodePut, partitionHashOf, storedKey } from '../../../../impl/protocol/rrdb.ts';
import type { Replica } from '../../../../impl/replica/replica.ts';
import { ReplicaServer } from '../../../../impl/replica/replicaStub.ts';
import { DEFAULT_SETTINGS } from '../../../../impl/settings.ts';
import type { Settings } from '../../../../impl/settings.ts';
import { MetaServer } from '../../../../impl/meta/metaServer.ts';
import { decodeConfig } from '../../../../impl/meta/records.ts';
import { NEVER_FROZEN } from '../cluster.ts';
import type { Box } from '../cluster.ts';

const CLIENT = 'source/client-0';
const START_WALL_US = 1_767_225_600_000_000;

export function metaOf(cluster: ClusterId): NodeId {
  return `${cluster}/meta-0`;
}

export function serversOf(cluster: ClusterId): readonly NodeId[] {
  return [0, 1, 2].map((index) => `${cluster}/replica-${index}`);
}

class RawClient {
  readonly env: Env;

  constructor(env: Env) {
    this.env = env;
  }

  onReply(result: Box<unknown>['result'], box: Box<unknown>): void {
    box.result = result;
  }
}

export interface Message {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly code: RpcCode;
  readonly kind: string;
  readonly body: unknown;
  readonly error: string;
}

export interface TwoClusterOptions {
  readonly settings?: Partial<Settings>;
  readonly partsOf?: (node: NodeId) => Partial<Parts>;
  readonly chance?: Partial<Chance>;
}

export class TwoClusters {
  readonly world: SimWorld;
  readonly sent: Message[] = [];
  readonly said: { readonly node: NodeId; readonly claim: Claim }[] = [];
  readonly stopped: { readonly node: NodeId; readonly cause: string; readonly detail: string }[] = [];
  readonly renames: { readonly node: NodeId; readonly from: string; readonly to: string }[] = [];
  /** Written and not synced. */
  readonly unsynced = new Set<string>();
  /** Renamed while bytes in them were not synced. */
  readonly renamedUnsynced: string[] = [];
  onMessage: (message: Message) => void = () => undefined;

  constructor(options: TwoClusterOptions = {}) {
    const ignore = (): void => undefined;
    const observer: WorldObserver = {
      messageSent: (from, to, code, kind, _gpid, _decree, body, error) => {
        const message = { from, to, code, kind, body, error };
        this.sent.push(message);
        this.onMessage(message);
      },
      messageDelivered: ignore,
      fileCreated: ignore,
      fileWritten: (node, path) => void this.unsynced.add(`${node} ${path}`),
      fileSynced: (node, path) => void this.unsynced.delete(`${node} ${path}`),
      renamed: (node, from, to) => {
        this.renames.push({ node, from, to });
        for (const file of this.unsynced) if (file.startsWith(`${node} ${from}/`)) this.renamedUnsynced.push(file);
      },
      linked: ignore,
      removed: (node, path) => void this.unsynced.delete(`${node} ${path}`),
      diskDamaged: ignore,
      storeAsked: ignore,
      storeAnswered: ignore,
      storeApplied: ignore,
      providerChanged: ignore,
      processStarted: ignore,
      processStopped: (node, cause, detail) => void this.stopped.push({ node, cause, detail }),
      claimed: (node, claim) => void this.said.push({ node, claim }),
      faultStruck: ignore,
      taskStarted: ignore,
      processPaused: ignore,
    };
    const chance: Chance = { ...CALM, ...options.chance };
    this.world = new SimWorld({ chance, observer, startWallUs: START_WALL_US, strict: true });
    this.addCluster('source', 1, options);
    this.addCluster('follower', 2, options);
    this.add(CLIENT, 'source', (env) => new RawClient(env));
  }

  private addCluster(cluster: ClusterId, clusterNumber: number, options: TwoClusterOptions): void {
    const settings: Settings = { ...DEFAULT_SETTINGS, ...NEVER_FROZEN, dupClusterName: cluster, ...options.settings };
    const partsOf = (node: NodeId): Parts => ({ ...DEFAULT_PARTS, ...options.partsOf?.(node) });
    const meta = metaOf(cluster);
    this.add(meta, cluster, (env) => {
      const parts = partsOf(meta);
      const server = new parts.MetaServer({ env, settings, parts }, { cluster, replicaServers: serversOf(cluster) });
      server.start();
      return server;
    });
    for (const node of serversOf(cluster)) {
      this.add(node, cluster, (env) => {
        const parts = partsOf(node);
        const server = new parts.ReplicaServer({ env, settings, parts }, { metaServers: [meta], clusterNumber });
        server.start();
        return server;
      });
    }
  }

  private add(node: NodeId, cluster: ClusterId, boot: (env: Env) => object): void {
    const { poolWorkers } = DEFAULT_SETTINGS;
    this.world.addNode(node, { cluster, poolWorkers, taskOverrides: {}, boot });
    this.world.startNode(node);
  }

  // ------------------------------------------------------------------ time

  run(ms: number): void {
    this.world.run({ untilUs: this.world.nowUs() + ms * 1000 });
  }

  runUntil(condition: () => boolean, ms = 60_000): void {
    this.world.run({ untilUs: this.world.nowUs() + ms * 1000, stop: condition });
    if (!condition()) throw new Error(`not within ${ms} ms: ${condition.toString()}`);
  }

  checks(): readonly string[] {
    return this.stopped.filter((s) => s.cause === 'check').map((s) => `${s.node}: ${s.detail}`);
  }

  restart(node: NodeId, cause: 'crash' | 'power-loss' | 'shutdown' = 'crash'): void {
    this.world.stopNode(node, cause);
    this.world.startNode(node);
  }

  // ------------------------------------------------------------------ looking

  server(node: NodeId): ReplicaServer {
    const root = this.world.rootOf(node);
    if (!(root instanceof ReplicaServer)) throw new Error(`${node} is no replica server`);
    return root;
  }

  meta(cluster: ClusterId): MetaServer {
    const root = this.world.rootOf(metaOf(cluster));
    if (!(root instanceof MetaServer)) throw new Error(`${cluster} has no meta server`);
    return root;
  }

  replica(node: NodeId, gpid: Gpid): Replica | undefined {
    return this.world.isUp(node) ? this.server(node).replicas.get(gpid) : undefined;
  }

  primary(cluster: ClusterId, gpid: Gpid): NodeId {
    const found = serversOf(cluster).find((node) => this.replica(node, gpid)?.isPrimary());
    if (found === undefined) throw new Error(`no primary of ${gpid} in ${cluster}`);
    return found;
  }

  isServing(cluster: ClusterId, gpid: Gpid): boolean {
    return serversOf(cluster).some((node) => {
      const replica = this.replica(node, gpid);
      return replica !== undefined && replica.isPrimary() && !replica.reads.isBehindNewPrimaryMark();
    });
  }

  /** Its primary serves, and all others are secondaries. */
  hasAllMembers(cluster: ClusterId, gpid: Gpid): boolean {
    if (!this.isServing(cluster, gpid)) return false;
    const primary = this.primary(cluster, gpid);
    return serversOf(cluster).every((node) => node === primary || this.replica(node, gpid)?.status() === 'PS_SECONDARY');
  }

  ballot(cluster: ClusterId, gpid: Gpid): number {
    const [app, index] = gpid.split('.');
    const value = this.world.storeView(cluster).get(`/pegasus/${cluster}/apps/${app}/${index}`);
    return value === undefined ? -1 : (decodeConfig(value)?.ballot ?? -1);
  }

  /** Names in a replica's directory. */
  list(node: NodeId, dir: string): readonly string[] {
    return this.world.diskView(node).list(dir);
  }

  claims<K extends Claim['kind']>(node: NodeId, kind: K): readonly Extract<Claim, { kind: K }>[] {
    const own = this.said.filter((s) => s.node === node).map((s) => s.claim);
    return own.filter((c): c is Extract<Claim, { kind: K }> => c.kind === kind);
  }

  requests(code: RpcCode, to?: NodeId): readonly Message[] {
    return this.sent.filter((m) => m.kind === 'request' && m.code === code && (to === undefined || m.to === to));
  }

  // ------------------------------------------------------------------ asking

  call<C extends RpcCode>(to: NodeId, code: C, request: RpcTypes[C]['request'], hash = 0): Box<RpcTypes[C]['response']> {
    const client = this.world.rootOf(CLIENT);
    if (!(client instanceof RawClient)) throw new Error('no client');
    const box: Box<RpcTypes[C]['response']> = { result: undefined };
    client.env.rpc.call(to, code, request, { hash, timeoutMs: 5000 }, reply(client, 'onReply', box));
    return box;
  }

  answer<C extends RpcCode>(to: NodeId, code: C, request: RpcTypes[C]['request'], hash = 0): RpcTypes[C]['response'] {
    const box = this.call(to, code, request, hash);
    this.runUntil(() => box.result !== undefined);
    if (box.result?.error !== 'ERR_OK') throw new Error(`${code}: ${box.result?.error}`);
    return box.result.body;
  }

  create(
    cluster: ClusterId,
    appName: string,
    envs: Record<string, string> = {},
    { partitions = 1, replicas = 3 }: { partitions?: number; replicas?: number } = {},
  ): number {
    // Until the servers have a lease.
    this.run(1500);
    const request = { appName, partitionCount: partitions, replicaCount: replicas, successIfExist: false, envs };
    const { error, appId } = this.answer(metaOf(cluster), 'RPC_CM_CREATE_APP', request);
    if (error !== 'ERR_OK') throw new Error(error);
    return appId;
  }

  /** A table of `source`, serving, with all its members. */
  createMaster(appName = 'm', partitions = 1): number {
    const appId = this.create('source', appName, {}, { partitions });
    this.runUntil(() => {
      for (let i = 0; i < partitions; i++) if (!this.hasAllMembers('source', `${appId}.${i}`)) return false;
      return true;
    });
    this.run(50);
    return appId;
  }

  put(cluster: ClusterId, gpid: Gpid, key: string, value: string): string {
    const request = this.client(gpid, encodePut(storedKey('h', key), value, 0));
    return this.answer(this.primary(cluster, gpid), 'RPC_RRDB_RRDB_PUT', request, threadHash(gpid)).error;
  }

  get(cluster: ClusterId, gpid: Gpid, key: string): string | undefined {
    const request = this.client(gpid, encodeKey(storedKey('h', key)));
    const found = this.answer(this.primary(cluster, gpid), 'RPC_RRDB_RRDB_GET', request, threadHash(gpid));
    return found.error !== 'ERR_OK' ? `!${found.error}` : found.found ? found.value : undefined;
  }

  /** What a member's own storage holds. */
  local(node: NodeId, gpid: Gpid, key: string): string | undefined {
    return this.replica(node, gpid)?.storage?.get(storedKey('h', key), 0)?.value;
  }

  /** A checkpoint of everything that was written, at the primary. */
  checkpoint(cluster: ClusterId, gpid: Gpid): void {
    const primary = this.primary(cluster, gpid);
    const replica = this.replica(primary, gpid);
    if (replica === undefined) throw new Error(`no ${gpid}`);
    const applied = replica.lastAppliedDecree();
    const cli = { command: 'replica.trigger-checkpoint', args: [gpid] };
    this.answer(primary, 'RPC_CLI_CLI_CALL', cli);
    this.runUntil(() => replica.lastDurableDecree() >= applied);
  }

  private client(gpid: Gpid, body: Uint8Array): RpcTypes['RPC_RRDB_RRDB_PUT']['request'] {
    return { gpid, partitionHash: partitionHashOf('h'), body, clientTimeoutMs: 5000, commandId: 1 };
  }
}

/** The envs of a table that follows `source` (dup 2.6). */
export function followerEnvs(masterApp = 'm', metas = metaOf('source')): Record<string, string> {
  return {
    'duplication.master_cluster': 'source',
    'duplication.master_metas': metas,
    'duplication.master_app_name': masterApp,
    'duplication.follower_app_status': 'creating',
  };
}
