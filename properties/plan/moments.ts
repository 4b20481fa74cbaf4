/**
 * Moments that a step may wait for: events of the model's own vocabulary (model/events.ts) about one table, some of them with a
 * status. A plan that names a moment meets it whatever the settings are and however long the way there takes; one that
 * counts milliseconds seldom does.
 */
import type { ModelEvent } from '../../model/events.ts';

type Kind = ModelEvent['kind'];

/** What a moment is about: which tables have it. */
export type Subject = 'duplication' | 'load' | 'replica';

interface Told {
  readonly kind: Kind;
  readonly subject: Subject;
  /** As the end of "wait until ..."; `$` stands for the status. */
  readonly words: string;
  /** Statuses with which it can be asked for; without any the event itself is meant. */
  readonly statuses?: readonly string[];
}

const LOAD_STATUSES = ['BLS_DOWNLOADING', 'BLS_DOWNLOADED', 'BLS_INGESTING', 'BLS_PAUSING', 'BLS_PAUSED', 'BLS_SUCCEED', 'BLS_FAILED', 'BLS_CANCELED'];
const DUP_STATUSES = ['DS_PREPARE', 'DS_APP', 'DS_LOG', 'DS_PAUSE'];

const TOLD: readonly Told[] = [
  { kind: 'dup.stored', subject: 'duplication', words: 'the duplication of $table is stored as $', statuses: DUP_STATUSES },
  { kind: 'dup.told', subject: 'duplication', words: 'a server hears that the duplication of $table is in $', statuses: DUP_STATUSES },
  { kind: 'dup.erased', subject: 'duplication', words: 'a duplication of $table is gone from the store' },
  { kind: 'dup.progress-stored', subject: 'duplication', words: 'progress of a duplication of $table is stored' },
  { kind: 'dup.reported', subject: 'duplication', words: 'a duplicator of $table is reported' },
  { kind: 'dup.started', subject: 'duplication', words: 'a duplicator of $table begins' },
  { kind: 'dup.stopped', subject: 'duplication', words: 'a duplicator of $table is given up' },
  { kind: 'dup.shipped', subject: 'duplication', words: 'a duplicator of $table has shipped' },
  { kind: 'load.stored', subject: 'load', words: 'the load of $table is stored as $', statuses: LOAD_STATUSES },
  { kind: 'load.partition-stored', subject: 'load', words: 'a partition of the load of $table is stored as $', statuses: LOAD_STATUSES },
  { kind: 'load.wished', subject: 'load', words: 'a wish of the load of $table leaves the meta server' },
  { kind: 'load.member-reported', subject: 'load', words: 'a member tells what it has of the load of $table' },
  { kind: 'load.slot', subject: 'load', words: 'a download of $table takes its slot, or gives it back' },
  { kind: 'ingestion.sent', subject: 'load', words: 'an ingestion write of $table is sent' },
  { kind: 'ingestion.answered', subject: 'load', words: 'an ingestion write of $table is answered' },
  { kind: 'storage.ingested', subject: 'load', words: 'files of the load of $table are in' },
  { kind: 'replica.opened', subject: 'replica', words: 'a replica of $table is opened' },
  { kind: 'replica.closed', subject: 'replica', words: 'a replica of $table is closed' },
  { kind: 'config.stored', subject: 'replica', words: 'a configuration of $table is stored' },
  { kind: 'learn.answered', subject: 'replica', words: 'a learner of $table is told what to learn' },
  { kind: 'storage.replaced', subject: 'replica', words: 'a learner of $table has another storage' },
  { kind: 'log.replaced', subject: 'replica', words: 'a learner of $table has another log' },
  { kind: 'storage.flushed', subject: 'replica', words: 'storage of $table is flushed' },
  { kind: 'checkpoint.listed', subject: 'replica', words: 'a checkpoint of $table is there' },
  { kind: 'checkpoint.removed', subject: 'replica', words: 'a checkpoint of $table is removed' },
  { kind: 'checkpoint.manual-flag', subject: 'replica', words: 'the flag of an emergency checkpoint of $table changes' },
  { kind: 'log.file-created', subject: 'replica', words: 'a log file of $table is begun' },
  { kind: 'log.file-removed', subject: 'replica', words: 'a log file of $table is removed' },
];

/** One moment as a plan names it: the event's kind, and behind a colon the status that is meant. */
export interface Moment {
  readonly name: string;
  readonly kind: Kind;
  readonly status: string;
  readonly subject: Subject;
  readonly words: string;
}

export const MOMENTS: readonly Moment[] = TOLD.flatMap(({ kind, subject, words, statuses }) =>
  (statuses ?? ['']).map((status) => ({ name: status === '' ? kind : `${kind}:${status}`, kind, status, subject, words: words.replace(/\$(?!table)/, status) })),
);

const BY_NAME = new Map(MOMENTS.map((moment) => [moment.name, moment]));

export function momentOf(name: string): Moment | undefined {
  return BY_NAME.get(name);
}
