/** A meta server over the fake world, with a table that three servers serve; what was asked of it is driven by hand. */
import type { AdminAnswer, RecallAnswer } from '../../../impl/client/adminClient.ts';
import type { ConfigSyncResponse, ConfigSyncRequest, QueryConfigResponse } from '../../../impl/protocol/messages.ts';
import type { Settings } from '../../../impl/settings.ts';
import type { ConfigType, PartitionConfig } from '../../../model/vocabulary.ts';
import { Inbox } from './fakeWorld.ts';
import { META, MetaCluster, SERVERS } from './metaCluster.ts';

export const [A = '', B = '', C = ''] = SERVERS;

export class RecallCluster extends MetaCluster {
  constructor(settings: Partial<Settings> = {}) {
    super({ settings });
    this.obeys = () => false;
    this.world.run(100);
  }

  /** `t1` (id 1), a partition served by A, B and C at ballot 3. */
  static served(settings: Partial<Settings> = {}, partitions = 1): RecallCluster {
    const cluster = new RecallCluster(settings);
    cluster.create('t1', { partitions });
    cluster.world.run(100);
    for (let index = 0; index < partitions; index++) cluster.serve(index);
    return cluster;
  }

  /** As in `served`, and dropped. */
  static dropped(settings: Partial<Settings> = {}, partitions = 1): RecallCluster {
    const cluster = RecallCluster.served(settings, partitions);
    cluster.drop('t1');
    cluster.world.run(100);
    cluster.proposals.length = 0;
    return cluster;
  }

  private serve(index: number): void {
    this.change(index, 'CT_ASSIGN_PRIMARY', A, { primary: A });
    this.change(index, 'CT_UPGRADE_TO_SECONDARY', B, { secondaries: [B] });
    this.change(index, 'CT_UPGRADE_TO_SECONDARY', C, { secondaries: [B, C] });
  }

  /** A configuration that its primary asks for. */
  change(index: number, type: ConfigType, node: string, change: Partial<PartitionConfig>, from = A): string {
    const stored = this.config(index);
    const inbox = this.update(from, { type, node, config: { ...stored, ballot: stored.ballot + 1, ...change } });
    this.world.run(10);
    const { last } = inbox;
    return typeof last === 'string' || last === undefined ? String(last) : last.error;
  }

  config(index = 0): PartitionConfig {
    const config = this.storedConfig(1, index);
    if (config === undefined) throw new Error('no configuration');
    return config;
  }

  recall(appId: number, name = ''): Inbox<RecallAnswer> {
    const inbox = new Inbox<RecallAnswer>();
    this.admin.recallTable(appId, name, inbox.then());
    return inbox;
  }

  rename(from: string, to: string): Inbox<AdminAnswer> {
    const inbox = new Inbox<AdminAnswer>();
    this.admin.renameTable(from, to, inbox.then());
    return inbox;
  }

  /** What config sync of a server says, `stored` being its replicas. */
  told(from: string, stored: readonly Partial<ConfigSyncRequest['stored'][number]>[] = []): ConfigSyncResponse | undefined {
    const base = { gpid: '1.0', ballot: 3, status: 'PS_INACTIVE', lastCommitted: 5, lastPrepared: 5, lastDurable: 0 } as const;
    const inbox = this.sync(from, stored.map((one) => ({ ...base, ...one })));
    this.world.run(20);
    return inbox.last?.body as ConfigSyncResponse | undefined;
  }

  /** What a client hears that looks the name up. */
  looksUp(appName: string): string {
    const seen: string[] = [];
    const asker = {
      onReply: ({ body }: { body?: QueryConfigResponse }) => seen.push(body?.error === 'ERR_OK' ? `table ${body.appId}` : String(body?.error)),
    };
    const client = this.world.process('source/client-1');
    const then = { owner: asker, method: 'onReply', args: [] };
    client.ctx.env.rpc.call(META, 'RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX', { appName }, { hash: 0, timeoutMs: 5000 }, then);
    this.world.run(10);
    return seen.join();
  }

  /** What was proposed since the last call, as `server type`. */
  proposed(): readonly string[] {
    const all = this.proposals.map(({ to, proposal }) => `${to} ${proposal.type}`);
    this.proposals.length = 0;
    return all;
  }

  /** Whether the store says that the partition is dropped. */
  isFlagged(index = 0): boolean {
    return JSON.parse(this.world.store.get(`/pegasus/source/apps/1/${index}`) ?? '{}').partition_flags === 1;
  }
}
