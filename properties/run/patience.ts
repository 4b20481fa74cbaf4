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

/** An obligation from its first look on. */
class Watched {
  obligation: Obligation;
  fromUs = 0;
  /** Of a steady one, the time that was spent without it. */
  spentUs = 0;
  /** The update that saw it last; 0 none. */
  seenIn = 0;

  constructor(obligation: Obligation) {
    this.obligation = obligation;
  }
}

export class Patience {
  readonly ratios: Map<string, Ratio>;
  /** Obligations that were there when faults and commands ended; later ones (of idle partitions' empty writes) come and go for ever. */
  outstanding = 0;
  /** When the last of those is past its bound, virtual microseconds. */
  dueUs = 0;
  /** What is owed now, in the model's order. */
  private watched: readonly Watched[] = [];
  /** By cluster, name and key. Keys are not put together: nothing here is asked more often. */
  private readonly known = new Map<string, Map<string, Map<string, Watched>>>();
  private updates = 0;
  /** What the last look knew: how many events, and from when on it waited. */
  private seenEvents: number | undefined;
  private settleFromUs = 0;
  readonly property: string | undefined;
  private readonly owed: (state: ModelState) => readonly Obligation[];

  /** `property`: only its obligations are waited for; undefined: all. `owed`: what is waited for at all. */
  constructor(property?: string, owed: (state: ModelState) => readonly Obligation[] = obligations, ratios = new Map<string, Ratio>()) {
    this.property = property;
    this.owed = owed;
    this.ratios = ratios;
  }

  /**
   * Looks at the obligations now; answers the first that is past its bound. `events`: how many the state has taken in; with no
   * more than at the last look, and in the same phase, nothing else is owed than then.
   */
  look(state: ModelState, phase: Phase, nowUs: number, events?: number): Overdue | undefined {
    const settleFromUs = Math.max(phase.healedUs ?? 0, phase.lastCommandUs);
    if (events === undefined || events !== this.seenEvents || settleFromUs !== this.settleFromUs) this.update(state, settleFromUs, nowUs);
    this.seenEvents = events;
    for (const { obligation, fromUs } of this.watched) if (nowUs - fromUs > obligation.boundUs) return tell(obligation, nowUs - fromUs);
    return undefined;
  }

  /** Takes over what is owed now: what is new, what goes on, and what is over. */
  private update(state: ModelState, settleFromUs: number, nowUs: number): void {
    const now: Watched[] = [];
    this.updates += 1;
    for (const obligation of this.owed(state)) {
      if (this.property !== undefined && obligation.property !== this.property) continue;
      const startUs = Math.max(obligation.sinceUs, settleFromUs);
      const one = this.knownOf(obligation);
      // It was over and has begun again since the last look.
      if (one.seenIn === this.updates - 1 && one.obligation.sinceUs < obligation.sinceUs) this.discharged(one, Math.min(startUs, nowUs));
      one.obligation = obligation;
      one.seenIn = this.updates;
      one.fromUs = startUs - one.spentUs;
      now.push(one);
    }
    for (const one of this.watched) if (one.seenIn !== this.updates) this.discharged(one, nowUs);
    this.watched = now;
    this.settleFromUs = settleFromUs;
    this.outstanding = 0;
    this.dueUs = 0;
    for (const { obligation, fromUs } of now) {
      if (obligation.sinceUs > settleFromUs) continue;
      this.outstanding += 1;
      this.dueUs = Math.max(this.dueUs, fromUs + obligation.boundUs);
    }
  }

  /** What was owed at the last look and had time left, the soonest due first. */
  stillOwed(): readonly Owing[] {
    const owing = this.watched.map(({ obligation, fromUs }) => ({ obligation, dueUs: fromUs + obligation.boundUs }));
    return owing.sort((a, b) => a.dueUs - b.dueUs);
  }

  private knownOf(obligation: Obligation): Watched {
    const { cluster, name, key } = obligation;
    let ofCluster = this.known.get(cluster);
    if (ofCluster === undefined) this.known.set(cluster, (ofCluster = new Map()));
    let ofName = ofCluster.get(name);
    if (ofName === undefined) ofCluster.set(name, (ofName = new Map()));
    let one = ofName.get(key);
    if (one === undefined) ofName.set(key, (one = new Watched(obligation)));
    return one;
  }

  private discharged(was: Watched, nowUs: number): void {
    const waitedUs = Math.max(0, nowUs - was.fromUs);
    if (STEADY.has(was.obligation.name)) was.spentUs = waitedUs;
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
