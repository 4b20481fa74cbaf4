/** `query_dup` and `dups`: what the meta server says of duplications and their progress (dup 3.2). */
import type { PatternMatchType } from '../../../model/vocabulary.ts';
import { commandStep, table } from '../commandStep.ts';
import { oneOf, str, tableRef, text, type StepSpec } from '../spec.ts';
import { clusterField, drawTable } from './common.ts';

export const queryDup: StepSpec = commandStep({
  kind: 'queryDup',
  family: 'admin',
  weight: 2,
  needsFollower: true,
  fields: { cluster: clusterField, table: tableRef },
  draw(draw, symbols) {
    // A table in the middle of a chain has duplications of its own.
    const middle = symbols.third() === undefined ? [] : symbols.dups.filter(({ cluster }) => cluster !== 'source');
    if (middle.length === 0 || draw.chance(600)) return { cluster: 'source', table: drawTable(draw, symbols) };
    const { cluster, table: name } = draw.pick(middle);
    return { cluster, table: name };
  },
  command: (step) => ({ kind: 'queryDup', table: table(step) }),
});

/** REGEX is refused, but only when there is a table to compare with. */
const MATCHES: Readonly<Record<string, PatternMatchType>> = {
  all: 'ALL',
  exact: 'EXACT',
  anywhere: 'ANYWHERE',
  prefix: 'PREFIX',
  postfix: 'POSTFIX',
  regex: 'REGEX',
  invalid: 'INVALID',
};

export const listDups: StepSpec = commandStep({
  kind: 'listDups',
  family: 'admin',
  weight: 1,
  needsFollower: true,
  fields: { cluster: clusterField, pattern: text(/^[A-Za-z0-9_.:]{0,64}$/, 'part of a table name'), match: oneOf(...Object.keys(MATCHES)) },
  draw: (draw, symbols) => ({ cluster: draw.pick(symbols.clusters).id, pattern: draw.pick(['', 't', 't1', '1', 'r1']), match: draw.pick(Object.keys(MATCHES)) }),
  command: (step) => ({ kind: 'listDups', pattern: str(step, 'pattern'), matchType: MATCHES[str(step, 'match')] ?? 'ALL' }),
});
