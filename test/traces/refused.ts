/** A hand-written trace that a rule must refuse at its last event, after accepting all before. */
import type { ModelEvent } from '../../model/events.ts';
import type { ModelConfig } from '../../model/state.ts';

export interface Refused {
  readonly rule: string;
  readonly why: string;
  readonly before: readonly ModelEvent[];
  readonly event: ModelEvent;
  readonly config?: ModelConfig;
}
