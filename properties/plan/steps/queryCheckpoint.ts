/** What the primary says of its newest checkpoint, and whether it covers `minDecree` (S8: "prepared" must be true when said). */
import { commandStep, table } from '../commandStep.ts';
import { int, num, tableRef, type StepSpec } from '../spec.ts';
import { clusterField, drawTable } from './common.ts';

export const queryCheckpoint: StepSpec = commandStep({
  kind: 'queryCheckpoint',
  family: 'admin',
  weight: 4,
  fields: { cluster: clusterField, table: tableRef, partitionIndex: int(-1, 1024), minDecree: int(0, 1_000_000) },
  draw: (draw, symbols) => ({ cluster: 'source', table: drawTable(draw, symbols), partitionIndex: draw.int(0, 1), minDecree: draw.int(0, 6) }),
  command: (step) => ({ kind: 'queryCheckpoint', table: table(step), partitionIndex: num(step, 'partitionIndex'), minDecree: num(step, 'minDecree') }),
});
