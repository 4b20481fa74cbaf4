/**
 * Refusing traces of what is told of a load (bl 9, 13, 14): wishes, members' words, groups' reports, download slots. Each
 * refused event stands beside one that is permitted at the same place.
 */
import type { ModelEvent } from '../../model/events.ts';
import {
  ALL,
  BEGUN,
  CLEAN,
  COMMITTED,
  DOWNLOADED,
  group,
  HALF,
  HEARD,
  IN,
  INGESTED,
  METADATA,
  NEARLY,
  now,
  NOW,
  PART_DOWNLOADED,
  PART_PAUSING,
  PAUSED,
  refuses,
  reports,
  S,
  says,
  state,
  STORED,
  SUCCEED,
  wished,
} from './loadTableStory.ts';
import { FILES, FIRST, INGEST, loadOf, sent } from './loadStory.ts';
import { A, B, CONFIG, mutation, P, READY, SETTINGS, status, write } from './story.ts';
import type { Refused } from './refused.ts';

const LATER = 70 * S;
const IS_IN = [A, P].map((node) => says(node, 'BLS_INGESTING', IN));
const CLEANED_TWO = [A, P].map((node) => says(node, 'BLS_SUCCEED', CLEAN, { local: 'BLS_INVALID', onDisk: undefined }));
const slot = (taken: boolean, serverCount: number, gpid = '1.0'): ModelEvent => ({
  kind: 'load.slot',
  node: P,
  gpid,
  taken,
  serverCount,
  atUs: NOW,
});
const NO_SLOTS = { ...CONFIG, settings: { ...SETTINGS, maxConcurrentBulkLoadDownloadingCount: 1 } };
/** The table has two partitions. */
const TWO: readonly ModelEvent[] = READY.map((event): ModelEvent => {
  if (event.kind === 'table.stored') return { ...event, partitionCount: 2 };
  const isCreation = event.kind === 'command.invoked' && event.command.kind === 'createTable';
  return isCreation ? { ...event, command: { ...event.command, partitionCount: 2 } } : event;
}).concat({
  kind: 'config.stored',
  cluster: 'c',
  config: { gpid: '1.1', ballot: 0, maxReplicaCount: 3, primary: '', secondaries: [], lastDrops: [], lastCommittedDecree: 0 },
  atUs: 0,
});

/** A comes back to the role that it had. */
const BACK: readonly ModelEvent[] = now([status(A, 'PS_SECONDARY', 'PS_INACTIVE', 1), status(A, 'PS_INACTIVE', 'PS_SECONDARY', 1)]);
const UNHEARD = state({ downloadStatus: undefined });
const FORGETS: readonly Refused[] = [
  {
    rule: 'load/forgotten-with-the-role',
    why: 'what it was before says nothing (bl 17.1)',
    before: [...PART_DOWNLOADED, ...BACK],
    event: says(A, 'BLS_DOWNLOADED', ALL),
    permitted: says(A, 'BLS_DOWNLOADED', state(), { error: 'ERR_INVALID_STATE', local: 'BLS_INVALID' }),
  },
  {
    rule: 'load/forgotten-with-the-role',
    why: 'nor does it ingest',
    before: [...NEARLY, ...BACK],
    event: says(A, 'BLS_INGESTING', state({ ingestStatus: 'IS_RUNNING' })),
    permitted: says(A, 'BLS_DOWNLOADING', HALF, { local: 'BLS_DOWNLOADING' }),
  },
  {
    rule: 'load/report-of-this-download',
    why: 'A said it before the download that P begins now (bl 14.1)',
    before: [...BEGUN, says(A, 'BLS_DOWNLOADING', HALF), slot(true, 1)],
    event: reports('BLS_DOWNLOADING', { [P]: state(), [A]: HALF, [B]: UNHEARD }),
    says: 'the download begins',
    permitted: reports('BLS_DOWNLOADING', { [P]: state(), [A]: UNHEARD, [B]: UNHEARD }),
  },
  {
    rule: 'load/paused-without-a-slot',
    why: 'its download is not at an end',
    before: [...PART_PAUSING, slot(true, 1)],
    event: says(P, 'BLS_PAUSING', PAUSED, { local: 'BLS_PAUSED' }),
    permitted: says(P, 'BLS_PAUSING', state(), { local: 'BLS_INVALID' }),
  },
];

/** Another ingestion write of the same load, committed at the primary. */
const AGAIN: readonly ModelEvent[] = [
  sent(loadOf(), P, NOW),
  ...now(write(mutation(1, 3, [INGEST()]))),
];

const WISHES: readonly Refused[] = [
  {
    rule: 'load/wish-of-this-load',
    why: 'the partition has no record yet',
    before: STORED,
    event: wished('BLS_DOWNLOADING'),
    says: 'none',
  },
  {
    rule: 'load/wish-of-this-load',
    why: 'an id of another load (B35)',
    before: BEGUN,
    event: wished('BLS_DOWNLOADING', { loadId: 6 }),
    permitted: wished('BLS_DOWNLOADING'),
  },
  {
    rule: 'load/wish-is-stored',
    why: 'the store holds DOWNLOADING (bl 20: 1)',
    before: HEARD,
    event: wished('BLS_DOWNLOADED'),
    permitted: wished('BLS_DOWNLOADING'),
  },
  {
    rule: 'load/wish-is-stored',
    why: 'the store has held something else for a minute',
    before: PART_DOWNLOADED,
    event: wished('BLS_DOWNLOADING', { atUs: LATER }),
    permitted: wished('BLS_DOWNLOADED', { atUs: LATER }),
  },
  {
    rule: 'load/wish-to-the-primary',
    why: 'it goes to a secondary',
    before: BEGUN,
    event: wished('BLS_DOWNLOADING', { to: A }),
    permitted: wished('BLS_DOWNLOADING'),
  },
  {
    rule: 'load/wish-to-the-primary',
    why: 'no configuration has that ballot',
    before: BEGUN,
    event: wished('BLS_DOWNLOADING', { ballot: 2 }),
    permitted: wished('BLS_DOWNLOADING'),
  },
];

const WORDS: readonly Refused[] = [
  {
    rule: 'load/tells-what-was-asked',
    why: 'nobody asked for progress',
    before: PART_PAUSING,
    event: says(A, 'BLS_PAUSING', { ...PAUSED, downloadProgress: 33 }, { local: 'BLS_PAUSED' }),
    permitted: says(A, 'BLS_PAUSING', PAUSED, { local: 'BLS_PAUSED' }),
  },
  {
    rule: 'load/progress-is-on-disk',
    why: 'one of two files is there',
    before: BEGUN,
    event: says(A, 'BLS_DOWNLOADING', ALL, { onDisk: [FIRST] }),
    permitted: says(A, 'BLS_DOWNLOADING', HALF, { onDisk: [FIRST] }),
    says: 'at most 33',
  },
  {
    rule: 'load/progress-is-on-disk',
    why: 'a file of the right size with other bytes is not of this load (B35)',
    before: BEGUN,
    event: says(A, 'BLS_DOWNLOADING', ALL, { onDisk: [FIRST, { name: '00002.sst', sizeBytes: 200, md5: 'b0' }] }),
    permitted: says(A, 'BLS_DOWNLOADING', ALL),
  },
  {
    rule: 'load/progress-is-on-disk',
    why: 'a member that is DOWNLOADED has all',
    before: BEGUN,
    event: says(A, 'BLS_DOWNLOADING', HALF, { local: 'BLS_DOWNLOADED' }),
    permitted: says(A, 'BLS_DOWNLOADING', ALL, { local: 'BLS_DOWNLOADED' }),
  },
  {
    rule: 'load/cleaned-up-is-gone',
    why: 'the directory is there',
    before: SUCCEED,
    event: says(A, 'BLS_SUCCEED', CLEAN, { local: 'BLS_INVALID', onDisk: FILES }),
    permitted: says(A, 'BLS_SUCCEED', CLEAN, { local: 'BLS_INVALID', onDisk: undefined }),
  },
  {
    rule: 'load/succeed-is-in-storage',
    why: 'the files are not in at this member',
    before: NEARLY,
    event: says(B, 'BLS_INGESTING', IN),
    permitted: says(A, 'BLS_INGESTING', IN),
  },
  {
    rule: 'load/succeed-is-in-storage',
    why: 'nothing was committed in this load',
    before: DOWNLOADED,
    event: says(A, 'BLS_INGESTING', IN),
    permitted: says(A, 'BLS_INGESTING', state()),
  },
  {
    rule: 'load/paused-when-wished',
    why: 'it downloads still',
    before: PART_PAUSING,
    event: says(A, 'BLS_PAUSING', PAUSED, { local: 'BLS_DOWNLOADING' }),
    permitted: says(A, 'BLS_PAUSING', PAUSED, { local: 'BLS_PAUSED' }),
  },
  {
    rule: 'load/complains-for-a-cause',
    why: 'files and disks are good',
    before: BEGUN,
    event: says(A, 'BLS_DOWNLOADING', state({ downloadStatus: 'ERR_CORRUPTION' })),
    permitted: says(A, 'BLS_DOWNLOADING', state()),
  },
  {
    rule: 'load/complains-for-a-cause',
    why: 'the same, of the storage',
    before: COMMITTED,
    event: says(P, 'BLS_INGESTING', state({ ingestStatus: 'IS_FAILED' })),
    permitted: says(P, 'BLS_INGESTING', state({ ingestStatus: 'IS_RUNNING' })),
  },
];

const GROUPS: readonly Refused[] = [
  {
    rule: 'load/report-of-the-group',
    why: 'a member is left out (bl 20: 9)',
    before: BEGUN,
    event: reports('BLS_DOWNLOADING', { [P]: state(), [A]: state() }),
    permitted: reports('BLS_DOWNLOADING', group(state())),
  },
  {
    rule: 'load/report-of-what-was-said',
    why: 'it never said so',
    before: [...BEGUN, says(P, 'BLS_DOWNLOADING', ALL), says(A, 'BLS_DOWNLOADING', HALF)],
    event: reports('BLS_DOWNLOADING', { ...group(ALL, state()), [A]: ALL }),
    permitted: reports('BLS_DOWNLOADING', { ...group(ALL, state()), [A]: HALF }),
  },
  {
    rule: 'load/report-sums',
    why: 'a third of what three have is not what they have',
    before: [...BEGUN, says(P, 'BLS_DOWNLOADING', ALL)],
    event: reports('BLS_DOWNLOADING', group(ALL, state()), { totalProgress: 100 }),
    permitted: reports('BLS_DOWNLOADING', group(ALL, state())),
    says: 'totalProgress 33',
  },
  {
    rule: 'load/report-sums',
    why: 'one has not cleaned up',
    before: [...SUCCEED, ...CLEANED_TWO],
    event: reports('BLS_SUCCEED', { ...group(CLEAN), [B]: state() }, { isCleanedUp: true }),
    permitted: reports('BLS_SUCCEED', { ...group(CLEAN), [B]: state() }),
  },
  {
    rule: 'load/report-sums',
    why: 'nobody asked whether they are paused',
    before: BEGUN,
    event: reports('BLS_DOWNLOADING', group(state()), { isPaused: false }),
    permitted: reports('BLS_DOWNLOADING', group(state())),
  },
  {
    rule: 'load/report-sums',
    why: 'a refusal tells nothing',
    before: BEGUN,
    event: reports('BLS_DOWNLOADING', {}, { error: 'ERR_INVALID_STATE', totalProgress: 0 }),
    permitted: refuses('ERR_INVALID_STATE'),
  },
  {
    rule: 'load/report-metadata',
    why: 'the provider has others (B35)',
    before: [...BEGUN, says(P, 'BLS_DOWNLOADING', state())],
    event: reports('BLS_DOWNLOADING', group(state()), { metadata: { files: [FIRST], totalBytes: 100 } }),
    permitted: reports('BLS_DOWNLOADING', group(state()), { metadata: METADATA }),
  },
  {
    rule: 'load/report-succeed-is-in-storage',
    why: 'a member said so in the round before, and there is a new write',
    before: [...INGESTED, ...IS_IN, says(B, 'BLS_INGESTING', IN), ...AGAIN],
    event: reports('BLS_INGESTING', { ...group(state()), [B]: IN }),
    permitted: reports('BLS_INGESTING', group(state())),
  },
];

const SLOTS: readonly Refused[] = [
  {
    rule: 'load/slot-changes-hands',
    why: 'it has none to give back (B11)',
    before: BEGUN,
    event: slot(false, 0),
    permitted: slot(true, 1),
  },
  {
    rule: 'load/slot-changes-hands',
    why: 'it has one already',
    before: [...BEGUN, slot(true, 1)],
    event: slot(true, 2),
    permitted: slot(false, 0),
  },
  {
    rule: 'load/slots-are-counted',
    why: 'one is counted twice (B30)',
    before: BEGUN,
    event: slot(true, 2),
    permitted: slot(true, 1),
  },
  {
    rule: 'load/slots-are-bounded',
    why: 'the server allows one',
    before: [...TWO, slot(true, 1)],
    event: slot(true, 2, '1.1'),
    permitted: slot(false, 0),
    config: NO_SLOTS,
  },
];

export const LOAD_REPORTS: readonly Refused[] = [...WISHES, ...WORDS, ...FORGETS, ...GROUPS, ...SLOTS];
