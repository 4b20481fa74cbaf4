/** `create`: legal ones give a new table its reference; illegal ones are meant (bad counts, a name that is taken). */
import { commandStep, table } from '../commandStep.ts';
import { bool, envs, flag, int, num, record, str, tableRef, text, type StepSpec } from '../spec.ts';
import { clusterField } from './common.ts';

export const createTable: StepSpec = commandStep({
  kind: 'createTable',
  family: 'admin',
  weight: 3,
  fields: { cluster: clusterField, as: tableRef, name: text(/^.{0,64}$/, 'a table name of at most 64 characters'), partitionCount: int(-1, 1024), replicaCount: int(-1, 9), envs, successIfExist: flag },
  draw(draw, symbols) {
    const illegal = symbols.tables.length > 0 && draw.chance(350);
    if (!illegal && symbols.liveTables().length >= 2) return undefined;
    const taken = symbols.tables.length > 0 ? draw.pick(symbols.tables) : undefined;
    const servers = symbols.clusters[0]?.replicaServers ?? 3;
    if (illegal && taken !== undefined) {
      return draw.pick([
        { cluster: 'source', as: 'nowhere', name: taken.ref, partitionCount: taken.partitionCount, replicaCount: Math.min(3, servers), envs: {}, successIfExist: draw.chance(500) },
        { cluster: 'source', as: 'nowhere', name: 'bad', partitionCount: 0, replicaCount: 1, envs: {}, successIfExist: false },
        { cluster: 'source', as: 'nowhere', name: 'bad', partitionCount: 1, replicaCount: servers + 1, envs: {}, successIfExist: false },
        { cluster: 'source', as: 'nowhere', name: 'b@d name', partitionCount: 1, replicaCount: 1, envs: {}, successIfExist: false },
      ]);
    }
    const ref = `table#${String(symbols.nextTable++)}`;
    const partitionCount = draw.int(1, 2);
    symbols.tables.push({ ref, partitionCount, dropped: false });
    const replicaCount = draw.weighted([1, 2, 3], (n) => (n <= servers ? [1, 2, 5][n - 1] ?? 0 : 0));
    return { cluster: 'source', as: ref, name: ref, partitionCount, replicaCount, envs: {}, successIfExist: false };
  },
  before: (step, stage) => {
    stage.bindTable(str(step, 'as'));
  },
  command: (step) => ({
    kind: 'createTable',
    name: table(step, 'name'),
    partitionCount: num(step, 'partitionCount'),
    replicaCount: num(step, 'replicaCount'),
    envs: record(step, 'envs'),
    successIfExist: bool(step, 'successIfExist'),
  }),
});
