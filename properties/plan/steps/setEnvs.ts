/** `set_app_envs`: the checkpoint reserves of repl 2.6 and throttles of thr 2, sensible and not. */
import { commandStep, table } from '../commandStep.ts';
import { envs, record, tableRef, type StepSpec } from '../spec.ts';
import { drawIngestBehind, drawReserve, drawThrottle } from '../tableEnvs.ts';
import { clusterField, drawPlace } from './common.ts';

export const setEnvs: StepSpec = commandStep({
  kind: 'setEnvs',
  family: 'admin',
  weight: 2,
  fields: { cluster: clusterField, table: tableRef, envs },
  draw(draw, symbols) {
    // Too late: a database allows ingestion behind from its creation on, or never.
    const late = symbols.withLoads && draw.chance(60);
    const set = late ? drawIngestBehind(draw) : draw.chance(400) ? drawThrottle(draw) : drawReserve(draw);
    return { ...drawPlace(draw, symbols, 100), envs: set };
  },
  command: (step) => ({ kind: 'setEnvs', name: table(step), envs: record(step, 'envs') }),
});
