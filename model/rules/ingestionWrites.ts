/**
 * The ingestion write at a primary (bl 15.1, 15.2): it stems from one that the meta server sent, needs the full group,
 * and keeps user writes out until its files are in.
 */
import { indexOf } from '../gpid.ts';
import { missingUpTo } from '../ingestions.ts';
import type { MutationFact, UpdateFact } from '../events.ts';
import { sameLoad, show, showFiles } from '../mutations.ts';
import type { PartitionState, ReplicaState } from '../state.ts';
import type { Decree } from '../vocabulary.ts';
import type { Refusal, ReplicaScene } from './rule.ts';

/** bl 15.1: the primary looks once, when it lets the write in; the meta server sent it to this group and no other. */
export function ofAnotherBallot({ replica }: ReplicaScene, { updates }: MutationFact): Refusal | undefined {
  const load = updates[0]?.load;
  return load === undefined || load.ballot === replica.ballot
    ? undefined
    : [`an ingestion write of ballot ${replica.ballot}`, `one of ballot ${load.ballot}`];
}

/** Finds the request behind an ingestion write of a new mutation, and uses it up. */
export function claimIngestion(
  part: PartitionState,
  replica: ReplicaState,
  { load, rows }: UpdateFact,
  decree: Decree,
): Refusal | undefined {
  if (rows.length > 0) return ['no rows in an ingestion write', `${rows.length} rows`];
  if (load === undefined) return ['an ingestion write with its files', 'one without'];
  const fitting = part.ingestionsSent.filter(
    (one) => one.to === replica.node && !one.prepared && sameLoad(one.load, load),
  );
  // One that was answered was refused, most likely; but which of two alike an answer was for is not told.
  const sent = fitting.find(({ answered }) => !answered) ?? fitting[0];
  if (sent === undefined)
    return [
      'an ingestion write that was sent here and had no effect yet',
      `one of ${showFiles(load.metadata.files)} in ballot ${load.ballot}`,
    ];
  sent.prepared = true;
  sent.decree = decree;
  sent.overAtUs = -1;
  return undefined;
}

/** bl 15.2: nobody is to miss the files. */
export function notFull({ cluster, part, replica }: ReplicaScene, { updates }: MutationFact): Refusal | undefined {
  const most = cluster.tables[part.appId]?.maxReplicaCount ?? 0;
  const members = 1 + (part.configs[replica.ballot]?.secondaries.length ?? 0);
  return updates[0]?.load === undefined || members >= most
    ? undefined
    : [`all ${most} members for an ingestion write`, `${members}`];
}

/** bl 15.1 #12: a primary that has cleaned up, paused, or has its role anew cannot be DOWNLOADED, nor INGESTING. */
export function notLoading({ cluster, part, replica }: ReplicaScene, { updates }: MutationFact): Refusal | undefined {
  if (updates[0]?.load === undefined || replica.loadBegun || cluster.loads[part.appId] === undefined) return undefined;
  return ['a primary that was told to download since', 'an ingestion write'];
}

/** Has the meta server left INGESTING for this partition since then, or does it know of no load at all? */
function isLetGo({ cluster, part }: ReplicaScene, sinceUs: number): boolean {
  const index = indexOf(part.gpid);
  const load = cluster.loads[part.appId]?.partitions[index];
  return load?.record.status !== 'BLS_INGESTING' || load.storedAtUs > sinceUs;
}

/**
 * Does a write come from a client while the flag of an ingestion is certainly up (bl 15.1 #9, #14)? Those that were let
 * in before it have decrees below it. While the primary itself waits for the files nothing takes the flag back but the
 * end of its role; nor does anything, in a calm world, while the meta server waits for a member.
 */
export function writtenTooEarly(scene: ReplicaScene, mutation: MutationFact): Refusal | undefined {
  const { state, part, replica } = scene;
  const { ingesting, ingestingSinceUs } = replica;
  if (ingesting === 0) return undefined;
  const expected = `only empty writes behind the ingestion at decree ${ingesting}`;
  if (replica.applied < ingesting) return [expected, `${show(mutation)}, before it is applied`];
  if (missingUpTo(part, replica, ingesting).some(({ decree }) => decree === ingesting))
    return [expected, `${show(mutation)}, before its files are in`];
  const config = part.configs[replica.ballot];
  if (!state.calm || config === undefined || isLetGo(scene, ingestingSinceUs)) return undefined;
  const late = config.secondaries.filter((node) => {
    const one = part.ingestions[ingesting];
    return one?.brings === 'rows' && one.ingestedAtUs[node] === undefined;
  });
  return late.length === 0 ? undefined : [expected, `${show(mutation)}, before its files are in at ${late.join(', ')}`];
}
