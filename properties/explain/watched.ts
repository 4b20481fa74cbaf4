/**
 * A run that is kept for comparing: its result with every event, and which events the plan's steps are the beginning of, so that
 * what was asked can be told from what came of it.
 */
import type { ModelEvent } from '../../model/events.ts';
import type { Parts } from '../../impl/parts.ts';
import type { Plan } from '../plan/types.ts';
import type { Assembled } from '../run/assemble.ts';
import { Onlookers } from '../run/onlookers.ts';
import { runPlan, type RunResult } from '../run/runPlan.ts';
import type { Witness } from '../run/witness.ts';

export interface Watched {
  readonly result: RunResult;
  readonly events: readonly ModelEvent[];
  /** Per event that a step is the beginning of, the step's index. */
  readonly stepOf: ReadonlyMap<ModelEvent, number>;
}

export interface WatchOptions {
  readonly parts: Parts;
  readonly property?: string;
  readonly dispatchLimit?: number;
  /** In the place of the plain ones. */
  readonly onlookers?: Onlookers;
}

class StepWitness implements Witness {
  readonly onlookers: Onlookers;
  readonly events: ModelEvent[] = [];
  readonly stepOf = new Map<ModelEvent, number>();
  private run: Assembled | undefined;

  constructor(onlookers: Onlookers) {
    this.onlookers = onlookers;
  }

  ready(run: Assembled): void {
    this.run = run;
  }

  see(event: ModelEvent): void {
    this.events.push(event);
    const driver = this.run?.driver;
    if (driver?.isPerforming === true) this.stepOf.set(event, driver.begunUs.length - 1);
  }
}

export function watchRun(plan: Plan, { parts, property, dispatchLimit, onlookers = new Onlookers() }: WatchOptions): Watched {
  const witness = new StepWitness(onlookers);
  const result = runPlan(plan, {
    parts,
    witness,
    watch: [(event): void => { witness.see(event); }],
    ...(property === undefined ? {} : { property }),
    ...(dispatchLimit === undefined ? {} : { dispatchLimit }),
  });
  return { result, events: witness.events, stepOf: witness.stepOf };
}
