/**
 * The settings a plan may set, with the small values that the common profile draws: a random tester reaches rotation, garbage
 * collection, full prepare lists and starved pools only when a file holds two or three records and a pool has one worker.
 * Names and meanings are those of impl/settings.ts; a plan holds numbers only (flags are 0 or 1).
 */
import { DEFAULT_SETTINGS, type Settings } from '../../impl/settings.ts';
import type { PoolName } from '../../impl/protocol/taskCodes.ts';
import { towards } from './spec.ts';
import type { Draw } from './draw.ts';

interface PlanSetting {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Value when a plan does not mention it. */
  readonly calm: number;
  /** What the common profile draws from; the first is the most ordinary. */
  readonly drawn: readonly number[];
  /** Drawn only in plans with a follower. */
  readonly needsFollower?: true;
  /** Drawn only in plans with bulk loads. */
  readonly needsLoads?: true;
}

/** A world's defaults: upstream's ratios, brought down so that a run sees many periods in a few virtual seconds. */
export const PLAN_SETTINGS: readonly PlanSetting[] = [
  { name: 'mutation2pcMinReplicaCount', min: 1, max: 9, calm: 2, drawn: [2] },
  { name: 'stalenessForCommit', min: 1, max: 20, calm: 4, drawn: [4, 2, 3, 6] },
  { name: 'maxMutationCountInPrepareList', min: 2, max: 110, calm: 8, drawn: [8, 6, 7, 12] },
  { name: 'batchWriteDisabled', min: 0, max: 1, calm: 0, drawn: [0, 0, 1] },
  { name: 'prepareTimeoutMs', min: 50, max: 10_000, calm: 300, drawn: [300, 150, 600] },
  { name: 'groupCheckIntervalMs', min: 500, max: 200_000, calm: 3000, drawn: [3000, 2000, 5000] },
  { name: 'emptyWriteDisabled', min: 0, max: 1, calm: 0, drawn: [0, 1] },
  { name: 'checkpointIntervalMs', min: 200, max: 300_000, calm: 2000, drawn: [2000, 1000, 4000] },
  { name: 'checkpointMaxIntervalMs', min: 1000, max: 7_200_000, calm: 12_000, drawn: [12_000, 6000, 20_000] },
  { name: 'maxConcurrentManualEmergencyCheckpoints', min: 1, max: 10, calm: 2, drawn: [2, 1] },
  { name: 'checkpointReserveMinCount', min: 1, max: 10, calm: 1, drawn: [1, 2] },
  { name: 'checkpointReserveTimeSeconds', min: 0, max: 1800, calm: 0, drawn: [0, 2, 8] },
  { name: 'memtableSizeBytes', min: 64, max: 1 << 26, calm: 4096, drawn: [4096, 200, 600] },
  { name: 'logPrivateFileSizeBytes', min: 128, max: 1 << 25, calm: 500, drawn: [500, 300, 900, 4000] },
  { name: 'logPrivateReserveMaxSizeBytes', min: 0, max: 1 << 30, calm: 0, drawn: [0, 600, 8000] },
  { name: 'logPrivateReserveMaxTimeSeconds', min: 0, max: 36_000, calm: 0, drawn: [0, 5] },
  { name: 'plogForceFlush', min: 0, max: 1, calm: 0, drawn: [0, 1] },
  { name: 'configSyncIntervalMs', min: 200, max: 60_000, calm: 1000, drawn: [1000, 2000] },
  // Failure detection (repl 1.10): beacon + check < lease < grace for every choice.
  { name: 'fdCheckIntervalMs', min: 10, max: 60_000, calm: 2000, drawn: [2000, 500] },
  { name: 'fdBeaconIntervalMs', min: 20, max: 60_000, calm: 3000, drawn: [3000, 1000] },
  { name: 'fdLeaseMs', min: 100, max: 600_000, calm: 10_000, drawn: [10_000, 6000] },
  { name: 'fdGraceMs', min: 200, max: 660_000, calm: 11_000, drawn: [11_000] },
  { name: 'minLiveNodeCountForUnfreeze', min: 0, max: 100, calm: 1, drawn: [1] },
  { name: 'nodeLivePercentageThresholdForUpdate', min: 0, max: 100, calm: 0, drawn: [0] },
  { name: 'learnRetryMs', min: 10, max: 10_000, calm: 200, drawn: [200] },
  { name: 'prepareTimeoutForPotentialSecondariesMs', min: 50, max: 10_000, calm: 500, drawn: [500] },
  { name: 'lbIntervalMs', min: 20, max: 600_000, calm: 500, drawn: [500] },
  { name: 'replicaAssignDelayMsForDropouts', min: 0, max: 6_000_000, calm: 5000, drawn: [5000] },
  { name: 'checkpointRetryAfterFlushMs', min: 50, max: 10_000, calm: 500, drawn: [500, 200] },
  { name: 'updateConfigRetryMs', min: 20, max: 1000, calm: 100, drawn: [100, 50] },
  { name: 'clientTimeoutMs', min: 100, max: 60_000, calm: 1500, drawn: [1500, 800, 3000] },
  { name: 'workersReplication', min: 1, max: 24, calm: 2, drawn: [2, 1] },
  { name: 'workersReplicationLong', min: 1, max: 8, calm: 1, drawn: [1, 2] },
  { name: 'workersPlog', min: 1, max: 4, calm: 1, drawn: [1] },
  { name: 'workersLocalApp', min: 1, max: 24, calm: 2, drawn: [2, 1] },
  { name: 'maxAllowedWriteSizeBytes', min: 0, max: 1 << 30, calm: 1 << 20, drawn: [1 << 20] },
  // Duplication (dup 2.7). A sync is answered or given up before the next is due.
  { name: 'duplicationSyncPeriodMs', min: 100, max: 60_000, calm: 1000, drawn: [1000, 500, 2000], needsFollower: true },
  { name: 'dupSyncTimeoutMs', min: 10, max: 10_000, calm: 400, drawn: [400], needsFollower: true },
  { name: 'dupProgressMinUpdatePeriodMs', min: 0, max: 60_000, calm: 500, drawn: [500, 100, 1500], needsFollower: true },
  { name: 'dupNoMutationLoadDelayMs', min: 1, max: 10_000, calm: 50, drawn: [50, 20, 150, 5], needsFollower: true },
  { name: 'duplicateLogBatchBytes', min: 1, max: 1 << 20, calm: 4096, drawn: [4096, 100, 300], needsFollower: true },
  { name: 'dupMaxAllowedWriteSizeBytes', min: 1, max: 1 << 30, calm: 1 << 20, drawn: [1 << 20, 400], needsFollower: true },
  { name: 'dupLoadErrorRepeatMs', min: 10, max: 60_000, calm: 500, drawn: [500, 200], needsFollower: true },
  { name: 'dupWaitConfirmRepeatMs', min: 10, max: 60_000, calm: 200, drawn: [200], needsFollower: true },
  { name: 'dupShipRetryMs', min: 10, max: 60_000, calm: 200, drawn: [200, 100], needsFollower: true },
  { name: 'dupRequestTimeoutMs', min: 50, max: 200_000, calm: 2000, drawn: [2000, 1000], needsFollower: true },
  /** 0: LPC_REPLICATION_LONG_COMMON, 1: LPC_REPLICATION_LONG_HIGH. */
  { name: 'dupLoadPlogTask', min: 0, max: 1, calm: 0, drawn: [0, 1], needsFollower: true },
  // Housekeeping in the long pool, beside log loading and checkpoints.
  { name: 'replicasStatIntervalMs', min: 200, max: 600_000, calm: 30_000, drawn: [30_000, 1000, 2000], needsFollower: true },
  { name: 'diskStatIntervalMs', min: 200, max: 3_600_000, calm: 600_000, drawn: [600_000, 1500], needsFollower: true },
  { name: 'nfsCopyBlockBytes', min: 1, max: 1 << 22, calm: 1000, drawn: [1000, 100, 4096], needsFollower: true },
  // Bulk load (bl 2, 19): a whole load takes about ten polls and lasts some four seconds.
  { name: 'bulkLoadRequestIntervalMs', min: 20, max: 60_000, calm: 500, drawn: [500, 300, 800, 2500], needsLoads: true },
  { name: 'bulkLoadIngestRequestIntervalMs', min: 5, max: 10_000, calm: 50, drawn: [50], needsLoads: true },
  { name: 'bulkLoadRetryMs', min: 10, max: 10_000, calm: 100, drawn: [100], needsLoads: true },
  { name: 'ingestionWriteTimeoutMs', min: 50, max: 60_000, calm: 1000, drawn: [1000, 400], needsLoads: true },
  { name: 'bulkLoadMaxRollbackTimes', min: 0, max: 100, calm: 10, drawn: [10, 2, 0, 1], needsLoads: true },
  { name: 'maxConcurrentBulkLoadDownloadingCount', min: 1, max: 100, calm: 5, drawn: [5, 1, 2], needsLoads: true },
  { name: 'bulkLoadNodeMaxIngestingCount', min: 0, max: 100, calm: 4, drawn: [4, 1], needsLoads: true },
  { name: 'enableConcurrentBulkLoad', min: 0, max: 1, calm: 0, drawn: [0, 1], needsLoads: true },
  { name: 'bulkLoadVerifyBeforeIngest', min: 0, max: 1, calm: 0, drawn: [0, 1], needsLoads: true },
  { name: 'workersIngestion', min: 1, max: 24, calm: 2, drawn: [2, 1], needsLoads: true },
  // Longer than any run, or shorter: then dropped tables expire.
  { name: 'holdSecondsForDroppedApp', min: 0, max: 31_536_000, calm: 604_800, drawn: [604_800, 3] },
];

const BY_NAME = new Map(PLAN_SETTINGS.map((s) => [s.name, s]));

const WORKERS: Readonly<Record<string, PoolName>> = {
  workersReplication: 'THREAD_POOL_REPLICATION',
  workersReplicationLong: 'THREAD_POOL_REPLICATION_LONG',
  workersPlog: 'THREAD_POOL_PLOG',
  workersLocalApp: 'THREAD_POOL_LOCAL_APP',
  workersIngestion: 'THREAD_POOL_INGESTION',
};

/** An error text for a name or value that a plan may not have, or undefined. */
export function checkSetting(name: string, value: unknown): string | undefined {
  const setting = BY_NAME.get(name);
  if (setting === undefined) return `is no setting (known: ${PLAN_SETTINGS.map((s) => s.name).join(', ')})`;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < setting.min || value > setting.max) {
    return `must be an integer from ${String(setting.min)} to ${String(setting.max)}`;
  }
  return undefined;
}

/** Some settings leave their calm value; the relations that rules and bounds rely on hold by construction of the lists. */
export function drawSettings(draw: Draw, withFollower: boolean, withLoads: boolean): Readonly<Record<string, number>> {
  const drawn: Record<string, number> = {};
  for (const setting of PLAN_SETTINGS) {
    if (setting.drawn.length < 2 || (setting.needsFollower === true && !withFollower)) continue;
    if (setting.needsLoads === true && !withLoads) continue;
    if (!draw.chance(350)) continue;
    const value = draw.pick(setting.drawn);
    if (value !== setting.calm) drawn[setting.name] = value;
  }
  // The last write must not owe its shipping to the empty write that follows one or two intervals later (dup.B25).
  if (withFollower) drawn['groupCheckIntervalMs'] = draw.pick([8000, 6000, 12_000]);
  // Most of what happens to a duplication happens at a sync.
  if (withFollower && draw.chance(500)) drawn['duplicationSyncPeriodMs'] = 500;
  // A cluster of one server takes no writes otherwise, and nothing could be duplicated from or to it.
  if (withFollower && draw.chance(850)) drawn['mutation2pcMinReplicaCount'] = 1;
  // A table of one replica is loaded only where one is enough.
  if (withLoads && draw.chance(600)) drawn['mutation2pcMinReplicaCount'] = 1;
  return drawn;
}

/** Settings that a follower may have for itself: nothing that the clusters would have to agree on. */
const FOLLOWER_OWN: ReadonlySet<string> = new Set(['workersReplication', 'workersReplicationLong', 'workersLocalApp', 'memtableSizeBytes', 'logPrivateFileSizeBytes', 'checkpointIntervalMs']);

/**
 * What the follower has for itself. `largestBytes`: of the largest write of the plan, as it travels between the clusters; the
 * follower's limit is never below that, or no duplication could go on. Infinity: it keeps the ordinary one.
 */
export function drawFollowerSettings(draw: Draw, largestBytes: number): Readonly<Record<string, number>> {
  const own: Record<string, number> = {};
  for (const { name, drawn } of PLAN_SETTINGS) if (FOLLOWER_OWN.has(name) && draw.chance(120)) own[name] = draw.pick(drawn);
  if (Number.isFinite(largestBytes) && draw.chance(250)) own['maxAllowedWriteSizeBytes'] = largestBytes + draw.pick([0, 100, 400]);
  return own;
}

/** The settings of each of a plan's clusters: the plan's, its own over them, and what the clusters must agree on. */
export function settingsOfClusters(plan: Readonly<Record<string, number>>, own: readonly (Readonly<Record<string, number>> | undefined)[]): readonly Settings[] {
  const each = own.map((settings) => settingsOf(settings === undefined ? plan : { ...plan, ...settings }));
  return each.map((settings, i) => {
    // What a follower would refuse is not to be sent: an operator keeps the master's limit of a request below the follower's own.
    const limits = each.filter((other, j) => j !== i && other.maxAllowedWriteSizeBytes > 0).map((other) => other.maxAllowedWriteSizeBytes);
    return { ...settings, dupMaxAllowedWriteSizeBytes: Math.min(settings.dupMaxAllowedWriteSizeBytes, ...limits) };
  });
}

/** Values between the calm one and this; the calm one itself is that of a plan that does not mention the setting. */
export function calmerSettings(name: string, value: number): readonly number[] {
  const calm = BY_NAME.get(name)?.calm ?? value;
  return towards(calm, value).filter((one) => one !== calm);
}

/** How far from its calm value a setting is. */
export function settingSize(name: string, value: number): number {
  return Math.abs(value - (BY_NAME.get(name)?.calm ?? value));
}

/** Numbers that are flags in Settings. */
const FLAGS = new Set(['batchWriteDisabled', 'plogForceFlush', 'emptyWriteDisabled', 'enableConcurrentBulkLoad', 'bulkLoadVerifyBeforeIngest']);

const LOAD_TASK = 'dupLoadPlogTask';

/** Values of plan settings laid over whole settings. */
function overlaid(under: Settings, values: Readonly<Record<string, number>>): Settings {
  const numbers: Record<string, number | boolean> = {};
  const workers: Record<PoolName, number> = { ...under.poolWorkers };
  let { dupLoadPlogTask } = under;
  for (const name in values) {
    const value = values[name];
    if (value === undefined || !BY_NAME.has(name)) continue;
    const pool = WORKERS[name];
    if (pool !== undefined) workers[pool] = value;
    else if (name === LOAD_TASK) dupLoadPlogTask = value === 1 ? 'LPC_REPLICATION_LONG_HIGH' : 'LPC_REPLICATION_LONG_COMMON';
    else numbers[name] = FLAGS.has(name) ? value === 1 : value;
  }
  return { ...under, ...numbers, dupLoadPlogTask, poolWorkers: workers };
}

/** What a plan that says nothing runs with; each world lays its plan's few values over it. */
const CALM: Settings = overlaid(
  {
    ...DEFAULT_SETTINGS,
    gcMemoryReplicaIntervalMs: 5000,
    rpcTimeoutMs: 500,
    manualCompactRetryMs: 2000,
    triggerCheckpointRetryIntervalMs: 100,
    poolWorkers: { ...DEFAULT_SETTINGS.poolWorkers, THREAD_POOL_DEFAULT: 2, THREAD_POOL_COMPACT: 1, THREAD_POOL_META_SERVER: 1 },
  },
  Object.fromEntries(PLAN_SETTINGS.map(({ name, calm }) => [name, calm])),
);

/** The whole of impl/settings.ts for a plan. */
export function settingsOf(plan: Readonly<Record<string, number>>): Settings {
  const all = overlaid(CALM, plan);
  // The list keeps its newest committed mutation too: with as many slots as uncommitted decrees a secondary has no room (repl 1.6).
  const slots = all.stalenessForCommit + 1;
  return all.maxMutationCountInPrepareList >= slots ? all : { ...all, maxMutationCountInPrepareList: slots };
}

/** A setting's value when a plan does not mention it; undefined: no plan may set it. */
export function calmOf(name: string): number | undefined {
  return BY_NAME.get(name)?.calm;
}

/** Other values that a plan may give a setting: those that are drawn, and the nearest ones. */
export function otherSettings(name: string, value: number): readonly number[] {
  const setting = BY_NAME.get(name);
  if (setting === undefined) return [];
  const others = [...setting.drawn, value - 1, value + 1, value * 2].filter((n) => n !== value && checkSetting(name, n) === undefined);
  return [...new Set(others)];
}

export function settingText(settings: Readonly<Record<string, number>>): string {
  const entries = Object.entries(settings);
  return entries.length === 0 ? 'all calm' : entries.map(([name, value]) => `${name}=${String(value)}`).join(' ');
}
