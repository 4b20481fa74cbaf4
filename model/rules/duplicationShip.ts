/**
 * Duplicators and what they ship (dup 6, 7): a pipeline begins behind what is stored, sends only committed writes of its own
 * cluster, those of one key in their order, and a follower's mutation carries exactly what was sent.
 */
import {
  appIdOf,
  clusterIdOf,
  clusterNameOf,
  dupKey,
  duplicatorKey,
  hasReceived,
  inboundKey,
  indexOf,
  hasShippable,
  isShippable,
  isSkipped,
  noteArrived,
  orderKey,
  storedOf,
  toldOf,
  toldStatus,
  type DupPartition,
  type DupState,
  type DuplicatorState,
} from '../dupState.ts';
import type { DupEntryFact } from '../duplicationEvents.ts';
import type { ModelEvent, UpdateFact } from '../events.ts';
import { excluded } from '../exclusions.ts';
import { sameRows } from '../mutations.ts';
import { chosenOf, noteDebt, type ClusterState, type ModelState, type PartitionState } from '../state.ts';
import { settingsOfCluster } from '../config.ts';
import { bore } from '../tableNames.ts';
import type { Decree, NodeId } from '../vocabulary.ts';
import { TASKS_US } from './duplicators.ts';
import { isOpen } from './roles.ts';
import { guard, replicaScene, rule, type Refusal, type ReplicaScene, type Rule } from './rule.ts';

type EventOf<K extends ModelEvent['kind']> = Extract<ModelEvent, { kind: K }>;

interface DuplicatorScene extends ReplicaScene {
  readonly dup: DupState;
  readonly progress: DupPartition;
  readonly duplicator: DuplicatorState | undefined;
}

type Claim = EventOf<'dup.started' | 'dup.stopped' | 'dup.shipped' | 'dup.skipped'>;

function duplicatorScene(state: ModelState, e: Claim): DuplicatorScene | string {
  const scene = replicaScene(state, e);
  if (typeof scene === 'string') return scene;
  const dup = scene.cluster.dups[dupKey(appIdOf(e.gpid), e.dupId)];
  const progress = dup?.partitions[indexOf(e.gpid)];
  if (dup === undefined || progress === undefined) return `duplication ${e.dupId} of ${e.gpid}`;
  const known = dup.duplicators[duplicatorKey(e.gpid, e.node)];
  const duplicator = known?.incarnation === scene.replica.incarnation ? known : undefined;
  return { ...scene, dup, progress, duplicator };
}

/** What the server was told of the partition's progress, -1 nothing. */
function toldProgress({ state, dup, progress }: DuplicatorScene, e: Claim): Decree {
  return progress.values[toldOf(state, dup, e.node)?.values[indexOf(e.gpid)] ?? 0]?.decree ?? -1;
}

/**
 * Is, or was a moment ago, the status that it was told DS_LOG? A fault may hold the task that hears of it back; but nobody
 * ships what never was in DS_LOG.
 */
function mayShip(state: ModelState, dup: DupState, node: NodeId, atUs: number): boolean {
  const told = toldOf(state, dup, node);
  if (told === undefined) return false;
  if (toldStatus(state, dup, node) === 'DS_LOG') return true;
  const was = dup.versions.slice(0, told.version + 1).some(({ status }) => status === 'DS_LOG');
  return was && (!state.calm || told.sinceUs + TASKS_US >= atUs);
}

const isRunning = guard('dup/pipeline-runs', 'dup.L6', ({ duplicator }: DuplicatorScene, e: Claim) =>
  duplicator?.running === true ? undefined : [`a pipeline of duplication ${e.dupId} that runs`, 'none'],
);

type Started = EventOf<'dup.started'>;

export const dupStarted: Rule<Started> = rule<DuplicatorScene, Started>(
  duplicatorScene,
  [
    isOpen,
    guard('dup/starts-when-told', 'dup.L6', ({ state, dup }: DuplicatorScene, e: Started) =>
      mayShip(state, dup, e.node, e.atUs) ? undefined : ['a server that was told DS_LOG', toldStatus(state, dup, e.node)],
    ),
    guard('dup/starts-once', 'dup.S10', ({ duplicator }: DuplicatorScene, _: Started) =>
      duplicator?.running === true ? ['no second pipeline', `it runs from ${duplicator.start} on`] : undefined,
    ),
    guard('dup/starts-behind-what-was-shipped', 'dup.S10', (scene: DuplicatorScene, e: Started) => {
      const told = toldProgress(scene, e);
      const shipped = scene.duplicator?.shipped ?? -1;
      if (told < 0) return ['a stored decree that it was told', 'none'];
      const most = Math.max(shipped, told);
      const last = e.start - 1;
      return last <= most && last >= told
        ? undefined
        : [`a start from ${told + 1} to ${most + 1}`, `${e.start}`];
    }),
    guard('dup/start-is-in-the-log', 'dup.S7', ({ replica, node }: DuplicatorScene, e: Started) => {
      const gone = replica.files[0]?.previousMaxDecree ?? 0;
      return gone < e.start || replica.damaged || replica.lost || node.diskFault || node.powerLost
        ? undefined
        : [`a log that holds decree ${e.start}`, `one from decree ${gone + 1} on`];
    }),
    guard('dup/starts-behind-the-checkpoint', 'dup.S11', ({ dup, progress }: DuplicatorScene, e: Started) =>
      !dup.full || progress.base < 0 || progress.arrived >= e.start - 1
        ? undefined
        : [`a start of at most ${progress.arrived + 1}: the follower has no more`, `${e.start}`],
    ),
  ],
  (scene, e) => {
    const { dup, progress, replica } = scene;
    const key = duplicatorKey(e.gpid, e.node);
    const known = scene.duplicator;
    dup.duplicators[key] = {
      gpid: e.gpid,
      node: e.node,
      incarnation: replica.incarnation,
      appliedWhenTold: known?.appliedWhenTold ?? replica.applied,
      builtAt: known?.builtAt ?? e.start - 1,
      running: true,
      dropped: false,
      start: e.start,
      shipped: known?.shipped ?? -1,
      confirmed: known?.confirmed ?? toldProgress(scene, e),
      changedAtUs: e.atUs,
      shippedAtUs: known?.shippedAtUs ?? -1,
    };
    // What an earlier pipeline had shipped and nobody stored is shipped again.
    progress.shipped = e.start - 1;
    progress.unconfirmed.sinceUs = -1;
    noteDebt(progress.unconfirmed, storedOf(progress), known === undefined ? -1 : progress.shipped, e.atUs);
  },
);

type Stopped = EventOf<'dup.stopped'>;

export const dupStopped: Rule<Stopped> = rule<DuplicatorScene, Stopped>(duplicatorScene, [isRunning], (scene, e) => {
  if (scene.duplicator === undefined) return;
  if (scene.duplicator.dropped) delete scene.dup.duplicators[duplicatorKey(e.gpid, e.node)];
  scene.duplicator.running = false;
  scene.duplicator.changedAtUs = e.atUs;
});

type Shipped = EventOf<'dup.shipped'>;

/** How far the follower has everything; while its beginning is not known (Q2), of what this pipeline loads. */
function arrivedOf({ state, cluster, dup, part, progress, duplicator }: DuplicatorScene): Decree {
  const follower = state.clusters[dup.remote];
  if (progress.base >= 0 || follower === undefined || duplicator === undefined) return progress.arrived;
  const id = clusterIdOf(state, cluster.id);
  let arrived = duplicator.start - 1;
  while (arrived < part.committed) {
    const mutation = chosenOf(part, arrived + 1);
    const isMissing = mutation?.updates.some(
      (update) =>
        isShippable(update) && !hasReceived(follower, dup.remoteAppName, id, mutation.timestampUs, update),
    );
    if (isMissing === true && !isSkipped(progress, arrived + 1)) break;
    arrived++;
  }
  return arrived;
}

export const dupShipped: Rule<Shipped> = rule<DuplicatorScene, Shipped>(
  duplicatorScene,
  [
    isOpen,
    isRunning,
    guard('dup/shipped-grows', 'dup.S5', ({ duplicator }: DuplicatorScene, e: Shipped) =>
      e.last > (duplicator?.shipped ?? -1) && e.last >= (duplicator?.start ?? 0)
        ? undefined
        : [`more than ${duplicator?.shipped ?? -1}`, `${e.last}`],
    ),
    guard('dup/shipped-was-committed', 'dup.S6', ({ replica }: DuplicatorScene, e: Shipped) =>
      e.last <= replica.committed ? undefined : [`at most ${replica.committed}`, `${e.last}`],
    ),
    guard('dup/shipped-is-on-the-follower', 'dup.S10', (scene: DuplicatorScene, e: Shipped) => {
      const arrived = arrivedOf(scene);
      return e.last <= arrived
        ? undefined
        : [`at most ${arrived}: decree ${arrived + 1} is not on the follower`, `${e.last}`];
    }),
  ],
  ({ progress, duplicator }, e) => {
    if (duplicator !== undefined) {
      duplicator.shipped = e.last;
      duplicator.shippedAtUs = e.atUs;
    }
    if (e.last > progress.shipped) progress.shipped = e.last;
    noteDebt(progress.unconfirmed, storedOf(progress), progress.shipped, e.atUs);
  },
);

type Skipped = EventOf<'dup.skipped'>;

/** Are all of the decrees, as far as they carry anything, in the replica's log, and nothing wrong with its disk? */
function isReadable({ part, replica, node }: DuplicatorScene, { from, to }: Skipped): boolean {
  if (node.diskFault || replica.damaged || replica.lost || node.powerLost) return false;
  for (let decree = from; decree <= to; decree++) {
    const owed = hasShippable(part, decree, decree);
    if (owed && replica.files.some(({ records }) => records.some((record) => record.decree === decree))) return true;
  }
  return false;
}

/** Is a write among the decrees, and was the log whole when the replica was opened? Then only a file that is given up hides it. */
function isGivenUp({ part, replica, node }: DuplicatorScene, { from, to }: Skipped): boolean {
  if (node.powerLost || replica.openedWithFault) return false;
  return hasShippable(part, from, to);
}

export const dupSkipped: Rule<Skipped> = rule<DuplicatorScene, Skipped>(
  duplicatorScene,
  [
    isOpen,
    isRunning,
    guard('dup/skips-in-order', 'dup.S10', (_: DuplicatorScene, e: Skipped) =>
      e.from >= 1 && e.to >= e.from ? undefined : ['decrees from .. to', `${e.from} .. ${e.to}`],
    ),
    guard('dup/skips-only-the-unreadable', 'dup.S10', (scene: DuplicatorScene, e: Skipped) =>
      isReadable(scene, e) ? ['only decrees that cannot be read', `${e.from} to ${e.to} of a healthy log`] : undefined,
    ),
    guard('dup/gives-up-files-only-when-asked', 'S8', (scene: DuplicatorScene, e: Skipped) =>
      isGivenUp(scene, e) && !scene.dup.versions.some(({ failMode }) => failMode === 'FAIL_SKIP')
        ? ['a file that cannot be read to be tried again and again, without FAIL_SKIP', `${e.from} to ${e.to} given up`]
        : undefined,
    ),
  ],
  ({ state, cluster, dup, progress, part }, { from, to, atUs }) => {
    if (excluded('fail-skip', true)) progress.skipped.push({ from, to });
    noteArrived(state, cluster, dup, part, atUs);
  },
);

// ---------------------------------------------------------------- dup.sent

type Sent = EventOf<'dup.sent'>;

/** Where an entry stands in the source's log. */
interface Place {
  readonly decree: Decree;
  readonly at: number;
}

interface SentScene {
  readonly state: ModelState;
  readonly cluster: ClusterState;
  readonly follower: ClusterState;
  readonly dup: DupState;
  readonly part: PartitionState;
  readonly progress: DupPartition;
  readonly duplicator: DuplicatorState;
  readonly places: readonly (Place | undefined)[];
}

const isEntry = (update: UpdateFact, entry: DupEntryFact): boolean =>
  update.code === entry.code && sameRows(update.rows, entry.rows);

function placeOf(part: PartitionState, entry: DupEntryFact, least: Decree, after: Place | undefined): Place | undefined {
  for (let decree = part.committed; decree >= least; decree--) {
    const mutation = chosenOf(part, decree);
    if (mutation?.timestampUs !== entry.timestampUs) continue;
    const from = after?.decree === decree ? after.at + 1 : 0;
    const at = mutation.updates.findIndex((update, i) => i >= from && isEntry(update, entry));
    if (at >= 0) return { decree, at };
  }
  return undefined;
}

function placesOf(part: PartitionState, e: Sent): (Place | undefined)[] {
  const places: (Place | undefined)[] = [];
  for (const entry of e.entries) places.push(placeOf(part, entry, 1, places[places.length - 1]));
  return places;
}

/**
 * A request names no duplication and no source partition: it is of a duplicator of that server that feeds the table it
 * goes to, of the partition in which its entries stand.
 */
function sentScene(state: ModelState, e: Sent): SentScene | string {
  const cluster = state.clusters[clusterNameOf(e.from)];
  const follower = state.clusters[clusterNameOf(e.to)];
  const table = follower?.tables[appIdOf(e.gpid)];
  if (cluster === undefined || follower === undefined || table === undefined) return `follower partition ${e.gpid}`;
  let found: SentScene | undefined;
  for (const dup of Object.values(cluster.dups)) {
    if (dup.remote !== follower.id || !bore(table, dup.remoteAppName)) continue;
    for (const duplicator of Object.values(dup.duplicators)) {
      const part = cluster.partitions[duplicator.gpid];
      const progress = dup.partitions[indexOf(duplicator.gpid)];
      if (duplicator.node !== e.from || part === undefined || progress === undefined) continue;
      const scene = { state, cluster, follower, dup, part, progress, duplicator, places: placesOf(part, e) };
      const better = (one: SentScene): number =>
        one.places.filter((place) => place !== undefined).length * 2 + (one.duplicator.running ? 1 : 0);
      if (found === undefined || better(scene) >= better(found)) found = scene;
    }
  }
  return found ?? `a duplicator at ${e.from} that feeds ${table.name}`;
}

const isKnownPrimary = ({ part, duplicator }: SentScene): boolean => {
  const replica = part.replicas[duplicator.node];
  return replica?.open === true && replica.incarnation === duplicator.incarnation;
};

function outOfOrder({ cluster, follower, dup, part, progress, duplicator, places, state }: SentScene, e: Sent): Refusal | undefined {
  const id = clusterIdOf(state, cluster.id);
  const carried = new Set<string>();
  let last: Place | undefined;
  for (const place of places) {
    if (place === undefined) continue;
    if (last !== undefined && (place.decree < last.decree || (place.decree === last.decree && place.at <= last.at)))
      return [`an entry behind decree ${last.decree}`, `one of decree ${place.decree}`];
    carried.add(`${place.decree}/${place.at}`);
    last = place;
  }
  const key = orderKey(e.entries[0] ?? { rows: [] });
  for (let decree = Math.max(progress.arrived + 1, duplicator.start); decree <= (last?.decree ?? -1); decree++) {
    const mutation = chosenOf(part, decree);
    if (mutation === undefined || isSkipped(progress, decree)) continue;
    for (const [at, update] of mutation.updates.entries()) {
      if (decree === last?.decree && at > last.at) break;
      if (!isShippable(update) || orderKey(update) !== key || carried.has(`${decree}/${at}`)) continue;
      if (!hasReceived(follower, dup.remoteAppName, id, mutation.timestampUs, update))
        return [`decree ${decree} of the same key on the follower first`, `decree ${last?.decree ?? -1} is sent`];
    }
  }
  return undefined;
}

/** Did the source itself get the write by a duplication? */
function cameFromElsewhere(cluster: ClusterState, dup: DupState, { timestampUs, code, rows }: DupEntryFact): boolean {
  const all = cluster.received[cluster.tables[dup.appId]?.name ?? ''] ?? {};
  return Object.entries(all).some(
    ([key, writes]) => key.endsWith(`.${timestampUs}`) && writes.some((one) => one.code === code && sameRows(one.rows, rows)),
  );
}

export const dupSent: Rule<Sent> = rule(
  sentScene,
  [
    guard('dup/sent-while-it-runs', 'dup.L6', (scene: SentScene, _: Sent) =>
      scene.duplicator.running && isKnownPrimary(scene)
        ? undefined
        : ['a pipeline that runs', `one of ${scene.duplicator.gpid} that was given up`],
    ),
    guard('dup/sent-while-told', 'dup.L6', ({ state, dup }: SentScene, e: Sent) =>
      mayShip(state, dup, e.from, e.atUs) ? undefined : ['a server that was told DS_LOG', toldStatus(state, dup, e.from)],
    ),
    guard('dup/sent-something', 'dup.S9', (_: SentScene, e: Sent) =>
      e.entries.length > 0 ? undefined : ['entries', 'none'],
    ),
    guard('dup/sent-never-forwards', 'dup.S14', ({ cluster, dup, places }: SentScene, e: Sent) => {
      const odd = e.entries.find((entry) => !isShippable(entry));
      if (odd !== undefined) return ['PUT, REMOVE, MULTI_PUT or MULTI_REMOVE', odd.code];
      const received = e.entries[places.indexOf(undefined)];
      return received !== undefined && cameFromElsewhere(cluster, dup, received)
        ? ['writes of the own users', `${received.code} that another cluster sent at timestamp ${received.timestampUs}`]
        : undefined;
    }),
    guard('dup/sent-is-committed', 'dup.S9', ({ part, places }: SentScene, e: Sent) => {
      const odd = e.entries[places.indexOf(undefined)];
      if (odd === undefined) return undefined;
      const text = odd.rows.map((row) => row.key.slice(2)).join(', ');
      return [`a committed write of ${part.gpid}`, `${odd.code} of ${text} at timestamp ${odd.timestampUs}`];
    }),
    guard('dup/sent-from-the-start-on', 'dup.S11', ({ places, duplicator }: SentScene, _: Sent) => {
      const early = places.find((place) => place !== undefined && place.decree < duplicator.start);
      return early === undefined ? undefined : [`decrees from ${duplicator.start} on`, `${early.decree}`];
    }),
    guard('dup/sent-with-own-cluster-id', 'dup.S9', ({ state, cluster }: SentScene, e: Sent) => {
      const id = clusterIdOf(state, cluster.id);
      const odd = e.entries.find((entry) => entry.clusterId !== id);
      return odd === undefined ? undefined : [`cluster id ${id}`, `${odd.clusterId}`];
    }),
    guard('dup/sent-of-one-key', 'dup.S11', (_: SentScene, e: Sent) => {
      const keys = new Set(e.entries.map(orderKey));
      return keys.size <= 1 ? undefined : ['entries of one hash key', [...keys].join(', ')];
    }),
    guard('dup/sent-in-order', 'dup.S11', outOfOrder),
    guard('dup/sent-within-limits', 'dup.L3', ({ state, cluster }: SentScene, e: Sent) => {
      const { duplicateLogBatchBytes, dupMaxAllowedWriteSizeBytes } = settingsOfCluster(state.config, cluster.id);
      const most = Math.min(duplicateLogBatchBytes, dupMaxAllowedWriteSizeBytes);
      return e.entries.length <= 1 || e.sizeBytes <= most
        ? undefined
        : [`at most ${most} bytes in a request of several entries`, `${e.sizeBytes}`];
    }),
  ],
  ({ follower }, e) => {
    const key = inboundKey(e.gpid, e.to, e.entries);
    const inbound = (follower.inbound[key] ??= { sent: 0, used: 0 });
    inbound.sent++;
  },
);
