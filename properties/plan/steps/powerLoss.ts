/**
 * Power loss: as a crash, and of each file the bytes that were not synced may be lost from some point on: cut off (`cut`), read
 * as zeros (`zero`, the size was journalled and the data not), or cut in the middle of a write (`torn`). `keepPermille` says how
 * much of the unsynced tail stays. Synced bytes and changes of names survive: the journal of the file system is trusted.
 */
import { int, nodeRef, num, oneOf, str, type StepSpec } from '../spec.ts';
import { drawWindowMs } from './common.ts';

export const powerLoss: StepSpec = {
  kind: 'powerLoss',
  family: 'fault',
  weight: 3,
  fields: { node: nodeRef, downMs: int(0, 600_000), tail: oneOf('cut', 'torn', 'zero'), keepPermille: int(0, 1000) },
  draw: (draw, symbols) => ({
    node: draw.chance(200) ? draw.pick(symbols.metaNodes()) : draw.pick(symbols.replicaNodes()),
    downMs: drawWindowMs(draw),
    tail: draw.weighted(['cut', 'torn', 'zero'], (t) => (t === 'zero' ? 1 : 3)),
    keepPermille: draw.pick([0, 300, 700, 950, 1000]),
  }),
  guard: (step, stage) => stage.node(str(step, 'node')) !== undefined,
  run(step, stage) {
    const node = stage.node(str(step, 'node'));
    if (node === undefined || !stage.world.isUp(node)) return;
    const tail = str(step, 'tail');
    stage.stop(node, 'power-loss', { mode: tail === 'zero' ? 'zero' : tail === 'torn' ? 'torn' : 'cut', keepPermille: num(step, 'keepPermille') });
    stage.window(num(step, 'downMs'), () => {
      stage.start(node);
    });
  },
  text: (s) => `power loss at ${str(s, 'node')} (unsynced tails ${str(s, 'tail')}, ${String(num(s, 'keepPermille'))} per mille kept), back after ${String(num(s, 'downMs'))} ms`,
};
