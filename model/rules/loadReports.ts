/**
 * What meta server, primaries and members tell each other of a load (bl 9, 10, 13): wishes are what the store holds, a
 * member tells what is so on its disk and in its storage, a primary tells of others only what they said.
 */
import { membersOf } from '../members.ts';
import { appIdOf, indexOf } from '../gpid.ts';
import { settingsOfCluster } from '../config.ts';
import { awaitsFiles, noteFlagCleared } from '../ingestions.ts';
import { areFilesGood, downloadedPercent, metadataOf } from '../loadFiles.ts';
import type { DownloadSlotClaim, IngestionAnswered, LoadMemberReported, LoadReported, LoadWished, MemberLoadFact } from '../loadEvents.ts';
import { isErased, type LoadState, type PartitionLoadState } from '../loadState.ts';
import { POLL_GUARDS } from './loadPolls.ts';
import { lagUsOf, RESET, sameMember, sameMembers, sameMetadata, statusesSince } from '../loadWords.ts';
import type { ClusterState, ModelState, PartitionState } from '../state.ts';
import type { BulkLoadStatus, ErrorCode, Gpid } from '../vocabulary.ts';
import {
  clusterScene,
  guard,
  replicaScene,
  rule,
  type ClusterScene,
  type Refusal,
  type ReplicaScene,
  type Rule,
} from './rule.ts';


/** The load of a partition, and what is known of that partition in it. */
export function loadOf(
  cluster: ClusterState,
  gpid: Gpid,
): { readonly load: LoadState; readonly own: PartitionLoadState } | undefined {
  const load = cluster.loads[appIdOf(gpid)];
  const own = load?.partitions[indexOf(gpid)];
  return load === undefined || own === undefined ? undefined : { load, own };
}

/** Something happened to a partition that may lead its load back to DOWNLOADING (bl 10 rules 1, 2 and 6; 12.4). */
function noteLoadTrouble(cluster: ClusterState, gpid: Gpid, error: ErrorCode, atUs: number): void {
  const load = cluster.loads[appIdOf(gpid)];
  if (load === undefined || error === 'ERR_OK') return;
  load.troubleAtUs = atUs;
}

/** What the answer to an ingestion write may lead its load to (bl 12.4). */
export function noteIngestionRefused(cluster: ClusterState, { gpid, error, applied, atUs }: IngestionAnswered): void {
  if (error !== 'ERR_OK') noteLoadTrouble(cluster, gpid, error, atUs);
  else if (applied !== 'ERR_OK') noteLoadError(cluster, gpid, 'ERR_INGESTION_FAILED', atUs);
}

/** A cause for a load to fail with that error was told (bl 8.3). */
function noteLoadError(cluster: ClusterState, gpid: Gpid, error: ErrorCode, atUs: number): void {
  const load = cluster.loads[appIdOf(gpid)];
  if (load !== undefined) load.reported[error] = atUs;
}

// ---------------------------------------------------------------- load.wished

interface WishScene extends ClusterScene {
  readonly part: PartitionState;
  readonly load: LoadState | undefined;
  readonly own: PartitionLoadState | undefined;
}

function wishScene(state: ModelState, e: LoadWished): WishScene | string {
  const scene = clusterScene(state, e);
  if (typeof scene === 'string') return scene;
  const part = scene.cluster.partitions[e.gpid];
  if (part === undefined) return `partition ${e.gpid}`;
  const load = scene.cluster.loads[appIdOf(e.gpid)];
  return { ...scene, part, load, own: load?.partitions[indexOf(e.gpid)] };
}

export const loadWished: Rule<LoadWished> = rule(
  wishScene,
  [
    guard('load/wish-of-this-load', 'bl.S19', ({ load, own }: WishScene, e: LoadWished) => {
      if (load === undefined || own === undefined || isErased(load)) return ['a load of that partition in the store', 'none'];
      return e.loadId === load.record.loadId ? undefined : [`load ${load.record.loadId}`, `${e.loadId}`];
    }),
    guard('load/wish-is-stored', 'bl.S1', ({ state, own }: WishScene, e: LoadWished) => {
      const held = statusesSince(own?.versions ?? [], e.atUs, lagUsOf(state, e.atUs));
      return held.some(({ status }) => status === e.wish)
        ? undefined
        : [`what the store holds: ${held.map(({ status }) => status).join(', or ')}`, e.wish];
    }),
    guard('load/wish-to-the-primary', 'S7', ({ part }: WishScene, e: LoadWished) => {
      const primary = part.configs[e.ballot]?.primary;
      return primary === e.to && e.ballot <= part.ballot
        ? undefined
        : [`the primary ${primary ?? 'of a stored configuration'} of ballot ${e.ballot}`, e.to];
    }),
    ...POLL_GUARDS,
  ],
  ({ own }, { wish, atUs }) => {
    if (own === undefined) return;
    if (wish !== 'BLS_DOWNLOADED' && wish !== 'BLS_INGESTING') own.unwished = true;
    own.wishedAtUs = atUs;
    own.isWishAnswered = false;
  },
);

// ---------------------------------------------------------------- load.member-reported

interface ReportScene extends ReplicaScene {
  readonly load: LoadState | undefined;
  readonly own: PartitionLoadState | undefined;
}

function reportScene(state: ModelState, e: LoadReported | LoadMemberReported): ReportScene | string {
  const scene = replicaScene(state, e);
  if (typeof scene === 'string') return scene;
  const found = loadOf(scene.cluster, e.gpid);
  return { ...scene, load: found?.load, own: found?.own };
}

const asksProgress = (wish: BulkLoadStatus): boolean => wish === 'BLS_DOWNLOADING' || wish === 'BLS_DOWNLOADED';
const asksCleaned = (wish: BulkLoadStatus): boolean =>
  wish === 'BLS_SUCCEED' || wish === 'BLS_CANCELED' || wish === 'BLS_FAILED';

/** What the wish did not ask about is not told (bl 13.3). */
function toldUnasked(wish: BulkLoadStatus, state: MemberLoadFact): string | undefined {
  if (!asksProgress(wish) && state.downloadProgress !== 0) return `progress ${state.downloadProgress}`;
  if (wish !== 'BLS_INGESTING' && state.ingestStatus !== 'IS_INVALID') return state.ingestStatus;
  if (!asksCleaned(wish) && state.isCleanedUp) return 'cleaned up';
  return wish !== 'BLS_PAUSING' && state.isPaused ? 'paused' : undefined;
}

/** The newest ingestion of a partition that was committed in this load. */
function newestIngestion(part: PartitionState, load: LoadState | undefined): PartitionState['ingestions'][number] | undefined {
  let newest: PartitionState['ingestions'][number] | undefined;
  for (const one of Object.values(part.ingestions))
    if (one.committedAtUs >= (load?.startedAtUs ?? 0) && one.decree > (newest?.decree ?? 0)) newest = one;
  return newest;
}

/** A member that says IS_SUCCEED has the files of the newest ingestion in its storage. */
function notIngested(part: PartitionState, load: LoadState | undefined, node: string): Refusal | undefined {
  const newest = newestIngestion(part, load);
  const wanted = `${node} to have the files of ${part.gpid} in its storage`;
  if (newest === undefined) return [wanted, 'IS_SUCCEED, and no ingestion of this load was committed'];
  return newest.ingestedAtUs[node] === undefined
    ? [wanted, `IS_SUCCEED, and not those of decree ${newest.decree}`]
    : undefined;
}

/** Does the directory hold what the progress says? */
function progressLies(scene: ReportScene, e: LoadMemberReported): Refusal | undefined {
  const { state, node, load, own, part, replica } = scene;
  if (load === undefined || own === undefined || e.error !== 'ERR_OK' || !asksProgress(e.wish)) return undefined;
  const told = e.state.downloadProgress;
  if (e.localStatus === 'BLS_DOWNLOADED' && told !== 100) return ['100 of a member that is DOWNLOADED', `${told}`];
  // Files go to the storage with the ingestion; a bad disk may take them too.
  const newest = newestIngestion(part, load);
  if (node.diskFault || node.powerLost || (newest !== undefined && newest.decree <= replica.applied)) return undefined;
  const known = metadataOf(state, load, own, indexOf(e.gpid));
  if (known === undefined) return undefined;
  const most = known.reduce((best, metadata) => Math.max(best, downloadedPercent(metadata, e.onDisk)), 0);
  return told <= most ? undefined : [`at most ${most}: that much is on its disk`, `${told}`];
}

/** With good files and a sound disk there is nothing to complain of (L3). */
function complainsOfGoodFiles(scene: ReportScene, e: LoadMemberReported): Refusal | undefined {
  const { state, cluster, load, part } = scene;
  const { downloadStatus, ingestStatus } = e.state;
  const complaint =
    downloadStatus !== undefined && downloadStatus !== 'ERR_OK'
      ? downloadStatus
      : ingestStatus === 'IS_FAILED'
        ? ingestStatus
        : undefined;
  const table = cluster.tables[part.appId];
  if (load === undefined || table === undefined || complaint === undefined || e.error !== 'ERR_OK') return undefined;
  if ((load.record.ingestBehind && !table.allowsIngestBehind) || !areFilesGood(state, cluster, load, table)) return undefined;
  return ['no complaint: files and disks are good', complaint];
}

/** What a primary tells of a secondary that will not get on by itself (docs/departures.md, bl.B29). */
function refusalToTell({ wish, error, localStatus }: LoadMemberReported): MemberLoadFact | undefined {
  const cannotDownload = wish === 'BLS_DOWNLOADING' && error === 'ERR_FILE_OPERATION_FAILED';
  const needsFiles = wish === 'BLS_DOWNLOADED' || wish === 'BLS_INGESTING';
  const isLost = needsFiles && error === 'ERR_INVALID_STATE' && localStatus !== 'BLS_DOWNLOADING';
  return cannotDownload || isLost ? { ...RESET, downloadStatus: error } : undefined;
}

export const loadMemberReported: Rule<LoadMemberReported> = rule(
  reportScene,
  [
    guard('load/tells-what-was-asked', 'S8', (_: ReportScene, e: LoadMemberReported) => {
      const told = e.error === 'ERR_OK' ? toldUnasked(e.wish, e.state) : undefined;
      return told === undefined ? undefined : [`nothing but what ${e.wish} asks about`, told];
    }),
    guard('load/progress-is-on-disk', 'S8', progressLies),
    guard('load/cleaned-up-is-gone', 'S8', (_: ReportScene, e: LoadMemberReported) =>
      e.state.isCleanedUp && (e.onDisk !== undefined || e.localStatus !== 'BLS_INVALID')
        ? ['no directory, and nothing of the load', `cleaned up in ${e.localStatus} with ${e.onDisk?.length ?? 0} files`]
        : undefined,
    ),
    guard('load/succeed-is-in-storage', 'S10', ({ part, load }: ReportScene, e: LoadMemberReported) =>
      e.state.ingestStatus === 'IS_SUCCEED' && load !== undefined ? notIngested(part, load, e.node) : undefined,
    ),
    guard('load/paused-when-wished', 'S8', (_: ReportScene, e: LoadMemberReported) =>
      e.state.isPaused && e.localStatus !== 'BLS_PAUSED' ? ['a member that is PAUSED', e.localStatus] : undefined,
    ),
    guard('load/paused-without-a-slot', 'S9', ({ node, part, replica }: ReportScene, e: LoadMemberReported) =>
      e.state.isPaused && node.slots[e.gpid] !== undefined && !awaitsFiles(part, replica)
        ? ['its slot given back: nothing is downloaded', 'it holds one']
        : undefined,
    ),
    guard('load/complains-for-a-cause', 'L3', complainsOfGoodFiles),
    guard('load/forgotten-with-the-role', 'bl.S19', ({ replica }: ReportScene, e: LoadMemberReported) =>
      e.error === 'ERR_OK' && (e.wish === 'BLS_DOWNLOADED' || e.wish === 'BLS_INGESTING') && !replica.loadBegun
        ? ['ERR_INVALID_STATE, until it is told to download in the role that it has', `${e.localStatus} to ${e.wish}`]
        : undefined,
    ),
  ],
  ({ own, replica }, e) => {
    if (e.wish === 'BLS_DOWNLOADING' && e.error === 'ERR_OK') replica.loadBegun = true;
    if (e.state.isCleanedUp || e.state.isPaused) replica.loadBegun = false;
    const told = e.error === 'ERR_OK' ? e.state : refusalToTell(e);
    if (own === undefined || told === undefined) return;
    const said = (own.said[e.node] ??= []);
    const known = said.findIndex((one) => sameMember(one, told));
    if (known >= 0) said.splice(known, 1);
    said.push(told);
  },
);

// ---------------------------------------------------------------- load.reported

const UNKNOWN: MemberLoadFact = { ...RESET, downloadStatus: undefined };

function groupDiffers({ part, cluster }: ReportScene, e: LoadReported): Refusal | undefined {
  const group = membersOf(part);
  const table = cluster.tables[part.appId];
  if (e.error !== 'ERR_OK' || group.length === 0 || group.includes('') || table?.status !== 'AS_AVAILABLE')
    return undefined;
  const members = [...group].sort().join();
  const told = Object.keys(e.members).sort().join();
  return members === told ? undefined : [`of ${members}`, `of ${told}`];
}

/** A primary passes on what a member said in this load, or that it knows nothing (bl 13.1, 13.3). */
function neverSaid({ load, own }: ReportScene, e: LoadReported): Refusal | undefined {
  if (own === undefined || e.loadId !== load?.record.loadId) return undefined;
  for (const [node, told] of Object.entries(e.members)) {
    if (sameMember(told, RESET) || sameMember(told, UNKNOWN)) continue;
    if (own.said[node]?.some((said) => sameMember(said, told)) !== true)
      return [`what ${node} said`, describeMember(told)];
  }
  return undefined;
}

function describeMember({ downloadProgress, downloadStatus, ingestStatus, isCleanedUp, isPaused }: MemberLoadFact): string {
  return `${downloadProgress} % ${downloadStatus ?? 'no status'} ${ingestStatus}${isCleanedUp ? ' cleaned up' : ''}${isPaused ? ' paused' : ''}`;
}

/** With a download that it has just begun a primary forgets what the others said of the one before (bl 14.1 step 3). */
function saidBefore({ node }: ReportScene, e: LoadReported): Refusal | undefined {
  const begins = e.wish === 'BLS_DOWNLOADING' && e.localStatus === 'BLS_DOWNLOADING' && node.slots[e.gpid] === e.atUs;
  if (!begins || e.error !== 'ERR_OK') return undefined;
  const known = Object.keys(e.members).find((name) => name !== e.node && !sameMember(e.members[name] ?? UNKNOWN, UNKNOWN));
  return known === undefined ? undefined : [`nothing of ${known}: the download begins`, describeMember(e.members[known] ?? UNKNOWN)];
}

/** The sums of bl 13.1, made of the members' words that the report itself carries. */
function wrongSum({ cluster, part }: ReportScene, e: LoadReported): Refusal | undefined {
  const { wish } = e;
  const members = Object.values(e.members);
  const count = cluster.tables[part.appId]?.maxReplicaCount ?? members.length;
  const isFull = members.length === count;
  const ok = e.error === 'ERR_OK';
  const all = (holds: (member: MemberLoadFact) => boolean): boolean => isFull && members.every(holds);
  const sum = members.reduce((percent, { downloadProgress }) => percent + downloadProgress, 0);
  const right = {
    totalProgress: ok && asksProgress(wish) ? Math.min(100, Math.trunc(sum / Math.max(1, count))) : undefined,
    isIngestionFinished: ok && wish === 'BLS_INGESTING' ? all((one) => one.ingestStatus === 'IS_SUCCEED') : undefined,
    isCleanedUp: ok && asksCleaned(wish) ? all((one) => one.isCleanedUp) : undefined,
    isPaused: ok && wish === 'BLS_PAUSING' ? all((one) => one.isPaused) : undefined,
  };
  for (const [key, value] of Object.entries(right)) {
    const told = e[key as keyof typeof right];
    if (told !== value) return [`${key} ${value ?? 'not told'}`, `${told ?? 'not told'}`];
  }
  return undefined;
}

function wrongMetadata({ state, load, own }: ReportScene, e: LoadReported): Refusal | undefined {
  const { metadata } = e;
  if (metadata === undefined || load === undefined || own === undefined) return undefined;
  const known = metadataOf(state, load, own, indexOf(e.gpid));
  if (known === undefined || known.some((one) => sameMetadata(one, metadata))) return undefined;
  return [`the metadata of load ${load.record.loadId} on its provider`, metadata.files.map(({ name }) => name).join(', ')];
}

/** What the meta server makes of a member's error (bl 10.1). */
function failureOf(status: ErrorCode): ErrorCode {
  const known: readonly ErrorCode[] = ['ERR_FILE_OPERATION_FAILED', 'ERR_FS_INTERNAL', 'ERR_CORRUPTION'];
  return known.includes(status) ? status : 'ERR_UNKNOWN';
}

export const loadReported: Rule<LoadReported> = rule(
  reportScene,
  [
    guard('load/report-of-the-group', 'bl.S9', groupDiffers),
    guard('load/report-of-what-was-said', 'S8', neverSaid),
    guard('load/report-of-this-download', 'bl.S2', saidBefore),
    guard('load/report-sums', 'bl.S9', wrongSum),
    guard('load/report-metadata', 'bl.S19', wrongMetadata),
    guard('load/report-succeed-is-in-storage', 'S10', ({ part, load }: ReportScene, e: LoadReported) => {
      if (load === undefined) return undefined;
      const liar = Object.keys(e.members).find(
        (node) => e.members[node]?.ingestStatus === 'IS_SUCCEED' && notIngested(part, load, node) !== undefined,
      );
      return liar === undefined ? undefined : notIngested(part, load, liar);
    }),
  ],
  ({ cluster, part, replica, load, own }, e) => {
    const { error, gpid, atUs } = e;
    noteFlagCleared(part, replica, e);
    // The meta server hears no answers to an earlier load's questions (bl.B35).
    if (load === undefined || e.loadId !== load.record.loadId) return;
    if (own !== undefined) own.isWishAnswered = true;
    if (error === 'ERR_OBJECT_NOT_FOUND' || error === 'ERR_INVALID_STATE') noteLoadTrouble(cluster, gpid, error, atUs);
    else if (error !== 'ERR_OK' && error !== 'ERR_BUSY') noteLoadError(cluster, gpid, error, atUs);
    if (own === undefined || error !== 'ERR_OK') return;
    for (const { downloadStatus, ingestStatus } of Object.values(e.members)) {
      if (downloadStatus === 'ERR_INVALID_STATE') noteLoadTrouble(cluster, gpid, downloadStatus, atUs);
      else if (downloadStatus !== undefined && downloadStatus !== 'ERR_OK')
        noteLoadError(cluster, gpid, failureOf(downloadStatus), atUs);
      if (ingestStatus === 'IS_FAILED') noteLoadError(cluster, gpid, 'ERR_INGESTION_FAILED', atUs);
    }
    remember(own, e);
  },
);

function remember(own: PartitionLoadState, e: LoadReported): void {
  const { members, metadata, atUs } = e;
  if (e.totalProgress !== undefined && e.totalProgress >= 100) {
    own.reportedDownloaded = true;
    own.downloadedAtUs = atUs;
  }
  if (e.isIngestionFinished === true) own.reportedFinished = true;
  if (e.isPaused === true) own.reportedPaused = true;
  if (e.isCleanedUp === true) own.reportedCleaned = true;
  if (metadata !== undefined && !own.metadata.some((one) => sameMetadata(one, metadata))) own.metadata.push(metadata);
  own.members = { ...members };
  const known = own.reports.findIndex((one) => sameMembers(one.members, members));
  if (known >= 0) own.reports.splice(known, 1);
  own.reports.push({ members, atUs });
}

// ---------------------------------------------------------------- load.slot

export const slot: Rule<DownloadSlotClaim> = rule(
  replicaScene,
  [
    guard('load/slot-changes-hands', 'S9', ({ node }: ReplicaScene, e: DownloadSlotClaim) =>
      e.taken !== (node.slots[e.gpid] !== undefined)
        ? undefined
        : [`${e.gpid} to ${e.taken ? 'hold no' : 'hold a'} slot`, e.taken ? 'it takes another' : 'it gives one back'],
    ),
    guard('load/slots-are-counted', 'bl.S8', ({ node }: ReplicaScene, e: DownloadSlotClaim) => {
      const count = Object.keys(node.slots).length + (e.taken ? 1 : -1);
      return e.serverCount === count ? undefined : [`${count} slots in use`, `${e.serverCount}`];
    }),
    guard('load/slots-are-bounded', 'bl.S8', ({ state, cluster }: ReplicaScene, e: DownloadSlotClaim) => {
      const most = settingsOfCluster(state.config, cluster.id).maxConcurrentBulkLoadDownloadingCount;
      return !e.taken || e.serverCount <= most ? undefined : [`at most ${most} slots`, `${e.serverCount}`];
    }),
  ],
  ({ node }, e) => {
    if (e.taken) node.slots[e.gpid] = e.atUs;
    else delete node.slots[e.gpid];
  },
);
