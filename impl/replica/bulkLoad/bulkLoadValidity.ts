/** Which wishes of the meta server a replica can follow from where it is (bl 13.4). */
import type { BulkLoadStatus } from '../../../model/vocabulary.ts';

const ALL: readonly BulkLoadStatus[] = [
  'BLS_INVALID', 'BLS_DOWNLOADING', 'BLS_DOWNLOADED', 'BLS_INGESTING', 'BLS_SUCCEED',
  'BLS_FAILED', 'BLS_PAUSING', 'BLS_PAUSED', 'BLS_CANCELED',
];

/** By the desired status: the local ones from which it can be followed. */
const VALID_FROM: Readonly<Record<BulkLoadStatus, readonly BulkLoadStatus[]>> = {
  BLS_INVALID: ALL,
  BLS_DOWNLOADING: ['BLS_INVALID', 'BLS_DOWNLOADING', 'BLS_DOWNLOADED', 'BLS_INGESTING', 'BLS_SUCCEED', 'BLS_PAUSED'],
  BLS_DOWNLOADED: ['BLS_DOWNLOADED'],
  BLS_INGESTING: ['BLS_DOWNLOADED', 'BLS_INGESTING'],
  BLS_SUCCEED: ['BLS_INVALID', 'BLS_DOWNLOADED', 'BLS_INGESTING', 'BLS_SUCCEED'],
  BLS_FAILED: ALL,
  // Only a load that downloads is paused: what a member ingests, or has ingested, is of a round before (bl.13.4).
  BLS_PAUSING: [
    'BLS_INVALID', 'BLS_DOWNLOADING', 'BLS_DOWNLOADED', 'BLS_INGESTING', 'BLS_SUCCEED', 'BLS_PAUSING', 'BLS_PAUSED',
  ],
  BLS_PAUSED: [],
  BLS_CANCELED: ALL,
};

export function isBulkLoadStatusValid(desired: BulkLoadStatus, local: BulkLoadStatus): boolean {
  return VALID_FROM[desired].includes(local);
}
