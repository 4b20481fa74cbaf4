/**
 * The judge of one run: every event goes through it, in order. It keeps the digest, lets the model follow, and remembers the first
 * thing that was wrong. It never stops the world itself; the run asks it.
 */
import type { ModelEvent } from '../../model/events.ts';
import type { ClusterId } from '../../model/vocabulary.ts';
import { step } from '../../model/next.ts';
import { RULES, rulesOf } from '../../model/rules/index.ts';
import type { RuleTable } from '../../model/rules/rule.ts';
import type { ModelState } from '../../model/state.ts';
import type { Violation } from '../../model/violation.ts';
import { brokenText } from './brokenText.ts';
import { clusterOfEvent } from './eventPlace.ts';
import { Digest } from './digest.ts';

export interface JudgedViolation {
  readonly violation: Violation;
  /** What was wrong, for people. */
  readonly said: string;
  readonly atUs: number;
  readonly event: number;
  /** Of the event that was refused, or of the first node that an audit's message names; '' when there is none. */
  readonly cluster: ClusterId | '';
}

export interface JudgeOptions {
  readonly trace: boolean;
  readonly follows: boolean;
  readonly watch: readonly ((event: ModelEvent, state: ModelState) => void)[];
  /** Only what breaks this property is wrong; undefined: everything. */
  readonly property?: string;
}

export class Judge {
  readonly digest = new Digest();
  readonly state: ModelState;
  /** Undefined when the run keeps no trace. */
  readonly trace: ModelEvent[] | undefined;
  first: JudgedViolation | undefined;
  private readonly watch: readonly ((event: ModelEvent, state: ModelState) => void)[];
  private readonly follows: boolean;
  private readonly property: string | undefined;
  private readonly rules: RuleTable;

  constructor(state: ModelState, options: JudgeOptions) {
    this.state = state;
    this.trace = options.trace ? [] : undefined;
    this.follows = options.follows;
    this.watch = options.watch;
    this.property = options.property;
    this.rules = options.property === undefined ? RULES : rulesOf(options.property);
  }

  event(event: ModelEvent): void {
    if (this.first !== undefined) return;
    this.digest.event(event);
    this.trace?.push(event);
    if (!this.follows) return;
    const violation = step(this.state, event, this.rules);
    if (violation !== undefined) this.report(violation, event.atUs, clusterOfEvent(event), brokenText(event, violation, this.state));
    for (const watch of this.watch) watch(event, this.state);
  }

  /** A violation from the model or an audit; the first one counts. */
  report(violation: Violation, atUs: number, cluster: ClusterId | '' = clusterNamed(violation.message), said = violation.message): void {
    if (this.property !== undefined && violation.property !== this.property) return;
    this.first ??= { violation, said, atUs, event: this.digest.events, cluster };
  }
}

function clusterNamed(message: string): ClusterId | '' {
  return /\b([a-z]+)\/(?:replica|meta|client)-\d/.exec(message)?.[1] ?? '';
}
