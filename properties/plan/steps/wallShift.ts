/** Wall-clock jump: the node's wall clock moves by `deltaMs` (either way) and stays so; the monotonic clock does not notice. */
import { int, nodeRef, num, str, type StepSpec } from '../spec.ts';

export const wallShift: StepSpec = {
  kind: 'wallShift',
  family: 'fault',
  weight: 1,
  fields: { node: nodeRef, deltaMs: int(-600_000, 600_000) },
  draw: (draw, symbols) => ({ node: draw.pick([...symbols.replicaNodes(), ...symbols.metaNodes()]), deltaMs: draw.pick([-60_000, -5000, -1, 1, 5000, 60_000]) }),
  guard: (step, stage) => stage.node(str(step, 'node')) !== undefined,
  run(step, stage) {
    const node = stage.node(str(step, 'node'));
    if (node === undefined) return;
    stage.world.shiftWall(node, num(step, 'deltaMs') * 1000);
  },
  text: (s) => `wall clock of ${str(s, 'node')} ${num(s, 'deltaMs') < 0 ? '' : '+'}${String(num(s, 'deltaMs'))} ms`,
};
