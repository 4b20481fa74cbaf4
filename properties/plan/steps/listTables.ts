/** `ls`: what the meta server says of its tables. */
import { str, type StepSpec } from '../spec.ts';
import { clusterField } from './common.ts';

export const listTables: StepSpec = {
  kind: 'listTables',
  family: 'admin',
  weight: 1,
  fields: { cluster: clusterField },
  draw: () => ({ cluster: 'source' }),
  guard: (step, stage) => stage.hasCluster(str(step, 'cluster')),
  run(step, stage) {
    stage.invoke(str(step, 'cluster'), { kind: 'listTables' });
  },
  text: () => 'ls',
};
