/**
 * Load of the pool for long tasks: others' work in a closed loop, `tasks` tasks of `costMs` each, posted again when they end, for
 * `forMs`. Unlike a fault it goes on after heal, and through restarts: a busy server is an ordinary one, and what has to happen must
 * happen beside its other work (#2183). As drawn a round of it takes at most 60 ms, so that a few dozen turns of waiting fit into
 * every bound; the priority is that of ordinary work.
 */
import { int, nodeRef, num, str, type StepSpec } from '../spec.ts';

export const poolLoad: StepSpec = {
  kind: 'poolLoad',
  family: 'fault',
  weight: 2,
  needsFollower: true,
  fields: { node: nodeRef, tasks: int(1, 16), costMs: int(1, 1000), forMs: int(1, 600_000) },
  draw: (draw, symbols) => ({ node: draw.pick(symbols.replicaNodes()), tasks: draw.int(1, 3), costMs: draw.pick([5, 10, 20]), forMs: draw.pick([5000, 20_000, 60_000]) }),
  guard: (step, stage) => stage.node(str(step, 'node')) !== undefined,
  run(step, stage) {
    const node = stage.node(str(step, 'node'));
    if (node !== undefined) stage.load(node, num(step, 'tasks'), num(step, 'costMs'), num(step, 'forMs'));
  },
  text: (s) => `long pool of ${str(s, 'node')} loaded with ${String(num(s, 'tasks'))} tasks of ${String(num(s, 'costMs'))} ms for ${String(num(s, 'forMs'))} ms`,
};
