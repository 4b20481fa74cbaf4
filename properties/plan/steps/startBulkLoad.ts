/**
 * `start_bulk_load` (bl 6.1): mostly of files that some step puts there, whatever is wrong with them. About every fifth is
 * meant to be refused: an unknown table, provider or folder, another table's files, ingestion behind where the table does not
 * allow it; a second start while the first goes on comes by itself.
 */
import { commandStep, table } from '../commandStep.ts';
import type { Draw } from '../draw.ts';
import { bool, flag, str, tableRef, text, type StepSpec } from '../spec.ts';
import type { LoadSymbol, Symbols } from '../symbols.ts';
import type { StepValue } from '../types.ts';
import { clusterField } from './common.ts';
import { rootField } from './prepareLoad.ts';

type Fields = Readonly<Record<string, StepValue>>;

/** As it should be; behind what is there when the table allows that, sometimes. */
export function drawStart(draw: Draw, symbols: Symbols, load: LoadSymbol): Fields {
  const allows = symbols.tables.some((t) => t.ref === load.table && t.allowsIngestBehind === true);
  const { cluster, table: ref, root, folder } = load;
  load.started = true;
  return { cluster, table: ref, folder, provider: 'local', root, ingestBehind: draw.chance(allows ? 500 : 20) };
}

/** `right` with something that is wrong. */
export function drawRefusedStart(draw: Draw, symbols: Symbols, right: Fields): Fields {
  const others = symbols.tables.filter((t) => t.ref !== right['table']);
  return draw.pick<Fields>([
    { ...right, table: 'nowhere' },
    { ...right, provider: 'nowhere' },
    { ...right, root: 'nowhere' },
    { ...right, folder: 'nowhere' },
    { ...right, ingestBehind: true },
    ...(others.length === 0 ? [] : [{ ...right, table: draw.pick(others).ref }]),
  ]);
}

export const startBulkLoad: StepSpec = commandStep({
  kind: 'startBulkLoad',
  family: 'admin',
  weight: 3,
  needsLoads: true,
  fields: {
    cluster: clusterField,
    table: tableRef,
    folder: rootField,
    provider: text(/^[a-z]{1,16}$/, 'the name of a provider'),
    root: rootField,
    ingestBehind: flag,
  },
  draw(draw, symbols) {
    if (symbols.loads.length === 0) return undefined;
    const right = drawStart(draw, symbols, draw.pick(symbols.loads));
    return draw.chance(250) ? drawRefusedStart(draw, symbols, right) : right;
  },
  command: (step) => ({
    kind: 'startBulkLoad',
    table: table(step),
    clusterName: str(step, 'folder'),
    provider: str(step, 'provider'),
    root: str(step, 'root'),
    ingestBehind: bool(step, 'ingestBehind'),
  }),
});
