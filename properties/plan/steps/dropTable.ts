/** `drop`: also of tables that are gone or never were. */
import { commandStep, table } from '../commandStep.ts';
import { tableRef, type StepSpec } from '../spec.ts';
import { clusterField, drawPlace } from './common.ts';

export const dropTable: StepSpec = commandStep({
  kind: 'dropTable',
  family: 'admin',
  weight: 1,
  fields: { cluster: clusterField, table: tableRef },
  draw(draw, symbols) {
    const place = drawPlace(draw, symbols, 120);
    const found = place.cluster === 'source' ? symbols.tables.find((t) => t.ref === place.table) : undefined;
    if (found !== undefined) found.dropped = true;
    return place;
  },
  command: (step) => ({ kind: 'dropTable', name: table(step) }),
});
