/** What the page is told beside the tape: the record, and texts that are made from plans where the page cannot. */
import type { FindingRecord } from '../../finding.ts';

/** A line of the failing plan beside the same line of the plan that passes. */
export interface PlanPair {
  readonly here: string;
  readonly there: string;
  readonly same: boolean;
}

export interface PageFinding {
  readonly record: FindingRecord;
  /** Empty when there is no passing plan near. */
  readonly pairs: readonly PlanPair[];
}
