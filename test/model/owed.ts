/** What is owed after a story: all of it by a prefix of its name, and one by its whole name. */
import type { ModelConfig } from '../../model/config.ts';
import type { ModelEvent } from '../../model/events.ts';
import { step } from '../../model/next.ts';
import { obligations, type Obligation } from '../../model/obligations.ts';
import { init, type ModelState } from '../../model/state.ts';

/** The state after events that are all permitted; throws at the first that is not. */
export function after(config: ModelConfig, events: readonly ModelEvent[]): ModelState {
  const state = init(config);
  for (const event of events) {
    const violation = step(state, event);
    if (violation !== undefined) throw new Error(violation.message);
  }
  return state;
}

interface Owing {
  owedIn(events: readonly ModelEvent[], config?: ModelConfig): readonly Obligation[];
  names(events: readonly ModelEvent[], config?: ModelConfig): readonly string[];
  /** Throws when it is not owed. */
  one(events: readonly ModelEvent[], name: string, config?: ModelConfig): Obligation;
}

export function owing(prefix: string, ordinary: ModelConfig): Owing {
  const owedIn: Owing['owedIn'] = (events, config = ordinary) =>
    obligations(after(config, events)).filter(({ name }) => name.startsWith(prefix));
  const names: Owing['names'] = (events, config) => owedIn(events, config).map(({ name }) => name);
  return {
    owedIn,
    names,
    one(events, name, config) {
      const found = owedIn(events, config).find((owed) => owed.name === name);
      if (found === undefined) throw new Error(`${name} is not owed: ${names(events, config).join(', ')}`);
      return found;
    },
  };
}
