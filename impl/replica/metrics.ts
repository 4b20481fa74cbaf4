/** Counters and gauges of a server's replicas by upstream's names (dup 10). They begin at zero with each process. */
import type { Gpid } from '../../model/vocabulary.ts';

/** Gauges are set, counters only rise; values are in the unit of the name, mutations, requests and entries otherwise. */
export type MetricName =
  // gauges
  | 'dup_pending_mutations'
  | 'dup_recent_lost_mutations'
  | 'dup_time_lag_ms'
  | 'private_log_size_mb'
  // counters of a master
  | 'dup_confirmed_mutations'
  | 'dup_shipped_bytes'
  | 'dup_shipped_successful_requests'
  | 'dup_shipped_failed_requests'
  | 'dup_log_read_bytes'
  | 'dup_log_read_mutations'
  | 'dup_log_file_load_failed_count'
  | 'dup_log_file_load_skipped_bytes'
  | 'dup_rejected_non_idempotent_write_requests'
  | 'emergency_checkpoints'
  // counters of a follower
  | 'dup_requests'
  | 'dup_lagging_writes'
  // counters of throttling (thr 9)
  | 'throttling_delayed_write_requests'
  | 'throttling_rejected_write_requests'
  | 'throttling_delayed_read_requests'
  | 'throttling_rejected_read_requests';

/** Counters of a whole server. */
export type ServerMetricName = 'read_busy_requests' | 'write_busy_requests';

export class Metrics {
  private readonly values = new Map<Gpid, Map<MetricName, number>>();
  private readonly ofServer = new Map<ServerMetricName, number>();

  add(gpid: Gpid, name: MetricName, n: number): void {
    this.set(gpid, name, this.get(gpid, name) + n);
  }

  set(gpid: Gpid, name: MetricName, n: number): void {
    let own = this.values.get(gpid);
    if (own === undefined) this.values.set(gpid, (own = new Map()));
    own.set(name, n);
  }

  /** 0 for what was never told. */
  get(gpid: Gpid, name: MetricName): number {
    return this.values.get(gpid)?.get(name) ?? 0;
  }

  addOfServer(name: ServerMetricName, n: number): void {
    this.ofServer.set(name, this.getOfServer(name) + n);
  }

  /** 0 for what was never told. */
  getOfServer(name: ServerMetricName): number {
    return this.ofServer.get(name) ?? 0;
  }

  /** What was told of one replica, for a remote command. */
  of(gpid: Gpid): Record<string, number> {
    return Object.fromEntries(this.values.get(gpid) ?? []);
  }
}
