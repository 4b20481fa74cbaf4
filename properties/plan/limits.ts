/** The bounds of a plan and of a run: hitting one of a run is a verdict, never a hang. */
export const LARGEST_CLUSTER = 64;
export const LARGEST_PLAN_STEPS = 100_000;
/** Dispatches of one run before it is given up as runaway. */
export const DISPATCH_LIMIT = 3_000_000;
/** Virtual time after heal within which a run must have settled, milliseconds; one that waits for an obligation may wait out its bound. */
export const SETTLE_LIMIT_MS = 600_000;
