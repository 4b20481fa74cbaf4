/** `drop`: also of tables that are gone or never were. */
import { str, tableRef, type StepSpec } from '../spec.ts';
import { clusterField, clientGuard, drawTable } from './common.ts';

export const dropTable: StepSpec = {
  kind: 'dropTable',
  family: 'admin',
  weight: 1,
  fields: { cluster: clusterField, table: tableRef },
  draw(draw, symbols) {
    const table = drawTable(draw, symbols);
    const found = symbols.tables.find((t) => t.ref === table);
    if (found !== undefined) found.dropped = true;
    return { cluster: 'source', table };
  },
  guard: clientGuard,
  run(step, stage) {
    stage.invoke(str(step, 'cluster'), { kind: 'dropTable', name: stage.tableName(str(step, 'table')) });
  },
  text: (s) => `drop ${str(s, 'table')}`,
};
