/** What the primary says of its newest checkpoint, and whether it covers `minDecree` (S8: "prepared" must be true when said). */
import { int, num, str, tableRef, type StepSpec } from '../spec.ts';
import { clusterField, clientGuard, drawTable } from './common.ts';

export const queryCheckpoint: StepSpec = {
  kind: 'queryCheckpoint',
  family: 'admin',
  weight: 4,
  fields: { cluster: clusterField, table: tableRef, partitionIndex: int(-1, 1024), minDecree: int(0, 1_000_000) },
  draw: (draw, symbols) => ({ cluster: 'source', table: drawTable(draw, symbols), partitionIndex: draw.int(0, 1), minDecree: draw.int(0, 6) }),
  guard: clientGuard,
  run(step, stage) {
    stage.invoke(str(step, 'cluster'), { kind: 'queryCheckpoint', table: stage.tableName(str(step, 'table')), partitionIndex: num(step, 'partitionIndex'), minDecree: num(step, 'minDecree') });
  },
  text: (s) => `remote_command -t replica-server replica.query-checkpoint ${str(s, 'table')}.${String(num(s, 'partitionIndex'))} ${String(num(s, 'minDecree'))}`,
};
