/**
 * What does not move: of every thing that is said about the obligation's matter (a status in the store, how far something was shipped, who
 * holds which role), the last that was said, and since when. A saying that comes again with the same words is no news.
 */
import type { ModelEvent } from '../../model/events.ts';
import { eventText } from '../run/eventText.ts';
import { clusterOfEvent } from '../run/eventPlace.ts';
import type { Scope, Subject } from './scope.ts';

export interface Standing {
  readonly kind: string;
  readonly text: string;
  /** -1: it never was. */
  readonly sinceUs: number;
  /** How often it was said again. */
  readonly again: number;
}

/** Which events tell about which matter, the most telling first. */
const KINDS: Readonly<Record<Subject, readonly ModelEvent['kind'][]>> = {
  dup: ['dup.stored', 'replica.committed', 'dup.shipped', 'dup.started', 'dup.stopped', 'dup.sent', 'follower.asked', 'dup.told', 'dup.progress-stored', 'checkpoint.adopted'],
  load: ['load.stored', 'load.partition-stored', 'ingestion.answered', 'storage.ingested', 'load.reported', 'load.wished', 'table.stored'],
  throttle: ['throttle.told', 'throttle.verdict', 'throttle.answered'],
  storage: ['storage.flushed', 'checkpoint.listed', 'checkpoint.ended', 'checkpoint.manual-flag', 'replica.applied', 'log.file-created', 'log.file-removed', 'replica.opened'],
  roles: ['config.stored', 'replica.status', 'replica.opened', 'replica.closed', 'replica.committed'],
};

/** One of each kind, the newest, the most telling kind first. Of an obligation that is one member's, only what that member says. */
export function standingsOf(events: readonly ModelEvent[], scope: Scope): readonly Standing[] {
  const kinds = KINDS[scope.subject];
  const last = new Map<string, { kind: string; text: string; sinceUs: number; again: number }>();
  for (const event of events) {
    if (!kinds.includes(event.kind) || !isAbout(event, scope)) continue;
    const key = keyOf(event);
    const text = eventText(event);
    const was = last.get(key);
    if (was?.text === text) was.again += 1;
    else last.set(key, { kind: event.kind, text, sinceUs: event.atUs, again: 0 });
  }
  const newest = new Map<string, Standing>();
  for (const one of last.values()) if ((newest.get(one.kind)?.sinceUs ?? -1) <= one.sinceUs) newest.set(one.kind, one);
  if (newest.has('dup.started') && !newest.has('dup.shipped')) newest.set('dup.shipped', { kind: 'dup.shipped', text: `nothing of ${scope.obligation.key} was ever shipped`, sinceUs: -1, again: 0 });
  return kinds.map((kind) => newest.get(kind)).filter((one): one is Standing => one !== undefined);
}

/** Of many partitions one alone says little; and what was made for the table once is no news to a partition that shipped. */
const OF_A_PARTITION: ReadonlySet<ModelEvent['kind']> = new Set(['replica.committed', 'dup.progress-stored', 'checkpoint.adopted']);
const OF_A_TABLE: ReadonlySet<ModelEvent['kind']> = new Set(['follower.asked', 'checkpoint.adopted']);

/** One thing of which things are said: kind, node, partition, duplication. */
function keyOf(event: ModelEvent): string {
  const node = 'node' in event ? event.node : '';
  const dup = 'dupId' in event ? String(event.dupId) : '';
  const part = 'partitionIndex' in event ? String(event.partitionIndex) : '';
  const gpid = event.kind === 'config.stored' ? event.config.gpid : 'gpid' in event ? event.gpid : '';
  return `${event.kind} ${node} ${gpid} ${part} ${dup}`;
}

function isAbout(event: ModelEvent, { places, dupId, obligation, nodes }: Scope): boolean {
  const place = places.get(clusterOfEvent(event));
  if (place === undefined) return false;
  if (dupId >= 0 && 'dupId' in event && event.dupId !== dupId) return false;
  if ('node' in event && obligation.node !== '' && event.node !== obligation.node) return false;
  // Of what all members say, the word of the one that should act.
  if (event.kind === 'replica.committed' && event.node !== nodes[0]) return false;
  if ((obligation.gpid === '' ? OF_A_PARTITION : OF_A_TABLE).has(event.kind)) return false;
  if (event.kind === 'config.stored') return place.gpids.has(event.config.gpid);
  if ('gpid' in event && event.gpid !== '') return place.gpids.has(event.gpid);
  if ('appId' in event) return place.appIds.has(event.appId);
  if (event.kind === 'follower.asked') return place.tables.has(event.name);
  return false;
}
