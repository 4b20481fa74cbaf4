/**
 * Ingestion writes and what they bring (bl 12.1, 15; departures bl.B12, B34): content is a function of the log, so what
 * comes of a committed one is settled by its files, and every member brings it in as of its decree, early or late.
 */
import { applyIngestion } from './content.ts';
import type { LoadFileFact, LoadReported, LoadRowFact } from './loadEvents.ts';
import type { IngestionState, Run, SentIngestion } from './loadState.ts';
import type { ClusterState, ModelState, PartitionState, Proposal, ReplicaState, TableState, Version } from './state.ts';
import type { Ballot, Decree, Gpid, NodeId } from './vocabulary.ts';

/** What a table's envs say of ingesting behind; only those it is created with count (bl 19). */
export const allowsIngestBehind = (envs: Readonly<Record<string, string>>): boolean =>
  envs['rocksdb.allow_ingest_behind']?.toLowerCase() === 'true';

// ---------------------------------------------------------------- what a committed one brings

/** The runs of a load in its order; undefined when one has no MD5, was never on a provider, or is of another size. */
function runsOf({ runs }: ModelState, files: readonly LoadFileFact[]): readonly Run[] | undefined {
  const found: Run[] = [];
  for (const { md5, sizeBytes } of files) {
    const run = runs[md5];
    if (run === undefined || run.sizeBytes !== sizeBytes) return undefined;
    found.push(run);
  }
  return found;
}

function rowsOf(runs: readonly Run[]): readonly LoadRowFact[] {
  const rows = new Map<string, LoadRowFact>();
  for (const run of runs) for (const row of run.rows) rows.set(row.key, row);
  return [...rows.values()];
}

/** A mutation was committed first: if it is an ingestion write, content and history get what it brings. */
export function noteIngestion(
  state: ModelState,
  table: TableState | undefined,
  part: PartitionState,
  { decree, ballot, updates }: Proposal,
  atUs: number,
): void {
  const load = updates[0]?.load;
  if (load === undefined) return;
  const runs = runsOf(state, load.metadata.files);
  const comesIn =
    runs !== undefined &&
    runs.length > 0 &&
    runs.every(({ rows }) => rows.length > 0) &&
    (!load.ingestBehind || table?.allowsIngestBehind === true);
  const brings = runs === undefined ? 'unknown' : comesIn ? 'rows' : 'nothing';
  const one: IngestionState = {
    decree,
    ballot,
    load,
    brings,
    rows: runs !== undefined && comesIn ? rowsOf(runs) : [],
    committedAtUs: atUs,
    ingestedAtUs: {},
  };
  part.ingestions[decree] = one;
  applyIngestion(part, table, one);
}

/** Ingestions up to a decree that a replica has to bring in and has not, oldest first. */
export function missingUpTo(part: PartitionState, { node, flushed }: ReplicaState, decree: Decree): IngestionState[] {
  const missing: IngestionState[] = [];
  for (const at in part.ingestions) {
    const one = part.ingestions[at];
    if (one === undefined || one.brings === 'nothing' || one.decree > decree || one.decree <= flushed) continue;
    if (one.ingestedAtUs[node] === undefined) missing.push(one);
  }
  return missing;
}

/**
 * Does a replica wait for the files of an ingestion that it has applied? Until then it flushes nothing; also bad files must
 * be there before they are known as bad, and are flushed with.
 */
export function awaitsFiles(part: PartitionState, { node, applied, flushed }: ReplicaState): boolean {
  for (const at in part.ingestions) {
    const one = part.ingestions[at];
    if (one !== undefined && one.decree > flushed && one.decree <= applied && one.ingestedAtUs[node] === undefined)
      return true;
  }
  return false;
}

/** When a replica last brought in the files of an ingestion, -1 never. */
export function lastIngestedUs(part: PartitionState, node: NodeId): number {
  let lastUs = -1;
  for (const decree in part.ingestions) lastUs = Math.max(lastUs, part.ingestions[decree]?.ingestedAtUs[node] ?? -1);
  return lastUs;
}

// ---------------------------------------------------------------- what a primary shows meanwhile

const wasPrimarySince = ({ open, status, primaryUntilUs }: ReplicaState, sinceUs: number): boolean =>
  (open && status === 'PS_PRIMARY') || primaryUntilUs >= sinceUs;

/** Was there a primary since then that had not brought in what the version stems from? It showed the one before. */
export function mayBeUnseen(part: PartitionState, { ingestion }: Version, sinceUs: number): boolean {
  const one = ingestion > 0 ? part.ingestions[ingestion] : undefined;
  if (one === undefined) return false;
  return Object.values(part.replicas).some(
    (replica) => wasPrimarySince(replica, sinceUs) && (one.ingestedAtUs[replica.node] ?? Infinity) >= sinceUs,
  );
}

/** Was something brought in up to a decree of which nobody knows the rows? */
export function hasUnknownRows({ begin, ingestions }: PartitionState, decree = Infinity): boolean {
  return !begin.isKnown || Object.values(ingestions).some((one) => one.brings === 'unknown' && one.decree <= decree);
}

/** The same of any partition of a table: which one has a key is not known then. */
export const tableHasUnknownRows = ({ partitions }: ClusterState, appId: number): boolean =>
  Object.values(partitions).some((part) => part.appId === appId && hasUnknownRows(part));

/** Keys that ingestions behind a decree touched: they are shipped to nobody (bl 17.10). */
export function ingestedKeys(part: PartitionState, behind: Decree): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const { decree, rows } of Object.values(part.ingestions))
    if (decree > behind) for (const { key } of rows) keys.add(key);
  return keys;
}

// ---------------------------------------------------------------- while it keeps user writes out

const concerns = (sent: SentIngestion, node: NodeId): boolean => sent.to === node && sent.overAtUs < 0;

/**
 * A replica's role ended, or its ballot rose to `ballot`: the flag is gone, and no write that is on its way in an older
 * ballot is let in any more.
 */
export function endRole(part: PartitionState, replica: ReplicaState, ballot: Ballot, atUs: number): void {
  replica.ingesting = 0;
  for (const sent of part.ingestionsSent) {
    const mayComeIn = !sent.prepared && !sent.answered && sent.load.ballot >= ballot;
    if (concerns(sent, replica.node) && !mayComeIn) sent.overAtUs = atUs;
  }
}

/** Nothing that a primary let in is on its way to its storage. */
function isResolved(part: PartitionState, replica: ReplicaState): boolean {
  const { node, applied } = replica;
  return (
    !awaitsFiles(part, replica) &&
    part.ingestionsSent.every((one) => (one.prepared ? one.decree <= applied : one.answered || one.to !== node))
  );
}

/** The primary has just told that its flag is gone. Without a slot to download it lets writes in all the same (bl.B33). */
function isFlagGone(part: PartitionState, replica: ReplicaState, e: LoadReported): boolean {
  if (e.error === 'ERR_BUSY') return e.wish === 'BLS_DOWNLOADING' && isResolved(part, replica);
  const cleaned = e.members[e.node]?.isCleanedUp === true;
  return (
    e.error === 'ERR_OK' &&
    (e.wish === 'BLS_DOWNLOADING' ||
      (e.wish === 'BLS_PAUSING' && e.localStatus === 'BLS_PAUSED') ||
      (e.wish === 'BLS_INGESTING' && e.isIngestionFinished === true) ||
      ((e.wish === 'BLS_SUCCEED' || e.wish === 'BLS_FAILED' || e.wish === 'BLS_CANCELED') && cleaned))
  );
}

/**
 * A primary tells that it has no flag any more: its group has all files, it downloads again, is paused, or has cleaned up. What has
 * not come there yet may set it again.
 */
export function noteFlagCleared(part: PartitionState, replica: ReplicaState, e: LoadReported): void {
  if (part.ingestionsSent.length === 0 || !isFlagGone(part, replica, e)) return;
  for (const sent of part.ingestionsSent)
    if (concerns(sent, e.node) && (sent.prepared || sent.answered)) sent.overAtUs = e.atUs;
}

/** May an ingestion have kept user writes out of a partition at some moment since then (bl 15.1 #9)? */
export function keptWritesOut(cluster: ClusterState, gpid: Gpid | '', sinceUs: number): boolean {
  const sent = cluster.partitions[gpid]?.ingestionsSent ?? [];
  return sent.some(({ overAtUs }) => overAtUs < 0 || overAtUs >= sinceUs);
}
