/**
 * Explains a failing plan: which of its parts matter, the nearest plan that passes with the event at which the two runs part, and,
 * when the run is stuck, who waits for what. Everything is asked of runs; nothing is guessed.
 */
import type { Parts } from '../../impl/parts.ts';
import { partsWith, type Defect } from '../defects/types.ts';
import type { Plan } from '../plan/types.ts';
import { freeze, type RunResult } from '../run/runPlan.ts';
import type { Explanation } from './explanation.ts';
import { LedgerOnlookers } from './ledger.ts';
import { tryParts, type Budget } from './marks.ts';
import { nearestPass } from './nearest.ts';
import { waitsOf } from './waits.ts';
import { watchRun, type Watched } from './watched.ts';

export interface ExplainOptions {
  /** The implementation that failed; undefined: the right one with `defects`. */
  readonly parts?: Parts;
  readonly defects?: readonly Defect[];
  /** Only what breaks this property counts. */
  readonly property?: string;
  /** Runs that the explanation may take. */
  readonly maxRuns?: number;
  /** Real time after which no further run is begun, milliseconds. */
  readonly maxMs?: number;
  /** Asked before each run: true ends the explanation with what is known (Ctrl-C). */
  readonly stopped?: () => boolean;
}

/** A run of another plan may be so much longer than the failing one before it tells nothing. */
const LONGEST_RUN = 8;
const LEAST_DISPATCHES = 1_000_000;

/** `result`: of the plan; one that passes has nothing to explain. */
export function explain(plan: Plan, result: RunResult, options: ExplainOptions = {}): Explanation {
  if (result.verdict.kind === 'pass') return { marks: [], nearestPass: undefined, waits: [], runs: 0 };
  const frozen = plan.chance.kind === 'frozen' ? plan : freeze(plan, result.deviations);
  const counter = new Runs(options, longestOf(result));
  const ledger = new LedgerOnlookers();
  const failing = counter.run(frozen, ledger);
  const waits = waitsOf(failing, { ledger, waiting: failing.left.world.waiting(), endUs: failing.left.world.nowUs() });
  const { marks, passes } = tryParts(frozen, failing, counter);
  return { marks, nearestPass: nearestPass(frozen, failing, passes), waits, runs: counter.runs };
}

/** A run that was cut off is cut off at the same place again; every other may take a few times as long before it is given up. */
function longestOf({ verdict, dispatches }: RunResult): number {
  return verdict.kind === 'limit' ? dispatches : Math.max(LEAST_DISPATCHES, dispatches * LONGEST_RUN);
}

class Runs implements Budget {
  runs = 0;
  private readonly options: ExplainOptions;
  private readonly parts: Parts;
  private readonly dispatchLimit: number;
  private readonly began = performance.now();

  constructor(options: ExplainOptions, dispatchLimit: number) {
    this.options = options;
    this.parts = options.parts ?? partsWith(options.defects ?? []);
    this.dispatchLimit = dispatchLimit;
  }

  spent(): boolean {
    const { maxRuns = Infinity, maxMs = Infinity, stopped } = this.options;
    return this.runs >= maxRuns || performance.now() - this.began >= maxMs || stopped?.() === true;
  }

  run(plan: Plan, ledger?: LedgerOnlookers): Watched {
    this.runs += 1;
    const { property } = this.options;
    return watchRun(plan, {
      parts: this.parts,
      dispatchLimit: this.dispatchLimit,
      ...(property === undefined ? {} : { property }),
      ...(ledger === undefined ? {} : { onlookers: ledger, onReady: (run) => void (ledger.nowUs = (): number => run.world.nowUs()) }),
    });
  }
}
