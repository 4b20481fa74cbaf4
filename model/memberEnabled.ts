/**
 * What may befall the members of a partition in a small scope (repl 1.8 - 1.10): the primary lets a secondary go, or asks for
 * one more; who serves loses its role, and somebody takes over; somebody learns, by any of the three types.
 *
 * As generous as `enabled.ts`: whoever is no member may ask to join, whether or not it has learned; the rules know better.
 * A learner gets no prepares of its own here: what comes after it has learned reaches it as a secondary, proposed again.
 */
import { clusterNameOf } from './dupState.ts';
import type { ModelEvent, MutationFact } from './events.ts';
import { newReplica, proposalOf, type ModelState, type PartitionState, type ReplicaState } from './state.ts';
import type { Ballot, Decree, NodeId } from './vocabulary.ts';

/** How members come and go in a scope. */
export interface MemberScope {
  /** All that may be members. */
  readonly nodes: readonly NodeId[];
  readonly maxReplicaCount: number;
  /** At most so many learnings are begun. */
  readonly learners: number;
}

type Transition = readonly ModelEvent[];

interface Group {
  readonly state: ModelState;
  readonly scope: MemberScope;
  readonly part: PartitionState;
  readonly primary: NodeId | '';
  readonly secondaries: readonly NodeId[];
}

/** Transitions of one partition; none beyond `maxBallot`. */
export function memberCandidates(state: ModelState, scope: MemberScope, part: PartitionState, maxBallot: Ballot): readonly Transition[] {
  const config = part.configs[part.ballot];
  if (config === undefined) return [];
  const group: Group = { state, scope, part, ...config };
  return [...(part.ballot < maxBallot ? reconfigurations(group) : []), ...scope.nodes.flatMap((node) => learnings(group, node))];
}

const at = ({ part }: Group, node: NodeId) => ({ atUs: 0, node, gpid: part.gpid }) as const;

const replicaOf = ({ part }: Group, node: NodeId): ReplicaState => part.replicas[node] ?? newReplica(node);

const isUp = ({ state }: Group, node: NodeId): boolean => state.nodes[node]?.up === true;

/** Is it the primary, and does it know the newest configuration? */
const leads = (group: Group): boolean => {
  const { open, status, ballot } = replicaOf(group, group.primary);
  return group.primary !== '' && open && status === 'PS_PRIMARY' && ballot === group.part.ballot;
};

function stored(group: Group, primary: NodeId | '', secondaries: readonly NodeId[]): ModelEvent {
  const { part, scope } = group;
  const { maxReplicaCount } = scope;
  const lastCommittedDecree = primary === '' ? 0 : Math.min(replicaOf(group, primary).committed, part.committed);
  const config = { gpid: part.gpid, ballot: part.ballot + 1, maxReplicaCount, primary, secondaries, lastDrops: [], lastCommittedDecree };
  return { kind: 'config.stored', atUs: 0, cluster: clusterNameOf(scope.nodes[0] ?? ''), config };
}

function reconfigurations(group: Group): Transition[] {
  const { scope, primary, secondaries } = group;
  const all: Transition[] = [];
  const without = (node: NodeId): readonly NodeId[] => secondaries.filter((one) => one !== node);
  // Its server is dead; or only its lease is over: then it has left its role before.
  const ends = primary === '' ? [] : leaving(group, 'PS_INACTIVE');
  if (primary !== '') all.push([...ends, stored(group, '', secondaries)]);
  else if (secondaries.length === 0) for (const node of scope.nodes) all.push([stored(group, node, [])]);
  for (const node of secondaries) {
    if (primary === '') all.push([stored(group, node, without(node))]);
    // Without a primary only the dead ones are let go of.
    if (primary === '' ? !isUp(group, node) : leads(group)) all.push([...ends, stored(group, primary, without(node))]);
  }
  if (!leads(group) || 1 + secondaries.length >= scope.maxReplicaCount) return all;
  for (const node of scope.nodes) {
    if (node === primary || secondaries.includes(node)) continue;
    const joins = stored(group, primary, [...secondaries, node]);
    // The primary goes on while it waits: that is tried too.
    all.push([...ends, joins], [joins]);
  }
  return all;
}

/** The primary leaves its role, if it is in one. */
function leaving(group: Group, to: 'PS_INACTIVE'): ModelEvent[] {
  const { open, status, ballot } = replicaOf(group, group.primary);
  return open && isUp(group, group.primary) && status === 'PS_PRIMARY'
    ? [{ kind: 'replica.status', ...at(group, group.primary), from: 'PS_PRIMARY', to, ballot }]
    : [];
}

function learnings(group: Group, node: NodeId): Transition[] {
  const { scope, part, primary, secondaries } = group;
  const replica = replicaOf(group, node);
  if (node === primary || secondaries.includes(node) || !leads(group) || !isUp(group, node)) return [];
  const begun = scope.nodes.filter((one) => replicaOf(group, one).status === 'PS_POTENTIAL_SECONDARY').length;
  if (replica.status !== 'PS_POTENTIAL_SECONDARY') {
    if (begun >= scope.learners) return [];
    const opened: ModelEvent = { kind: 'replica.opened', ...at(group, node), fresh: true, ballot: 0, durable: 0, applied: 0, committed: 0, maxPrepared: 0 };
    const from = replica.open ? replica.status : 'PS_INACTIVE';
    const learner: ModelEvent = { kind: 'replica.status', ...at(group, node), from, to: 'PS_POTENTIAL_SECONDARY', ballot: part.ballot };
    return replica.open ? [[learner]] : [[opened, learner]];
  }
  if (replica.ballot < part.ballot)
    return [[{ kind: 'replica.status', ...at(group, node), from: replica.status, to: replica.status, ballot: part.ballot }]];
  if (replica.applied >= replicaOf(group, primary).committed) return [];
  return [byCache(group, replica), byLog(group, replica), byCheckpoint(group, replica)];
}

const answered = (group: Group, replica: ReplicaState, type: 'LT_CACHE' | 'LT_LOG' | 'LT_APP'): ModelEvent => ({
  kind: 'learn.answered',
  ...at(group, group.primary),
  learner: replica.node,
  type,
  start: replica.applied + 1,
  applied: replica.applied,
  lastCommitted: replicaOf(group, group.primary).committed,
});

const cut = (group: Group, { node }: ReplicaState, committed: Decree): ModelEvent => ({
  kind: 'replica.list-cut',
  ...at(group, node),
  committed,
  keepsRest: false,
});

/** What the primary holds of a decree: as it was committed, or as it is prepared. */
function taught(group: Group, decree: Decree): MutationFact | undefined {
  const { part, primary } = group;
  const ballot = part.chosen[decree] ?? replicaOf(group, primary).entries[decree]?.ballot ?? -1;
  const one = proposalOf(part, decree, ballot);
  if (one === undefined) return undefined;
  const { lastCommitted, timestampUs, updates } = one;
  return { ballot, decree, lastCommitted, timestampUs, updates };
}

function applies(group: Group, { node }: ReplicaState, decree: Decree, ballot: Ballot): ModelEvent[] {
  return [
    { kind: 'replica.committed', ...at(group, node), decree, ballot },
    { kind: 'replica.applied', ...at(group, node), decree },
  ];
}

/** LT_CACHE: the list begins anew, what is committed enters it and the log, and is applied. */
function byCache(group: Group, replica: ReplicaState): Transition {
  const events: ModelEvent[] = [answered(group, replica, 'LT_CACHE'), cut(group, replica, replica.applied)];
  const newest = replica.files.at(-1);
  const fileIndex = (newest?.index ?? 0) + (replica.fileOpen ? 0 : 1);
  const startOffset = newest?.endOffset ?? 0;
  if (!replica.fileOpen)
    events.push({ kind: 'log.file-created', ...at(group, replica.node), fileIndex, startOffset, previousMaxDecree: newest?.maxDecree ?? 0, validStartOffset: 0 });
  for (let decree = replica.applied + 1; decree <= replicaOf(group, group.primary).committed; decree++) {
    const mutation = taught(group, decree);
    if (mutation === undefined) continue;
    events.push(
      { kind: 'replica.prepared', ...at(group, replica.node), as: 'secondary', reproposal: false, mutation },
      { kind: 'log.written', ...at(group, replica.node), fileIndex, logOffset: startOffset + decree, mutation },
      ...applies(group, replica, decree, mutation.ballot),
    );
  }
  return events;
}

/** LT_LOG: the primary's log takes the place of its own, and is replayed. */
function byLog(group: Group, replica: ReplicaState): Transition {
  const primary = replicaOf(group, group.primary);
  const files = primary.files.map(({ index, startOffset, endOffset, previousMaxDecree, records }) => ({ index, startOffset, endOffset, previousMaxDecree, records }));
  const events: ModelEvent[] = [answered(group, replica, 'LT_LOG'), { kind: 'log.replaced', ...at(group, replica.node), files }];
  for (let decree = replica.applied + 1; decree <= primary.committed; decree++)
    events.push(...applies(group, replica, decree, group.part.chosen[decree] ?? replica.ballot));
  return [...events, cut(group, replica, primary.committed)];
}

/** LT_APP: a checkpoint of the primary takes the place of its storage, and one is made of that. */
function byCheckpoint(group: Group, replica: ReplicaState): Transition {
  const { applied: decree } = replicaOf(group, group.primary);
  const contentDigest = group.part.digests[decree] ?? 0;
  return [
    answered(group, replica, 'LT_APP'),
    { kind: 'storage.replaced', ...at(group, replica.node), decree, contentDigest },
    cut(group, replica, decree),
    { kind: 'checkpoint.listed', ...at(group, replica.node), decree, contentDecree: decree, contentDigest },
    { kind: 'checkpoint.ended', ...at(group, replica.node), trigger: 'learn', error: 'ERR_OK', durable: decree },
  ];
}
