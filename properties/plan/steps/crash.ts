/**
 * Process crash: the process's memory is gone at once, in the middle of whatever it was doing between two tasks; every byte
 * that a disk call wrote survives (it is in the page cache of a machine that goes on). The same node may crash again while
 * it is down (no effect). It comes back after `downMs`, or at heal.
 */
import { int, nodeRef, num, str, type StepSpec } from '../spec.ts';
import { drawWindowMs } from './common.ts';

export const crash: StepSpec = {
  kind: 'crash',
  family: 'fault',
  weight: 6,
  fields: { node: nodeRef, downMs: int(0, 600_000) },
  draw: (draw, symbols) => ({ node: draw.chance(200) ? draw.pick(symbols.metaNodes()) : draw.pick(symbols.replicaNodes()), downMs: drawWindowMs(draw) }),
  guard: (step, stage) => stage.node(str(step, 'node')) !== undefined,
  run(step, stage) {
    const node = stage.node(str(step, 'node'));
    if (node === undefined || !stage.world.isUp(node)) return;
    stage.stop(node, 'crash');
    stage.window(num(step, 'downMs'), () => {
      stage.start(node);
    });
  },
  text: (s) => `crash ${str(s, 'node')}, back after ${String(num(s, 'downMs'))} ms`,
};
