/** Graceful restart: the process is asked to stop (it may flush), ends, and comes back after `downMs`. Nothing is lost. */
import { int, nodeRef, num, str, type StepSpec } from '../spec.ts';
import { drawWindowMs } from './common.ts';

export const restart: StepSpec = {
  kind: 'restart',
  family: 'fault',
  weight: 2,
  fields: { node: nodeRef, downMs: int(0, 600_000) },
  draw: (draw, symbols) => ({ node: draw.pick([...symbols.replicaNodes(), ...symbols.metaNodes()]), downMs: drawWindowMs(draw) }),
  guard: (step, stage) => stage.node(str(step, 'node')) !== undefined,
  run(step, stage) {
    const node = stage.node(str(step, 'node'));
    if (node === undefined || !stage.world.isUp(node)) return;
    stage.stop(node, 'shutdown');
    stage.window(num(step, 'downMs'), () => {
      stage.start(node);
    });
  },
  text: (s) => `restart ${str(s, 'node')}, down for ${String(num(s, 'downMs'))} ms`,
};
