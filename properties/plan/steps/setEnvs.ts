/** `set_app_envs`: the checkpoint reserves of repl 2.6, sensible and not. */
import { commandStep, table } from '../commandStep.ts';
import { envs, record, tableRef, type StepSpec } from '../spec.ts';
import { clusterField, drawPlace } from './common.ts';

export const setEnvs: StepSpec = commandStep({
  kind: 'setEnvs',
  family: 'admin',
  weight: 2,
  fields: { cluster: clusterField, table: tableRef, envs },
  draw(draw, symbols) {
    const set: Record<string, string> = draw.chance(700)
      ? { 'rocksdb.checkpoint.reserve_min_count': draw.pick(['1', '2', '3', '0', 'x']) }
      : { 'rocksdb.checkpoint.reserve_time_seconds': draw.pick(['0', '1', '5', '20', '-1']) };
    return { ...drawPlace(draw, symbols, 100), envs: set };
  },
  command: (step) => ({ kind: 'setEnvs', name: table(step), envs: record(step, 'envs') }),
});
