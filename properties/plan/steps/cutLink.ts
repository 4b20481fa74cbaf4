/**
 * Partition between two nodes, one way or both: what is sent on a cut link is lost and the caller times out. When the link
 * comes back its session starts anew, so nothing of before arrives late (a TCP session does not survive either).
 */
import { flag, bool, int, nodeRef, num, str, type StepSpec } from '../spec.ts';
import { drawWindowMs } from './common.ts';

export const cutLink: StepSpec = {
  kind: 'cutLink',
  family: 'fault',
  weight: 4,
  fields: { from: nodeRef, to: nodeRef, oneWay: flag, forMs: int(1, 600_000) },
  draw(draw, symbols) {
    const nodes = [...symbols.replicaNodes(), ...symbols.metaNodes()];
    const from = draw.pick(nodes);
    const others = nodes.filter((n) => n !== from);
    if (others.length === 0) return undefined;
    return { from, to: draw.pick(others), oneWay: draw.chance(500), forMs: drawWindowMs(draw) };
  },
  guard: (step, stage) => stage.node(str(step, 'from')) !== undefined && stage.node(str(step, 'to')) !== undefined && str(step, 'from') !== str(step, 'to'),
  run(step, stage) {
    const from = stage.node(str(step, 'from'));
    const to = stage.node(str(step, 'to'));
    if (from === undefined || to === undefined) return;
    const both = !bool(step, 'oneWay');
    stage.world.cutLink(from, to);
    if (both) stage.world.cutLink(to, from);
    stage.window(num(step, 'forMs'), () => {
      stage.world.restoreLink(from, to);
      if (both) stage.world.restoreLink(to, from);
    });
  },
  text: (s) => `cut ${str(s, 'from')} ${bool(s, 'oneWay') ? '->' : '<->'} ${str(s, 'to')} for ${String(num(s, 'forMs'))} ms`,
};
