/** How a run ended, and whose fault it is. */
import { unreachable } from '../../model/vocabulary.ts';

export type Blame =
  /** The implementation (or model, or bound) is wrong. */
  | { readonly kind: 'bug' }
  /** A fault beyond the budget explains it; named. */
  | { readonly kind: 'excusable'; readonly fault: string }
  /** The run shows nothing: it was cut off, or a setting takes away what the promise rests on. */
  | { readonly kind: 'inconclusive'; readonly reason: string };

export interface Failure {
  readonly kind: 'violation' | 'stuck';
  /** Registry id. */
  readonly property: string;
  /** Rule, audit or obligation that spoke. */
  readonly rule: string;
  readonly message: string;
  readonly expected: string;
  readonly actual: string;
  /** What it is about; '' when that is not known, or when it is about more. */
  readonly cluster: string;
  readonly gpid: string;
  readonly node: string;
  readonly atUs: number;
  /** Index of the event in the run. */
  readonly event: number;
  readonly blame: Blame;
}

/** The run hit a bound of its own size: it says nothing about the properties, and something about the suite, or it ran away. */
export interface LimitReached {
  readonly kind: 'limit';
  readonly limit: string;
  readonly atUs: number;
  readonly blame: Extract<Blame, { kind: 'inconclusive' }>;
}

export type Verdict = { readonly kind: 'pass' } | Failure | LimitReached;

/** A verdict that a hunt reports: a failure that is nobody's but the code's, or a runaway. */
export function isFinding(verdict: Verdict): boolean {
  if (verdict.kind === 'pass') return false;
  if (verdict.kind === 'limit') return true;
  return verdict.blame.kind === 'bug';
}

/** Two failures count as the same cause when the same rule of the same property spoke. */
export function causeOf(verdict: Verdict): string {
  if (verdict.kind === 'pass') return 'pass';
  if (verdict.kind === 'limit') return `limit/${verdict.limit}`;
  return `${verdict.property}/${verdict.rule}`;
}

/** `bug`, `excusable: power-loss at …`, `inconclusive: the run was cut off …`. */
export function blameText(blame: Blame): string {
  switch (blame.kind) {
    case 'bug':
      return 'bug';
    case 'excusable':
      return `excusable: ${blame.fault}`;
    case 'inconclusive':
      return `inconclusive: ${blame.reason}`;
    default:
      return unreachable(blame);
  }
}

export function verdictSentence(verdict: Verdict): string {
  if (verdict.kind === 'pass') return 'nothing found';
  const who = verdict.blame.kind === 'bug' ? '' : ` (${blameText(verdict.blame)})`;
  if (verdict.kind === 'limit') return `the run hit its limit: ${verdict.limit}${who}`;
  return `${verdict.property} ${verdict.kind === 'stuck' ? 'not kept in time' : 'broken'}: ${verdict.message}${who}`;
}
