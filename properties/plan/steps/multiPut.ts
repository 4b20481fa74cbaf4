/** `multi_set`: several rows of one hash key in one mutation that shares its decree with nothing else (repl 1.3). */
import { int, keyText, listOf, num, str, strings, tableRef, type StepSpec } from '../spec.ts';
import { clusterField, clientGuard, drawHashKey, drawTable } from './common.ts';

export const multiPut: StepSpec = {
  kind: 'multiPut',
  family: 'client',
  weight: 6,
  fields: { cluster: clusterField, table: tableRef, hashKey: keyText, sortKeys: listOf(keyText, 8), values: listOf(keyText, 8), ttlSeconds: int(0, 1_000_000) },
  draw(draw, symbols) {
    const sortKeys = ['x', 'y', 'z'].slice(0, draw.int(1, 3));
    return { cluster: 'source', table: drawTable(draw, symbols), hashKey: drawHashKey(draw), sortKeys, values: sortKeys.map(() => symbols.value()), ttlSeconds: 0 };
  },
  guard: (step, stage) => clientGuard(step, stage) && strings(step, 'sortKeys').length > 0,
  run(step, stage) {
    const values = strings(step, 'values');
    stage.invoke(str(step, 'cluster'), {
      kind: 'multiPut',
      table: stage.tableName(str(step, 'table')),
      hashKey: str(step, 'hashKey'),
      rows: strings(step, 'sortKeys').map((sortKey, i) => ({ sortKey, value: values[i] ?? '' })),
      ttlSeconds: num(step, 'ttlSeconds'),
    });
  },
  text: (s) => `${str(s, 'table')}> multi_set ${str(s, 'hashKey')} ${strings(s, 'sortKeys').map((k, i) => `${k || '""'} ${strings(s, 'values')[i] ?? '""'}`).join(' ')}`,
};
