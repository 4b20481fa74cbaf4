/** `create`: legal ones give a new table its reference; illegal ones are meant (bad counts, a name that is taken). */
import { commandStep, table } from '../commandStep.ts';
import { bool, envs, flag, int, num, record, str, tableRef, text, type StepSpec } from '../spec.ts';
import type { Draw } from '../draw.ts';
import type { Symbols } from '../symbols.ts';
import { ALLOW_INGEST_BEHIND, drawIngestBehind, drawUnchecked } from '../tableEnvs.ts';
import type { StepValue } from '../types.ts';
import { clusterField } from './common.ts';

/** The table at the follower to which the log of a source's table can be shipped without a checkpoint. */
export function drawFollowerTable(draw: Draw, symbols: Symbols): Readonly<Record<string, StepValue>> | undefined {
  const follower = symbols.follower();
  const free = symbols.liveTables().filter((t) => !symbols.remotes.some((r) => r.of === t.ref));
  if (follower === undefined || free.length === 0) return undefined;
  const { ref, partitionCount, replicaCount } = draw.pick(free);
  const name = draw.chance(600) ? ref : `r${ref.slice('table#'.length)}`;
  symbols.remotes.push({ cluster: follower.id, table: name, of: ref });
  return { cluster: follower.id, as: name, name, partitionCount, replicaCount: Math.min(replicaCount, follower.replicaServers), envs: {}, successIfExist: false };
}

export const createTable: StepSpec = commandStep({
  kind: 'createTable',
  family: 'admin',
  weight: 3,
  fields: { cluster: clusterField, as: tableRef, name: text(/^.{0,64}$/, 'a table name of at most 64 characters'), partitionCount: int(-1, 1024), replicaCount: int(-1, 9), envs, successIfExist: flag },
  draw(draw, symbols) {
    if (symbols.follower() !== undefined && draw.chance(250)) return drawFollowerTable(draw, symbols);
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
    const replicaCount = draw.weighted([1, 2, 3], (n) => (n <= servers ? [1, 2, 5][n - 1] ?? 0 : 0));
    const own: Readonly<Record<string, string>> =
      symbols.withLoads && draw.chance(350) ? drawIngestBehind(draw) : draw.apart(40) ? drawUnchecked(draw) : {};
    const allows = own[ALLOW_INGEST_BEHIND]?.toLowerCase() === 'true';
    symbols.tables.push({ ref, partitionCount, replicaCount, dropped: false, ...(allows ? { allowsIngestBehind: true as const } : {}) });
    return { cluster: 'source', as: ref, name: ref, partitionCount, replicaCount, envs: own, successIfExist: false };
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
