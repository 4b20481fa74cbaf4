/** What a rule refused, in words that need no rule's name. */
import { describe, expect, it } from 'vitest';
import type { ModelEvent } from '../../../model/events.ts';
import { init } from '../../../model/init.ts';
import { DEFECTS } from '../../../properties/defects/index.ts';
import { partsWith } from '../../../properties/defects/types.ts';
import { brokenText } from '../../../properties/run/brokenText.ts';
import { runPlan } from '../../../properties/run/runPlan.ts';
import { causeOf, verdictSentence } from '../../../properties/run/verdict.ts';
import { CONFIG } from '../../traces/story.ts';
import { planIn } from '../explain/fixture.ts';

const STATE = init(CONFIG);

function sentenceOf(id: string): readonly [cause: string, sentence: string] {
  const { verdict } = runPlan(planIn('shrunk', id), { parts: partsWith(DEFECTS.filter((d) => d.id === id)) });
  return [causeOf(verdict), verdictSentence(verdict)];
}

describe('a broken property', () => {
  it('of an answer: the command, in words; the cause is still named by its rule', () => {
    expect(sentenceOf('tombstone-seen-through')).toEqual(['S1/answers/read', 'S1 broken: the answer to command 4 (get t1 d y of 1.0): expected one of: not found, got v4']);
  });

  it('of an event: the event, and what was expected', () => {
    expect(sentenceOf('commit-without-all-acks')).toEqual([
      'repl.S8/replication/commit-needs-all-acks',
      'repl.S8 broken: source/replica-0 1.0: committed 1; expected acknowledgements of all members, got none from source/replica-1',
    ]);
  });

  it('does not say again what the event says, unless it may stand there by chance', () => {
    const stopped: ModelEvent = { kind: 'process.stopped', atUs: 1, node: 'source/replica-0', cause: 'check', detail: 'decree 12 is gone' };
    const told = (actual: string): string => brokenText(stopped, { property: 'S5', rule: 'r', message: '', expected: 'none', actual }, STATE);
    expect(told('decree 12 is gone')).toBe('source/replica-0: process stopped (check) decree 12 is gone; expected none');
    expect(told('12')).toBe('source/replica-0: process stopped (check) decree 12 is gone; expected none, got 12');
  });
});
