/** From one event to another: by number, to the next change, within a partition, to the failure. */
import { lowerBound } from './axis.ts';
import { atOrBefore } from './states.ts';
import type { Story } from './story.ts';

export type Move =
  | 'previous'
  | 'next'
  | 'back'
  | 'forward'
  | 'first'
  | 'last'
  | 'previousChange'
  | 'nextChange'
  | 'previousSame'
  | 'nextSame'
  | 'failing'
  | 'parting';

/** Events that Page Up and Page Down skip. */
const PAGE = 25;

function search(shown: readonly number[], cursor: number, step: 1 | -1, fits: (event: number) => boolean): number {
  const start = step > 0 ? lowerBound(shown, cursor, true) : lowerBound(shown, cursor) - 1;
  for (let i = start; i >= 0 && i < shown.length; i += step) {
    const event = shown[i] ?? cursor;
    if (fits(event)) return event;
  }
  return cursor;
}

/** Events of the cursor's partition; of an event about none, those of its node. */
function sameAs(story: Story, cursor: number): (event: number) => boolean {
  const here = story.tape.events[cursor];
  if (here === undefined) return () => false;
  if (here.gpid === '') return (event) => story.tape.events[event]?.node === here.node;
  return (event) => story.tape.events[event]?.gpid === here.gpid;
}

/** Where a move leads among the events that are shown; where there is nothing, it stays. */
export function moved(story: Story, shown: readonly number[], cursor: number, move: Move): number {
  const any = (): boolean => true;
  switch (move) {
    case 'previous':
      return search(shown, cursor, -1, any);
    case 'next':
      return search(shown, cursor, 1, any);
    case 'back':
      return shown[Math.max(0, atOrBefore(shown, cursor) - PAGE)] ?? cursor;
    case 'forward':
      return shown[Math.min(shown.length - 1, Math.max(0, atOrBefore(shown, cursor)) + PAGE)] ?? cursor;
    case 'first':
      return shown[0] ?? cursor;
    case 'last':
      return shown.at(-1) ?? cursor;
    case 'previousChange':
      return search(shown, cursor, -1, (event) => story.changing.has(event));
    case 'nextChange':
      return search(shown, cursor, 1, (event) => story.changing.has(event));
    case 'previousSame':
      return search(shown, cursor, -1, sameAs(story, cursor));
    case 'nextSame':
      return search(shown, cursor, 1, sameAs(story, cursor));
    case 'failing':
      return story.failing;
    case 'parting':
      return story.parting ?? cursor;
  }
}

/** The key of each move, as it is written in the help; letters are taken in any case. */
export const KEYS: readonly { readonly keys: readonly string[]; readonly shift?: boolean; readonly move: Move; readonly says: string }[] = [
  { keys: ['ArrowLeft'], move: 'previous', says: 'event before' },
  { keys: ['ArrowRight'], move: 'next', says: 'next event' },
  { keys: ['ArrowLeft'], shift: true, move: 'previousChange', says: 'change before: an event that changed a state' },
  { keys: ['ArrowRight'], shift: true, move: 'nextChange', says: 'next change' },
  { keys: ['['], move: 'previousSame', says: 'event before of the same partition (or node)' },
  { keys: [']'], move: 'nextSame', says: 'next event of the same partition (or node)' },
  { keys: ['PageUp'], move: 'back', says: '25 events back' },
  { keys: ['PageDown'], move: 'forward', says: '25 events on' },
  { keys: ['Home'], move: 'first', says: 'first event' },
  { keys: ['End'], move: 'last', says: 'last event' },
  { keys: ['f'], move: 'failing', says: 'where it fails' },
  { keys: ['d'], move: 'parting', says: 'where the nearest passing run parts' },
];
