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
  /** The world as the run left it; to be read only. */
  readonly left: Assembled;
}

export interface WatchOptions {
  readonly parts: Parts;
  readonly property?: string;
  readonly dispatchLimit?: number;
  /** In the place of the plain ones. */
  readonly onlookers?: Onlookers;
  /** Called when the world stands. */
  readonly onReady?: (run: Assembled) => void;
}

class StepWitness implements Witness {
  readonly onlookers: Onlookers;
  readonly events: ModelEvent[] = [];
  readonly stepOf = new Map<ModelEvent, number>();
  run: Assembled | undefined;
  private readonly onReady: (run: Assembled) => void;

  constructor(onlookers: Onlookers, onReady: (run: Assembled) => void) {
    this.onlookers = onlookers;
    this.onReady = onReady;
  }

  ready(run: Assembled): void {
    this.run = run;
    this.onReady(run);
  }

  see(event: ModelEvent): void {
    this.events.push(event);
    const driver = this.run?.driver;
    if (driver?.isPerforming === true) this.stepOf.set(event, driver.begunUs.length - 1);
  }
}

export function watchRun(plan: Plan, { parts, property, dispatchLimit, onlookers = new Onlookers(), onReady = (): void => undefined }: WatchOptions): Watched {
  const witness = new StepWitness(onlookers, onReady);
  const result = runPlan(plan, {
    parts,
    witness,
    watch: [(event): void => { witness.see(event); }],
    ...(property === undefined ? {} : { property }),
    ...(dispatchLimit === undefined ? {} : { dispatchLimit }),
  });
  const left = witness.run;
  if (left === undefined) throw new Error('the run had no world');
  return { result, events: witness.events, stepOf: witness.stepOf, left };
}
