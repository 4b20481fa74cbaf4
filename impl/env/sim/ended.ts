/**
 * How a handler is cut off in the middle. Private to the simulated env: the implementation never sees these classes, so
 * a catch of its own that swallowed one would keep a dead process running (why bare catches are refused by a lint).
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
