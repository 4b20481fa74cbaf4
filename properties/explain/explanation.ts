/**
 * What is said about a finding beside its plan: which parts of the plan matter, how near the nearest passing plan is, and, when the run
 * is stuck, who waits for what. Plain data: every report is made from it.
 */
import type { Plan } from '../plan/types.ts';

/** A place in a plan that can be left out or changed by itself. */
export type PlanPart =
  /** A cluster with all that is done in it. */
  | { readonly kind: 'cluster'; readonly cluster: string }
  /** How many replica servers a cluster has. */
  | { readonly kind: 'servers'; readonly cluster: string }
  /** A step: a command, a fault or a wait. `step` counts from 0. */
  | { readonly kind: 'step'; readonly step: number }
  /** A field of a step, `afterMs` among them. */
  | { readonly kind: 'field'; readonly step: number; readonly field: string }
  /** A deviation: `deviation` counts from 0. */
  | { readonly kind: 'deviation'; readonly deviation: number }
  /** How large a deviation is. */
  | { readonly kind: 'amount'; readonly deviation: number }
  /** A setting; `cluster` is '' for one of the whole plan. */
  | { readonly kind: 'setting'; readonly cluster: string; readonly name: string };

/** What trying other values of one part showed. */
export interface Mark {
  readonly part: PlanPart;
  /** The part in words, as the plan's text has it. */
  readonly text: string;
  /** `necessary`: some other value (or leaving it out) passes, or all of them break something else; `free`: what was tried fails too; `untried`: the budget ended. */
  readonly mark: 'necessary' | 'free' | 'untried';
  /** How many other values were run. */
  readonly tried: number;
  /** Of a necessary part, the simplest change that passes, in words: `without it`, `300 instead of 1000`; else ''. */
  readonly passesWith: string;
  /** The simplest change with which something else breaks, and what: `without it: S5/process.stopped`; else ''. */
  readonly breaksWith: string;
}

/** A plan that differs in one place and does not fail. */
export interface NearestPass {
  readonly part: PlanPart;
  /** The change, as a sentence. */
  readonly change: string;
  /** Frozen. */
  readonly plan: Plan;
  /** How the passing run ended. */
  readonly ended: string;
  /** The first event in which the two runs differ; `event` counts from 0 in the failing run; a text is '' where that run had ended. */
  readonly parting: { readonly event: number; readonly atUs: number; readonly here: string; readonly there: string };
}

/** One link of the chain of who waits for whom. */
export interface WaitLink {
  /** A node, a partition on a node, a duplication, a load. */
  readonly who: string;
  readonly kind:
    /** What is owed and was not done. */
    | 'obligation'
    /** A call whose answer has not come. */
    | 'call'
    /** A call that is answered, again and again, by the same refusal. */
    | 'refused'
    /** A timer or task that used to come and does not any more, or is due. */
    | 'timer'
    /** A task that is queued behind others. */
    | 'queued'
    /** An operation of the state store. */
    | 'store'
    /** A status or point that does not move. */
    | 'standstill';
  /** A sentence with times and counts. */
  readonly text: string;
  /** How far down the chain: a link follows from the nearest one above it that is less deep. Undefined: from the one before it. */
  readonly depth?: number;
}

export interface Explanation {
  readonly marks: readonly Mark[];
  readonly nearestPass: NearestPass | undefined;
  /** From what is owed down to what does not come; empty unless the run is stuck. */
  readonly waits: readonly WaitLink[];
  /** Runs that the explanation took. */
  readonly runs: number;
}
