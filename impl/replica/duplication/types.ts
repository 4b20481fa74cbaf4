/**
 * The seam between a duplicator and its pipeline (dup 2.5, 6): what the three stages ask of the duplicator that owns
 * them, and how it starts and ends them.
 */
import type { ClusterId, Decree, DuplicationFailMode, DupId } from '../../../model/vocabulary.ts';
import type { Replica } from '../replica.ts';

/** The duplicator as its pipeline sees it. */
export interface PipelineHost {
  readonly replica: Replica;
  readonly dupId: DupId;
  readonly remoteCluster: ClusterId;
  readonly remoteAppName: string;
  failMode(): DuplicationFailMode;
  /** What the meta server has stored; -1 before the first. */
  confirmedDecree(): Decree;
  /** Shipped and acknowledged. */
  lastDecree(): Decree;
  /** Everything up to `last` is acknowledged, or left out and claimed as skipped; `last` is committed. */
  onShipped(last: Decree): void;
  /** A log file cannot be read, and the fail mode is FAIL_FAST. The pipeline does nothing more by itself. */
  onLoadFailed(): void;
}

/** One pipeline: started once, stopped once. A resumed duplicator builds a new one (dup 6.1). */
export interface PipelineContract {
  start(): void;
  /** All stages are gone: no task or reply of them does anything from now on. */
  stop(): void;
}
