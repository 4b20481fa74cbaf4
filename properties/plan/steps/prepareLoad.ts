/**
 * An operator puts a load's files on a provider (bl 5), in the place of what is in that folder: sorted runs of its rows for
 * each partition of a table that is there, with their metadata and `bulk_load_info`. `variant`: what is wrong with it;
 * `nth` counts around to the partition and the file that have it. Values are unique in a plan, among those of writes too.
 */
import { appDir, normalPath } from '../../../impl/provider/paths.ts';
import { loadSet, LOAD_VARIANTS, type LoadVariant } from '../../run/loadSet.ts';
import type { Stage } from '../../run/stage.ts';
import { table } from '../commandStep.ts';
import type { Draw } from '../draw.ts';
import { drawRows, keyOfRow, rowOf, rowText } from '../loadRows.ts';
import { PROVIDERS } from '../providers.ts';
import { int, listOf, num, oneOf, str, strings, tableRef, text, type Field, type StepSpec } from '../spec.ts';
import type { LoadSymbol, Symbols } from '../symbols.ts';
import type { Step, StepValue } from '../types.ts';
import { clusterField } from './common.ts';

export const providerField: Field = oneOf(...PROVIDERS);
export const rootField: Field = text(/^[a-z0-9]{1,16}$/, 'a folder of 1 to 16 lower-case letters and digits');

/** Bytes of rows after which a file is closed. */
const RUN_BYTES: Readonly<Record<string, number>> = { one: 1 << 20, some: 60, many: 1 };

/** Where in the provider a load's files are; undefined when no file can be there. */
export function folderOf(step: Step): string | undefined {
  return normalPath(appDir(str(step, 'root'), str(step, 'folder'), table(step)));
}

/** A table for which files are to be made, as far as a plan knows it. */
export interface LoadPlace {
  readonly cluster: string;
  readonly table: string;
  readonly partitionCount: number;
}

/** The tables of a plan. */
export function loadPlaces(symbols: Symbols): readonly LoadPlace[] {
  return symbols.liveTables().map(({ ref, partitionCount }) => ({ cluster: 'source', table: ref, partitionCount }));
}

/** The fields, and the load is known from now on. `root`: a place of its own, unless it is to be another's. */
export function drawPrepared(draw: Draw, symbols: Symbols, place: LoadPlace, variant: LoadVariant, root = symbols.nextRoot()): Readonly<Record<string, StepValue>> {
  const { cluster, table: ref, partitionCount } = place;
  const load: LoadSymbol = { cluster, table: ref, root, folder: cluster };
  symbols.loads.push(load);
  return {
    cluster,
    table: ref,
    provider: 'local',
    root,
    folder: load.folder,
    rows: drawRows(draw, symbols, partitionCount),
    files: draw.weighted(['one', 'some', 'many'], (word) => (word === 'some' ? 1 : 2)),
    variant,
    nth: draw.int(0, 3),
  };
}

export function drawVariant(draw: Draw): LoadVariant {
  return draw.chance(400) ? 'good' : draw.pick(LOAD_VARIANTS);
}

function filesOf(step: Step, stage: Stage): ReadonlyMap<string, Uint8Array> {
  const known = stage.knownTable(str(step, 'cluster'), table(step));
  if (known === undefined) return new Map();
  return loadSet({
    info: { appId: known.appId, appName: table(step), partitionCount: known.partitionCount },
    rows: strings(step, 'rows').map(rowOf),
    runBytes: RUN_BYTES[str(step, 'files')] ?? 1,
    variant: LOAD_VARIANTS.find((name) => name === str(step, 'variant')) ?? 'good',
    nth: num(step, 'nth'),
  });
}

export const prepareLoad: StepSpec = {
  kind: 'prepareLoad',
  family: 'admin',
  weight: 2,
  needsLoads: true,
  fields: {
    cluster: clusterField,
    table: tableRef,
    provider: providerField,
    root: rootField,
    folder: rootField,
    rows: listOf(rowText, 64),
    files: oneOf(...Object.keys(RUN_BYTES)),
    variant: oneOf(...LOAD_VARIANTS),
    nth: int(0, 1000),
  },
  check(step) {
    const keys = strings(step, 'rows').map(keyOfRow);
    return new Set(keys).size < keys.length ? { field: 'rows', message: 'two of them have one key' } : undefined;
  },
  draw(draw, symbols) {
    const places = loadPlaces(symbols);
    if (places.length === 0 || symbols.loads.length >= 6) return undefined;
    // Now and then over the files of another load, which may be on its way.
    const over = symbols.loads.length > 0 && draw.chance(150) ? draw.pick(symbols.loads).root : undefined;
    return drawPrepared(draw, symbols, draw.pick(places), drawVariant(draw), over);
  },
  guard: (step, stage) =>
    stage.hasCluster(str(step, 'cluster')) && stage.tableResolves(str(step, 'table')) && folderOf(step) !== undefined && stage.knownTable(str(step, 'cluster'), table(step)) !== undefined,
  run(step, stage) {
    const folder = folderOf(step);
    if (folder === undefined) return;
    const store = stage.world.provider(str(step, 'provider'));
    store.remove(folder);
    for (const [path, bytes] of filesOf(step, stage)) store.put(`${folder}/${path}`, bytes);
    for (const { hashKey, sortKey } of strings(step, 'rows').map(rowOf)) stage.readBack(str(step, 'cluster'), table(step), hashKey, sortKey);
  },
  text(s) {
    const nth = str(s, 'variant') === 'good' ? '' : ` ${String(num(s, 'nth'))}`;
    const place = `${str(s, 'provider')}:${str(s, 'root')}/${str(s, 'folder')}/${table(s)}`;
    return `files of a load at ${place} (${str(s, 'variant')}${nth}, ${str(s, 'files')} per partition): ${strings(s, 'rows').join(' ')}`;
  },
};
