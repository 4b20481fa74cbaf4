/** `multi_set`: several rows of one hash key in one mutation that shares its decree with nothing else (repl 1.3). */
import { commandStep, resolves, table } from '../commandStep.ts';
import { int, keyText, listOf, num, str, strings, tableRef, type StepSpec } from '../spec.ts';
import { clusterField, drawHashKey, drawPlace } from './common.ts';

export const multiPut: StepSpec = commandStep({
  kind: 'multiPut',
  family: 'client',
  weight: 6,
  fields: { cluster: clusterField, table: tableRef, hashKey: keyText, sortKeys: listOf(keyText, 8), values: listOf(keyText, 8), ttlSeconds: int(0, 1_000_000) },
  draw(draw, symbols) {
    const sortKeys = ['x', 'y', 'z'].slice(0, draw.int(1, 3));
    return { ...drawPlace(draw, symbols, 40), hashKey: drawHashKey(draw), sortKeys, values: sortKeys.map(() => symbols.value()), ttlSeconds: 0 };
  },
  guard: (step, stage) => resolves(step, stage) && strings(step, 'sortKeys').length > 0,
  command: (step) => ({
    kind: 'multiPut',
    table: table(step),
    hashKey: str(step, 'hashKey'),
    rows: strings(step, 'sortKeys').map((sortKey, i) => ({ sortKey, value: strings(step, 'values')[i] ?? '' })),
    ttlSeconds: num(step, 'ttlSeconds'),
  }),
});
