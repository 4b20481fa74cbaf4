/**
 * Bounds of one simulated world. Every queue, every loop and the clock have one, so that a runaway run ends with a
 * typed outcome that names what ran away, never with a hang.
 */

export interface Limits {
  /** Events that one world may dispatch over its whole life. */
  readonly dispatches: number;
  /** Virtual time that no event may pass, microseconds. */
  readonly virtualUs: number;
  /** Tasks waiting in one queue of a pool (a worker's own, or the shared one). */
  readonly queueLength: number;
  /** Messages under way on one ordered pair of nodes. */
  readonly linkLength: number;
  /** Calls of one process that wait for their replies. */
  readonly pendingCalls: number;
  /** Env calls of one handler: catches a loop that never returns to the kernel. */
  readonly handlerCalls: number;
}

export const DEFAULT_LIMITS: Limits = {
  dispatches: 20_000_000,
  virtualUs: 30 * 24 * 3600 * 1_000_000,
  queueLength: 200_000,
  linkLength: 200_000,
  pendingCalls: 200_000,
  handlerCalls: 2_000_000,
};

/** Which limit ended the run, and where (a pool, a link or a node; '' for the whole world). */
export interface LimitHit {
  readonly limit: keyof Limits;
  readonly where: string;
}
