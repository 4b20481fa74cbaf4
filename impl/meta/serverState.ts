/**
 * Tables and configurations in memory (upstream's server_state, repl 1.1). What stands here as a record has been
 * persisted before (bulk-load 4.5, ordering rule); only `status`, the staging of an operation in progress, and the
 * name that a table is about to get run ahead of the store, since they decide which requests are refused.
 */
import type { Ballot, ClusterId, DupId, Gpid, NodeId, PartitionConfig, TableStatus } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { parseGpid } from '../protocol/gpid.ts';
import type { AppInfo } from '../protocol/messages.ts';
import type { DuplicationInfo } from './duplication/duplicationInfo.ts';
import { MemberCounts } from './memberCounts.ts';
import { NodeIndex } from './nodeIndex.ts';
import { initialConfig } from './records.ts';
import type { AppRecord } from './records.ts';

export interface MetaOptions {
  readonly cluster: ClusterId;
  /** All replica servers of the cluster; membership of the cluster is fixed. */
  readonly replicaServers: readonly NodeId[];
}

export interface AppState {
  readonly appId: number;
  /** As it stands in the store; of a table whose node is not there yet, as it will stand. */
  record: AppRecord;
  /** The table's node is in the store. */
  stored: boolean;
  /** Staging: `record.info.status`, or what the operation in progress leads to. */
  status: TableStatus;
  /** The name that a recall or a rename on its way gives it; nobody else may take it meanwhile. */
  newName: string | undefined;
  /** Partitions whose node says that they are dropped (upstream's `pc_flags::dropped`). */
  readonly droppedPartitions: Set<number>;
  readonly configs: PartitionConfig[];
  /** Configuration updates on their way to the store, by partition: the node that asked. */
  readonly pendingUpdates: Map<number, NodeId>;
  /** Duplications of the table by id, in the order of their ids; also one whose creation is on its way to the store. */
  readonly duplications: Map<DupId, DuplicationInfo>;
}

export class ServerState {
  readonly ctx: Context;
  readonly options: MetaOptions;
  private readonly byId = new Map<number, AppState>();
  readonly members = new MemberCounts();
  /** By members, and by who dropped out. */
  readonly serving = new NodeIndex(({ primary, secondaries }) => (primary === '' ? secondaries : [primary, ...secondaries]));
  readonly droppedOut = new NodeIndex(({ lastDrops }) => lastDrops);
  private largestAppId = 0;

  constructor(ctx: Context, options: MetaOptions) {
    this.ctx = ctx;
    this.options = options;
  }

  /** A new table, its partitions at ballot 0. */
  addApp(record: AppRecord, stored: boolean): AppState {
    const { appId, partitionCount, status } = record.info;
    this.ctx.env.check(!this.byId.has(appId), 'add_app', () => `app_id ${appId} twice`);
    const configs: PartitionConfig[] = [];
    for (let i = 0; i < partitionCount; i++) configs.push(initialConfig(record.info, i));
    const app: AppState = {
      appId,
      record,
      stored,
      status,
      newName: undefined,
      droppedPartitions: new Set(),
      configs,
      pendingUpdates: new Map(),
      duplications: new Map(),
    };
    this.byId.set(appId, app);
    if (appId > this.largestAppId) this.largestAppId = appId;
    return app;
  }

  /** Ids are never used again while their table's node exists (dropped tables keep it). */
  nextAppId(): number {
    return this.largestAppId + 1;
  }

  app(appId: number): AppState | undefined {
    return this.byId.get(appId);
  }

  /** All tables that were ever created, in the order they were added. */
  apps(): IterableIterator<AppState> {
    return this.byId.values();
  }

  /** The table that holds the name: being created, available, being dropped, or being recalled under it. */
  liveApp(appName: string): AppState | undefined {
    for (const app of this.byId.values()) {
      if (app.status !== 'AS_DROPPED' && nameOf(app) === appName) return app;
    }
    return undefined;
  }

  /** The table that holds the name, or is about to. */
  holderOf(appName: string): AppState | undefined {
    const live = this.liveApp(appName);
    if (live !== undefined) return live;
    for (const app of this.byId.values()) if (app.newName === appName) return app;
    return undefined;
  }

  /** Whether a table of this name existed and was dropped. */
  wasDropped(appName: string): boolean {
    for (const app of this.byId.values()) {
      if (app.record.info.appName === appName && app.status === 'AS_DROPPED') return true;
    }
    return false;
  }

  config(gpid: Gpid): PartitionConfig | undefined {
    const ids = parseGpid(gpid);
    return ids === undefined ? undefined : this.byId.get(ids.appId)?.configs[ids.partitionIndex];
  }

  /** Takes over a configuration that the store holds. */
  applyConfig(app: AppState, partitionIndex: number, config: PartitionConfig): void {
    const old = app.configs[partitionIndex];
    const isNext = old !== undefined && old.gpid === config.gpid && this.isNewer(old.ballot, config.ballot);
    this.ctx.env.check(isNext, 'update_configuration_locally', () => `${config.gpid}: ballot ${config.ballot} over ${old?.ballot}`);
    this.replaceConfig(app, partitionIndex, config);
  }

  /** Every change of a configuration comes here: what is kept by servers changes along. */
  replaceConfig(app: AppState, partitionIndex: number, config: PartitionConfig): void {
    const old = app.configs[partitionIndex];
    app.configs[partitionIndex] = config;
    if (old === undefined) return;
    this.members.replace(app.appId, old, config);
    for (const index of [this.serving, this.droppedOut]) index.replace(app.appId, partitionIndex, old, config);
  }

  /** Equal only while the first configuration is read from the store. */
  isNewer(old: Ballot, next: Ballot): boolean {
    return next > old || (old === 0 && next === 0);
  }

  /** Servers that some table names as members, in the order in which they are met. */
  servingNodes(): Iterable<NodeId> {
    const nodes = new Set<NodeId>();
    for (const { configs, status } of this.byId.values()) {
      if (status === 'AS_DROPPED') continue;
      for (const { primary, secondaries } of configs) {
        if (primary !== '') nodes.add(primary);
        for (const node of secondaries) nodes.add(node);
      }
    }
    return nodes;
  }

  knowsNode(node: NodeId): boolean {
    return this.options.replicaServers.includes(node);
  }
}

/** By which name it is found: of one that is being recalled the one that it comes back with. */
function nameOf({ status, newName, record }: AppState): string {
  return status === 'AS_RECALLING' && newName !== undefined ? newName : record.info.appName;
}

/** Whether the node is a member of the configuration. */
export function isMember(config: PartitionConfig, node: NodeId): boolean {
  return config.primary === node || config.secondaries.includes(node);
}

/** dup 2.3: whether some duplication of the table is to be told to its replicas. */
export function isDuplicating(app: AppState): boolean {
  for (const dup of app.duplications.values()) if (!dup.isInvalidStatus()) return true;
  return false;
}

/**
 * What servers are told of the table: it is a duplicated one as soon as one of its duplications is told to them, though the store of
 * its own record may take longer (dup.B45). A server that believed otherwise for a moment would collect log that was not shipped.
 */
export function toldAppInfo(app: AppState): AppInfo {
  const { info } = app.record;
  return info.duplicating || !isDuplicating(app) ? info : { ...info, duplicating: true };
}
