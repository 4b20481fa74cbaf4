/** Pause: nothing of the process runs for a while (a long stop of the machine); messages to it queue; its clocks go on for others only. */
import { int, nodeRef, num, str, type StepSpec } from '../spec.ts';
import { drawWindowMs } from './common.ts';

export const pause: StepSpec = {
  kind: 'pause',
  family: 'fault',
  weight: 2,
  fields: { node: nodeRef, forMs: int(1, 600_000) },
  draw: (draw, symbols) => ({ node: draw.pick([...symbols.replicaNodes(), ...symbols.metaNodes()]), forMs: drawWindowMs(draw) }),
  guard: (step, stage) => stage.node(str(step, 'node')) !== undefined,
  run(step, stage) {
    const node = stage.node(str(step, 'node'));
    if (node === undefined || !stage.world.isUp(node)) return;
    stage.world.pauseNode(node, num(step, 'forMs'));
    stage.lasts(num(step, 'forMs'));
  },
  text: (s) => `pause ${str(s, 'node')} for ${String(num(s, 'forMs'))} ms`,
};
