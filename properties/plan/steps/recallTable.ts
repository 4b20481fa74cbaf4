/** `recall`: of the newest table that bore the name, under that one (`as` is empty) or another; also of one that is not dropped. */
import { commandStep, resolves, table } from '../commandStep.ts';
import { str, tableRef, type StepSpec } from '../spec.ts';
import type { Step } from '../types.ts';
import { clusterField } from './common.ts';

const isRenaming = (step: Step): boolean => str(step, 'as') !== '';

export const recallTable: StepSpec = commandStep({
  kind: 'recallTable',
  family: 'admin',
  weight: 1,
  fields: { cluster: clusterField, table: tableRef, as: tableRef },
  draw(draw, symbols) {
    const gone = symbols.tables.filter((t) => t.dropped);
    const among = gone.length > 0 && !draw.chance(80) ? gone : symbols.tables;
    if (among.length === 0) return undefined;
    const found = draw.pick(among);
    const live = symbols.liveTables();
    if (live.length > 0 && draw.chance(300)) return { cluster: 'source', table: found.ref, as: draw.pick(live).ref };
    if (!draw.chance(300)) {
      found.dropped = false;
      return { cluster: 'source', table: found.ref, as: '' };
    }
    const ref = `table#${String(symbols.nextTable++)}`;
    symbols.bindAgain(found.ref, ref);
    return { cluster: 'source', table: found.ref, as: ref };
  },
  guard: resolves,
  before(step, stage) {
    if (isRenaming(step)) stage.bindTable(str(step, 'as'));
  },
  command: (step, stage) => ({
    kind: 'recallTable',
    appId: stage?.knownTable(str(step, 'cluster'), table(step))?.appId ?? 0,
    newName: table(step, 'as'),
  }),
  text: (step) => `recall <id of ${table(step)}>${isRenaming(step) ? ` ${table(step, 'as')}` : ''}`,
});
