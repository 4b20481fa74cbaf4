/** What the model remembers of file providers, loads and ingestions (bl). Plain data, a tree, as all of state.ts. */
import type {
  IngestionFact,
  LoadMetadataFact,
  LoadRecordFact,
  LoadRowFact,
  MemberLoadFact,
  PartitionLoadRecordFact,
  ProviderFileFact,
} from './loadEvents.ts';
import type { Ballot, BulkLoadStatus, Decree, ErrorCode, NodeId } from './vocabulary.ts';

/** A file of a provider as it stands. */
export interface ProviderFile {
  sizeBytes: number;
  md5: string;
  file: ProviderFileFact;
  putAtUs: number;
}

export interface ProviderState {
  files: Record<string, ProviderFile>;
  /** When a file was last put or removed. */
  changedAtUs: number;
}

/** A status that the store held, since then, with the error that came with it. */
export interface LoadVersion {
  status: BulkLoadStatus;
  error: ErrorCode;
  atUs: number;
}

/** What a primary told of its group, and when last. */
export interface GroupReport {
  members: Readonly<Record<NodeId, MemberLoadFact>>;
  atUs: number;
}

/** A file that some provider had once: its rows, none when it is no sorted file. */
export interface Run {
  sizeBytes: number;
  rows: readonly LoadRowFact[];
}

/** One partition of a load. */
export interface PartitionLoadState {
  record: PartitionLoadRecordFact;
  storedAtUs: number;
  /** Since the last way back to DOWNLOADING was stored: what its primaries reported. */
  reportedDownloaded: boolean;
  /** When that was last, -1 never. */
  downloadedAtUs: number;
  reportedFinished: boolean;
  reportedPaused: boolean;
  reportedCleaned: boolean;
  /** Since it came to INGESTING the meta server has told its primary to leave it. */
  unwished: boolean;
  /** Its primary was last asked then, -1 never; and has answered since. */
  wishedAtUs: number;
  isWishAnswered: boolean;
  /** What each member said last to the meta server. */
  members: Record<NodeId, MemberLoadFact>;
  /** Statuses that the store held, oldest first. */
  versions: LoadVersion[];
  /** Metadata that primaries reported in this load. */
  metadata: LoadMetadataFact[];
  /** Different things that each member said of itself in this load, the last one last. */
  said: Record<NodeId, MemberLoadFact[]>;
  /** Different things that primaries said of the group, oldest first. */
  reports: GroupReport[];
}

/** A table's load, or the result of its last one. */
export interface LoadState {
  appId: number;
  record: LoadRecordFact;
  /** Since when it stands in that status; since when the load runs. */
  storedAtUs: number;
  startedAtUs: number;
  /** Ways back to DOWNLOADING since the start, or since the meta server's last start. */
  rollbacks: number;
  /** As many more at most: records of DOWNLOADING over DOWNLOADING that may be one operation sent twice. */
  unclearRollbacks: number;
  /** As many as the meta server of before may have counted: what it had sent takes effect after its end. */
  rollbacksBefore: number;
  partitions: Record<number, PartitionLoadState>;
  /** When its node was removed from the store, -1 while it is there. */
  erasedAtUs: number;
  /** Statuses of the table's loads, BLS_INVALID where there was none, oldest first. */
  versions: LoadVersion[];
  /** When the way to DOWNLOADING was stored last. */
  downloadingAtUs: number;
  /** When somebody last reported an error, by error. */
  reported: Partial<Record<ErrorCode, number>>;
  /** When something last happened that leads back to DOWNLOADING (bl 10 rules 1, 2 and 6, 12.4). */
  troubleAtUs: number;
  /** Controls that were answered with ERR_OK before the store showed them. */
  granted: LoadControl[];
  /** Somebody paused or canceled it. */
  controlled: boolean;
  /** When a forced cancel was answered with ERR_OK, -1 never. */
  forcedAtUs: number;
}

/** What operators ask of a load that runs (bl 6.2). */
export type LoadControl = 'pause' | 'restart' | 'cancel' | 'force';

/** An ingestion write on its way from the meta server to a primary: at most one mutation each (bl 12.1). */
export interface SentIngestion {
  to: NodeId;
  load: IngestionFact;
  sentAtUs: number;
  /** It became a mutation: of this decree, 0 before. */
  prepared: boolean;
  decree: Decree;
  answered: boolean;
  /** Since when it keeps no user write out any more, -1: it may (bl 15.1 #9). */
  overAtUs: number;
}

/** An ingestion mutation that was committed: what it brings, and who has it (bl 15.3). */
export interface IngestionState {
  decree: Decree;
  ballot: Ballot;
  load: IngestionFact;
  /** Nothing comes of files that are no sorted rows; of files that nobody ever saw, or whose MD5 nobody named, nobody knows. */
  brings: 'rows' | 'nothing' | 'unknown';
  /** The rows of all its files, the last file's over the others'; empty unless it brings rows. */
  rows: readonly LoadRowFact[];
  committedAtUs: number;
  ingestedAtUs: Record<NodeId, number>;
}

export const isErased = (load: LoadState): boolean => load.erasedAtUs >= 0;

/** Does a record hold metadata: files, or a total (bl 9)? */
export const isKnown = ({ files, totalBytes }: LoadMetadataFact): boolean => files.length > 0 || totalBytes > 0;

/** Statuses in which a load ends. */
export const isTerminal = (status: BulkLoadStatus): boolean =>
  status === 'BLS_SUCCEED' || status === 'BLS_FAILED' || status === 'BLS_CANCELED';

/** A load whose record has just come to the store; `versions` are those of the table's earlier loads. */
export function newLoad(
  appId: number,
  record: LoadRecordFact,
  versions: readonly LoadVersion[],
  atUs: number,
): LoadState {
  return {
    appId,
    record,
    storedAtUs: atUs,
    startedAtUs: atUs,
    rollbacks: 0,
    unclearRollbacks: 0,
    rollbacksBefore: 0,
    partitions: {},
    erasedAtUs: -1,
    versions: [...versions, { status: record.status, error: record.error, atUs }],
    downloadingAtUs: atUs,
    reported: {},
    troubleAtUs: -1,
    granted: [],
    controlled: false,
    forcedAtUs: -1,
  };
}
