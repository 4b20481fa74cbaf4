/**
 * A file of a load on its provider goes, loses its end, or has one bit flip; its sidecar stays as it is, and goes with it.
 * The file is chosen by its place in name order, the byte by its share of the size.
 */
import { sidecarPath } from '../../../impl/provider/paths.ts';
import { flipped } from '../../run/loadSet.ts';
import type { Stage } from '../../run/stage.ts';
import { table } from '../commandStep.ts';
import type { Draw } from '../draw.ts';
import { int, num, oneOf, str, tableRef, type StepSpec } from '../spec.ts';
import type { LoadSymbol } from '../symbols.ts';
import type { Step, StepValue } from '../types.ts';
import { clusterField } from './common.ts';
import { folderOf, providerField, rootField } from './prepareLoad.ts';

export function drawDamage(draw: Draw, load: LoadSymbol): Readonly<Record<string, StepValue>> {
  const { cluster, table: ref, root, folder } = load;
  return { cluster, table: ref, provider: 'local', root, folder, how: draw.pick(['remove', 'cut', 'flip']), nth: draw.int(0, 6), atPermille: draw.int(0, 999) };
}

/** The folder's files, without the sidecars. */
function filesOf(step: Step, stage: Stage): readonly string[] {
  const folder = folderOf(step);
  if (folder === undefined) return [];
  const files = stage.world.provider(str(step, 'provider')).files();
  return files.filter((path) => path.startsWith(`${folder}/`) && path.charAt(path.lastIndexOf('/') + 1) !== '.');
}

export const damageLoad: StepSpec = {
  kind: 'damageLoad',
  family: 'fault',
  weight: 2,
  needsLoads: true,
  fields: {
    cluster: clusterField,
    table: tableRef,
    provider: providerField,
    root: rootField,
    folder: rootField,
    how: oneOf('remove', 'cut', 'flip'),
    nth: int(0, 1000),
    atPermille: int(0, 999),
  },
  draw: (draw, symbols) => (symbols.loads.length === 0 ? undefined : drawDamage(draw, draw.pick(symbols.loads))),
  guard: (step, stage) => filesOf(step, stage).length > 0,
  run(step, stage) {
    const files = filesOf(step, stage);
    const path = files[num(step, 'nth') % Math.max(1, files.length)];
    const store = stage.world.provider(str(step, 'provider'));
    const bytes = path === undefined ? undefined : store.get(path);
    if (path === undefined || bytes === undefined) return;
    const at = Math.floor((bytes.length * num(step, 'atPermille')) / 1000);
    if (str(step, 'how') === 'remove') {
      store.remove(path);
      store.remove(sidecarPath(path));
    } else if (str(step, 'how') === 'cut') store.put(path, bytes.slice(0, at));
    else if (bytes.length > 0) store.put(path, flipped(bytes, at, num(step, 'nth') % 8));
  },
  text(s) {
    const place = `${str(s, 'provider')}:${str(s, 'root')}/${str(s, 'folder')}/${table(s)}`;
    const at = str(s, 'how') === 'remove' ? '' : ` at ${String(num(s, 'atPermille'))} per mille`;
    return `${str(s, 'how')} file ${String(num(s, 'nth'))} of the load at ${place}${at}`;
  },
};
