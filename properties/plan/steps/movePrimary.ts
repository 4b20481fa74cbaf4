/** `propose`: a secondary becomes the primary, by an operator's wish; also one that is no member, or of no partition. */
import { commandStep, resolves, table } from '../commandStep.ts';
import { int, nodeRef, num, str, tableRef, type StepSpec } from '../spec.ts';
import { clusterField, drawTable } from './common.ts';

export const movePrimary: StepSpec = commandStep({
  kind: 'movePrimary',
  family: 'admin',
  weight: 2,
  needsLoads: true,
  fields: { cluster: clusterField, table: tableRef, partitionIndex: int(-1, 1024), to: nodeRef },
  draw: (draw, symbols) => ({
    cluster: 'source',
    table: drawTable(draw, symbols),
    partitionIndex: draw.chance(40) ? draw.pick([-1, 7]) : draw.int(0, 1),
    to: draw.pick(symbols.replicaNodes()),
  }),
  guard: (step, stage) => resolves(step, stage) && stage.node(str(step, 'to')) !== undefined,
  command: (step, stage) => ({
    kind: 'movePrimary',
    table: table(step),
    partitionIndex: num(step, 'partitionIndex'),
    to: stage?.node(str(step, 'to')) ?? str(step, 'to'),
  }),
});
