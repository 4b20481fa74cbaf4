/**
 * Where chance may enter the simulated world. Every point has a calm default; `decide` returns undefined for it, or the
 * value of a deviation. An exploring run draws from named random lanes; a frozen run looks deviations up by their cause
 * and draws nothing. The cause names what happened, never an ordinal of the run:
 * `point|where|what|gpid|number|occurrence`, the occurrence counted among equal causes.
 */
export type ChancePoint =
  /** Extra one-way latency of a message, microseconds. where: `from>to`, what: `code/kind`. */
  | 'link.delay'
  /** The session of the link is reset as this message is sent: it and all in flight between the two are lost; value 1. */
  | 'link.reset'
  /** The reply is lost after the effect (the caller times out); value 1. */
  | 'link.reply-lost'
  /** Extra cost of a disk call, microseconds. where: node, what: `operation path-kind`. */
  | 'disk.slow'
  /** The read fails with 'io'; value 1. */
  | 'disk.read-error'
  /** The write, create, rename, link or sync fails with 'io' without effect; value 1. */
  | 'disk.write-error'
  /** Extra latency of a store operation, microseconds. where: node, what: `operation`, */
  | 'store.slow'
  /** ERR_TIMEOUT without effect; value 1. */
  | 'store.timeout'
  /** ERR_TIMEOUT although the operation took effect; value 1. */
  | 'store.timeout-after-effect'
  /** The process crashes right after this operation took effect, before it hears of it; value 1. */
  | 'store.crash-after'
  /** The task waits this long before it enters its pool's queue, microseconds. where: node, what: task code. */
  | 'pool.delay';

export interface Chance {
  /** True while every `decide` of the point would be calm, and nobody counts: then it need not be asked. Without it, always ask. */
  isCalm?(point: ChancePoint): boolean;
  decide(point: ChancePoint, where: string, what: string, gpid: string, number: number): number | undefined;
  /** Uniform in [0, 1) for `env.random()` of a process; deterministic also in frozen runs (derived from the cause, not drawn). */
  random(node: string): number;
}

/** No chance at all: every point is calm. */
export const CALM: Chance = {
  decide: () => undefined,
  random: () => 0.5,
};
