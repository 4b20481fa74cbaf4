/** `set`: one row. Values are unique in a plan, so that a value read tells which write it came from. */
import { int, keyText, num, str, tableRef, type StepSpec } from '../spec.ts';
import { clusterField, clientGuard, drawHashKey, drawSortKey, drawTable } from './common.ts';

export const put: StepSpec = {
  kind: 'put',
  family: 'client',
  weight: 30,
  fields: { cluster: clusterField, table: tableRef, hashKey: keyText, sortKey: keyText, value: keyText, ttlSeconds: int(0, 1_000_000) },
  draw(draw, symbols) {
    return {
      cluster: 'source',
      table: drawTable(draw, symbols),
      hashKey: drawHashKey(draw),
      sortKey: drawSortKey(draw),
      value: symbols.value(),
      ttlSeconds: draw.chance(30) ? draw.int(1, 20) : 0,
    };
  },
  guard: clientGuard,
  run(step, stage) {
    stage.invoke(str(step, 'cluster'), {
      kind: 'put',
      table: stage.tableName(str(step, 'table')),
      hashKey: str(step, 'hashKey'),
      sortKey: str(step, 'sortKey'),
      value: str(step, 'value'),
      ttlSeconds: num(step, 'ttlSeconds'),
    });
  },
  text: (s) => `${str(s, 'table')}> set ${str(s, 'hashKey')} ${str(s, 'sortKey') || '""'} ${str(s, 'value')}${num(s, 'ttlSeconds') > 0 ? ` ${String(num(s, 'ttlSeconds'))}` : ''}`,
};
