/**
 * A meta server that cures, over the fake world, and stand-ins for its replica servers: each does what a proposal asks
 * for, as far as a test lets it, and asks the meta server for the configuration that follows.
 */
import { curingParts, CuringMetaServer } from '../../../../impl/meta/cure/curingMetaServer.ts';
import type { LivenessView } from '../../../../impl/meta/cure/cureView.ts';
import { Cure } from '../../../../impl/meta/cure/cure.ts';
import type { ConfigProposal, ConfigSyncRequest, UpdateConfigRequest } from '../../../../impl/protocol/messages.ts';
import type { Settings } from '../../../../impl/settings.ts';
import type { ErrorCode, NodeId, PartitionConfig } from '../../../../model/vocabulary.ts';
import { Inbox } from '../fakeWorld.ts';
import { META, MetaCluster } from '../metaCluster.ts';

export const SERVERS = ['source/replica-0', 'source/replica-1', 'source/replica-2', 'source/replica-3'] as const;
export const [A, B, C, D] = SERVERS;


export class CureCluster extends MetaCluster {
  /** What a stand-in answers; ERR_OK: it does it. */
  answers: (server: NodeId, proposal: ConfigProposal) => ErrorCode = () => 'ERR_OK';
  /** Whether a stand-in asks for the configuration that a proposal leads to. */
  obeys: (server: NodeId, proposal: ConfigProposal) => boolean = () => true;
  readonly dead: Set<NodeId>;

  constructor(options: { settings?: Partial<Settings>; servers?: readonly NodeId[] } = {}) {
    const silent = new Set<NodeId>();
    class Meta extends CuringMetaServer {
      override liveness(): LivenessView {
        return { isAlive: (node) => !silent.has(node) };
      }
    }
    const settings = { minLiveNodeCountForUnfreeze: 1, nodeLivePercentageThresholdForUpdate: 0, ...options.settings };
    super({ settings, servers: options.servers ?? SERVERS, parts: { ...curingParts, MetaServer: Meta } });
    this.dead = silent;
    for (const server of this.servers) this.startStandIn(server);
  }

  private startStandIn(server: NodeId): void {
    const process = this.world.process(server);
    process.answer('RPC_CONFIG_PROPOSAL', (proposal, replier) => {
      this.proposals.push({ to: server, proposal, atMs: this.world.nowUs / 1000 });
      const error = this.answers(server, proposal);
      replier.reply({ error });
      if (error === 'ERR_OK' && this.obeys(server, proposal)) this.update(server, requestFor(server, proposal));
    });
  }

  cure(): Cure {
    const { guardian } = this.meta;
    if (!(guardian instanceof Cure)) throw new Error('no cure');
    return guardian;
  }

  /** The server is gone, and the failure detector says so. */
  kill(...nodes: readonly NodeId[]): void {
    for (const node of nodes) {
      this.dead.add(node);
      this.world.processes.get(node)?.kill();
    }
    for (const node of nodes) this.tellNodeState(node, false);
  }

  revive(...nodes: readonly NodeId[]): void {
    for (const node of nodes) {
      this.startStandIn(node);
      this.dead.delete(node);
      this.tellNodeState(node, true);
    }
  }

  private tellNodeState(node: NodeId, isAlive: boolean): void {
    this.metaProcess.later(0, () => this.meta.guardian.onChangeNodeState(node, isAlive));
  }

  /** Config sync of a server that holds these replicas. */
  reports(node: NodeId, ...replicas: readonly Partial<ConfigSyncRequest['stored'][number]>[]): void {
    const base = { gpid: '1.0', ballot: 1, status: 'PS_INACTIVE', lastCommitted: 0, lastPrepared: 0, lastDurable: 0 } as const;
    this.sync(node, replicas.map((replica) => ({ ...base, ...replica })));
    this.world.run(10);
  }

  config(index = 0): PartitionConfig {
    const config = this.meta.state.config(`1.${index}`);
    if (config === undefined) throw new Error('no configuration');
    return config;
  }

  /** `ballot primary secondaries / last drops`, servers by their numbers. */
  text(index = 0): string {
    return textOf(this.config(index));
  }

  /** What was proposed since the last call, as `target type [node]`. */
  told(): string[] {
    const told = this.proposals.map(({ to, proposal: { type, node } }) => `${digit(to)} ${type}${node === to ? '' : ` ${digit(node)}`}`);
    this.proposals.length = 0;
    return told;
  }

  move(to: NodeId): Inbox<{ error: string; body?: unknown }> {
    const inbox = new Inbox<{ error: string; body?: unknown }>();
    const process = this.world.processes.get('source/client-0');
    const then = { owner: inbox, method: 'onAnswer', args: [] };
    const request = { appName: 't', partitionIndex: 0, to };
    process?.later(0, () => process.ctx.env.rpc.call(META, 'RPC_CM_MOVE_PRIMARY', request, { hash: 0, timeoutMs: 5000 }, then));
    return inbox;
  }

  /** A table of one partition that A serves with B and C; D has nothing. */
  static served(settings: Partial<Settings> = {}): CureCluster {
    const cluster = new CureCluster({ settings });
    cluster.world.run(100);
    cluster.create('t', { partitions: 1 });
    cluster.world.run(1000);
    cluster.told();
    return cluster;
  }
}

export function textOf({ ballot, primary, secondaries, lastDrops }: PartitionConfig): string {
  return `${ballot} ${digit(primary)} ${secondaries.map(digit).join('')} / ${lastDrops.map(digit).join('')}`;
}

function digit(node: NodeId): string {
  return node === '' ? '-' : node.slice(-1);
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
      return { type: 'CT_UPGRADE_TO_SECONDARY', node, config: { ...next, secondaries: [...others, node] } };
    case 'CT_DOWNGRADE_TO_SECONDARY':
      return { type, node, config: { ...next, primary: '', secondaries: [...others, self] } };
    default:
      return { type, node, config: { ...next, secondaries: others } };
  }
}
