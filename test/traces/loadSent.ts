/** Refusing traces of ingestion writes that the meta server sends (bl 12.1, 12.3; bl.B10). Each refused event stands beside one that is permitted. */
import type { ModelConfig } from '../../model/config.ts';
import type { ModelEvent } from '../../model/events.ts';
import { BEHIND_ALL, FIRST, loadOf, sent } from './loadStory.ts';
import { cancel, CLEAN, DOWNLOADED, INGESTING, M2, NOW, part, PART_INGESTING, PART_SUCCEED, says, SENT, stored, wished } from './loadTableStory.ts';
import type { Refused } from './refused.ts';
import { asks, CONFIG, mutation, P, prepared } from './story.ts';

const SLOTLESS: ModelConfig = { ...CONFIG, settings: { ...CONFIG.settings, bulkLoadNodeMaxIngestingCount: 0 } };
const again = sent(loadOf(), P, NOW);
/** Canceled by force; `told`: so is the partition, whose primary has heard. */
const canceled = (told: readonly ModelEvent[] = []): readonly ModelEvent[] => [
  ...INGESTING,
  asks(11, cancel(true), NOW),
  stored('BLS_CANCELED', { isEverIngesting: true }),
  part('BLS_CANCELED'),
  ...told,
];

const CLEANS: readonly ModelEvent[] = [
  asks(11, cancel(true), NOW),
  stored('BLS_CANCELED', { isEverIngesting: true }),
  part('BLS_CANCELED'),
  says(P, 'BLS_CANCELED', CLEAN, { local: 'BLS_INVALID', onDisk: undefined }),
];

export const LOAD_SENT: readonly Refused[] = [
  {
    rule: 'ingestion/sent-of-the-load',
    why: 'one of the two files is left out',
    before: INGESTING,
    event: sent(loadOf([FIRST]), P, NOW),
    permitted: again,
  },
  {
    rule: 'ingestion/sent-of-the-load',
    why: 'nobody asked for behind',
    before: INGESTING,
    event: sent(BEHIND_ALL, P, NOW),
    says: 'behind',
    permitted: again,
  },
  {
    rule: 'ingestion/sent-of-the-load',
    why: 'the files of another table',
    before: INGESTING,
    event: sent(loadOf(undefined, { appName: 'other' }), P, NOW),
    permitted: again,
  },
  {
    rule: 'ingestion/sent-while-ingesting',
    why: 'the partition has not come to INGESTING',
    before: DOWNLOADED,
    event: again,
    permitted: part('BLS_INGESTING'),
  },
  {
    rule: 'ingestion/sent-while-ingesting',
    why: 'nor has the table',
    before: PART_INGESTING,
    event: again,
    permitted: stored('BLS_INGESTING'),
  },
  {
    rule: 'ingestion/sent-while-ingesting',
    why: 'the primary was told that the load is canceled',
    before: canceled([wished('BLS_CANCELED')]),
    event: again,
    says: 'told so',
    permitted: part('BLS_CANCELED'),
  },
  {
    rule: 'ingestion/sent-while-ingesting',
    why: 'the partition has finished, as its primary was told',
    before: [...PART_SUCCEED, wished('BLS_SUCCEED')],
    event: again,
    says: 'told so',
    permitted: stored('BLS_SUCCEED'),
  },
  {
    rule: 'ingestion/slots-of-a-node',
    why: 'nobody may ingest at all',
    before: INGESTING,
    event: again,
    says: 'at most 0',
    permitted: wished('BLS_INGESTING'),
    config: SLOTLESS,
  },
  {
    rule: 'ingestion/primary-has-its-load',
    why: 'it waited while its primary cleaned up',
    before: [...SENT, ...CLEANS],
    event: { ...prepared(P, M2), atUs: NOW },
    permitted: { ...prepared(P, mutation(1, 2)), atUs: NOW },
  },
  // It was on its way when the store heard of the cancel.
  {
    rule: 'ingestion/sent-of-the-load',
    why: 'one of the two files is left out, shortly behind a cancel',
    before: canceled(),
    event: sent(loadOf([FIRST]), P, NOW),
    permitted: again,
  },
  {
    rule: 'ingestion/sent-to-a-primary',
    why: 'the second time to nobody',
    before: SENT,
    event: sent(loadOf(), '', NOW),
    permitted: again,
  },
];
