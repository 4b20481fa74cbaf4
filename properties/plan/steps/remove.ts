/** `del`: one row. */
import { keyText, str, tableRef, type StepSpec } from '../spec.ts';
import { clusterField, clientGuard, drawHashKey, drawSortKey, drawTable } from './common.ts';

export const remove: StepSpec = {
  kind: 'remove',
  family: 'client',
  weight: 8,
  fields: { cluster: clusterField, table: tableRef, hashKey: keyText, sortKey: keyText },
  draw: (draw, symbols) => ({ cluster: 'source', table: drawTable(draw, symbols), hashKey: drawHashKey(draw), sortKey: drawSortKey(draw) }),
  guard: clientGuard,
  run(step, stage) {
    stage.invoke(str(step, 'cluster'), { kind: 'remove', table: stage.tableName(str(step, 'table')), hashKey: str(step, 'hashKey'), sortKey: str(step, 'sortKey') });
  },
  text: (s) => `${str(s, 'table')}> del ${str(s, 'hashKey')} ${str(s, 'sortKey') || '""'}`,
};
