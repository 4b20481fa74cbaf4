/** File providers in trouble until the window ends: one that nobody can reach, and one that is slow (bl 14.2). */
import { int, num, str, type StepSpec } from '../spec.ts';
import { drawWindowMs } from './common.ts';
import { providerField } from './prepareLoad.ts';

/** Each call of a server fails. */
export const providerDown: StepSpec = {
  kind: 'providerDown',
  family: 'fault',
  weight: 2,
  needsLoads: true,
  fields: { provider: providerField, forMs: int(1, 600_000) },
  draw: (draw) => ({ provider: 'local', forMs: drawWindowMs(draw) }),
  guard: () => true,
  run(step, stage) {
    const store = stage.world.provider(str(step, 'provider'));
    store.setUnreachable(true);
    stage.window(num(step, 'forMs'), () => {
      store.setUnreachable(false);
    });
  },
  text: (s) => `provider ${str(s, 'provider')} out of reach for ${String(num(s, 'forMs'))} ms`,
};

/** Each call takes `factor` times as long, half a millisecond at first. */
export const slowProvider: StepSpec = {
  kind: 'slowProvider',
  family: 'fault',
  weight: 1,
  needsLoads: true,
  fields: { provider: providerField, factor: int(2, 10_000), forMs: int(1, 600_000) },
  draw: (draw) => ({ provider: 'local', factor: draw.pick([10, 50, 200]), forMs: drawWindowMs(draw) }),
  guard: () => true,
  run(step, stage) {
    const store = stage.world.provider(str(step, 'provider'));
    store.setSlow(num(step, 'factor'));
    stage.window(num(step, 'forMs'), () => {
      store.setSlow(1);
    });
  },
  text: (s) => `provider ${str(s, 'provider')} ${String(num(s, 'factor'))} times slower for ${String(num(s, 'forMs'))} ms`,
};
