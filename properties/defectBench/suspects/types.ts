/**
 * What is told of a behaviour of upstream's that looks wrong and is still there: where it is, why it goes wrong, and how it could be
 * mended. Facts of the fact sheets in our words; a page of docs/findings is made from this and from a run.
 */
export interface Suspect {
  /** The defect module that puts it back. */
  readonly id: string;
  /** What a maintainer would title the issue. */
  readonly title: string;
  /** H follows directly from the code, M needs an interleaving that looks reachable, L is narrow or depends on the environment. */
  readonly confidence: 'H' | 'M' | 'L';
  readonly harm: 'lost or wrong data' | 'stuck' | 'aborts a server' | 'wrong answer' | 'unfair or no limit';
  /** Paths in upstream's repository, the one to open first at the front. */
  readonly files: readonly string[];
  /** Functions, options and other names of upstream's to look for there. */
  readonly names: readonly string[];
  /** What the code does, and why that is wrong. */
  readonly cause: string;
  /** When it happens to a real cluster: which events, and whether with upstream's default settings. */
  readonly when: string;
  /** What a user or operator sees. */
  readonly consequence: string;
  /** What to change. */
  readonly mending: string;
  /** What has to be known to see this in the shortest scenario, where that shows another end of it than the consequence above. */
  readonly scenario?: string;
}
