/** Words about the facts of a load: what is the same, what stood in the store since a moment, how long a memory lags. */
import type { LoadMetadataFact, MemberLoadFact, PartitionLoadRecordFact } from './loadEvents.ts';
import type { LoadVersion, PartitionLoadState } from './loadState.ts';
import type { NodeId } from './vocabulary.ts';

export function newPartitionLoad(record: PartitionLoadRecordFact, atUs: number): PartitionLoadState {
  return {
    record,
    storedAtUs: atUs,
    reportedDownloaded: false,
    downloadedAtUs: -1,
    reportedFinished: false,
    reportedPaused: false,
    reportedCleaned: false,
    unwished: false,
    wishedAtUs: -1,
    isWishAnswered: true,
    members: {},
    versions: [{ status: record.status, error: 'ERR_OK', atUs }],
    metadata: [],
    said: {},
    reports: [],
  };
}

export function sameMetadata(one: LoadMetadataFact, other: LoadMetadataFact): boolean {
  if (one === other) return true;
  if (one.totalBytes !== other.totalBytes || one.files.length !== other.files.length) return false;
  return one.files.every((file, i) => {
    const twin = other.files[i];
    return file.name === twin?.name && file.sizeBytes === twin.sizeBytes && file.md5 === twin.md5;
  });
}

export function sameMember(one: MemberLoadFact, other: MemberLoadFact): boolean {
  return (
    one.downloadProgress === other.downloadProgress &&
    one.downloadStatus === other.downloadStatus &&
    one.ingestStatus === other.ingestStatus &&
    one.isCleanedUp === other.isCleanedUp &&
    one.isPaused === other.isPaused
  );
}

/** What is known of each member of a group. */
export type Members = Readonly<Record<NodeId, MemberLoadFact>>;

export function sameMembers(one: Members, other: Members): boolean {
  const nodes = Object.keys(one);
  return (
    nodes.length === Object.keys(other).length &&
    nodes.every((node) => {
      const here = one[node];
      const there = other[node];
      return here !== undefined && there !== undefined && sameMember(here, there);
    })
  );
}

/** What the meta server had in memory at some moment since then, when it may lag behind the store so long. */
export function statusesSince(versions: readonly LoadVersion[], sinceUs: number, lagUs: number): readonly LoadVersion[] {
  const first = versions.findIndex((_, i) => (versions[i + 1]?.atUs ?? Infinity) + lagUs >= sinceUs);
  return first < 0 ? [] : versions.slice(first);
}

const CALM_LAG_US = 2_000_000;
const FAULTY_LAG_US = 10_000_000;

/** How long a memory may lag behind the store that it has written (bl 4.5). */
export function lagUsOf(state: { readonly calm: boolean; readonly disturbedAtUs: number }, atUs: number): number {
  if (state.calm) return CALM_LAG_US;
  return atUs - state.disturbedAtUs < FAULTY_LAG_US ? Infinity : FAULTY_LAG_US;
}

/** Of a member that did nothing, answered badly, or lost what it had (bl 13.3). */
export const RESET: MemberLoadFact = {
  downloadProgress: 0,
  downloadStatus: 'ERR_OK',
  ingestStatus: 'IS_INVALID',
  isCleanedUp: false,
  isPaused: false,
};
