/** Slow state store: each operation of the cluster's store takes `factor` times as long, until the window ends. Order is kept. */
import { int, num, str, type StepSpec } from '../spec.ts';
import { clusterField, drawWindowMs } from './common.ts';

export const slowStore: StepSpec = {
  kind: 'slowStore',
  family: 'fault',
  weight: 1,
  fields: { cluster: clusterField, factor: int(2, 10_000), forMs: int(1, 600_000) },
  draw: (draw, symbols) => ({ cluster: draw.pick(symbols.clusters).id, factor: draw.pick([10, 100, 1000]), forMs: drawWindowMs(draw) }),
  guard: (step, stage) => stage.hasCluster(str(step, 'cluster')),
  run(step, stage) {
    stage.world.setStoreSlow(str(step, 'cluster'), num(step, 'factor'));
    stage.window(num(step, 'forMs'), () => {
      stage.world.setStoreSlow(str(step, 'cluster'), 1);
    });
  },
  text: (s) => `state store of ${str(s, 'cluster')} ${String(num(s, 'factor'))} times slower for ${String(num(s, 'forMs'))} ms`,
};
