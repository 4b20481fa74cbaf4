/** What the model remembers of file providers, loads and ingestions (bl). Plain data, a tree, as all of state.ts. */
import type {
  IngestionFact,
  LoadRecordFact,
  LoadRowFact,
  MemberLoadFact,
  PartitionLoadRecordFact,
  ProviderFileFact,
} from './loadEvents.ts';
import type { Ballot, Decree, NodeId } from './vocabulary.ts';

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

/** One partition of a load. */
export interface PartitionLoadState {
  record: PartitionLoadRecordFact;
  storedAtUs: number;
  /** Since the last way back to DOWNLOADING was stored: what its primaries reported. */
  reportedDownloaded: boolean;
  reportedFinished: boolean;
  reportedPaused: boolean;
  reportedCleaned: boolean;
  /** What each member said last to the meta server. */
  members: Record<NodeId, MemberLoadFact>;
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
  partitions: Record<number, PartitionLoadState>;
}

/** An ingestion write on its way from the meta server to a primary: at most one mutation each (bl 12.1). */
export interface SentIngestion {
  to: NodeId;
  load: IngestionFact;
  sentAtUs: number;
  prepared: boolean;
}

/** An ingestion mutation that was committed: what it brings, and who has it (bl 15.3). */
export interface IngestionState {
  decree: Decree;
  ballot: Ballot;
  load: IngestionFact;
  /** The rows of all its files, the last file's over the others'; empty when some file is not a whole set of rows. */
  rows: readonly LoadRowFact[];
  committedAtUs: number;
  ingestedAtUs: Record<NodeId, number>;
}
