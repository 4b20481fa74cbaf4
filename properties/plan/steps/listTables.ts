/** `ls`: what the meta server says of its tables. */
import { commandStep } from '../commandStep.ts';
import { type StepSpec } from '../spec.ts';
import { clusterField } from './common.ts';

export const listTables: StepSpec = commandStep({
  kind: 'listTables',
  family: 'admin',
  weight: 1,
  fields: { cluster: clusterField },
  draw: () => ({ cluster: 'source' }),
  command: () => ({ kind: 'listTables' }),
});
