/** `set_app_envs`: the checkpoint reserves of repl 2.6, sensible and not. */
import { envs, record, str, tableRef, type StepSpec } from '../spec.ts';
import { clusterField, clientGuard, drawTable } from './common.ts';

export const setEnvs: StepSpec = {
  kind: 'setEnvs',
  family: 'admin',
  weight: 2,
  fields: { cluster: clusterField, table: tableRef, envs },
  draw(draw, symbols) {
    const set: Record<string, string> = draw.chance(800)
      ? { 'rocksdb.checkpoint.reserve_min_count': draw.pick(['1', '2', '3', '0', 'x']) }
      : { 'rocksdb.checkpoint.reserve_time_seconds': draw.pick(['0', '1', '5', '-1']) };
    return { cluster: 'source', table: drawTable(draw, symbols), envs: set };
  },
  guard: clientGuard,
  run(step, stage) {
    stage.invoke(str(step, 'cluster'), { kind: 'setEnvs', name: stage.tableName(str(step, 'table')), envs: record(step, 'envs') });
  },
  text: (s) => `${str(s, 'table')}> set_app_envs ${Object.entries(record(s, 'envs')).map(([k, v]) => `${k} ${v}`).join(' ')}`,
};
