/** Ingestion: what a load's files become on each replica (bl 15, 20). */
import type { Property } from './types.ts';

function always(id: string, sentence: string): Property {
  return { id, kind: 'always', sentence, subsystem: 'bulk-load', checkedIn: ['rules'] };
}

export const INGESTION_ALWAYS: readonly Property[] = [
  always(
    'S10',
    'what is ingested are the files of one load, all of them, as of the decree of its write; success says that all have them',
  ),
  always('bl.S6', 'an ingestion write is let in under the ballot of its request'),
  always('bl.S7', 'no more partitions ingest at once on a server than is allowed'),
  always('bl.S4', 'while a partition ingests no write of a client is let in, and an ingestion write never meets itself'),
];
