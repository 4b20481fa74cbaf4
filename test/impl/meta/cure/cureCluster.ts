/** A meta server with four servers, some of which die and come back: what it stores and what it proposes, briefly. */
import type { Cure } from '../../../../impl/meta/cure/cure.ts';
import type { BalanceType, ConfigSyncRequest } from '../../../../impl/protocol/messages.ts';
import type { Settings } from '../../../../impl/settings.ts';
import type { NodeId, PartitionConfig } from '../../../../model/vocabulary.ts';
import { Inbox } from '../fakeWorld.ts';
import { META, MetaCluster } from '../metaCluster.ts';

export const SERVERS = ['source/replica-0', 'source/replica-1', 'source/replica-2', 'source/replica-3'] as const;
export const [A, B, C, D] = SERVERS;

export class CureCluster extends MetaCluster {
  constructor(options: { settings?: Partial<Settings>; servers?: readonly NodeId[] } = {}) {
    super({ ...options, servers: options.servers ?? SERVERS });
  }

  cure(): Cure {
    return this.meta.cure;
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
      this.startServer(node);
      this.dead.delete(node);
      this.tellNodeState(node, true);
    }
  }

  private tellNodeState(node: NodeId, isAlive: boolean): void {
    this.metaProcess.later(0, () => this.meta.cure.onChangeNodeState(node, isAlive));
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
    return this.balance('move_pri', '', to);
  }

  balance(type: BalanceType, from: NodeId | '', to: NodeId): Inbox<{ error: string; body?: unknown }> {
    const inbox = new Inbox<{ error: string; body?: unknown }>();
    const process = this.world.processes.get('source/client-0');
    const then = { owner: inbox, method: 'onAnswer', args: [] };
    const request = { appName: 't', partitionIndex: 0, type, from, to };
    process?.later(0, () => process.ctx.env.rpc.call(META, 'RPC_CM_PROPOSE_BALANCER', request, { hash: 0, timeoutMs: 5000 }, then));
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
