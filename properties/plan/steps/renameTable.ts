/** `rename`: of a table that is there or not, to a name that is free or taken. */
import { commandStep, table } from '../commandStep.ts';
import { str, tableRef, type StepSpec } from '../spec.ts';
import { clusterField } from './common.ts';

export const renameTable: StepSpec = commandStep({
  kind: 'renameTable',
  family: 'admin',
  weight: 1,
  fields: { cluster: clusterField, table: tableRef, as: tableRef },
  draw(draw, symbols) {
    // One that a duplication writes to is found by its name: another name would be as good as its drop.
    const own = symbols.tables.filter((t) => !symbols.remotes.some((r) => r.cluster === 'source' && r.table === t.ref));
    if (own.length === 0) return undefined;
    const found = draw.pick(own);
    const live = symbols.liveTables();
    if (live.length > 0 && draw.chance(150)) return { cluster: 'source', table: found.ref, as: draw.pick([draw.pick(live).ref, 'b-d']) };
    const ref = `table#${String(symbols.nextTable++)}`;
    if (!found.dropped) symbols.bindAgain(found.ref, ref);
    return { cluster: 'source', table: found.ref, as: ref };
  },
  before(step, stage) {
    stage.bindTable(str(step, 'as'));
  },
  command: (step) => ({ kind: 'renameTable', name: table(step), newName: table(step, 'as') }),
});
