/**
 * Waits for obligations: from when, until when, and how close the clean runs come to the bounds. An obligation's bound counts
 * from the latest of its own start, the first look that saw it, heal, and the last command.
 */
import { obligations, type Obligation } from '../../model/obligations.ts';
import type { ModelState } from '../../model/state.ts';

export interface Ratio {
  /** Observed over allowed, the largest seen. */
  readonly worst: number;
  readonly count: number;
}

export interface Overdue {
  readonly property: string;
  readonly rule: string;
  readonly message: string;
  readonly expected: string;
  readonly actual: string;
  readonly gpid: string;
}

/** An obligation may be this much older than the first look that saw it. */
const LOOK_SLACK_US = 100_000;

interface Watched {
  readonly obligation: Obligation;
  readonly fromUs: number;
  /** Since when each look has seen it. */
  readonly firstSeenUs: number;
}

export class Patience {
  readonly ratios = new Map<string, Ratio>();
  /** Obligations that were there when faults and commands ended; later ones (of idle partitions' empty writes) come and go for ever. */
  outstanding = 0;
  private watched = new Map<string, Watched>();

  /** Looks at the obligations now; answers the first that is past its bound. */
  look(state: ModelState, phase: { readonly healedUs: number | undefined; readonly lastCommandUs: number }, nowUs: number): Overdue | undefined {
    const now = new Map<string, Watched>();
    let overdue: Overdue | undefined;
    for (const obligation of obligations(state)) {
      const key = `${obligation.name}|${obligation.key}`;
      const firstSeenUs = this.watched.get(key)?.firstSeenUs ?? nowUs;
      const fromUs = Math.max(obligation.sinceUs, phase.healedUs ?? 0, phase.lastCommandUs, firstSeenUs - LOOK_SLACK_US);
      now.set(key, { obligation, fromUs, firstSeenUs });
      if (overdue === undefined && nowUs - fromUs > obligation.boundUs) overdue = tell(obligation, nowUs - fromUs);
    }
    for (const [key, was] of this.watched) if (!now.has(key)) this.discharged(was, nowUs);
    this.watched = now;
    this.outstanding = 0;
    const settleFromUs = Math.max(phase.healedUs ?? 0, phase.lastCommandUs);
    for (const { obligation } of now.values()) if (obligation.sinceUs <= settleFromUs) this.outstanding += 1;
    return overdue;
  }

  private discharged(was: Watched, nowUs: number): void {
    const ratio = Math.max(0, nowUs - was.fromUs) / was.obligation.boundUs;
    const before = this.ratios.get(was.obligation.name);
    this.ratios.set(was.obligation.name, { worst: Math.max(ratio, before?.worst ?? 0), count: (before?.count ?? 0) + 1 });
  }
}

function tell(obligation: Obligation, waitedUs: number): Overdue {
  return {
    property: obligation.property,
    rule: obligation.name,
    message: `${obligation.sentence} (${obligation.key}); waited ${String(Math.round(waitedUs / 1000))} ms`,
    expected: `within ${String(Math.round(obligation.boundUs / 1000))} ms = ${obligation.boundText}`,
    actual: `not after ${String(Math.round(waitedUs / 1000))} ms`,
    gpid: obligation.gpid,
  };
}
