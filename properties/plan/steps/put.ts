/** `set`: one row. Values are unique in a plan, so that a value read tells which write it came from. */
import { commandStep, table } from '../commandStep.ts';
import type { Draw } from '../draw.ts';
import { int, keyText, num, str, tableRef, type StepSpec } from '../spec.ts';
import type { Symbols } from '../symbols.ts';
import type { StepValue } from '../types.ts';
import { clusterField, drawHashKey, drawSortKey, drawPlace } from './common.ts';

interface Place {
  readonly cluster: string;
  readonly table: string;
}

/** The fields of a write to this table. */
export function drawWrite(draw: Draw, symbols: Symbols, { cluster, table: name }: Place): Readonly<Record<string, StepValue>> {
  return {
    cluster,
    table: name,
    hashKey: drawHashKey(draw),
    sortKey: drawSortKey(draw),
    value: symbols.value(),
    ttlSeconds: draw.chance(30) ? draw.int(1, 20) : 0,
  };
}

export const put: StepSpec = commandStep({
  kind: 'put',
  family: 'client',
  weight: 30,
  fields: { cluster: clusterField, table: tableRef, hashKey: keyText, sortKey: keyText, value: keyText, ttlSeconds: int(0, 1_000_000) },
  draw: (draw, symbols) => drawWrite(draw, symbols, drawPlace(draw, symbols, 40)),
  command: (step) => ({
    kind: 'put',
    table: table(step),
    hashKey: str(step, 'hashKey'),
    sortKey: str(step, 'sortKey'),
    value: str(step, 'value'),
    ttlSeconds: num(step, 'ttlSeconds'),
  }),
});
