/** Properties as data: what is promised, in one sentence, and who speaks when it is broken. */
import type { ModelEvent } from '../../model/events.ts';
import type { ModelState } from '../../model/state.ts';

export type Subsystem =
  | 'replication'
  | 'log'
  | 'checkpoint'
  | 'tables'
  | 'client'
  | 'process'
  | 'duplication'
  | 'bulk-load'
  | 'throttling';

/**
 * Where a property is checked: rules of the model, obligations, audits of the run, predicates over the model's
 * state, coverage.
 */
export type CheckedIn = 'rules' | 'obligations' | 'audits' | 'state' | 'coverage';

export interface Property {
  readonly id: string;
  readonly kind: 'sometimes' | 'always' | 'eventually';
  readonly sentence: string;
  readonly subsystem: Subsystem;
  readonly checkedIn: readonly CheckedIn[];
}

/**
 * Must happen somewhere in a campaign; otherwise the campaign tested less than it says. `state` is the state after
 * the event.
 */
export interface Sometimes extends Property {
  readonly kind: 'sometimes';
  met(event: ModelEvent, state: ModelState): boolean;
}

/** Must hold in every state of the model, whatever the rules say: the explorer evaluates it by itself. */
export interface StatePredicate extends Property {
  readonly kind: 'always';
  /** undefined when it holds, else what is wrong. */
  broken(state: ModelState): string | undefined;
}
