/** Opening, closing and failing to load a replica: what its disk implies (repl 5.1 - 5.3; plog 10, 11). */
import { settingsOfCluster } from '../config.ts';
import { newestOf } from '../content.ts';
import type { ClosedClaim, LoadFailedClaim, OpenedClaim } from '../events.ts';
import type { ReplicaGone } from '../learningEvents.ts';
import {
  durableOf,
  newReplica,
  noteCollectable,
  noteDebt,
  type Entry,
  type PartitionState,
  type ReplicaState,
} from '../state.ts';
import { endRole } from '../ingestions.ts';
import { stopServing } from '../serving.ts';
import { isLive } from '../tableNames.ts';
import type { Ballot, Decree } from '../vocabulary.ts';
import { isOpen } from './roles.ts';
import { guard, replicaScene, rule, type ReplicaScene } from './rule.ts';

/** What a replica must be after its log was replayed from a checkpoint. */
export interface Replayed {
  readonly ballot: Ballot;
  readonly applied: Decree;
  readonly committed: Decree;
  readonly maxPrepared: Decree;
  readonly entries: Record<Decree, Entry>;
}

/** repl 5.1 steps 3 to 5: the records of the log over what storage holds. */
export function replay(replica: ReplicaState, durable: Decree): Replayed {
  let ballot = replica.initBallot;
  let committed = durable;
  let applied = durable;
  let maxPrepared = durable;
  let entries: Record<Decree, Entry> = {};
  for (const file of replica.files) {
    for (const record of file.records) {
      if (record.ballot > ballot) ballot = record.ballot;
      if (file.startOffset < replica.validLogOffset) continue;
      if (record.decree <= committed || (entries[record.decree]?.ballot ?? -1) >= record.ballot) continue;
      if (record.lastCommitted > maxPrepared) {
        entries = {};
        committed = maxPrepared = record.lastCommitted;
      }
      while (committed < record.lastCommitted) {
        committed++;
        if (applied === committed - 1) applied = committed;
      }
      entries[record.decree] = { ballot: record.ballot, logged: true };
      if (record.decree > maxPrepared) maxPrepared = record.decree;
    }
  }
  return { ballot, applied, committed, maxPrepared, entries };
}

const excused = ({ node, replica }: ReplicaScene): boolean => node.powerLost || node.diskFault || replica.damaged;

const differs = (expected: number, actual: number): readonly [string, string] | undefined =>
  expected === actual ? undefined : [`${expected}`, `${actual}`];

interface OpenedScene extends ReplicaScene {
  readonly disk: Replayed;
}

function openedScene(...[state, e]: Parameters<typeof replicaScene>): OpenedScene | string {
  const scene = replicaScene(state, e);
  return typeof scene === 'string' ? scene : { ...scene, disk: replay(scene.replica, durableOf(scene.replica)) };
}

export const opened = rule(
  openedScene,
  [
    guard('lifecycle/opened-once', 'S8', ({ node, replica }, e: OpenedClaim) =>
      node.up && !replica.open
        ? undefined
        : ['a closed replica of a running process', node.up ? `${e.gpid} is open` : 'the process is down'],
    ),
    guard('lifecycle/fresh-only-without-data', 'S1', ({ part, replica }, e: OpenedClaim) => {
      // A crash between a creation's last write and its claim leaves a replica on disk that nobody spoke of: empty, or a
      // follower's with the checkpoint that it began over.
      const unspoken = !replica.exists && !e.fresh && e.maxPrepared === (part.adopted[e.node] ?? 0);
      return e.fresh !== replica.exists || unspoken
        ? undefined
        : [replica.exists ? 'the replica on disk' : 'a fresh replica', e.fresh ? 'a fresh one' : 'one from disk'];
    }),
    guard('lifecycle/opened-durable', 'S6', ({ replica }, e: OpenedClaim) => differs(durableOf(replica), e.durable)),
    guard('lifecycle/opened-covers-flushed', 'repl.S14', ({ replica }, e: OpenedClaim) =>
      e.durable >= replica.base ? undefined : [`durable >= ${replica.base}, what was flushed`, `${e.durable}`],
    ),
    guard('lifecycle/opened-applied', 'S1', ({ disk }, e: OpenedClaim) => differs(disk.applied, e.applied)),
    guard('lifecycle/opened-committed', 'repl.S11', ({ disk }, e: OpenedClaim) =>
      e.committed === disk.committed || e.committed === disk.applied
        ? undefined
        : [`${disk.committed}`, `${e.committed}`],
    ),
    guard('lifecycle/opened-max-prepared', 'S1', ({ disk }, e: OpenedClaim) =>
      differs(disk.maxPrepared, e.maxPrepared),
    ),
    guard('lifecycle/opened-ballot', 'repl.S1', (scene, e: OpenedClaim) => {
      const least = excused(scene) ? 0 : scene.disk.ballot;
      return e.ballot >= least && e.ballot <= Math.max(scene.part.ballot, scene.disk.ballot)
        ? undefined
        : [`ballot from ${least} to ${scene.part.ballot}`, `${e.ballot}`];
    }),
  ],
  ({ state, cluster, part, node, replica, disk }, e) => {
    // A primary that was loaded anew may have applied less than its former life had when a checkpoint was asked for.
    for (const command of Object.values(cluster.commands)) {
      const concerns = command.appId === part.appId && 'partitionIndex' in command.command;
      if (concerns && !command.answered) command.appliedBefore = Math.min(command.appliedBefore, e.applied);
    }
    replica.open = replica.exists = true;
    replica.loadBegun = false;
    replica.incarnation++;
    replica.status = replica.role = 'PS_INACTIVE';
    replica.ballot = e.ballot;
    replica.applied = e.applied;
    replica.committed = e.committed;
    replica.maxPrepared = e.maxPrepared;
    replica.entries = disk.entries;
    replica.reproposeNext = 1;
    replica.reproposeLast = 0;
    replica.barrierDue = e.maxPrepared > 0;
    replica.lastTimestampUs = 0;
    replica.fileOpen = replica.manual = false;
    replica.undurableSinceUs = e.applied > e.durable ? e.atUs : -1;
    replica.openedAtUs = e.atUs;
    // Rows of a load have no time tag, and may have taken the place of newer ones: the newest is asked of what is there.
    if (Object.keys(part.ingestions).length > 0) part.newestUs = newestOf(part);
    replica.openedWithFault = node.diskFault || node.powerLost || replica.damaged || replica.lost;
    replica.endedDurable = e.durable;
    replica.intervalSinceUs = replica.intervalBeforeUs = -1;
    noteCollectable(replica, e.atUs);
    noteDebt(replica.behind, replica.applied, part.committed, e.atUs);
    // Once faults have ended, a replica that is opened again and again is no excuse.
    if (state.healedAtUs < 0) state.disturbedAtUs = e.atUs;
  },
);

/** The state between two lives: replay will start from what is flushed. */
export function toDisk(part: PartitionState, replica: ReplicaState, atUs: number): void {
  stopServing(part, atUs);
  // What it told may be on its way.
  if (replica.status === 'PS_PRIMARY') replica.primaryUntilUs = atUs;
  endRole(part, replica, replica.ballot + 1, atUs);
  replica.behind.sinceUs = -1;
  if (part.configs[part.ballot]?.primary === replica.node) part.pending.sinceUs = -1;
  replica.open = false;
  // A checkpoint that this life listed and could not end is none of the next life's.
  replica.endedDurable = durableOf(replica);
  replica.status = replica.role = 'PS_INACTIVE';
  replica.base = replica.applied = replica.committed = replica.flushed;
  replica.fileOpen = false;
  replica.undurableSinceUs = replica.collectableSinceUs = -1;
}

export const closed = rule<ReplicaScene, ClosedClaim>(replicaScene, [isOpen], ({ part, replica }, e) => {
  toDisk(part, replica, e.atUs);
});

/** A learner that was cut off before its checkpoint stood has forgotten its log (repl 1.9 LT_CACHE). */
const isCutOff = ({ replica }: ReplicaScene): boolean => durableOf(replica) < replica.initDurable;

/** It downloaded from the master, and somebody serves with a download of its own: nobody has served with this one (dup 5.5). */
const beganElsewhere = ({ part, replica }: ReplicaScene): boolean =>
  part.adopted[replica.node] !== undefined && replica.ballot === 0 && part.ballot > 0;

/** Between a wall clock's second and the moment at which something is stored. */
const CLOCK_SLACK_US = 2_000_000;

/** Its table was dropped, and cannot be recalled any more (by wall clocks that nobody shifted). */
function isExpired({ state, cluster, part }: ReplicaScene, atUs: number): boolean {
  const table = cluster.tables[part.appId];
  if (table === undefined || isLive(table.status)) return false;
  const { holdSecondsForDroppedApp = 0 } = settingsOfCluster(state.config, cluster.id);
  const isShifted = Object.values(state.nodes).some((node) => node.wallFault);
  return isShifted || atUs - table.dropAskedAtUs + CLOCK_SLACK_US >= holdSecondsForDroppedApp * 1e6;
}

/** A directory goes when a fault took from it, when its table is gone for good, or when its data were never the partition's. */
function mayGo(scene: ReplicaScene, { as, atUs }: ReplicaGone): boolean {
  const { replica } = scene;
  switch (as) {
    case 'err':
      return excused(scene) || replica.lost || isCutOff(scene);
    case 'gar':
      return isExpired(scene, atUs) || beganElsewhere(scene);
    case 'other':
      return false;
  }
}

export const gone = rule<ReplicaScene, ReplicaGone>(
  replicaScene,
  [
    guard('lifecycle/data-goes-for-a-reason', 'S1', (scene: ReplicaScene, e: ReplicaGone) =>
      !scene.replica.exists || mayGo(scene, e) ? undefined : ['the data of a member to stay: nothing damaged them', `gone (${e.as})`],
    ),
  ],
  ({ part, replica }, e) => {
    for (const one of Object.values(part.ingestions)) delete one.ingestedAtUs[e.node];
    // What was told of its earlier lives is not of the next one.
    const { exists, incarnation } = replica;
    part.replicas[e.node] = { ...newReplica(e.node), incarnation, lost: exists && e.as === 'err' };
  },
);

export const loadFailed = rule(
  replicaScene,
  [
    guard('lifecycle/load-fails-only-when-damaged', 'L4', (scene, e: LoadFailedClaim) =>
      // A creation that a crash cut off left nothing that could be loaded, and nothing that could be lost.
      excused(scene) || !scene.replica.exists || isCutOff(scene) ? undefined : ['a replica that loads: nothing damaged its disk', e.error],
    ),
    guard('lifecycle/load-fails-only-when-closed', 'S8', ({ replica }, e: LoadFailedClaim) =>
      replica.open ? ['a closed replica', `${e.gpid} is open`] : undefined,
    ),
  ],
  () => {
    // Its directory is gone, or will be found as it is.
  },
);
