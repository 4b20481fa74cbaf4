/**
 * Housekeeping of a replica server: statistics of its replicas and of its disk, in the pool for long work, where
 * checkpoints, garbage collection and the loading of logs for duplications compete with them (repl 3.2, 3.4; upstream's
 * on_replicas_stat and on_disk_stat).
 *
 * Checked against upstream's replica_stub.cpp: `[replication] replicas_stat_interval_ms` is 30000 and
 * `[replication] disk_stat_interval_seconds` 600. Departure: the first walk over the replicas comes after one interval
 * too (upstream: at a random moment within the first).
 */
import type { Context } from '../context.ts';
import { task } from '../env/contract.ts';
import type { TaskHandle } from '../env/contract.ts';
import type { ReplicaServer } from './replicaStub.ts';

/** Of walking one replica's directory, microseconds. */
const DISK_STAT_COST_PER_REPLICA_US = 100;

export class ServerStatistics {
  readonly ctx: Context;
  readonly server: ReplicaServer;
  private replicasTimer: TaskHandle | undefined;
  private diskTimer: TaskHandle | undefined;

  constructor(ctx: Context, server: ReplicaServer) {
    this.ctx = ctx;
    this.server = server;
  }

  /** Each first run comes after one interval. */
  start(): void {
    this.scheduleReplicasStat();
    this.scheduleDiskStat();
  }

  stop(): void {
    this.replicasTimer?.cancel();
    this.diskTimer?.cancel();
  }

  private scheduleReplicasStat(): void {
    const delayMs = this.ctx.settings.replicasStatIntervalMs;
    this.replicasTimer = this.ctx.env.tasks.post('LPC_REPLICAS_STAT', 0, delayMs, task(this, 'onReplicasStat'));
  }

  private scheduleDiskStat(): void {
    const delayMs = this.ctx.settings.diskStatIntervalMs;
    this.diskTimer = this.ctx.env.tasks.post('LPC_DISK_STAT', 0, delayMs, task(this, 'onDiskStat'));
  }

  onReplicasStat(): void {
    for (const { gpid, privateLog } of this.server.replicas.values()) {
      this.server.metrics.set(gpid, 'private_log_size_mb', (privateLog?.totalSizeBytes() ?? 0) / (1 << 20));
    }
    this.scheduleReplicasStat();
  }

  onDiskStat(): void {
    this.ctx.env.tasks.charge(DISK_STAT_COST_PER_REPLICA_US * this.server.replicas.size);
    this.scheduleDiskStat();
  }
}
