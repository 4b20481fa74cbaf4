/**
 * Who serves a partition (upstream's partition_guardian, repl 1.10), with the fixed membership of docs/departures.md
 * FM1: a partition at ballot 0 gets all its members at once. Secondaries open an empty replica first; when each has
 * answered, the primary is told, which then asks for ballot 1. Everything is repeated every `rpcTimeoutMs` until the
 * store holds ballot 1. The choice is volatile: a restarted meta server may choose others, and only the first primary
 * to ask gets ballot 1.
 *
 * FM11: of a follower table of a duplication the primary opens first, since it downloads its master's checkpoint; then
 * the secondaries open with that checkpoint, and when each has the primary's decree the primary is told. Downloads take
 * their time and a restarted meta server must not begin them elsewhere, so that the choice depends on the partition
 * alone.
 */
import type { ConfigType, Decree, NodeId, PartitionConfig } from '../../model/vocabulary.ts';
import { reply, task } from '../env/contract.ts';
import type { RpcResult } from '../env/contract.ts';
import { parseGpid, threadHash } from '../protocol/gpid.ts';
import { isDuplicationFollower } from '../protocol/masterInfo.ts';
import type { ConfigProposalAck } from '../protocol/messages.ts';
import { Guardian } from './guardian.ts';
import { toldAppInfo } from './serverState.ts';
import type { AppState } from './serverState.ts';

/** The members chosen for a partition, and how far the current round of proposals got. */
interface Choice {
  /** The proposed configuration: ballot 0, with members. */
  readonly config: PartitionConfig;
  round: number;
  readonly opened: Set<NodeId>;
  /** Of a follower table: with which decree the primary is open, as it said in this round. */
  decree: Decree | undefined;
}

export class PartitionGuardian extends Guardian {
  private readonly choices = new Map<string, Choice>();

  /** The table has become available (or was found available at start): its partitions need members. */
  override watchApp(app: AppState): void {
    for (let i = 0; i < app.configs.length; i++) this.onCure(app.appId, i);
  }

  /** One round for one partition; ends the rounds when the partition has a configuration, or the table is gone. */
  onCure(appId: number, partitionIndex: number): void {
    const app = this.state.app(appId);
    const config = app?.configs[partitionIndex];
    if (app === undefined || config === undefined || !this.needsMembers(app, config)) {
      if (config !== undefined) this.choices.delete(config.gpid);
      return;
    }
    const choice = this.choices.get(config.gpid) ?? this.choose(app, config);
    choice.round++;
    choice.opened.clear();
    choice.decree = undefined;
    this.beginRound(app, partitionIndex, choice);
    const { tasks } = this.ctx.env;
    tasks.post('LPC_META_STATE_NORMAL', 0, this.cureIntervalMs(), task(this, 'onCure', appId, partitionIndex));
  }

  beginRound(app: AppState, partitionIndex: number, choice: Choice): void {
    if (this.isFollower(app)) this.proposeDownload(app, partitionIndex, choice);
    else this.proposeSecondaries(app, partitionIndex, choice);
  }

  cureIntervalMs(): number {
    return this.ctx.settings.rpcTimeoutMs;
  }

  needsMembers(app: AppState, config: PartitionConfig): boolean {
    return app.status === 'AS_AVAILABLE' && config.ballot === 0;
  }

  private choose(app: AppState, config: PartitionConfig): Choice {
    const count = app.record.info.maxReplicaCount;
    const follower = this.isFollower(app);
    const members = follower ? this.rotateMembers(config, count) : this.chooseMembers(count);
    const primary = follower ? (members[0] ?? '') : this.choosePrimary(members);
    const proposed = { ...config, primary, secondaries: members.filter((node) => node !== primary) };
    const choice: Choice = { config: proposed, round: 0, opened: new Set(), decree: undefined };
    this.choices.set(config.gpid, choice);
    return choice;
  }

  isFollower(app: AppState): boolean {
    return isDuplicationFollower(app.record.info);
  }

  /** FM11: consecutive servers, in the order of their ids, from one that the partition's id gives; the first is primary. */
  rotateMembers(config: PartitionConfig, count: number): readonly NodeId[] {
    const servers = [...this.state.options.replicaServers].sort();
    const ids = parseGpid(config.gpid);
    const first = ids === undefined ? 0 : (ids.appId + ids.partitionIndex) % servers.length;
    return [...servers.slice(first), ...servers.slice(0, first)].slice(0, count);
  }

  /** The servers with the fewest replicas, stored or chosen; equal ones in the order of their ids. */
  chooseMembers(count: number): readonly NodeId[] {
    return this.byLoad(this.state.options.replicaServers, this.countReplicas(false)).slice(0, count);
  }

  /** Among the members the one with the fewest primaries. */
  choosePrimary(members: readonly NodeId[]): NodeId {
    const primary = this.byLoad(members, this.countReplicas(true))[0];
    this.ctx.env.check(primary !== undefined, 'partition_guardian', () => 'no members');
    return primary;
  }

  private byLoad(nodes: readonly NodeId[], load: ReadonlyMap<NodeId, number>): readonly NodeId[] {
    const of = (node: NodeId): number => load.get(node) ?? 0;
    return [...nodes].sort((a, b) => of(a) - of(b) || (a < b ? -1 : a > b ? 1 : 0));
  }

  /** Replicas (or only primaries) of each server, over live tables, counting choices where nothing is stored. */
  private countReplicas(primariesOnly: boolean): ReadonlyMap<NodeId, number> {
    const counts = new Map<NodeId, number>();
    const add = (node: NodeId): void => void counts.set(node, (counts.get(node) ?? 0) + 1);
    for (const app of this.state.apps()) {
      if (app.status === 'AS_DROPPED') continue;
      for (const stored of app.configs) {
        const config = stored.ballot > 0 ? stored : this.choices.get(stored.gpid)?.config;
        if (config === undefined) continue;
        if (config.primary !== '') add(config.primary);
        if (!primariesOnly) config.secondaries.forEach(add);
      }
    }
    return counts;
  }

  /** FM11, before FM1: the primary opens as a member that is not primary yet, and says with which decree. */
  proposeDownload(app: AppState, partitionIndex: number, choice: Choice): void {
    const { primary } = choice.config;
    if (primary !== '') this.sendProposal(app, partitionIndex, 'CT_UPGRADE_TO_SECONDARY', primary, choice);
  }

  /** FM1, first half: each secondary opens an empty replica. */
  proposeSecondaries(app: AppState, partitionIndex: number, choice: Choice): void {
    const { secondaries } = choice.config;
    for (const node of secondaries) this.sendProposal(app, partitionIndex, 'CT_UPGRADE_TO_SECONDARY', node, choice);
    if (secondaries.length === 0) this.proposePrimary(app, partitionIndex, choice);
  }

  /** FM1, second half: the primary asks for ballot 1. */
  proposePrimary(app: AppState, partitionIndex: number, choice: Choice): void {
    const { primary } = choice.config;
    if (primary !== '') this.sendProposal(app, partitionIndex, 'CT_ASSIGN_PRIMARY', primary, choice);
  }

  sendProposal(app: AppState, partitionIndex: number, type: ConfigType, node: NodeId, choice: Choice): void {
    const { round, decree } = choice;
    const config = decree === undefined ? choice.config : { ...choice.config, lastCommittedDecree: decree };
    this.ctx.env.rpc.call(
      node,
      'RPC_CONFIG_PROPOSAL',
      { app: toldAppInfo(app), type, node, config },
      { hash: threadHash(config.gpid), timeoutMs: this.ctx.settings.rpcTimeoutMs, gpid: config.gpid },
      reply(this, 'onProposalAck', app.appId, partitionIndex, node, round),
    );
  }

  onProposalAck(
    result: RpcResult<ConfigProposalAck>,
    appId: number,
    partitionIndex: number,
    node: NodeId,
    round: number,
  ): void {
    const app = this.state.app(appId);
    const config = app?.configs[partitionIndex];
    if (app === undefined || config === undefined || !this.needsMembers(app, config)) return;
    const choice = this.choices.get(config.gpid);
    if (choice === undefined || choice.round !== round) return;
    if (result.error !== 'ERR_OK' || result.body.error !== 'ERR_OK') return;
    if (node === choice.config.primary) {
      this.onPrimaryOpened(app, partitionIndex, choice, result.body);
    } else if (this.hasPrimarysDecree(choice, result.body)) {
      choice.opened.add(node);
      if (this.allOpened(choice)) this.proposePrimary(app, partitionIndex, choice);
    }
  }

  /** FM11: the round goes on; the primary's answer to its second proposal says nothing more. */
  onPrimaryOpened(app: AppState, partitionIndex: number, choice: Choice, ack: ConfigProposalAck): void {
    if (!this.isFollower(app) || choice.decree !== undefined || ack.decree === undefined) return;
    choice.decree = ack.decree;
    this.proposeSecondaries(app, partitionIndex, choice);
  }

  hasPrimarysDecree(choice: Choice, ack: ConfigProposalAck): boolean {
    return choice.decree === undefined || ack.decree === choice.decree;
  }

  /** Whether every secondary has said, in this round, that its replica is open. */
  allOpened(choice: Choice): boolean {
    return choice.opened.size === choice.config.secondaries.length;
  }
}
