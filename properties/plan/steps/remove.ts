/** `del`: one row. */
import { commandStep, table } from '../commandStep.ts';
import { keyText, str, tableRef, type StepSpec } from '../spec.ts';
import { clusterField, drawHashKey, drawSortKey, drawPlace } from './common.ts';

export const remove: StepSpec = commandStep({
  kind: 'remove',
  family: 'client',
  weight: 8,
  fields: { cluster: clusterField, table: tableRef, hashKey: keyText, sortKey: keyText },
  draw: (draw, symbols) => ({ ...drawPlace(draw, symbols, 30), hashKey: drawHashKey(draw), sortKey: drawSortKey(draw) }),
  command: (step) => ({ kind: 'remove', table: table(step), hashKey: str(step, 'hashKey'), sortKey: str(step, 'sortKey') }),
});
