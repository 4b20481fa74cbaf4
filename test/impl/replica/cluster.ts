/** One cluster in the simulated world, with a raw client: for tests of the replica server against everything real. */
import type { Claim } from '../../../model/events.ts';
import type { Gpid, NodeId } from '../../../model/vocabulary.ts';
import { reply } from '../../../impl/env/contract.ts';
import type { Env, RpcResult } from '../../../impl/env/contract.ts';
import { CALM } from '../../../impl/env/sim/chance.ts';
import type { Chance } from '../../../impl/env/sim/chance.ts';
import type { WorldObserver } from '../../../impl/env/sim/observer.ts';
import { SimWorld } from '../../../impl/env/sim/world.ts';
import { DEFAULT_PARTS } from '../../../impl/parts.ts';
import type { Parts } from '../../../impl/parts.ts';
import { threadHash } from '../../../impl/protocol/gpid.ts';
import type { ClientRequest, RpcCode, RpcTypes, WriteResponse } from '../../../impl/protocol/messages.ts';
import { encodeKey, encodePut, partitionHashOf, storedKey } from '../../../impl/protocol/rrdb.ts';
import type { Replica } from '../../../impl/replica/replica.ts';
import { ReplicaServer } from '../../../impl/replica/replicaStub.ts';
import { DEFAULT_SETTINGS } from '../../../impl/settings.ts';
import type { Settings } from '../../../impl/settings.ts';

export const META = 'c/meta-0';
const CLIENT = 'c/client-0';
export const NODES: readonly NodeId[] = ['c/replica-0', 'c/replica-1', 'c/replica-2'];
const START_WALL_US = 1_767_225_600_000_000;

/** A cluster of three servers is cured with one alive. */
export const NEVER_FROZEN = { minLiveNodeCountForUnfreeze: 1, nodeLivePercentageThresholdForUpdate: 0 } as const;

export interface Box<A> {
  result: RpcResult<A> | undefined;
}

class RawClient {
  readonly env: Env;

  constructor(env: Env) {
    this.env = env;
  }

  onReply(result: RpcResult<unknown>, box: Box<unknown>): void {
    box.result = result;
  }
}

export interface SaidClaim {
  readonly atUs: number;
  readonly node: NodeId;
  readonly claim: Claim;
}

export interface ClusterOptions {
  readonly settings?: Partial<Settings>;
  readonly partsOf?: (node: NodeId) => Partial<Parts>;
  readonly chance?: Partial<Chance>;
}

export interface SentMessage {
  readonly atUs: number;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly code: RpcCode;
  readonly kind: string;
  readonly decree: number;
  readonly body: unknown;
  readonly error: string;
}

export class Cluster {
  readonly world: SimWorld;
  readonly said: SaidClaim[] = [];
  readonly sent: SentMessage[] = [];
  /** How many tasks of each code have started. */
  readonly tasks = new Map<string, number>();
  readonly stopped: { readonly node: NodeId; readonly cause: string; readonly detail: string }[] = [];

  constructor(options: ClusterOptions = {}) {
    const settings: Settings = { ...DEFAULT_SETTINGS, ...NEVER_FROZEN, ...options.settings };
    const ignore = (): void => undefined;
    const observer: WorldObserver = {
      messageSent: (from, to, code, kind, _gpid, decree, body, error) => {
        this.sent.push({ atUs: this.world.momentUs(), from, to, code, kind, decree, body, error });
      },
      messageDelivered: ignore,
      fileCreated: ignore,
      fileWritten: ignore,
      fileSynced: ignore,
      renamed: ignore,
      linked: ignore,
      removed: ignore,
      diskDamaged: ignore,
      storeAsked: ignore,
      storeAnswered: ignore,
      storeApplied: ignore,
      providerChanged: ignore,
      processStarted: ignore,
      processPaused: ignore,
      processStopped: (node, cause, detail) => void this.stopped.push({ node, cause, detail }),
      claimed: (node, claim) => void this.said.push({ atUs: this.world.momentUs(), node, claim }),
      faultStruck: ignore,
      taskStarted: (_node, code) => void this.tasks.set(code, (this.tasks.get(code) ?? 0) + 1),
    };
    const chance: Chance = { ...CALM, ...options.chance };
    this.world = new SimWorld({ chance, observer, startWallUs: START_WALL_US, strict: true });
    const add = (node: NodeId, boot: (env: Env) => object): void => {
      this.world.addNode(node, { cluster: 'c', poolWorkers: settings.poolWorkers, taskOverrides: {}, boot });
    };
    add(META, (env) => {
      const parts: Parts = { ...DEFAULT_PARTS, ...options.partsOf?.(META) };
      const ctx = { env, settings, parts };
      const meta = new parts.MetaServer(ctx, { cluster: 'c', replicaServers: NODES });
      meta.start();
      return meta;
    });
    for (const node of NODES) {
      const parts: Parts = { ...DEFAULT_PARTS, ...options.partsOf?.(node) };
      add(node, (env) => {
        const server = new parts.ReplicaServer({ env, settings, parts }, { metaServers: [META], clusterNumber: 1 });
        server.start();
        return server;
      });
    }
    add(CLIENT, (env) => new RawClient(env));
    for (const node of [META, ...NODES, CLIENT]) this.world.startNode(node);
  }

  run(ms: number): void {
    this.world.run({ untilUs: this.world.nowUs() + ms * 1000 });
  }

  /** Runs until the condition holds; throws when it does not within `ms`. */
  runUntil(condition: () => boolean, ms = 60_000): void {
    this.world.run({ untilUs: this.world.nowUs() + ms * 1000, stop: condition });
    if (!condition()) throw new Error(`not within ${ms} ms: ${condition.toString()}`);
  }

  /** The failed internal checks; none in a good run. */
  checks(): readonly string[] {
    return this.stopped.filter((s) => s.cause === 'check').map((s) => `${s.node}: ${s.detail}`);
  }

  server(node: NodeId): ReplicaServer {
    const root = this.world.rootOf(node);
    if (!(root instanceof ReplicaServer)) throw new Error(`${node} is no replica server`);
    return root;
  }

  replica(node: NodeId, gpid: Gpid): Replica {
    const replica = this.server(node).replicas.get(gpid);
    if (replica === undefined) throw new Error(`${node} has no ${gpid}`);
    return replica;
  }

  primary(gpid: Gpid): NodeId {
    const found = NODES.find((node) => this.world.isUp(node) && this.server(node).replicas.get(gpid)?.isPrimary());
    if (found === undefined) throw new Error(`no primary of ${gpid}`);
    return found;
  }

  call<C extends RpcCode>(
    to: NodeId,
    code: C,
    request: RpcTypes[C]['request'],
    hash = 0,
  ): Box<RpcTypes[C]['response']> {
    const client = this.world.rootOf(CLIENT);
    if (!(client instanceof RawClient)) throw new Error('no client');
    const box: Box<RpcTypes[C]['response']> = { result: undefined };
    client.env.rpc.call(to, code, request, { hash, timeoutMs: 5000 }, reply(client, 'onReply', box));
    return box;
  }

  /** Creates a table and runs until each partition has its members. It is empty then (FM5). */
  createTable(name = 't', partitionCount = 1, replicaCount = 3, envs: Readonly<Record<string, string>> = {}): number {
    // Until the servers have a lease.
    this.run(1500);
    const request = { appName: name, partitionCount, replicaCount, successIfExist: false, envs };
    const box = this.call(META, 'RPC_CM_CREATE_APP', request);
    this.runUntil(() => box.result !== undefined);
    const appId = box.result?.body?.appId ?? 0;
    this.runUntil(() => {
      for (let i = 0; i < partitionCount; i++) if (!this.hasAllMembers(`${appId}.${i}`, replicaCount)) return false;
      return true;
    });
    this.run(50);
    return appId;
  }

  /** Its primary serves and has all members, and each of them knows. */
  hasAllMembers(gpid: Gpid, replicaCount = 3): boolean {
    if (!this.isServing(gpid)) return false;
    const { secondaries } = this.replica(this.primary(gpid), gpid).primaryStates.membership;
    const isSecondary = (node: NodeId): boolean => this.server(node).replicas.get(gpid)?.status() === 'PS_SECONDARY';
    return secondaries.length + 1 >= replicaCount && secondaries.every((node) => this.world.isUp(node) && isSecondary(node));
  }

  /** What was seen so far counts no more: members of a new table learn as well. */
  forget(): void {
    this.sent.length = 0;
    this.said.length = 0;
    this.tasks.clear();
  }

  isServing(gpid: Gpid): boolean {
    return NODES.some((node) => {
      const replica = this.world.isUp(node) ? this.server(node).replicas.get(gpid) : undefined;
      return replica !== undefined && replica.isPrimary() && !replica.reads.isBehindNewPrimaryMark();
    });
  }

  put(gpid: Gpid, key: string, value: string, to = this.primary(gpid)): Box<WriteResponse> {
    const body = encodePut(storedKey('h', key), value, 0);
    return this.call(to, 'RPC_RRDB_RRDB_PUT', this.request(gpid, body), threadHash(gpid));
  }

  get(gpid: Gpid, key: string, to = this.primary(gpid)): Box<RpcTypes['RPC_RRDB_RRDB_GET']['response']> {
    return this.call(to, 'RPC_RRDB_RRDB_GET', this.request(gpid, encodeKey(storedKey('h', key))), threadHash(gpid));
  }

  /** What a read of the primary finds: the value, undefined when there is no row, or the error's name after '!'. */
  read(gpid: Gpid, key: string): string | undefined {
    const box = this.get(gpid, key);
    this.runUntil(() => box.result !== undefined);
    if (box.result?.error !== 'ERR_OK') return `!${box.result?.error}`;
    return box.result.body.found ? box.result.body.value : undefined;
  }

  cli(node: NodeId, command: string, ...args: string[]): unknown {
    const box = this.call(node, 'RPC_CLI_CLI_CALL', { command, args });
    this.runUntil(() => box.result !== undefined);
    if (box.result?.error !== 'ERR_OK') return box.result?.error;
    return box.result.body.error === 'ERR_OK' ? JSON.parse(box.result.body.output) : box.result.body.error;
  }

  request(gpid: Gpid, body: Uint8Array): ClientRequest {
    return { gpid, partitionHash: partitionHashOf('h'), body, clientTimeoutMs: 5000, commandId: 1 };
  }

  claimsOf<K extends Claim['kind']>(node: NodeId, kind: K): Extract<Claim, { kind: K }>[] {
    const own = this.said.filter((s) => s.node === node).map((s) => s.claim);
    return own.filter((c): c is Extract<Claim, { kind: K }> => c.kind === kind);
  }
}
