/**
 * A meta server over a fake world, an operator, and stand-ins for its replica servers: each does what a proposal asks for,
 * as far as a test lets it, and asks the meta server for the configuration that follows.
 */
import type {
  ConfigProposal,
  ConfigSyncRequest,
  UpdateConfigRequest,
  UpdateConfigResponse,
} from '../../../impl/protocol/messages.ts';
import type { Settings } from '../../../impl/settings.ts';
import type { Parts } from '../../../impl/parts.ts';
import type { AdminAnswer } from '../../../impl/client/adminClient.ts';
import { AdminClient } from '../../../impl/client/adminClient.ts';
import { MetaFailureDetector } from '../../../impl/meta/failureDetector.ts';
import type { MetaServer } from '../../../impl/meta/metaServer.ts';
import { decodeApp, decodeConfig } from '../../../impl/meta/records.ts';
import type { AppRecord } from '../../../impl/meta/records.ts';
import type { ErrorCode, NodeId, PartitionConfig } from '../../../model/vocabulary.ts';
import { FakeWorld, Inbox } from './fakeWorld.ts';
import type { FakeProcess } from './fakeWorld.ts';

export const META = 'source/meta-0';
export const SERVERS = ['source/replica-0', 'source/replica-1', 'source/replica-2'];

/** One server is enough for the cure to act. */
export const NEVER_FROZEN = { minLiveNodeCountForUnfreeze: 1, nodeLivePercentageThresholdForUpdate: 0 } as const;

/** Everybody is alive whom the test has not killed; there are no beacons, and changes are told by the test. */
export function detectorOf(dead: ReadonlySet<NodeId>): typeof MetaFailureDetector {
  return class extends MetaFailureDetector {
    override start(): void {
      // No beacon comes.
    }
    override registerWorkers(): void {
      // Nobody is forgotten.
    }
    override isAlive(node: NodeId): boolean {
      return !dead.has(node);
    }
  };
}

export class MetaCluster {
  readonly world: FakeWorld;
  readonly servers: readonly string[];
  meta: MetaServer;
  metaProcess: FakeProcess;
  readonly admin: AdminClient;
  readonly proposals: { readonly to: string; readonly proposal: ConfigProposal; readonly atMs: number }[] = [];
  /** What a stand-in answers; ERR_OK: it does it; undefined: nothing. */
  answers: (server: NodeId, proposal: ConfigProposal) => ErrorCode | undefined = () => 'ERR_OK';
  /** Whether a stand-in asks for the configuration that a proposal leads to. */
  obeys: (server: NodeId, proposal: ConfigProposal) => boolean = () => true;
  readonly dead = new Set<NodeId>();
  private readonly parts: Partial<Parts>;

  constructor(options: { settings?: Partial<Settings>; servers?: readonly string[]; parts?: Partial<Parts> } = {}) {
    this.world = new FakeWorld({ ...NEVER_FROZEN, ...options.settings });
    this.servers = options.servers ?? SERVERS;
    this.parts = { MetaFailureDetector: detectorOf(this.dead), ...options.parts };
    this.admin = new AdminClient(this.world.process('source/client-0').ctx, { metaServers: [META], timeoutMs: 60_000 });
    for (const server of this.servers) this.startServer(server);
    const started = this.startMeta();
    this.meta = started.meta;
    this.metaProcess = started.process;
  }

  private startMeta(): { meta: MetaServer; process: FakeProcess } {
    const process = this.world.process(META, this.parts);
    const meta = new process.ctx.parts.MetaServer(process.ctx, { cluster: 'source', replicaServers: this.servers });
    process.later(0, () => meta.start());
    return { meta, process };
  }

  /** A new meta server process over the same store. */
  restartMeta(): void {
    const started = this.startMeta();
    this.meta = started.meta;
    this.metaProcess = started.process;
  }

  protected startServer(name: string): void {
    const process = this.world.process(name);
    process.answer('RPC_CONFIG_PROPOSAL', (proposal, replier) => {
      this.proposals.push({ to: name, proposal, atMs: this.world.nowUs / 1000 });
      const error = this.answers(name, proposal);
      if (error === undefined) return;
      replier.reply({ error });
      if (error === 'ERR_OK' && this.obeys(name, proposal)) this.update(name, requestFor(name, proposal));
    });
  }

  /** Sends a configuration update as a replica server. */
  update(from: string, request: UpdateConfigRequest): Inbox<UpdateConfigResponse | string> {
    const inbox = new Inbox<UpdateConfigResponse | string>();
    const caller = {
      onReply: (result: { error: string; body?: UpdateConfigResponse }) => inbox.onAnswer(result.body ?? result.error),
    };
    const process = this.world.processes.get(from);
    if (process === undefined) throw new Error(`no ${from}`);
    process.later(0, () => {
      process.ctx.env.rpc.call(
        META,
        'RPC_CM_UPDATE_PARTITION_CONFIGURATION',
        request,
        { hash: 0, timeoutMs: 5000 },
        { owner: caller, method: 'onReply', args: [] },
      );
    });
    return inbox;
  }

  sync(from: string, stored: ConfigSyncRequest['stored'] = []): Inbox<{ error: string; body?: unknown }> {
    const inbox = new Inbox<{ error: string; body?: unknown }>();
    const process = this.world.processes.get(from) ?? this.world.process(from);
    process.later(0, () => {
      process.ctx.env.rpc.call(
        META,
        'RPC_CM_CONFIG_SYNC',
        { node: from, stored },
        { hash: 0, timeoutMs: 5000 },
        { owner: inbox, method: 'onAnswer', args: [] },
      );
    });
    return inbox;
  }

  create(
    name: string,
    options: { partitions?: number; replicas?: number; envs?: Record<string, string>; successIfExist?: boolean } = {},
  ): Inbox<AdminAnswer> {
    const inbox = new Inbox<AdminAnswer>();
    const request = {
      appName: name,
      partitionCount: options.partitions ?? 2,
      replicaCount: options.replicas ?? 3,
      successIfExist: options.successIfExist ?? false,
      envs: options.envs ?? {},
    };
    this.admin.createTable(request, inbox.then());
    return inbox;
  }

  drop(name: string): Inbox<AdminAnswer> {
    const inbox = new Inbox<AdminAnswer>();
    this.admin.dropTable(name, inbox.then());
    return inbox;
  }

  setEnvs(name: string, envs: Record<string, string>): Inbox<AdminAnswer> {
    const inbox = new Inbox<AdminAnswer>();
    this.admin.setEnvs(name, envs, inbox.then());
    return inbox;
  }

  storedApp(appId: number): AppRecord | undefined {
    const value = this.world.store.get(`/pegasus/source/apps/${appId}`);
    return value === undefined ? undefined : decodeApp(value);
  }

  storedConfig(appId: number, index: number): PartitionConfig | undefined {
    const value = this.world.store.get(`/pegasus/source/apps/${appId}/${index}`);
    return value === undefined ? undefined : decodeConfig(value);
  }

  /** Writes since the tree was made, as `operation path-below-apps [status or ballot]`. */
  recordWrites(): string[] {
    const root = '/pegasus/source/apps/';
    return this.world.writes
      .filter(({ path }) => path.startsWith(root))
      .map(({ operation, path, value }) => {
        const app = decodeApp(value);
        const what = app !== undefined ? app.info.status : `ballot ${decodeConfig(value)?.ballot}`;
        return `${operation} ${path.slice(root.length)} ${what}`;
      });
  }
}

/** What a server that carries a proposal out asks the meta server for. */
export function requestFor(self: NodeId, { type, node, config }: ConfigProposal): UpdateConfigRequest {
  const next = { ...config, ballot: config.ballot + 1 };
  const others = config.secondaries.filter((other) => other !== node);
  switch (type) {
    case 'CT_ASSIGN_PRIMARY':
    case 'CT_UPGRADE_TO_PRIMARY':
      return { type, node, config: { ...next, primary: self, secondaries: others } };
    case 'CT_ADD_SECONDARY':
    case 'CT_ADD_SECONDARY_FOR_LB':
      return { type: 'CT_UPGRADE_TO_SECONDARY', node, config: { ...next, secondaries: [...others, node] } };
    case 'CT_DOWNGRADE_TO_SECONDARY':
      return { type, node, config: { ...next, primary: '', secondaries: [...others, self] } };
    default:
      return { type, node, config: { ...next, secondaries: others } };
  }
}
