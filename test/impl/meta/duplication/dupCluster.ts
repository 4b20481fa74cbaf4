/** A meta server of cluster `source` with its operator, replica servers that report, and the follower's meta server. */
import type { RpcResult } from '../../../../impl/env/contract.ts';
import type { DuplicationInfo } from '../../../../impl/meta/duplication/duplicationInfo.ts';
import type { Parts } from '../../../../impl/parts.ts';
import type { AddDuplicationResponse, DuplicationConfirmEntry } from '../../../../impl/protocol/duplicationMessages.ts';
import type {
  AdminResponse,
  CreateAppRequest,
  QueryConfigResponse,
  RpcCode,
  RpcTypes,
} from '../../../../impl/protocol/messages.ts';
import type { Settings } from '../../../../impl/settings.ts';
import type { DupId, DuplicationFailMode, DuplicationStatus, PartitionConfig } from '../../../../model/vocabulary.ts';
import { Inbox } from '../fakeWorld.ts';
import type { FakeWorld } from '../fakeWorld.ts';
import { META, MetaCluster, SERVERS } from '../metaCluster.ts';

export const REMOTE_META = 'follower/meta-0';
export const [NODE] = SERVERS as [string];
const OPERATOR = 'source/client-9';

export const CLUSTERS: Partial<Settings> = {
  pegasusClusters: {
    source: [META],
    follower: [REMOTE_META],
    other: ['other/meta-0'],
    odd: ['odd/meta-0', ''],
    none: [],
  },
  duplicationGroup: { source: 1, follower: 2, other: 3, odd: 4, none: 5, unlisted: 6 },
  dupProgressMinUpdatePeriodMs: 5000,
};

export type Answer<C extends RpcCode> = Inbox<RpcResult<RpcTypes[C]['response']>>;

/** A partition configuration as the follower's meta server tells it; '' is a member without a valid address. */
export function followerConfig(
  primary: boolean,
  valid: number,
  invalid: number,
  replicaCount: number,
): PartitionConfig {
  const secondaries = [
    ...Array.from({ length: valid }, (_, i) => `follower/replica-${i + 1}`),
    ...Array<string>(invalid).fill(''),
  ];
  return {
    gpid: '1.0',
    ballot: 1,
    maxReplicaCount: replicaCount,
    primary: primary ? 'follower/replica-0' : '',
    secondaries,
    lastDrops: [],
    lastCommittedDecree: 0,
  };
}

export interface AddOptions {
  readonly remote?: string;
  readonly checkpoint?: boolean;
  readonly remoteTable?: string;
  readonly count?: number;
}

export interface DupClusterOptions {
  readonly settings?: Partial<Settings>;
  readonly parts?: Partial<Parts>;
  readonly tables?: readonly string[];
  readonly partitions?: number;
}

export class DupCluster {
  readonly source: MetaCluster;
  readonly world: FakeWorld;
  /** What the follower's meta server was asked to create. */
  readonly creations: CreateAppRequest[] = [];
  readonly queries: string[] = [];
  /** Its answers; undefined: none. */
  createAnswer: (request: CreateAppRequest) => AdminResponse | undefined = () => ({
    error: 'ERR_OK',
    hint: '',
    appId: 1,
  });
  queryAnswer: (appName: string) => QueryConfigResponse | undefined = () =>
    this.healthy([followerConfig(true, 2, 0, 3)]);

  constructor(options: DupClusterOptions = {}) {
    this.source = new MetaCluster({ settings: { ...CLUSTERS, ...options.settings }, parts: options.parts ?? {} });
    this.world = this.source.world;
    this.world.process(OPERATOR);
    this.startRemoteMeta();
    this.world.run(100);
    for (const name of options.tables ?? ['t1']) {
      this.source.create(name, { partitions: options.partitions ?? 1 });
      this.world.run(100);
    }
  }

  private startRemoteMeta(): void {
    const remote = this.world.process(REMOTE_META);
    remote.answer('RPC_CM_CREATE_APP', (request, replier) => {
      this.creations.push(request);
      const answer = this.createAnswer(request);
      if (answer !== undefined) replier.reply(answer);
    });
    remote.answer('RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX', ({ appName }, replier) => {
      this.queries.push(appName);
      const answer = this.queryAnswer(appName);
      if (answer !== undefined) replier.reply(answer);
    });
  }

  healthy(partitions: readonly PartitionConfig[]): QueryConfigResponse {
    return { error: 'ERR_OK', appId: 1, partitionCount: partitions.length, partitions };
  }

  call<C extends RpcCode>(code: C, request: RpcTypes[C]['request'], timeoutMs = 600_000): Answer<C> {
    const inbox: Answer<C> = new Inbox();
    const process = this.world.processes.get(OPERATOR);
    if (process === undefined) throw new Error('no operator');
    process.ctx.env.rpc.call(
      META,
      code,
      request,
      { hash: 0, timeoutMs },
      { owner: inbox, method: 'onAnswer', args: [] },
    );
    return inbox;
  }

  /** Sends an add; its answer is there after the world ran. */
  sendAdd(table: string, options: AddOptions = {}): Answer<'RPC_CM_ADD_DUPLICATION'> {
    return this.call('RPC_CM_ADD_DUPLICATION', {
      appName: table,
      remoteClusterName: options.remote ?? 'follower',
      isDuplicatingCheckpoint: options.checkpoint ?? true,
      remoteAppName: options.remoteTable ?? '',
      remoteReplicaCount: options.count ?? 0,
    });
  }

  add(table: string, options: AddOptions = {}): AddDuplicationResponse {
    return this.bodyOf(this.sendAdd(table, options));
  }

  sendModify(
    table: string,
    dupId: DupId,
    change: { status?: DuplicationStatus; failMode?: DuplicationFailMode },
  ): Answer<'RPC_CM_MODIFY_DUPLICATION'> {
    const { status, failMode } = change;
    return this.call('RPC_CM_MODIFY_DUPLICATION', { appName: table, dupId, status, failMode });
  }

  /** The error of a change, which has been carried out when this returns. */
  modify(table: string, dupId: DupId, change: { status?: DuplicationStatus; failMode?: DuplicationFailMode }): string {
    return this.bodyOf(this.sendModify(table, dupId, change)).error;
  }

  query(table: string): RpcTypes['RPC_CM_QUERY_DUPLICATION']['response'] {
    return this.bodyOf(this.call('RPC_CM_QUERY_DUPLICATION', { appName: table }));
  }

  sendSync(confirms: readonly DuplicationConfirmEntry[] = [], node: string = NODE): Answer<'RPC_CM_DUPLICATION_SYNC'> {
    return this.call('RPC_CM_DUPLICATION_SYNC', { node, confirms });
  }

  sync(
    confirms: readonly DuplicationConfirmEntry[] = [],
    node: string = NODE,
  ): RpcTypes['RPC_CM_DUPLICATION_SYNC']['response'] {
    return this.bodyOf(this.sendSync(confirms, node));
  }

  bodyOf<A>(inbox: Inbox<RpcResult<A>>): A {
    this.world.run(100);
    const { last } = inbox;
    if (last === undefined || last.error !== 'ERR_OK') throw new Error(`no answer: ${last?.error}`);
    return last.body;
  }

  /** The duplication as the meta server holds it in memory. */
  dup(appId: number, dupId: DupId): DuplicationInfo {
    const dup = this.source.meta.state.app(appId)?.duplications.get(dupId);
    if (dup === undefined) throw new Error(`no duplication ${dupId} of table ${appId}`);
    return dup;
  }

  restart(): void {
    this.source.restartMeta();
    this.world.run(100);
  }

  stored(path: string): string | undefined {
    return this.world.store.get(`/pegasus/source/apps/${path}`);
  }

  storedStatus(appId: number, dupId: DupId): string {
    const value = this.stored(`${appId}/duplication/${dupId}`);
    if (value === undefined) return 'none';
    const record = JSON.parse(value) as { status: string; fail_mode: string };
    return `${record.status} ${record.fail_mode}`;
  }
}

export function confirm(
  gpid: string,
  dupId: DupId,
  confirmedDecree: number,
  checkpointPrepared = false,
  lastCommittedDecree = confirmedDecree,
): DuplicationConfirmEntry {
  return { gpid, dupId, confirmedDecree, checkpointPrepared, lastCommittedDecree };
}
