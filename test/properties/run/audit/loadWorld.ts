/** A small cluster with a provider, one load after the other, and the auditor that watches: events, and what it complains of. */
import type { ModelEvent } from '../../../../model/events.ts';
import type { Gpid, NodeId } from '../../../../model/vocabulary.ts';
import type { Violation } from '../../../../model/violation.ts';
import { reply, type Env, type RpcResult } from '../../../../impl/env/contract.ts';
import { CALM } from '../../../../impl/env/sim/chance.ts';
import { SimWorld } from '../../../../impl/env/sim/world.ts';
import { threadHash } from '../../../../impl/protocol/gpid.ts';
import type { RpcCode, RpcTypes } from '../../../../impl/protocol/messages.ts';
import { encodePut, partitionHashOf, storedKey } from '../../../../impl/protocol/rrdb.ts';
import { loadFiles, type LoadRow } from '../../../../impl/provider/loadSet.ts';
import { DEFAULT_SETTINGS } from '../../../../impl/settings.ts';
import { partsWith, type Defect } from '../../../../properties/defects/types.ts';
import { Auditor } from '../../../../properties/run/audit/auditor.ts';
import { Onlookers } from '../../../../properties/run/onlookers.ts';

export const META = 'c/meta-0';
const CLIENT = 'c/client-0';
export const NODES: readonly NodeId[] = ['c/replica-0', 'c/replica-1', 'c/replica-2'];
export const TABLE: Gpid = '1.0';

interface Box<A> {
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

type EventOf<K extends ModelEvent['kind']> = Extract<ModelEvent, { readonly kind: K }>;

export class LoadWorld {
  readonly events: ModelEvent[] = [];
  readonly violations: Violation[] = [];
  readonly world: SimWorld;
  private readonly auditor: Auditor;

  constructor(...defects: readonly Defect[]) {
    const onlookers = new Onlookers();
    this.world = new SimWorld({ chance: CALM, observer: onlookers, startWallUs: 1_767_225_600_000_000, strict: true });
    this.auditor = new Auditor({
      nowUs: () => this.world.momentUs(),
      disk: (node) => this.world.diskView(node),
      sink: (event) => this.events.push(event),
      report: (violation) => this.violations.push(violation),
    });
    onlookers.observer = this.auditor;
    const settings = DEFAULT_SETTINGS;
    const parts = partsWith(defects);
    const add = (node: NodeId, boot: (env: Env) => object): void => {
      this.world.addNode(node, { cluster: 'c', poolWorkers: settings.poolWorkers, taskOverrides: {}, boot });
    };
    add(META, (env) => {
      const meta = new parts.MetaServer({ env, settings, parts }, { cluster: 'c', replicaServers: NODES });
      meta.start();
      return meta;
    });
    for (const node of NODES) {
      add(node, (env) => {
        const server = new parts.ReplicaServer({ env, settings, parts }, { metaServers: [META], clusterNumber: 1 });
        server.start();
        return server;
      });
    }
    add(CLIENT, (env) => new RawClient(env));
    for (const node of [META, ...NODES, CLIENT]) this.world.startNode(node);
    this.run(100);
    const created = this.ask(META, 'RPC_CM_CREATE_APP', {
      appName: 't',
      partitionCount: 1,
      replicaCount: 3,
      successIfExist: false,
      envs: { 'rocksdb.allow_ingest_behind': 'true' },
    });
    if (`${created.appId}.0` !== TABLE) throw new Error(`the table is ${created.appId}`);
    // The first primary serves alone; the others learn from it, and join one after the other.
    for (let i = 0; i < 60 && !this.isWhole(); i++) this.run(1000);
    if (!this.isWhole()) throw new Error('the group does not become whole');
    this.run(1000);
  }

  private isWhole(): boolean {
    const config = this.of('config.stored').at(-1)?.config;
    return config !== undefined && config.primary !== '' && config.secondaries.length === NODES.length - 1;
  }

  run(ms: number): void {
    this.world.run({ untilUs: this.world.nowUs() + ms * 1000 });
  }

  ask<C extends RpcCode>(to: NodeId, code: C, request: RpcTypes[C]['request']): RpcTypes[C]['response'] {
    const client = this.world.rootOf(CLIENT);
    if (!(client instanceof RawClient)) throw new Error('no client');
    const box: Box<RpcTypes[C]['response']> = { result: undefined };
    const options = { hash: threadHash(TABLE), timeoutMs: 5000, gpid: TABLE };
    client.env.rpc.call(to, code, request, options, reply(client, 'onReply', box));
    this.world.run({ untilUs: this.world.nowUs() + 5_000_000, stop: () => box.result !== undefined });
    if (box.result?.error !== 'ERR_OK') throw new Error(`${code}: ${box.result?.error}`);
    return box.result.body;
  }

  put(sortKey: string, value: string): void {
    const body = encodePut(storedKey('h', sortKey), value, 0);
    const request = { gpid: TABLE, partitionHash: partitionHashOf('h'), body, clientTimeoutMs: 5000, commandId: 1 };
    const { error } = this.ask(this.primary(), 'RPC_RRDB_RRDB_PUT', request);
    if (error !== 'ERR_OK') throw new Error(`put: ${error}`);
  }

  primary(): NodeId {
    const config = this.of('config.stored').at(-1)?.config;
    if (config === undefined || config.primary === '') throw new Error('no primary');
    return config.primary;
  }

  /** Files of one row each. */
  fill(...rows: readonly (readonly [sortKey: string, value: string])[]): void {
    const loaded = rows.map(([sortKey, value]): LoadRow => ({ hashKey: 'h', sortKey, value, expireTs: 0 }));
    const provider = this.world.provider('files');
    for (const { path, bytes } of loadFiles({ appId: 1, appName: 't', partitionCount: 1 }, loaded, 1)) {
      provider.put(`root/far/t/${path}`, bytes);
    }
  }

  start(ingestBehind = false): void {
    const { error, hint } = this.ask(META, 'RPC_CM_START_BULK_LOAD', {
      appName: 't',
      clusterName: 'far',
      fileProviderType: 'files',
      remoteRootPath: 'root',
      ingestBehind,
    });
    if (error !== 'ERR_OK') throw new Error(`start: ${error} ${hint}`);
  }

  /** Until the table bulk loads no more; answers how the load ended. */
  runToEnd(): string {
    for (let i = 0; i < 120; i++) {
      if (this.of('table.stored').at(-1)?.isBulkLoading !== true && this.of('load.stored').length > 0) break;
      this.run(1000);
    }
    return this.of('load.stored').at(-1)?.record.status ?? 'no load';
  }

  of<K extends ModelEvent['kind']>(kind: K): readonly EventOf<K>[] {
    return this.events.filter((event): event is EventOf<K> => event.kind === kind);
  }

  /** What was complained of so far. */
  rules(): readonly string[] {
    this.auditor.finish();
    return this.violations.map(({ rule, message }) => `${rule}: ${message}`);
  }
}
