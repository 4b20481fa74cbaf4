/** The remote command `replica.trigger-checkpoint` at every member of a partition (repl 2.2). */
import { int, num, str, tableRef, type StepSpec } from '../spec.ts';
import { clusterField, clientGuard, drawTable } from './common.ts';

export const triggerCheckpoint: StepSpec = {
  kind: 'triggerCheckpoint',
  family: 'admin',
  weight: 3,
  fields: { cluster: clusterField, table: tableRef, partitionIndex: int(-1, 1024) },
  draw: (draw, symbols) => ({ cluster: 'source', table: drawTable(draw, symbols), partitionIndex: draw.chance(40) ? draw.pick([-1, 7]) : draw.int(0, 1) }),
  guard: clientGuard,
  run(step, stage) {
    stage.invoke(str(step, 'cluster'), { kind: 'triggerCheckpoint', table: stage.tableName(str(step, 'table')), partitionIndex: num(step, 'partitionIndex') });
  },
  text: (s) => `remote_command -t replica-server replica.trigger-checkpoint ${str(s, 'table')}.${String(num(s, 'partitionIndex'))}`,
};
