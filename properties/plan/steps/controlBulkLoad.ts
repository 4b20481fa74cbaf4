/**
 * `pause_bulk_load`, `restart_bulk_load`, `cancel_bulk_load`, `clear_bulk_load`, `query_bulk_load_status` (bl 6.2 - 6.4): of
 * a table that some step loads, in whatever status it is by then; now and then of another.
 */
import { commandStep, table } from '../commandStep.ts';
import type { Draw } from '../draw.ts';
import { bool, flag, tableRef, type StepSpec } from '../spec.ts';
import type { Symbols } from '../symbols.ts';
import { clusterField, drawTable } from './common.ts';

/** Mostly a table that is being loaded, or was. */
function drawLoaded(draw: Draw, symbols: Symbols): { readonly cluster: string; readonly table: string } | undefined {
  if (symbols.loads.length === 0) return undefined;
  if (draw.chance(120)) return { cluster: 'source', table: draw.chance(500) ? 'nowhere' : drawTable(draw, symbols) };
  const started = symbols.loads.filter((load) => load.started === true);
  const { cluster, table: ref } = draw.pick(started.length === 0 ? symbols.loads : started);
  return { cluster, table: ref };
}

function controlStep(kind: 'pauseBulkLoad' | 'restartBulkLoad' | 'clearBulkLoad' | 'queryBulkLoad', weight: number): StepSpec {
  return commandStep({
    kind,
    family: 'admin',
    weight,
    needsLoads: true,
    fields: { cluster: clusterField, table: tableRef },
    draw: drawLoaded,
    command: (step) => ({ kind, table: table(step) }),
  });
}

export const pauseBulkLoad: StepSpec = controlStep('pauseBulkLoad', 2);
export const restartBulkLoad: StepSpec = controlStep('restartBulkLoad', 3);
export const clearBulkLoad: StepSpec = controlStep('clearBulkLoad', 1);
export const queryBulkLoad: StepSpec = controlStep('queryBulkLoad', 4);

export const cancelBulkLoad: StepSpec = commandStep({
  kind: 'cancelBulkLoad',
  family: 'admin',
  weight: 1,
  needsLoads: true,
  fields: { cluster: clusterField, table: tableRef, forced: flag },
  draw(draw, symbols) {
    const place = drawLoaded(draw, symbols);
    return place === undefined ? undefined : { ...place, forced: draw.chance(400) };
  },
  command: (step) => ({ kind: 'cancelBulkLoad', table: table(step), forced: bool(step, 'forced') }),
});
