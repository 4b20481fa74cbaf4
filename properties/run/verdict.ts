/** How a run ended, and whose fault it is. */
export type Blame =
  /** The implementation (or model, or bound) is wrong. */
  | { readonly kind: 'bug' }
  /** A fault beyond the budget explains it; named. */
  | { readonly kind: 'excusable'; readonly fault: string };

export interface Failure {
  readonly kind: 'violation' | 'stuck';
  /** Registry id. */
  readonly property: string;
  /** Rule, audit or obligation that spoke. */
  readonly rule: string;
  readonly message: string;
  readonly expected: string;
  readonly actual: string;
  readonly atUs: number;
  /** Index of the event in the run. */
  readonly event: number;
  readonly blame: Blame;
}

export type Verdict =
  | { readonly kind: 'pass' }
  | Failure
  /** The run hit a bound of its own size: inconclusive, and a finding about the suite or a runaway. */
  | { readonly kind: 'limit'; readonly limit: string; readonly atUs: number };

/** A verdict that a hunt reports: a failure that no fault excuses, or a runaway. */
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

export function verdictSentence(verdict: Verdict): string {
  if (verdict.kind === 'pass') return 'nothing found';
  if (verdict.kind === 'limit') return `the run hit its limit: ${verdict.limit}`;
  const who = verdict.blame.kind === 'bug' ? '' : ` (excusable: ${verdict.blame.fault})`;
  return `${verdict.property} ${verdict.kind === 'stuck' ? 'not kept in time' : 'broken'}: ${verdict.message}${who}`;
}
