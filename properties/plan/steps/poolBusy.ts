/**
 * Pool busy: others' work occupies the shared pool of long tasks: `tasks` tasks of `costMs` each, posted again when they end,
 * at normal priority (repl 3.2: disk statistics, compaction, learning of other tables), until the window ends.
 */
import { int, nodeRef, num, str, type StepSpec } from '../spec.ts';
import { drawWindowMs } from './common.ts';

const POOL = 'THREAD_POOL_REPLICATION_LONG';

export const poolBusy: StepSpec = {
  kind: 'poolBusy',
  family: 'fault',
  weight: 2,
  fields: { node: nodeRef, tasks: int(1, 64), costMs: int(1, 10_000), forMs: int(1, 600_000) },
  draw: (draw, symbols) => ({ node: draw.pick(symbols.replicaNodes()), tasks: draw.int(1, 4), costMs: draw.pick([10, 50, 200]), forMs: drawWindowMs(draw) }),
  guard: (step, stage) => stage.node(str(step, 'node')) !== undefined,
  run(step, stage) {
    const node = stage.node(str(step, 'node'));
    if (node === undefined || !stage.world.isUp(node)) return;
    stage.window(num(step, 'forMs'), stage.world.occupyPool(node, POOL, num(step, 'tasks'), num(step, 'costMs'), true));
  },
  text: (s) => `long pool of ${str(s, 'node')} busy with ${String(num(s, 'tasks'))} tasks of ${String(num(s, 'costMs'))} ms for ${String(num(s, 'forMs'))} ms`,
};
