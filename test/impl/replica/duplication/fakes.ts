/** A meta server that answers syncs as a test says, and a pipeline that ships what a test says: for tests of duplicators. */
import type { Decree, DuplicationStatus, Gpid, NodeId } from '../../../../model/vocabulary.ts';
import type { Replier } from '../../../../impl/env/contract.ts';
import type { Context } from '../../../../impl/context.ts';
import { DEFAULT_PARTS } from '../../../../impl/parts.ts';
import type {
  DuplicationEntry,
  DuplicationSyncRequest,
  DuplicationSyncResponse,
} from '../../../../impl/protocol/duplicationMessages.ts';
import { appIdOf, partitionIndexOfGpid } from '../../../../impl/protocol/gpid.ts';
import type { PipelineContract, PipelineHost } from '../../../../impl/replica/duplication/types.ts';
import type { ReplicaDuplicator } from '../../../../impl/replica/duplication/replicaDuplicator.ts';
import { Cluster, META, NODES } from '../cluster.ts';
import type { ClusterOptions } from '../cluster.ts';

export const DUP = 7;

export class FakePipeline implements PipelineContract {
  static readonly built: FakePipeline[] = [];
  readonly seen: PipelineHost;
  state: 'built' | 'running' | 'stopped' = 'built';
  /** Whether log and storage were still there when this was stopped. */
  openAtStop: boolean | undefined;

  constructor(_ctx: Context, host: PipelineHost) {
    this.seen = host;
    FakePipeline.built.push(this);
  }

  start(): void {
    this.state = 'running';
  }

  stop(): void {
    this.state = 'stopped';
    const { privateLog, storage } = this.seen.replica;
    this.openAtStop = (privateLog?.maxDecree() ?? 0) > 0 && storage?.isOpen() === true;
  }
}

export function entryOf(status: DuplicationStatus, progress: Record<number, Decree>, dupId = DUP): DuplicationEntry {
  return {
    dupId, status, remote: 'follower', createTsMs: 1, failMode: 'FAIL_SLOW', remoteAppName: 'far',
    remoteReplicaCount: 3, progress, partitionStates: [],
  };
}

/** Served by the test's meta server in the place of its own handler. */
export class FakeMeta {
  readonly asked: { readonly atUs: number; readonly request: DuplicationSyncRequest }[] = [];
  /** Undefined: no answer. */
  response: DuplicationSyncResponse | undefined = { error: 'ERR_OK', apps: [] };
  /** Reported decrees go into the next answers, as the real one's would when the store is quick. */
  persisting = false;
  private readonly c: Cluster;

  constructor(c: Cluster) {
    this.c = c;
    const root = c.world.rootOf(META);
    if (!(root instanceof DEFAULT_PARTS.MetaServer)) throw new Error('no meta server');
    root.ctx.env.rpc.serve('RPC_CM_DUPLICATION_SYNC', this, 'onSync');
  }

  onSync(request: DuplicationSyncRequest, replier: Replier<DuplicationSyncResponse>): void {
    this.asked.push({ atUs: this.c.world.nowUs(), request });
    if (this.persisting) for (const confirm of request.confirms) this.persist(confirm.gpid, confirm.dupId, confirm.confirmedDecree);
    if (this.response !== undefined) replier.reply(this.response);
  }

  tell(appId: number, duplications: readonly DuplicationEntry[]): void {
    this.response = { error: 'ERR_OK', apps: [{ appId, duplications }] };
  }

  tellNothing(): void {
    this.response = { error: 'ERR_OK', apps: [] };
  }

  private persist(gpid: Gpid, dupId: number, decree: Decree): void {
    if (this.response === undefined) return;
    const index = partitionIndexOfGpid(gpid);
    const apps = this.response.apps.map(({ appId, duplications }) => ({
      appId,
      duplications: duplications.map((d) =>
        d.dupId === dupId && appId === appIdOf(gpid) ? { ...d, progress: { ...d.progress, [index]: decree } } : d,
      ),
    }));
    this.response = { ...this.response, apps };
  }
}

/** A cluster with one table of one partition, its fake meta server, and fake pipelines. */
export class DupCluster extends Cluster {
  readonly gpid: Gpid;
  readonly appId: number;
  readonly meta: FakeMeta;

  constructor(options: ClusterOptions = {}, partitionCount = 1) {
    const quiet = {
      checkpointDisabled: true,
      emptyWriteDisabled: true,
      duplicationSyncPeriodMs: 1000,
      dupClusterName: 'c',
      pegasusClusters: { c: [META], follower: ['f/meta-0'] },
      duplicationGroup: { c: 1, follower: 2 },
    };
    FakePipeline.built.length = 0;
    super({
      ...options,
      settings: { ...quiet, ...options.settings },
      partsOf: (node) => ({ DuplicationPipeline: FakePipeline, ...options.partsOf?.(node) }),
    });
    this.appId = this.createTable('t', partitionCount);
    this.gpid = `${this.appId}.0`;
    this.meta = new FakeMeta(this);
  }

  tell(...entries: DuplicationEntry[]): void {
    this.meta.tell(this.appId, entries);
  }

  /** Until the primary's server has handled the answer of one more sync. */
  sync(rounds = 1): void {
    const node = this.primary(this.gpid);
    for (let i = 0; i < rounds; i++) {
      const before = this.meta.asked.filter((a) => a.request.node === node).length;
      this.runUntil(() => this.meta.asked.filter((a) => a.request.node === node).length > before);
      this.run(20);
    }
  }

  write(count: number): void {
    for (let i = 0; i < count; i++) {
      const box = this.put(this.gpid, `k${i}`, 'v');
      this.runUntil(() => box.result !== undefined);
      if (box.result?.error !== 'ERR_OK') throw new Error(`write: ${box.result?.error}`);
    }
  }

  dup(dupId = DUP): ReplicaDuplicator | undefined {
    return this.replica(this.primary(this.gpid), this.gpid).duplicatorManager.duplications.get(dupId);
  }

  pipeline(): FakePipeline {
    const found = FakePipeline.built.at(-1);
    if (found === undefined) throw new Error('no pipeline');
    return found;
  }

  secondary(): NodeId {
    return NODES.find((node) => node !== this.primary(this.gpid)) ?? '';
  }

  restart(node: NodeId): void {
    this.world.stopNode(node, 'crash');
    this.world.startNode(node);
    this.runUntil(() => this.server(node).replicas.has(this.gpid));
  }
}
