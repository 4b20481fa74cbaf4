/**
 * Time passes until something happens to a table: the `nth` event of a kind from now on (see ../moments.ts), or `atMostMs`. A status that is
 * asked for with `nth` 1 may be there already. The next step comes its own `afterMs` behind that.
 */
import { table } from '../commandStep.ts';
import type { Draw } from '../draw.ts';
import { MOMENTS, momentOf, type Subject } from '../moments.ts';
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

interface Place {
  readonly cluster: string;
  readonly table: string;
}

/** What a moment of the table can be about: mostly of what goes on with it, else of its replicas. */
export function drawSubject(draw: Draw, symbols: Symbols, place: Place): Subject {
  const isDuplicated = symbols.dups.some((dup) => dup.cluster === place.cluster && dup.table === place.table);
  const isLoaded = symbols.loads.some((load) => load.cluster === place.cluster && load.table === place.table && load.started === true);
  const subjects: readonly Subject[] = [...(isDuplicated ? ['duplication' as const] : []), ...(isLoaded ? ['load' as const] : [])];
  return subjects.length > 0 && draw.chance(850) ? draw.pick(subjects) : 'replica';
}

/** Statuses that nobody has to ask for: whoever waits for one of the others mostly waits in vain. */
const COME_BY_THEMSELVES = /^(?:DS_PREPARE|DS_APP|DS_LOG|BLS_DOWNLOADING|BLS_DOWNLOADED|BLS_INGESTING|BLS_SUCCEED)$/;

/** Any moment of the subject: a status with `permille`, else what is between them. */
export function drawWaitFor(draw: Draw, place: Place, subject: Subject, permille = 600): Readonly<Record<string, StepValue>> {
  const all = MOMENTS.filter((moment) => moment.subject === subject);
  const isStatus = all.some(({ status }) => status !== '') && draw.chance(permille);
  const moment = draw.weighted(all.filter(({ status }) => (status !== '') === isStatus), ({ status }) => (status === '' || COME_BY_THEMSELVES.test(status) ? 5 : 1));
  const nth = moment.status !== '' || draw.chance(600) ? 1 : draw.int(2, 6);
  return { cluster: place.cluster, table: place.table, moment: moment.name, nth, atMostMs: draw.pick(AT_MOST_MS) };
}

export const waitFor: StepSpec = {
  kind: 'waitFor',
  family: 'wait',
  weight: 1,
  fields: { cluster: clusterField, table: tableRef, moment: momentField, nth: int(1, 1000), atMostMs: limitField },
  draw(draw, symbols) {
    const place = drawPlace(draw, symbols, 150);
    return drawWaitFor(draw, place, drawSubject(draw, symbols, place));
  },
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
