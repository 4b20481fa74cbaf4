/**
 * How a handler is cut off in the middle. Private to the simulated env: the implementation never sees these classes, so a
 * catch of it that swallowed one would keep a dead process running (the lint against bare catches exists for this).
 */

/** The process ended inside an env call; nothing of it may run any further. */
export class ProcessEnded extends Error {
  constructor(node: string) {
    super(`process ${node} ended`);
    this.name = 'ProcessEnded';
  }
}

/** A limit of the world was hit inside a handler; the run is over. */
export class LimitReached extends Error {
  constructor(limit: string) {
    super(`limit ${limit} reached`);
    this.name = 'LimitReached';
  }
}
