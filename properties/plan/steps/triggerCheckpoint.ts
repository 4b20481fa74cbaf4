/** The remote command `replica.trigger-checkpoint` at every member of a partition (repl 2.2). */
import { commandStep, table } from '../commandStep.ts';
import { int, num, tableRef, type StepSpec } from '../spec.ts';
import { clusterField, drawPlace } from './common.ts';

export const triggerCheckpoint: StepSpec = commandStep({
  kind: 'triggerCheckpoint',
  family: 'admin',
  weight: 3,
  fields: { cluster: clusterField, table: tableRef, partitionIndex: int(-1, 1024) },
  draw: (draw, symbols) => ({ ...drawPlace(draw, symbols, 100), partitionIndex: draw.chance(40) ? draw.pick([-1, 7]) : draw.int(0, 1) }),
  command: (step) => ({ kind: 'triggerCheckpoint', table: table(step), partitionIndex: num(step, 'partitionIndex') }),
});
