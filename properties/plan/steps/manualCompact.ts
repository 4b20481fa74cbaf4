/** Manual compaction through the table's envs (repl 2.2). */
import { commandStep, table } from '../commandStep.ts';
import { tableRef, type StepSpec } from '../spec.ts';
import { clusterField, drawPlace } from './common.ts';

export const manualCompact: StepSpec = commandStep({
  kind: 'manualCompact',
  family: 'admin',
  weight: 2,
  fields: { cluster: clusterField, table: tableRef },
  draw: (draw, symbols) => ({ ...drawPlace(draw, symbols, 100) }),
  command: (step) => ({ kind: 'manualCompact', table: table(step) }),
});
