/** What may happen to a follower's table in the search of duplications: made, filled from a checkpoint, marked (dup 5). */
import { indexOf, storedOf } from './dupState.ts';
import { EMPTY, writes, type End, type Here, type Transition } from './dupSteps.ts';
import type { ModelEvent, MutationFact } from './events.ts';
import { durableOf, type ClusterState } from './state.ts';
import type { NodeId } from './vocabulary.ts';

const MARK = 'duplication.follower_app_status';

/** The follower's table is made, and marked, as its master asks. */
export function follower({ scope, state, cluster, dup, atUs }: Here): Transition[] {
  const far = state.clusters[dup.remote];
  const table = cluster.tables[dup.appId];
  if (far === undefined || table === undefined || !dup.full) return [];
  const name = dup.remoteAppName;
  const { partitionCount } = table;
  const known = far.tables[far.byName[name] ?? -1];
  const mark = known === undefined ? 'creating' : 'created';
  if (known?.envs[MARK] === 'created') return [];
  const envs = {
    ...table.envs,
    'duplication.master_cluster': cluster.id,
    'duplication.master_metas': scope.meta,
    'duplication.master_app_name': table.name,
    'duplication.master_app_id': `${table.appId}`,
    'duplication.master_dup_id': `${dup.dupId}`,
    [MARK]: mark,
  };
  const replicaCount = dup.remoteReplicaCount;
  const made: ModelEvent[] = [
    { kind: 'follower.asked', cluster: cluster.id, to: scope.followerMeta, name, partitionCount, replicaCount, envs, atUs },
    {
      kind: 'table.stored',
      cluster: far.id,
      appId: 1,
      name,
      status: 'AS_AVAILABLE',
      partitionCount,
      maxReplicaCount: replicaCount,
      envs,
      atUs,
    },
  ];
  if (mark === 'creating')
    for (const index of Object.keys(dup.partitions)) made.push(configOf(far, `1.${index}`, 0, '', atUs));
  return [made];
}

function configOf({ id }: ClusterState, gpid: string, ballot: number, primary: NodeId | '', atUs: number): ModelEvent {
  const config = { gpid, ballot, maxReplicaCount: 1, primary, secondaries: [], lastDrops: [], lastCommittedDecree: 0 };
  return { kind: 'config.stored', cluster: id, config, atUs };
}

/** A follower's replica downloads the newest checkpoint, or one that is older than what is stored, and serves. */
export function fills({ scope, state, dup, part, replica, progress, atUs }: End): Transition[] {
  const far = state.clusters[dup.remote];
  const target = far?.partitions[`${far.byName[dup.remoteAppName] ?? -1}.${indexOf(part.gpid)}`];
  if (far === undefined || target === undefined || target.ballot > 0) return [];
  const here = { node: scope.follower, gpid: target.gpid, atUs };
  const decrees = new Set([durableOf(replica), storedOf(progress) - 1]);
  return [...decrees]
    .filter((decree) => decree > 0)
    .map((decree): Transition => {
      const digest = part.digests[decree] ?? 0;
      const barrier: MutationFact = {
        ballot: 1,
        decree: decree + 1,
        lastCommitted: decree,
        timestampUs: 900_000,
        updates: EMPTY,
      };
      return [
        { kind: 'checkpoint.adopted', ...here, decree, digest },
        { kind: 'checkpoint.listed', ...here, decree, contentDecree: decree, contentDigest: digest },
        {
          kind: 'replica.opened',
          ...here,
          fresh: true,
          ballot: 0,
          durable: decree,
          applied: decree,
          committed: decree,
          maxPrepared: decree,
        },
        configOf(far, target.gpid, 1, scope.follower, atUs),
        { kind: 'replica.status', ...here, from: 'PS_INACTIVE', to: 'PS_PRIMARY', ballot: 1 },
        ...writes(here, { ...replica, files: [] }, barrier, true),
      ];
    });
}
