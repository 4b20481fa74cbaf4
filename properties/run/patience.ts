/**
 * Waits for obligations: from when, until when, and how close the clean runs come to the bounds. An obligation's bound counts
 * from the latest of its own start, heal, and the last command. The model keeps the starts, event by event: what comes
 * and goes between two looks is still as old as it is.
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
  readonly node: string;
  readonly cluster: string;
}

/** How far the run has got. */
export interface Phase {
  /** Undefined while faults go on. */
  readonly healedUs: number | undefined;
  readonly lastCommandUs: number;
}

/** What must hold steadily and not once: after heal, the times without it add up. */
const STEADY: ReadonlySet<string> = new Set(['L4 partition serves']);

/** An obligation that is not past its bound; `dueUs`: virtual microseconds. */
export interface Owing {
  readonly obligation: Obligation;
  readonly dueUs: number;
}

interface Watched {
  readonly obligation: Obligation;
  readonly fromUs: number;
}

export class Patience {
  readonly ratios = new Map<string, Ratio>();
  /** Obligations that were there when faults and commands ended; later ones (of idle partitions' empty writes) come and go for ever. */
  outstanding = 0;
  /** When the last of those is past its bound, virtual microseconds. */
  dueUs = 0;
  private watched: ReadonlyMap<string, Watched> = new Map<string, Watched>();
  /** What the last look knew: how many events, and from when on it waited. */
  private seenEvents: number | undefined;
  private settleFromUs = 0;
  /** Of steady obligations, the time that was spent without them. */
  private readonly spentUs = new Map<string, number>();
  private readonly property: string | undefined;

  /** `property`: only its obligations are waited for; undefined: all. */
  constructor(property?: string) {
    this.property = property;
  }

  /**
   * Looks at the obligations now; answers the first that is past its bound. `events`: how many the state has taken in; with no
   * more than at the last look, and in the same phase, nothing else is owed than then.
   */
  look(state: ModelState, phase: Phase, nowUs: number, events?: number): Overdue | undefined {
    const settleFromUs = Math.max(phase.healedUs ?? 0, phase.lastCommandUs);
    if (events === undefined || events !== this.seenEvents || settleFromUs !== this.settleFromUs) this.update(state, settleFromUs, nowUs);
    this.seenEvents = events;
    for (const { obligation, fromUs } of this.watched.values()) if (nowUs - fromUs > obligation.boundUs) return tell(obligation, nowUs - fromUs);
    return undefined;
  }

  /** Takes over what is owed now: what is new, what goes on, and what is over. */
  private update(state: ModelState, settleFromUs: number, nowUs: number): void {
    const now = new Map<string, Watched>();
    for (const obligation of obligations(state)) {
      if (this.property !== undefined && obligation.property !== this.property) continue;
      const key = `${obligation.cluster}|${obligation.name}|${obligation.key}`;
      const startUs = Math.max(obligation.sinceUs, settleFromUs);
      const was = this.watched.get(key);
      // It was over and has begun again since the last look.
      if (was !== undefined && was.obligation.sinceUs < obligation.sinceUs) this.discharged(key, was, Math.min(startUs, nowUs));
      now.set(key, { obligation, fromUs: startUs - (this.spentUs.get(key) ?? 0) });
    }
    for (const [key, was] of this.watched) if (!now.has(key)) this.discharged(key, was, nowUs);
    this.watched = now;
    this.settleFromUs = settleFromUs;
    this.outstanding = 0;
    this.dueUs = 0;
    for (const { obligation, fromUs } of now.values()) {
      if (obligation.sinceUs > settleFromUs) continue;
      this.outstanding += 1;
      this.dueUs = Math.max(this.dueUs, fromUs + obligation.boundUs);
    }
  }

  /** What was owed at the last look and had time left, the soonest due first. */
  stillOwed(): readonly Owing[] {
    const owing = [...this.watched.values()].map(({ obligation, fromUs }) => ({ obligation, dueUs: fromUs + obligation.boundUs }));
    return owing.sort((a, b) => a.dueUs - b.dueUs);
  }

  private discharged(key: string, was: Watched, nowUs: number): void {
    const waitedUs = Math.max(0, nowUs - was.fromUs);
    if (STEADY.has(was.obligation.name)) this.spentUs.set(key, waitedUs);
    const ratio = waitedUs / was.obligation.boundUs;
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
    node: obligation.node,
    cluster: obligation.cluster,
  };
}
