/** `get`: one row, judged against every value it may have had between invocation and answer. */
import { keyText, str, tableRef, type StepSpec } from '../spec.ts';
import { clusterField, clientGuard, drawHashKey, drawSortKey, drawTable } from './common.ts';

export const get: StepSpec = {
  kind: 'get',
  family: 'client',
  weight: 14,
  fields: { cluster: clusterField, table: tableRef, hashKey: keyText, sortKey: keyText },
  draw: (draw, symbols) => ({ cluster: 'source', table: drawTable(draw, symbols), hashKey: drawHashKey(draw), sortKey: drawSortKey(draw) }),
  guard: clientGuard,
  run(step, stage) {
    stage.invoke(str(step, 'cluster'), { kind: 'get', table: stage.tableName(str(step, 'table')), hashKey: str(step, 'hashKey'), sortKey: str(step, 'sortKey') });
  },
  text: (s) => `${str(s, 'table')}> get ${str(s, 'hashKey')} ${str(s, 'sortKey') || '""'}`,
};
