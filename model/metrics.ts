/**
 * Metrics of replicas (dup 10), which an operator watches: what a server must have counted of one replica since its
 * process started, and what it may say of it. A gauge is set by a timer, a counter a moment after its cause, so both are
 * held to the exact value only when nothing has changed for that long.
 */
import type { AnswerScene } from './answers.ts';
import { settingsOfCluster } from './config.ts';
import { duplicatorKey, type DuplicatorState } from './dupState.ts';
import type { Answer } from './commands.ts';
import type { ThrottleClaim } from './loadEvents.ts';
import { answeringReplica } from './meant.ts';
import type { Refusal } from './rules/rule.ts';
import { chosenOf, type ClusterState, type ModelState, type PartitionState, type ReplicaState } from './state.ts';
import type { Decree, Gpid, NodeId } from './vocabulary.ts';

/** Of one replica at one server, in one life of its process. */
export interface ReplicaMetrics {
  /** The process. */
  incarnation: number;
  /** `dup_confirmed_mutations`: by how much the confirmed decrees rose that it was told. */
  confirmed: number;
  /** `dup_requests`: writes that came by duplication and were applied, also again. */
  requests: number;
  /** `dup_time_lag_ms` of the last of them, by a wall clock that nobody moved; -1 none, or no such clock. */
  lagMs: number;
  /** `throttling_<verdict>_<of>_requests` (thr 9). */
  delayedWrites: number;
  rejectedWrites: number;
  delayedReads: number;
  rejectedReads: number;
  changedAtUs: number;
}

const NO_VERDICTS = { delayedWrites: 0, rejectedWrites: 0, delayedReads: 0, rejectedReads: 0 } as const;

/** Between a cause and the count of it, and between clock readings of one task. */
const COUNTED_WITHIN_US = 1_000_000;
const SAME_MOMENT_MS = 2;
/** Configured wall seconds count from 2016, as times to live do; timestamps of mutations from 1970. */
const EPOCH_2016_SECONDS = 1_451_606_400;

type Metrics = Extract<Answer, { kind: 'metrics' }>;

function metricsOf(state: ModelState, cluster: ClusterState, gpid: Gpid, node: NodeId): ReplicaMetrics {
  const incarnation = state.nodes[node]?.incarnation ?? 0;
  const key = duplicatorKey(gpid, node);
  const known = cluster.metrics[key];
  if (known?.incarnation === incarnation) return known;
  return (cluster.metrics[key] = { incarnation, confirmed: 0, requests: 0, lagMs: -1, ...NO_VERDICTS, changedAtUs: -1 });
}

/** The server was told that a duplicator's progress is stored up to there. */
export function noteConfirmed(
  state: ModelState,
  cluster: ClusterState,
  duplicator: DuplicatorState,
  confirmed: Decree,
  atUs: number,
): void {
  if (confirmed <= duplicator.confirmed) return;
  const metrics = metricsOf(state, cluster, duplicator.gpid, duplicator.node);
  metrics.confirmed += confirmed - duplicator.confirmed;
  metrics.changedAtUs = atUs;
  duplicator.confirmed = confirmed;
}

/** A replica applied a decree: what of it came by duplication. */
export function noteApplied(
  state: ModelState,
  cluster: ClusterState,
  part: PartitionState,
  replica: ReplicaState,
  atUs: number,
): void {
  const { wallBaseSeconds } = state.config;
  for (const { entries = [] } of chosenOf(part, replica.applied)?.updates ?? []) {
    const metrics = metricsOf(state, cluster, part.gpid, replica.node);
    metrics.changedAtUs = atUs;
    metrics.requests += entries.length;
    const last = entries[entries.length - 1];
    if (last === undefined || wallBaseSeconds === undefined) continue;
    const wallUs = (wallBaseSeconds + EPOCH_2016_SECONDS) * 1e6 + atUs;
    metrics.lagMs = Math.max(0, Math.floor((wallUs - last.timestampUs) / 1000));
  }
}

/** A throttle held a request back or refused it. */
export function noteVerdict(state: ModelState, cluster: ClusterState, { gpid, node, of, verdict, atUs }: ThrottleClaim): void {
  const metrics = metricsOf(state, cluster, gpid, node);
  metrics.changedAtUs = atUs;
  if (of === 'write') {
    if (verdict === 'DELAY') metrics.delayedWrites++;
    else metrics.rejectedWrites++;
  } else if (verdict === 'DELAY') metrics.delayedReads++;
  else metrics.rejectedReads++;
}

// ---------------------------------------------------------------- what may be said

/** Where a duplicator stands, when its pipeline has run. */
const lastOf = ({ shipped, start }: DuplicatorState): Decree => Math.max(shipped, start - 1);

/** What `dup_pending_mutations` must say; undefined: a moment ago it was another value, or it is not known. */
function pendingOf({ state, cluster, command }: AnswerScene, part: PartitionState, replica: ReplicaState): number | undefined {
  const { duplicationSyncPeriodMs } = settingsOfCluster(state.config, cluster.id);
  let pending = 0;
  let since = Math.max(part.committedAtUs, part.servesSinceUs, replica.openedAtUs, state.disturbedAtUs);
  for (const dup of Object.values(cluster.dups)) {
    if (dup.appId !== part.appId) continue;
    const duplicator = dup.duplicators[duplicatorKey(part.gpid, replica.node)];
    if (duplicator?.incarnation !== replica.incarnation) {
      since = Math.max(since, dup.erasedAtUs);
      if (dup.erasedAtUs < 0) return undefined;
      continue;
    }
    if (duplicator.start < 0 || duplicator.dropped) return undefined;
    since = Math.max(since, duplicator.changedAtUs, duplicator.shippedAtUs);
    pending += Math.max(0, replica.committed - lastOf(duplicator));
  }
  return since + duplicationSyncPeriodMs * 1000 + COUNTED_WITHIN_US < command.invokedAtUs ? pending : undefined;
}

function differs(metrics: Metrics['metrics'], name: string, expected: number, exact: boolean, slack = 0): Refusal | undefined {
  const told = metrics[name] ?? 0;
  const fits = exact ? Math.abs(told - expected) <= slack : told <= expected + slack;
  return fits ? undefined : [`${name} ${exact ? '' : 'at most '}${expected}`, `${told}`];
}

function differsInVerdicts(metrics: Metrics['metrics'], known: ReplicaMetrics, exact: boolean): Refusal | undefined {
  return (
    differs(metrics, 'throttling_delayed_write_requests', known.delayedWrites, exact) ??
    differs(metrics, 'throttling_rejected_write_requests', known.rejectedWrites, exact) ??
    differs(metrics, 'throttling_delayed_read_requests', known.delayedReads, exact) ??
    differs(metrics, 'throttling_rejected_read_requests', known.rejectedReads, exact)
  );
}

/** At rest the metrics of pending, confirmed and late mutations, and of verdicts, are true (S8). */
function judgeMetrics(scene: AnswerScene, answer: Answer): Refusal | undefined {
  const { state, cluster, command } = scene;
  if (answer.kind !== 'metrics' || command.command.kind !== 'queryMetrics' || answer.error !== 'ERR_OK') return undefined;
  const found = answeringReplica(cluster, command, answer.node);
  if (found === undefined) return undefined;
  const { part, replica } = found;
  const { metrics } = answer;
  const known = metricsOf(state, cluster, part.gpid, answer.node);
  const exact = known.changedAtUs + COUNTED_WITHIN_US < command.invokedAtUs;
  const pending = replica.status === 'PS_PRIMARY' ? pendingOf(scene, part, replica) : undefined;
  // What a disk then refused was counted, too.
  const counted = state.nodes[answer.node]?.diskFault !== true;
  const judgesLag = counted && exact && known.lagMs >= 0 && !Object.values(state.nodes).some((node) => node.wallFault);
  return (
    differs(metrics, 'dup_confirmed_mutations', known.confirmed, exact) ??
    differsInVerdicts(metrics, known, exact) ??
    (counted ? differs(metrics, 'dup_requests', known.requests, exact) : undefined) ??
    (judgesLag ? differs(metrics, 'dup_time_lag_ms', known.lagMs, true, SAME_MOMENT_MS) : undefined) ??
    (pending === undefined ? undefined : differs(metrics, 'dup_pending_mutations', pending, true))
  );
}

export const METRICS_JUDGE = { name: 'answers/metrics', judge: judgeMetrics } as const;
