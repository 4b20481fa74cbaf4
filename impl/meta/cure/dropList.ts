/**
 * Who dropped out of one partition lately, as candidates to come back (upstream's config_context::dropped; repl 1.10).
 * Volatile, and not the stored `last_drops`: a new meta server learns of it by the config syncs of servers that report
 * replicas without being members.
 *
 * Upstream's order: by the time of the drop (none known: first), then ballot, committed and prepared decree, so that the
 * newest stands last. Members and list together hold at most `max_replica_count` + `max_reserved_dropped_replicas` (1),
 * the oldest fall out. Who becomes a member leaves the list.
 */
import type { NodeId, PartitionConfig } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { NO_REPLICA } from './cureView.ts';
import type { DroppedReplica, ReplicaReport } from './cureView.ts';

export class DropList {
  readonly ctx: Context;
  private list: readonly DroppedReplica[] = [];
  /** Index of the next learner to try, the newest after each change of the list; -1: each had its turn. */
  preferredDrop = -1;

  constructor(ctx: Context) {
    this.ctx = ctx;
  }

  /** Oldest first. */
  entries(): readonly DroppedReplica[] {
    return this.list;
  }

  find(node: NodeId): DroppedReplica | undefined {
    return this.list.find((drop) => drop.node === node);
  }

  /** The server was removed by a stored configuration; what it said before counts no more. */
  recordDropHistory(config: PartitionConfig, node: NodeId, nowMs: number): void {
    this.insert(config, { node, droppedMs: Math.max(1, nowMs), report: NO_REPLICA });
  }

  /** The server reported a replica, and is no member. */
  collectDropReplica(config: PartitionConfig, node: NodeId, report: ReplicaReport): void {
    this.insert(config, { node, droppedMs: this.find(node)?.droppedMs ?? 0, report });
  }

  removeFromDropped(config: PartitionConfig, node: NodeId): void {
    this.replace(this.list.filter((drop) => drop.node !== node));
    this.checkSize(config);
  }

  private insert(config: PartitionConfig, drop: DroppedReplica): void {
    const others = this.list.filter((other) => other.node !== drop.node);
    const at = others.findIndex((other) => !this.isOlder(other, drop));
    this.replace(at < 0 ? [...others, drop] : [...others.slice(0, at), drop, ...others.slice(at)]);
    this.checkSize(config);
  }

  private replace(list: readonly DroppedReplica[]): void {
    this.list = list;
    this.preferredDrop = list.length - 1;
  }

  /** Upstream's dropped_cmp. */
  isOlder(a: DroppedReplica, b: DroppedReplica): boolean {
    if (a.droppedMs !== b.droppedMs) return a.droppedMs < b.droppedMs;
    if (a.report.ballot !== b.report.ballot) return a.report.ballot < b.report.ballot;
    if (a.report.lastCommitted !== b.report.lastCommitted) return a.report.lastCommitted < b.report.lastCommitted;
    return a.report.lastPrepared < b.report.lastPrepared;
  }

  /** More members leave less room for dropouts. */
  checkSize(config: PartitionConfig): void {
    const members = (config.primary === '' ? 0 : 1) + config.secondaries.length;
    const room = config.maxReplicaCount + this.ctx.settings.maxReservedDroppedReplicas - members;
    const surplus = this.list.length - Math.max(0, room);
    if (surplus > 0) this.replace(this.list.slice(surplus));
  }
}
