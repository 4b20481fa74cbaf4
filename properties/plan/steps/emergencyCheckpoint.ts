/** The checkpoint that a duplication asks of the primary: at least `minDecree`; 0 stands for what was applied, at least 1 (repl 2.3, 2.4). */
import { commandStep, table } from '../commandStep.ts';
import { int, num, tableRef, type StepSpec } from '../spec.ts';
import { clusterField, drawTable } from './common.ts';

export const emergencyCheckpoint: StepSpec = commandStep({
  kind: 'emergencyCheckpoint',
  family: 'admin',
  weight: 5,
  fields: { cluster: clusterField, table: tableRef, partitionIndex: int(-1, 1024), minDecree: int(-1, 1_000_000) },
  draw: (draw, symbols) => ({
    cluster: 'source',
    table: drawTable(draw, symbols),
    partitionIndex: draw.chance(40) ? draw.pick([-1, 7]) : draw.int(0, 1),
    minDecree: draw.chance(700) ? 0 : draw.pick([-1, 1, 2, 3, 5]),
  }),
  command: (step) => ({
    kind: 'emergencyCheckpoint',
    table: table(step),
    partitionIndex: num(step, 'partitionIndex'),
    minDecree: num(step, 'minDecree') === 0 ? 'last-applied' : num(step, 'minDecree'),
  }),
});
