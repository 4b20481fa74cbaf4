/** Where a failing run and a passing one part, in words; for the terminal, tickets and the page alike. */
import type { NearestPass } from '../explain/explanation.ts';

/** What the failing run did where the two part: a run that ended there had failed. */
export function hereText({ here }: NearestPass['parting']): string {
  return here === '' ? 'nothing more: it had failed' : here;
}

/** What the passing run did there: one that ended, or came to rest, had nothing more to do. */
export function thereText({ there }: NearestPass['parting']): string {
  return there === '' ? 'nothing more: it was at rest' : there;
}
