/** What became of a message. */
import type { TapeMessage } from '../../tape.ts';

export type Fate =
  | 'well'
  /** It arrived, and says an error. */
  | 'refused'
  | 'lost'
  /** The run ended while it was on its way. */
  | 'pending';

/** Longer than any calm message travels: what was sent so shortly before the end may have been on its way. */
const ON_ITS_WAY_US = 5_000;

export function fateOf(message: TapeMessage, endUs: number): Fate {
  if (message.arrivedUs === undefined) return message.sentUs >= endUs - ON_ITS_WAY_US ? 'pending' : 'lost';
  return message.error === '' ? 'well' : 'refused';
}
