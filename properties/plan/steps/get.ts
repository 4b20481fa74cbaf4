/** `get`: one row, judged against every value it may have had between invocation and answer. */
import { commandStep, table } from '../commandStep.ts';
import { keyText, str, tableRef, type StepSpec } from '../spec.ts';
import { clusterField, drawHashKey, drawSortKey, drawPlace } from './common.ts';

export const get: StepSpec = commandStep({
  kind: 'get',
  family: 'client',
  weight: 14,
  fields: { cluster: clusterField, table: tableRef, hashKey: keyText, sortKey: keyText },
  draw: (draw, symbols) => ({ ...drawPlace(draw, symbols, 300), hashKey: drawHashKey(draw), sortKey: drawSortKey(draw) }),
  command: (step) => ({ kind: 'get', table: table(step), hashKey: str(step, 'hashKey'), sortKey: str(step, 'sortKey') }),
});
