/** Which events a story of each part of the protocol shows. */
import type { ModelEvent } from '../../model/events.ts';

type Kind = ModelEvent['kind'];

const DUPLICATION: readonly Kind[] = ['dup.stored', 'dup.erased', 'dup.progress-stored', 'dup.told', 'dup.reported', 'follower.asked', 'checkpoint.adopted', 'dup.started', 'dup.stopped', 'dup.shipped', 'dup.skipped'];
const LOG: readonly Kind[] = ['log.file-created', 'log.file-removed', 'log.survived'];
const LOAD_RECORDS: readonly Kind[] = ['load.stored', 'load.partition-stored', 'load.erased'];
const ROLES: readonly Kind[] = ['replica.status', 'replica.closed', 'config.stored'];

const KINDS: Readonly<Record<string, readonly Kind[]>> = {
  'Duplication: meta servers': [...DUPLICATION, ...LOG],
  'Duplication: checkpoints, duplicators and the private log': [...DUPLICATION, ...LOG, 'checkpoint.ended', 'checkpoint.manual-flag', 'replica.status'],
  'Duplication: loading, shipping, applying': [...DUPLICATION, 'dup.sent', 'replica.prepared', 'replica.applied'],
  'Bulk load: meta server': [...LOAD_RECORDS, 'load.wished', 'load.reported', 'table.stored'],
  'Bulk load: polls, download, ingestion': [...LOAD_RECORDS, ...ROLES, 'load.wished', 'load.reported', 'load.member-reported', 'ingestion.sent', 'ingestion.answered', 'storage.ingested', 'load.slot'],
  Learning: [...ROLES, ...LOG, 'learn.answered', 'replica.list-cut', 'storage.replaced', 'log.replaced', 'replica.prepared', 'prepare.acked', 'storage.ingested'],
  'Replication, private log, throttling': [...ROLES, 'replica.prepared', 'prepare.acked', 'replica.committed', 'log.survived', 'checkpoint.manual-flag', 'checkpoint.ended', 'throttle.verdict', 'throttle.told'],
};

/** Throws for a heading that is no chapter's. */
export function kindsOf(heading: string): ReadonlySet<Kind> {
  const kinds = KINDS[heading];
  if (kinds === undefined) throw new Error(`no kinds of events for the chapter ${heading}`);
  return new Set(kinds);
}
