/** Manual compaction through the table's envs (repl 2.2). */
import { str, tableRef, type StepSpec } from '../spec.ts';
import { clusterField, clientGuard, drawTable } from './common.ts';

export const manualCompact: StepSpec = {
  kind: 'manualCompact',
  family: 'admin',
  weight: 2,
  fields: { cluster: clusterField, table: tableRef },
  draw: (draw, symbols) => ({ cluster: 'source', table: drawTable(draw, symbols) }),
  guard: clientGuard,
  run(step, stage) {
    stage.invoke(str(step, 'cluster'), { kind: 'manualCompact', table: stage.tableName(str(step, 'table')) });
  },
  text: (s) => `${str(s, 'table')}> set_app_envs manual_compact.once.trigger_time <now>`,
};
