/** Flushes, checkpoints, their truth, their results and their collection (repl 2.1 - 2.6; S6, S12). */
import type {
  CheckpointClaim,
  CheckpointListed,
  CheckpointRemoved,
  ManualFlagClaim,
  StorageFlushed,
} from '../events.ts';
import { explainedByExpiry, NO_CONTENT, rowsAt } from '../content.ts';
import { awaitsFiles, missingUpTo } from '../ingestions.ts';
import { durableOf, noteCollectable, noteDebt, type ReplicaState } from '../state.ts';
import { bore } from '../tableNames.ts';
import type { CheckpointTrigger } from '../vocabulary.ts';
import { isOpen } from './roles.ts';
import { guard, replicaScene, rule, type Refusal, type ReplicaScene } from './rule.ts';

const SLACK_US = 2_000_000;
/** Attempts that flush first: `async_checkpoint(true)` and the synchronous ones (repl 2.2; bl 16.1). */
export const FLUSHING: readonly CheckpointTrigger[] = [
  'max-interval',
  'remote-command',
  'manual-emergency',
  'start-up',
  'bulk-load',
  'learn',
];

export const flushed = rule(
  replicaScene,
  [
    guard('checkpoint/flushed-was-applied', 'repl.S12', ({ replica }, e: StorageFlushed) =>
      e.decree <= replica.applied ? undefined : [`decree <= ${replica.applied}, what is applied`, `${e.decree}`],
    ),
    guard('checkpoint/flushed-never-goes-back', 'repl.S12', ({ replica }, e: StorageFlushed) =>
      e.decree >= replica.flushed ? undefined : [`decree >= ${replica.flushed}`, `${e.decree}`],
    ),
    guard('ingestion/flushed-with-its-files', 'S2', ({ part, replica }, e: StorageFlushed) => {
      const missing = missingUpTo(part, replica, e.decree).find(({ brings }) => brings === 'rows');
      return missing === undefined
        ? undefined
        : [`the files of decree ${missing.decree} first: content is a function of the log`, `decree ${e.decree} flushed`];
    }),
  ],
  ({ replica }, e) => {
    if (e.decree > replica.flushed) replica.flushedAtUs = e.atUs;
    replica.flushed = e.decree;
    noteDebt(replica.unlisted, durableOf(replica), replica.flushed, e.atUs);
    if (!replica.open && replica.committed < e.decree) replica.committed = e.decree;
  },
);

function contentDiffers({ part, replica }: ReplicaScene, e: CheckpointListed): Refusal | undefined {
  if (replica.stranger) return undefined;
  const expected = part.digests[e.decree] ?? NO_CONTENT;
  if (expected === NO_CONTENT || expected === e.contentDigest) return undefined;
  const rows = rowsAt(part, e.decree);
  if (
    explainedByExpiry(
      expected,
      e.contentDigest,
      Object.values(rows).filter((row) => row.expireTs > 0),
    )
  )
    return undefined;
  const text = Object.entries(rows)
    .map(([key, row]) => `${key.slice(2)}=${row.value}`)
    .join(', ');
  return [`digest ${expected} of {${text}}`, `digest ${e.contentDigest}`];
}

export const listed = rule(
  replicaScene,
  [
    guard('checkpoint/label-is-content', 'S6', (_: ReplicaScene, e: CheckpointListed) =>
      e.contentDecree === e.decree ? undefined : [`decree ${e.decree} in its files`, `${e.contentDecree}`],
    ),
    guard('checkpoint/holds-only-flushed', 'repl.S12', ({ replica }, e: CheckpointListed) =>
      e.decree <= replica.flushed ? undefined : [`decree <= ${replica.flushed}, what is flushed`, `${e.decree}`],
    ),
    guard('checkpoint/newer-than-all', 'repl.S12', ({ replica }, e: CheckpointListed) =>
      e.decree > durableOf(replica) ? undefined : [`decree > ${durableOf(replica)}`, `${e.decree}`],
    ),
    guard('checkpoint/content-is-the-prefix', 'S6', contentDiffers),
  ],
  ({ part, replica }, e) => {
    replica.checkpoints.push({ decree: e.decree, bornAtUs: replica.flushedAtUs, listedAtUs: e.atUs });
    replica.undurableSinceUs = replica.applied > e.decree ? e.atUs : -1;
    noteCollectable(replica, e.atUs);
    noteDebt(replica.unlisted, e.decree, replica.flushed, e.atUs);
    if (part.emergencies.length > 0)
      part.emergencies = part.emergencies.filter(({ node, minDecree }) => node !== e.node || minDecree > e.decree);
  },
);

/** What ERR_OK and ERR_TRY_AGAIN mean (the table of repl 2.1). */
function resultDiffers({ part, replica }: ReplicaScene, e: CheckpointClaim): Refusal | undefined {
  const { trigger, error, durable } = e;
  const flushing = FLUSHING.includes(trigger);
  // Nothing is flushed before the files of an ingestion are in.
  const waits = awaitsFiles(part, replica);
  if (error === 'ERR_OK') {
    const covered = flushing && !waits ? replica.applied : replica.flushed;
    return durable >= covered
      ? undefined
      : [`durable ${covered}, what is ${flushing && !waits ? 'applied' : 'flushed'}`, `ERR_OK with ${durable}`];
  }
  if (error !== 'ERR_TRY_AGAIN') return undefined;
  return flushing && (trigger !== 'start-up' || waits) && durable < replica.applied
    ? undefined
    : [
        'ERR_TRY_AGAIN only where a flush was started',
        `${trigger} with durable ${durable}, applied ${replica.applied}`,
      ];
}

const isNewCheckpoint = (replica: ReplicaState, e: CheckpointClaim): boolean =>
  e.error === 'ERR_OK' && e.durable > replica.endedDurable;

/** Checkpoints beyond both reserves that a new one left; not judged where envs, damage or clocks make either unsure. */
function leftBehind({ state, cluster, part, node, replica }: ReplicaScene, atUs: number): Refusal | undefined {
  if (node.diskFault || node.powerLost || node.wallFault || part.appId < 0) return undefined;
  if (Object.values(cluster.commands).some(({ command }) => command.kind === 'setEnvs')) return undefined;
  // A follower table is made with its master's envs (dup 2.6).
  if (Object.keys(cluster.tables[part.appId]?.envs ?? {}).some((env) => env.startsWith('rocksdb.checkpoint.'))) return undefined;
  const { checkpointReserveMinCount: count, checkpointReserveTimeSeconds: seconds } = state.config.settings;
  const old = replica.checkpoints
    .slice(0, Math.max(0, replica.checkpoints.length - count))
    .filter(({ listedAtUs }) => seconds === 0 || listedAtUs + seconds * 1e6 + SLACK_US < atUs);
  return old.length === 0
    ? undefined
    : [`at most ${count} checkpoints older than ${seconds} s`, `${old.map(({ decree }) => decree).join(', ')} beside`];
}

export const ended = rule(
  replicaScene,
  [
    guard('checkpoint/claimed-durable-is-listed', 'S6', ({ replica }, e: CheckpointClaim) =>
      e.durable === durableOf(replica) ? undefined : [`${durableOf(replica)}, the newest listed`, `${e.durable}`],
    ),
    guard('checkpoint/result-tells-the-truth', 'S8', (scene, e: CheckpointClaim) => resultDiffers(scene, e)),
    guard('checkpoint/errors-have-a-cause', 'S8', ({ node }, e: CheckpointClaim) => {
      const expected = e.error === 'ERR_OK' || e.error === 'ERR_TRY_AGAIN' || e.error === 'ERR_WRONG_TIMING';
      return expected || node.diskFault
        ? undefined
        : ['ERR_OK, ERR_TRY_AGAIN or ERR_WRONG_TIMING: no disk fault was seen', e.error];
    }),
    guard('checkpoint/old-ones-go', 'repl.2.6.gc', (scene, e: CheckpointClaim) =>
      isNewCheckpoint(scene.replica, e) ? leftBehind(scene, e.atUs) : undefined,
    ),
    guard('checkpoint/max-interval-is-over', 'repl.2.2', ({ state, replica }, e: CheckpointClaim) => {
      if (e.trigger !== 'max-interval' || !state.calm || replica.intervalSinceUs < 0) return undefined;
      const leastMs = state.config.settings.checkpointMaxIntervalMs / 2;
      // The attempt may have waited in its pool while another one made a checkpoint: then the one before it counts.
      const meanwhile = e.atUs - replica.intervalSinceUs < SLACK_US;
      const waitedMs = (e.atUs - (meanwhile ? replica.intervalBeforeUs : replica.intervalSinceUs)) / 1000;
      return waitedMs + SLACK_US / 2000 >= leastMs
        ? undefined
        : [`${leastMs} ms since the last new checkpoint`, `${waitedMs} ms`];
    }),
  ],
  ({ replica }, e) => {
    if (e.error !== 'ERR_OK') return;
    // A checkpoint behind a manual compaction does not touch the interval (repl 2.2).
    if (isNewCheckpoint(replica, e) && e.trigger !== 'manual-compaction') {
      replica.intervalBeforeUs = replica.intervalSinceUs;
      replica.intervalSinceUs = e.atUs;
    }
    replica.endedDurable = e.durable;
  },
);

/** Table envs override the reserve; one invalid value makes both be ignored (repl 2.6). */
function reserveOf({ state, cluster, part }: ReplicaScene): { readonly count: number; readonly seconds: number } {
  const { checkpointReserveMinCount: count, checkpointReserveTimeSeconds: seconds } = state.config.settings;
  const table = cluster.tables[part.appId];
  if (table?.envs['manual_compact.once.trigger_time'] !== undefined) return { count: 1, seconds: 0 };
  // Envs reach replicas later than the store: the weakest that was ever asked for is what may be relied on.
  const weakest = table?.weakestReserve ?? { count, seconds };
  return { count: Math.min(count, weakest.count), seconds: Math.min(seconds, weakest.seconds) };
}

export const removed = rule(
  replicaScene,
  [
    guard('checkpoint/only-listed-are-removed', 'S6', ({ replica }, e: CheckpointRemoved) =>
      replica.checkpoints.some(({ decree }) => decree === e.decree)
        ? undefined
        : [`one of ${replica.checkpoints.map(({ decree }) => decree).join(', ')}`, `${e.decree}`],
    ),
    guard('checkpoint/newest-stay', 'repl.2.6', (scene, e: CheckpointRemoved) => {
      const { count } = reserveOf(scene);
      const newer = scene.replica.checkpoints.filter(({ decree }) => decree > e.decree).length;
      return newer >= count ? undefined : [`the newest ${count} to stay`, `${e.decree} removed with ${newer} newer`];
    }),
    guard('checkpoint/young-stay', 'repl.2.6', (scene, e: CheckpointRemoved) => {
      const { seconds } = reserveOf(scene);
      const born = scene.replica.checkpoints.find(({ decree }) => decree === e.decree)?.bornAtUs ?? 0;
      return scene.node.wallFault || born + seconds * 1e6 <= e.atUs + SLACK_US
        ? undefined
        : [`to stay for ${seconds} s`, `removed after ${Math.floor((e.atUs - born) / 1e6)} s`];
    }),
  ],
  ({ replica }, e) => {
    replica.checkpoints = replica.checkpoints.filter(({ decree }) => decree !== e.decree);
  },
);

export const manualFlag = rule<ReplicaScene, ManualFlagClaim>(
  replicaScene,
  [
    isOpen,
    guard('checkpoint/flag-changes', 'S9', ({ replica }, e: ManualFlagClaim) =>
      e.set !== replica.manual ? undefined : [`the flag to change from ${replica.manual}`, `${e.set}`],
    ),
    guard('checkpoint/flag-set-by-members', 'S9', ({ replica }, e: ManualFlagClaim) =>
      !e.set || replica.status === 'PS_PRIMARY' || replica.status === 'PS_SECONDARY'
        ? undefined
        : ['PS_PRIMARY or PS_SECONDARY', replica.status],
    ),
    guard('checkpoint/counter-counts-flags', 'S9', ({ node }, e: ManualFlagClaim) => {
      const count = node.manualCount + (e.set ? 1 : -1);
      return e.serverCount === count ? undefined : [`${count} flags set on the server`, `${e.serverCount}`];
    }),
    guard('checkpoint/counter-is-bounded', 'S9', ({ state }, e: ManualFlagClaim) => {
      const most = state.config.settings.maxConcurrentManualEmergencyCheckpoints;
      return e.serverCount <= most ? undefined : [`at most ${most}`, `${e.serverCount}`];
    }),
  ],
  ({ cluster, node, part, replica }, e) => {
    replica.manual = e.set;
    replica.manualSinceUs = e.atUs;
    node.manualCount += e.set ? 1 : -1;
    if (!e.set) return;
    const table = cluster.tables[part.appId];
    for (const command of Object.values(cluster.commands)) {
      const asked = command.command;
      if (asked.kind !== 'emergencyCheckpoint' || table === undefined || !bore(table, asked.table)) continue;
      if (part.gpid === `${part.appId}.${asked.partitionIndex}`) command.sawFlag = true;
    }
  },
);
