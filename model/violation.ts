/** A broken rule, as the model and the audits report it. */

export interface Violation {
  /** Registry id: S1..S10, L1..L7, or an id of the registry such as `repl.S8`. */
  readonly property: string;
  /** The rule or audit that spoke, by its stable name, e.g. `replication/commit-needs-all-acks`. */
  readonly rule: string;
  /** What happened, one sentence with the ids in it. */
  readonly message: string;
  /** What the model expected, and what was seen; short texts. */
  readonly expected: string;
  readonly actual: string;
}
