/** Disk full: every write that needs room fails with 'full' and leaves nothing, until the window ends. Reads and removals work. */
import { int, nodeRef, num, str, type StepSpec } from '../spec.ts';
import { drawWindowMs } from './common.ts';

export const diskFull: StepSpec = {
  kind: 'diskFull',
  family: 'fault',
  weight: 1,
  fields: { node: nodeRef, forMs: int(1, 600_000) },
  draw: (draw, symbols) => ({ node: draw.pick(symbols.replicaNodes()), forMs: drawWindowMs(draw) }),
  guard: (step, stage) => stage.node(str(step, 'node')) !== undefined,
  run(step, stage) {
    const node = stage.node(str(step, 'node'));
    if (node === undefined) return;
    stage.world.setDiskFull(node, true);
    stage.window(num(step, 'forMs'), () => {
      stage.world.setDiskFull(node, false);
    });
  },
  text: (s) => `disk of ${str(s, 'node')} full for ${String(num(s, 'forMs'))} ms`,
};
