/** The checkpoint that a duplication asks of the primary: at least `minDecree`; 0 stands for what was applied, at least 1 (repl 2.3, 2.4). */
import { int, num, str, tableRef, type StepSpec } from '../spec.ts';
import { clusterField, clientGuard, drawTable } from './common.ts';

export const emergencyCheckpoint: StepSpec = {
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
  guard: clientGuard,
  run(step, stage) {
    const minDecree = num(step, 'minDecree');
    stage.invoke(str(step, 'cluster'), {
      kind: 'emergencyCheckpoint',
      table: stage.tableName(str(step, 'table')),
      partitionIndex: num(step, 'partitionIndex'),
      minDecree: minDecree === 0 ? 'last-applied' : minDecree,
    });
  },
  text: (s) =>
    `remote_command -t replica-server replica.emergency-checkpoint ${str(s, 'table')}.${String(num(s, 'partitionIndex'))} ${num(s, 'minDecree') === 0 ? 'last-applied' : String(num(s, 'minDecree'))}`,
};
