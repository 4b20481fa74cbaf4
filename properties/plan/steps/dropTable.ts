/** `drop`: also of tables that are gone or never were. */
import { commandStep, table } from '../commandStep.ts';
import { tableRef, type StepSpec } from '../spec.ts';
import { clusterField, drawTable } from './common.ts';

export const dropTable: StepSpec = commandStep({
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
  command: (step) => ({ kind: 'dropTable', name: table(step) }),
});
