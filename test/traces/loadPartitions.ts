/** Refusing traces of the record of one partition's load (bl 4.3, 8.4, 12.2). Each refused event stands beside one that is permitted. */
import type { ModelEvent } from '../../model/events.ts';
import { FIRST, INGEST, ingests, loadOf, sent } from './loadStory.ts';
import {
  all,
  BEGUN,
  CANCELED,
  DONE,
  DOWNLOADED,
  FINISHED,
  HEARD,
  IN,
  INGESTED,
  INGESTING,
  METADATA,
  NO_METADATA,
  NOTED,
  now,
  NOW,
  part,
  PART_DOWNLOADED,
  PART_PAUSING,
  READY_TO_LOAD,
  refuses,
  STORED,
  stored,
} from './loadTableStory.ts';
import { A, applied, B, committed, fault, mutation, P, write } from './story.ts';
import type { Refused } from './refused.ts';

const EMPTY = { metadata: NO_METADATA };
/** The trouble that leads back, seen at the primary. */
const TROUBLE = [...DOWNLOADED, refuses('ERR_INVALID_STATE', 'BLS_DOWNLOADED')];
/** A write of before the load, which comes in late, brought one of the two files. */
const OTHER_FILES: readonly ModelEvent[] = [
  ...INGESTING.slice(0, READY_TO_LOAD.length),
  sent(loadOf([FIRST])),
  ...INGESTING.slice(READY_TO_LOAD.length),
  ...now(write(mutation(1, 2, [INGEST(loadOf([FIRST]))]))),
  ...now([A, B].flatMap((node) => [1, 2].flatMap((d) => [committed(node, d), applied(node, d)]))),
  ...[P, A, B].map((node) => ingests(node, 2, [FIRST], NOW)),
  ...all('BLS_INGESTING', IN),
];

export const LOAD_PARTITIONS: readonly Refused[] = [
  {
    rule: 'loads/partition-in-range',
    why: 'the table has one',
    before: STORED,
    event: part('BLS_DOWNLOADING', EMPTY, NOW, 1),
    permitted: part('BLS_DOWNLOADING', EMPTY),
  },
  {
    rule: 'loads/partition-step-has-a-cause',
    why: 'the group has not told of 100',
    before: BEGUN,
    event: part('BLS_DOWNLOADED', EMPTY),
    says: 'a report of 100',
  },
  {
    rule: 'loads/partition-step-has-a-cause',
    why: 'it told so before the way back (bl 20: 2)',
    before: [...TROUBLE, stored('BLS_DOWNLOADING'), part('BLS_DOWNLOADING')],
    event: part('BLS_DOWNLOADED'),
  },
  {
    rule: 'loads/partition-step-has-a-cause',
    why: 'the table is not DOWNLOADED',
    before: PART_DOWNLOADED,
    event: part('BLS_INGESTING'),
    permitted: stored('BLS_DOWNLOADED'),
  },
  {
    rule: 'loads/partition-step-has-a-cause',
    why: 'not all have told that they ingested',
    before: [...INGESTED],
    event: part('BLS_SUCCEED', DONE),
  },
  {
    rule: 'loads/partition-step-has-a-cause',
    why: 'nobody told that the group is paused',
    before: PART_PAUSING,
    event: part('BLS_PAUSED', EMPTY),
  },
  {
    rule: 'loads/partition-step-has-a-cause',
    why: 'the table was canceled (B7)',
    before: [...CANCELED, part('BLS_CANCELED', EMPTY)],
    event: part('BLS_DOWNLOADING', EMPTY),
  },
  {
    rule: 'loads/partition-step-has-a-cause',
    why: 'it begins with DOWNLOADING',
    before: STORED,
    event: part('BLS_DOWNLOADED', EMPTY),
    permitted: part('BLS_DOWNLOADING', EMPTY),
  },
  {
    rule: 'loads/metadata-as-reported',
    why: 'nobody reported such metadata',
    before: HEARD,
    event: part('BLS_DOWNLOADING', { metadata: { files: METADATA.files.slice(1), totalBytes: 200 } }),
    permitted: part('BLS_DOWNLOADING'),
  },
  {
    rule: 'loads/metadata-as-reported',
    why: 'metadata are never lost (B3)',
    before: NOTED,
    event: part('BLS_DOWNLOADED', EMPTY),
    permitted: part('BLS_DOWNLOADED'),
  },
  {
    rule: 'loads/legal-pair',
    why: 'the way back came to the store when the table had gone on (B7)',
    before: [fault('store.timeout', 'c/meta-0', NOW), ...DOWNLOADED],
    event: part('BLS_DOWNLOADING'),
    permitted: part('BLS_INGESTING'),
  },
  {
    rule: 'loads/succeed-is-in-storage',
    why: 'all have ingested, but not all the files',
    before: OTHER_FILES,
    event: part('BLS_SUCCEED', DONE),
    says: 'none',
  },
  {
    rule: 'loads/who-ingested',
    why: 'one of the members is left out',
    before: FINISHED,
    event: part('BLS_SUCCEED', { everIngestSucceed: true, hostPorts: [P, A] }),
    permitted: part('BLS_SUCCEED', DONE),
  },
  {
    rule: 'loads/who-ingested',
    why: 'nobody has ingested yet',
    before: PART_DOWNLOADED.slice(0, -1),
    event: part('BLS_DOWNLOADED', { everIngestSucceed: true, hostPorts: [P, A, B] }),
    permitted: part('BLS_DOWNLOADED'),
  },
];

