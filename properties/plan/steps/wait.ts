/** Time passes. */
import { int, num, type StepSpec } from '../spec.ts';

export const wait: StepSpec = {
  kind: 'wait',
  family: 'wait',
  weight: 6,
  fields: { forMs: int(0, 600_000) },
  draw: (draw) => ({ forMs: draw.pick([5, 20, 100, 500, 2000, 5000]) }),
  guard: () => true,
  run: (step, stage) => {
    stage.holdMs(num(step, 'forMs'));
  },
  text: (s) => `wait ${String(num(s, 'forMs'))} ms`,
};
