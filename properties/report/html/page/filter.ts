/** What of the run is shown. Steps of the plan and faults stay whatever table or partition is looked for: they act on all. */
import type { TapeEvent, TapeMessage } from '../../tape.ts';
import { familyOf, type Family } from './families.ts';
import { fateOf } from './fate.ts';
import type { Story } from './story.ts';

/** Which messages are drawn. */
export type MessageChoice = 'all' | 'partition' | 'failed' | 'none';

export interface Filter {
  /** Nodes whose lanes are not shown. */
  readonly hiddenNodes: ReadonlySet<string>;
  readonly hiddenFamilies: ReadonlySet<Family>;
  /** '' for all. */
  readonly table: string;
  /** '' for all. */
  readonly gpid: string;
  /** '' for all; else a part of the text, kind or node, in any case. */
  readonly text: string;
  /** Only events with which a state changed. */
  readonly changing: boolean;
  readonly messages: MessageChoice;
}

export const NO_FILTER: Filter = {
  hiddenNodes: new Set(),
  hiddenFamilies: new Set(),
  table: '',
  gpid: '',
  text: '',
  changing: false,
  messages: 'all',
};

export function isFiltering(filter: Filter): boolean {
  return filter.hiddenNodes.size > 0 || filter.hiddenFamilies.size > 0 || filter.table !== '' || filter.gpid !== '' || filter.text !== '' || filter.changing;
}

/** The set with the member taken out, or in. */
export function toggled<T>(set: ReadonlySet<T>, member: T): ReadonlySet<T> {
  const next = new Set(set);
  if (!next.delete(member)) next.add(member);
  return next;
}

function concerns(event: TapeEvent, filter: Filter, story: Story): boolean {
  if (filter.gpid === '' && filter.table === '') return true;
  if (event.step !== undefined || familyOf(event.kind) === 'fault') return true;
  if (filter.gpid !== '' && event.gpid !== filter.gpid) return false;
  const table = event.table === '' ? (story.tableOf.get(event.gpid) ?? '') : event.table;
  return filter.table === '' || table === filter.table;
}

/** Numbers of the events that are shown, ascending. */
export function shownEvents(story: Story, filter: Filter): readonly number[] {
  const shown: number[] = [];
  const text = filter.text.toLowerCase();
  story.tape.events.forEach((event, i) => {
    if (filter.hiddenNodes.has(event.node) || filter.hiddenFamilies.has(familyOf(event.kind))) return;
    if (!concerns(event, filter, story)) return;
    if (filter.changing && !story.changing.has(i) && event.step === undefined) return;
    if (text !== '' && !`${event.text}\n${event.kind}\n${event.node}`.toLowerCase().includes(text)) return;
    shown.push(i);
  });
  return shown;
}

function wanted(message: TapeMessage, filter: Filter, story: Story): boolean {
  if (filter.hiddenNodes.has(message.from) || filter.hiddenNodes.has(message.to)) return false;
  const fate = fateOf(message, story.tape.endUs);
  if (filter.messages === 'failed' && fate !== 'lost' && fate !== 'refused') return false;
  if (filter.messages === 'partition' && message.gpid === '') return false;
  if (filter.gpid !== '' && message.gpid !== filter.gpid) return false;
  return filter.table === '' || story.tableOf.get(message.gpid) === filter.table;
}

/** The messages that are shown, in the order in which they were sent. */
export function shownMessages(story: Story, filter: Filter): readonly TapeMessage[] {
  return filter.messages === 'none' ? [] : story.tape.messages.filter((message) => wanted(message, filter, story));
}
