/**
 * A defect: a wrong implementation, told as the smallest change of the right one. It overrides methods of parts (classes by
 * name, see impl/parts.ts); the world substitutes the subclasses for all nodes. No generator hint, no switch in `impl/`.
 */
import { DEFAULT_PARTS, type PartName, type Parts } from '../../impl/parts.ts';

/** One overridden part: a mixin over its class. */
export type Change = { [P in PartName]: { readonly part: P; readonly mend: (Base: Parts[P]) => Parts[P] } }[PartName];

export interface Defect {
  readonly id: string;
  /** Upstream's issue and mending, or '' for a classic mistake of our own choice. */
  readonly issue: string;
  readonly symptom: string;
  /** Registry ids of which at least one is expected to catch it. */
  readonly expected: readonly string[];
  /** What kind of defect: a real one of upstream's, a classic mistake, a liar (falsifies or omits a claim), or the canary. */
  readonly family: 'upstream' | 'classic' | 'liar' | 'canary';
  readonly upstream: 'fixed' | 'open' | 'never had it';
  readonly changes: readonly Change[];
}

/** The part table with the defects put in, in order. */
export function partsWith(defects: readonly Defect[]): Parts {
  let parts: Parts = DEFAULT_PARTS;
  for (const defect of defects) for (const change of defect.changes) parts = apply(parts, change);
  return parts;
}

function apply(parts: Parts, change: Change): Parts {
  // The union keeps part and mixin together; TypeScript cannot follow that through an index, so the pairing is made here.
  const mend: (Base: never) => unknown = change.mend;
  return { ...parts, [change.part]: mend(parts[change.part] as never) };
}
