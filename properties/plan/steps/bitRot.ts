/**
 * Bit rot: one bit of one file of a node flips, between two tasks. The file is chosen among those of a kind by its place in
 * name order, the byte by its share of the size, so that the choice means the same when other steps are removed.
 */
import type { NodeId } from '../../../model/vocabulary.ts';
import { int, nodeRef, num, oneOf, str, type StepSpec } from '../spec.ts';
import type { Stage } from '../../run/stage.ts';

function filesOfKind(stage: Stage, node: NodeId, kind: string): readonly string[] {
  const disk = stage.world.diskView(node);
  const found: string[] = [];
  const walk = (dir: string): void => {
    for (const name of disk.list(dir)) {
      const path = dir === '' ? name : `${dir}/${name}`;
      const info = disk.info(path);
      if (info === undefined) continue;
      if (info.kind === 'directory') walk(path);
      else if (matches(path, name, kind) && info.sizeBytes > 0) found.push(path);
    }
  };
  walk('');
  return found;
}

function matches(path: string, name: string, kind: string): boolean {
  if (path.includes('.err/')) return false;
  if (kind === 'plog') return path.includes('/plog/log.');
  if (kind === 'sst') return name.endsWith('.sst');
  // What a load has brought, before it is ingested (bl 5).
  if (kind === 'load') return path.includes('/bulk_load/') && name.endsWith('.sst');
  return name.startsWith('MANIFEST-');
}

export const bitRot: StepSpec = {
  kind: 'bitRot',
  family: 'fault',
  weight: 1,
  fields: { node: nodeRef, file: oneOf('plog', 'sst', 'manifest', 'load'), nth: int(0, 1000), atPermille: int(0, 999), bit: int(0, 7) },
  draw: (draw, symbols) => ({ node: draw.pick(symbols.replicaNodes()), file: draw.pick(symbols.loads.length > 0 ? ['plog', 'sst', 'manifest', 'load'] : ['plog', 'sst', 'manifest']), nth: draw.int(0, 3), atPermille: draw.int(0, 999), bit: draw.int(0, 7) }),
  guard: (step, stage) => stage.node(str(step, 'node')) !== undefined,
  run(step, stage) {
    const node = stage.node(str(step, 'node'));
    if (node === undefined) return;
    const files = filesOfKind(stage, node, str(step, 'file'));
    const path = files[num(step, 'nth') % Math.max(1, files.length)];
    if (path === undefined) return;
    const offset = Math.floor(((stage.world.diskView(node).info(path)?.sizeBytes ?? 0) * num(step, 'atPermille')) / 1000);
    stage.world.flipBit(node, path, offset, num(step, 'bit'));
  },
  text: (s) => `bit rot at ${str(s, 'node')}: ${str(s, 'file')} file ${String(num(s, 'nth'))}, at ${String(num(s, 'atPermille'))} per mille, bit ${String(num(s, 'bit'))}`,
};
