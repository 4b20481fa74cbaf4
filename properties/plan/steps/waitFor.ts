/**
 * Time passes until something happens to a table: the `nth` event of a kind from now on (see ../moments.ts), or `atMostMs`. A status that is
 * asked for with `nth` 1 may be there already. The next step comes its own `afterMs` behind that.
 */
import { table } from '../commandStep.ts';
import type { Draw } from '../draw.ts';
import { MOMENTS, momentOf, type Moment } from '../moments.ts';
import { int, num, str, tableRef, type Field, type StepSpec } from '../spec.ts';
import type { Symbols } from '../symbols.ts';
import type { StepValue } from '../types.ts';
import { clusterField, drawPlace } from './common.ts';

/** The limit says nothing about what is waited for: it stays as it was drawn. */
const limitField: Field = { ...int(1, 600_000), simpler: () => [] };
/** There are too many for one line of an error. */
const WRONG = 'a moment such as load.stored:BLS_INGESTING or log.file-created (docs/formats.md lists them)';
const momentField: Field = {
  describe: WRONG,
  check: (value) => (typeof value === 'string' && momentOf(value) !== undefined ? undefined : `must be ${WRONG}`),
  simpler: () => [],
};

/** Longer than a load's ordinary polls, shorter than a plan. */
const AT_MOST_MS: readonly number[] = [1500, 3000, 6000];

/** Of the moments that the table can have. */
export function drawMoment(draw: Draw, symbols: Symbols, place: { readonly cluster: string; readonly table: string }): Moment {
  const isDuplicated = symbols.dups.some((dup) => dup.cluster === place.cluster && dup.table === place.table);
  const isLoaded = symbols.loads.some((load) => load.cluster === place.cluster && load.table === place.table && load.started === true);
  const subjects = [...(isDuplicated ? ['duplication'] : []), ...(isLoaded ? ['load'] : [])];
  const subject = subjects.length > 0 && draw.chance(850) ? draw.pick(subjects) : 'replica';
  return draw.pick(MOMENTS.filter((moment) => moment.subject === subject));
}

export function drawWaitFor(draw: Draw, symbols: Symbols, place: { readonly cluster: string; readonly table: string }, moment = drawMoment(draw, symbols, place)): Readonly<Record<string, StepValue>> {
  const nth = moment.status !== '' || draw.chance(600) ? 1 : draw.int(2, 6);
  return { cluster: place.cluster, table: place.table, moment: moment.name, nth, atMostMs: draw.pick(AT_MOST_MS) };
}

export const waitFor: StepSpec = {
  kind: 'waitFor',
  family: 'wait',
  weight: 0,
  fields: { cluster: clusterField, table: tableRef, moment: momentField, nth: int(1, 1000), atMostMs: limitField },
  draw: (draw, symbols) => drawWaitFor(draw, symbols, drawPlace(draw, symbols, 150)),
  guard: (step, stage) => stage.hasCluster(str(step, 'cluster')) && stage.tableResolves(str(step, 'table')),
  run(step, stage) {
    const moment = momentOf(str(step, 'moment'));
    if (moment === undefined) return;
    stage.holdUntil({ cluster: str(step, 'cluster'), table: table(step), moment, nth: num(step, 'nth') }, num(step, 'atMostMs'));
  },
  text(s) {
    const words = (momentOf(str(s, 'moment'))?.words ?? str(s, 'moment')).replace('$table', table(s));
    const nth = num(s, 'nth') === 1 ? '' : ` for the ${String(num(s, 'nth'))}. time`;
    return `wait until ${words}${nth}, at most ${String(num(s, 'atMostMs'))} ms`;
  },
};
