/** Slow disk: each disk call of the node costs `factor` times as much, until the window ends. */
import { int, nodeRef, num, str, type StepSpec } from '../spec.ts';
import { drawWindowMs } from './common.ts';

export const slowDisk: StepSpec = {
  kind: 'slowDisk',
  family: 'fault',
  weight: 2,
  fields: { node: nodeRef, factor: int(2, 1000), forMs: int(1, 600_000) },
  draw: (draw, symbols) => ({ node: draw.pick(symbols.replicaNodes()), factor: draw.pick([5, 20, 100]), forMs: drawWindowMs(draw) }),
  guard: (step, stage) => stage.node(str(step, 'node')) !== undefined,
  run(step, stage) {
    const node = stage.node(str(step, 'node'));
    if (node === undefined) return;
    stage.world.setDiskSlow(node, num(step, 'factor'));
    stage.window(num(step, 'forMs'), () => {
      stage.world.setDiskSlow(node, 1);
    });
  },
  text: (s) => `disk of ${str(s, 'node')} ${String(num(s, 'factor'))} times slower for ${String(num(s, 'forMs'))} ms`,
};
