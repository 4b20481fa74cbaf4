/**
 * `balance -p copy_pri` or `copy_sec`: another server takes the place of the primary, or of a secondary; also one that is a
 * member already, or of another cluster. `from` '': the primary, whoever that is.
 */
import { commandStep, resolves, table } from '../commandStep.ts';
import { int, nodeRef, num, oneOf, str, tableRef, text, type StepSpec } from '../spec.ts';
import type { Stage } from '../../run/stage.ts';
import type { Step } from '../types.ts';
import { clusterField, drawTable } from './common.ts';

const nodeOrNone = text(/^((node|meta)\([a-z]{1,16},\d{1,3}\))?$/, `${nodeRef.describe}, or nothing for the primary`);

function nodeAt(step: Step, field: string, stage: Stage | undefined): string {
  const ref = str(step, field);
  return stage?.node(ref) ?? ref;
}

export const copyReplica: StepSpec = commandStep({
  kind: 'copyReplica',
  family: 'admin',
  weight: 1,
  needsLoads: true,
  fields: { cluster: clusterField, table: tableRef, partitionIndex: int(-1, 1024), place: oneOf('secondary', 'primary'), from: nodeOrNone, to: nodeRef },
  draw: (draw, symbols) => ({
    cluster: 'source',
    table: drawTable(draw, symbols),
    partitionIndex: draw.chance(40) ? draw.pick([-1, 7]) : draw.int(0, 1),
    place: draw.pick(['secondary', 'primary']),
    from: draw.chance(300) ? '' : draw.pick(symbols.replicaNodes()),
    to: draw.pick(symbols.replicaNodes()),
  }),
  guard: (step, stage) =>
    resolves(step, stage) && stage.node(str(step, 'to')) !== undefined && (str(step, 'from') === '' || stage.node(str(step, 'from')) !== undefined),
  command: (step, stage) => ({
    kind: 'copyReplica',
    table: table(step),
    partitionIndex: num(step, 'partitionIndex'),
    place: str(step, 'place') === 'primary' ? 'primary' : 'secondary',
    from: nodeAt(step, 'from', stage),
    to: nodeAt(step, 'to', stage),
  }),
});
