/** Session reset: everything in flight between two nodes is lost in both directions, and calls that wait fail at once. */
import { nodeRef, str, type StepSpec } from '../spec.ts';

export const resetSession: StepSpec = {
  kind: 'resetSession',
  family: 'fault',
  weight: 3,
  fields: { a: nodeRef, b: nodeRef },
  draw(draw, symbols) {
    const nodes = [...symbols.replicaNodes(), ...symbols.metaNodes()];
    const a = draw.pick(nodes);
    const others = nodes.filter((n) => n !== a);
    return others.length === 0 ? undefined : { a, b: draw.pick(others) };
  },
  guard: (step, stage) => stage.node(str(step, 'a')) !== undefined && stage.node(str(step, 'b')) !== undefined && str(step, 'a') !== str(step, 'b'),
  run(step, stage) {
    const a = stage.node(str(step, 'a'));
    const b = stage.node(str(step, 'b'));
    if (a === undefined || b === undefined) return;
    stage.world.resetSession(a, b);
  },
  text: (s) => `reset the session between ${str(s, 'a')} and ${str(s, 'b')}`,
};
