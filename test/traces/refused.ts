/** A hand-written trace that a rule must refuse at its last event, after accepting all before. */
import type { ModelEvent } from '../../model/events.ts';
import type { ModelConfig } from '../../model/config.ts';

export interface Refused {
  readonly rule: string;
  readonly why: string;
  readonly before: readonly ModelEvent[];
  readonly event: ModelEvent;
  /** What may happen at the same place instead: as like the refused event as can be. */
  readonly permitted?: ModelEvent;
  /** A part of the violation's text. */
  readonly says?: string;
  readonly config?: ModelConfig;
}
