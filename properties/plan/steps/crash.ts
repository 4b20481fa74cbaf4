/**
 * Process crash: the process's memory is gone at once; every byte that a disk call wrote survives (it is in the page cache of a
 * machine that goes on). `insideCall` 0: between two tasks, now; n: instead of the n-th env call that the process makes from now on,
 * in the middle of whatever it is doing. The same node may crash again while it is down (no effect). It comes back after
 * `downMs`, or at heal; a crash that has not come by then does not come.
 */
import { int, nodeRef, num, str, type StepSpec } from '../spec.ts';
import { drawWindowMs } from './common.ts';

export const crash: StepSpec = {
  kind: 'crash',
  family: 'fault',
  weight: 6,
  fields: { node: nodeRef, downMs: int(0, 600_000), insideCall: int(0, 10_000) },
  draw: (draw, symbols) => ({
    node: draw.chance(200) ? draw.pick(symbols.metaNodes()) : draw.pick(symbols.replicaNodes()),
    downMs: drawWindowMs(draw),
    insideCall: draw.chance(500) ? draw.int(1, draw.pick([10, 60, 300])) : 0,
  }),
  guard: (step, stage) => stage.node(str(step, 'node')) !== undefined,
  run(step, stage) {
    const node = stage.node(str(step, 'node'));
    if (node === undefined || !stage.world.isUp(node)) return;
    const insideCall = num(step, 'insideCall');
    if (insideCall === 0) stage.stop(node, 'crash');
    else stage.world.crashInside(node, insideCall);
    stage.window(num(step, 'downMs'), () => {
      stage.world.crashInside(node, 0);
      stage.start(node);
    });
  },
  text(s) {
    const inside = num(s, 'insideCall');
    const when = inside === 0 ? '' : ` inside its ${String(inside)}. call from now`;
    return `crash ${str(s, 'node')}${when}, back after ${String(num(s, 'downMs'))} ms`;
  },
};
