/**
 * What may happen next in a small scope, internal transitions included: enumerated from the model's state alone, so
 * that the model can be explored without an implementation.
 *
 * `candidates` is generous (a commit is offered whether or not everybody acknowledged); the rules decide, and
 * `enabled` is what they let through. Messages are abstracted as the set of mutations ever proposed: any of them may
 * arrive at any moment, in any order, or never, which covers delay, loss, repetition and reordering.
 */
import { dupCandidates } from './dupEnabled.ts';
import { clusterNameOf } from './dupState.ts';
import type { DupScope } from './dupSteps.ts';
import { loadCandidates } from './loadEnabled.ts';
import type { LoadScope } from './loadSteps.ts';
import { memberCandidates, type MemberScope } from './memberEnabled.ts';
import type { ModelEvent, MutationFact, UpdateFact } from './events.ts';
import { nextAll } from './next.ts';
import { replay } from './rules/lifecycle.ts';
import { isWrite, storedKey } from './rules/attempts.ts';
import { RULES } from './rules/index.ts';
import type { RuleTable } from './rules/rule.ts';
import {
  durableOf,
  proposalOf,
  type ClusterState,
  type ModelConfig,
  type ModelState,
  type PartitionState,
  type Proposal,
  type ReplicaState,
} from './state.ts';
import type { NodeId } from './vocabulary.ts';

export interface Scope {
  readonly name: string;
  readonly config: ModelConfig;
  /** Leads from `init` to the state where the search begins. */
  readonly start: readonly ModelEvent[];
  readonly maxCrashes: number;
  /** A primary gives up on a silent member and asks for a new ballot. */
  readonly reballots: boolean;
  readonly maxBallot: number;
  readonly maxDecree: number;
  /** Flushes, checkpoints and their collection, log rotation and collection take part. */
  readonly storage: boolean;
  readonly maxLogFiles: number;
  /** Only what befalls a duplication is searched; the limits above are not asked. */
  readonly duplication?: DupScope;
  /** Only what befalls a bulk load is searched; the limits above are not asked. */
  readonly bulkLoad?: LoadScope;
  /** Members come and go. */
  readonly members?: MemberScope;
  /** What must stay reachable: from every state that the search reaches, some state in which it holds. */
  readonly end?: { readonly property: string; readonly sentence: string; holds(state: ModelState): boolean };
}

/** One step of the search: events that happen together. */
export type Transition = readonly ModelEvent[];

interface Here {
  readonly scope: Scope;
  readonly state: ModelState;
  readonly cluster: ClusterState;
  readonly part: PartitionState;
  readonly replica: ReplicaState;
  readonly at: { readonly atUs: 0; readonly node: NodeId; readonly gpid: string };
}

const EMPTY: readonly UpdateFact[] = [{ code: 'RPC_REPLICATION_WRITE_EMPTY', rows: [] }];

/** Transitions that the rules permit. */
export function enabled(state: ModelState, scope: Scope, rules: RuleTable = RULES): readonly Transition[] {
  return candidates(state, scope).filter((transition) => nextAll(state, transition, rules) !== undefined);
}

export function candidates(state: ModelState, scope: Scope): readonly Transition[] {
  if (scope.duplication !== undefined) return dupCandidates(state, scope.duplication);
  if (scope.bulkLoad !== undefined) return loadCandidates(state, scope.bulkLoad);
  const all: Transition[] = [];
  const crashes = Object.values(state.nodes).reduce((sum, node) => sum + node.incarnation - (node.up ? 1 : 0), 0);
  for (const cluster of Object.values(state.clusters)) {
    for (const part of Object.values(cluster.partitions)) {
      if (scope.members !== undefined) all.push(...memberCandidates(state, scope.members, part, scope.maxBallot));
      for (const replica of Object.values(part.replicas)) {
        const here: Here = {
          scope,
          state,
          cluster,
          part,
          replica,
          at: { atUs: 0, node: replica.node, gpid: part.gpid },
        };
        if (state.nodes[replica.node]?.up !== true) {
          all.push(...restarts(here));
          continue;
        }
        if (crashes < scope.maxCrashes)
          all.push([{ kind: 'process.stopped', atUs: 0, node: replica.node, cause: 'crash', detail: '' }]);
        if (replica.open)
          all.push(
            ...roles(here),
            ...prepares(here),
            ...logWrites(here),
            ...commits(here),
            ...(scope.storage ? storage(here) : []),
          );
      }
    }
  }
  return all;
}

function roles({ scope, part, replica, at }: Here): Transition[] {
  const config = part.configs[part.ballot];
  const { status: from } = replica;
  const become = (to: typeof from, ballot = part.ballot): Transition => [
    { kind: 'replica.status', ...at, from, to, ballot },
  ];
  if (config === undefined) return [];
  if (scope.members !== undefined) return rolesOfMembers(config, part.ballot, replica, become);
  if (config.primary !== replica.node)
    return from === 'PS_INACTIVE' || replica.ballot < part.ballot ? [become('PS_SECONDARY')] : [];
  const newBallot: ModelEvent = {
    kind: 'config.stored',
    atUs: 0,
    cluster: clusterNameOf(at.node),
    config: {
      gpid: part.gpid,
      ballot: part.ballot + 1,
      maxReplicaCount: 1 + config.secondaries.length,
      primary: config.primary,
      secondaries: config.secondaries,
      lastDrops: [],
      lastCommittedDecree: replica.committed,
    },
  };
  const grows = part.ballot < scope.maxBallot;
  if (from === 'PS_PRIMARY') return grows && scope.reballots ? [become('PS_INACTIVE', replica.ballot)] : [];
  return [become('PS_PRIMARY'), ...(grows ? [[newBallot]] : [])];
}

/** Everybody hears of the newest configuration, at any time; who is none of its members leaves its role. */
function rolesOfMembers(
  { primary, secondaries }: { readonly primary: NodeId | ''; readonly secondaries: readonly NodeId[] },
  ballot: number,
  { node, status, ballot: own }: ReplicaState,
  become: (to: ReplicaState['status']) => Transition,
): Transition[] {
  const isNew = own < ballot;
  if (node === primary) return isNew || status !== 'PS_PRIMARY' ? [become('PS_PRIMARY')] : [];
  if (secondaries.includes(node)) return isNew || status !== 'PS_SECONDARY' ? [become('PS_SECONDARY')] : [];
  return isNew && (status === 'PS_PRIMARY' || status === 'PS_SECONDARY') ? [become('PS_INACTIVE')] : [];
}

/**
 * The updates of the oldest command that has an attempt left at this replica; which of the writes comes first makes
 * no difference.
 */
function asked({ cluster, replica }: Here): readonly UpdateFact[] | undefined {
  for (const { command, attempts, used } of Object.values(cluster.commands)) {
    if (!isWrite(command) || command.kind !== 'put' || (attempts[replica.node] ?? 0) <= (used[replica.node] ?? 0))
      continue;
    return [
      {
        code: 'RPC_RRDB_RRDB_PUT',
        rows: [{ op: 'put', key: storedKey(command.hashKey, command.sortKey), value: command.value, expireTs: 0 }],
      },
    ];
  }
  return undefined;
}

function prepares(here: Here): Transition[] {
  const { scope, part, replica, at } = here;
  if (replica.status === 'PS_SECONDARY') {
    return Object.values(part.proposals)
      .flat()
      .filter(
        ({ ballot, decree }) =>
          ballot === replica.ballot && decree > replica.committed && replica.entries[decree]?.ballot !== ballot,
      )
      .flatMap((proposal) => receives(here, proposal));
  }
  if (replica.status !== 'PS_PRIMARY') return [];
  const propose = (
    decree: number,
    updates: readonly UpdateFact[],
    timestampUs: number,
    reproposal: boolean,
  ): Transition => [
    {
      kind: 'replica.prepared',
      ...at,
      as: 'primary',
      reproposal,
      mutation: { ballot: replica.ballot, decree, lastCommitted: replica.committed, timestampUs, updates },
    },
  ];
  const fresh = replica.maxPrepared + 1;
  const all: Transition[] = [];
  if (replica.reproposeNext <= replica.reproposeLast) {
    const decree = replica.reproposeNext;
    const held = proposalOf(part, decree, replica.entries[decree]?.ballot ?? -1);
    all.push(propose(decree, held?.updates ?? EMPTY, held?.timestampUs ?? decree * 1000, true));
  }
  if (fresh > scope.maxDecree) return all;
  if (replica.barrierDue) all.push(propose(fresh, EMPTY, fresh * 1000, false));
  const updates = asked(here);
  if (updates !== undefined) all.push(propose(fresh, updates, fresh * 1000, false));
  return all;
}

/** A secondary receives, logs and acknowledges. A prepare that is not yet logged may as well not have arrived. */
function receives(here: Here, { ballot, decree, lastCommitted, timestampUs, updates }: Proposal): Transition[] {
  const mutation: MutationFact = { ballot, decree, lastCommitted, timestampUs, updates };
  const prepared: ModelEvent = { kind: 'replica.prepared', ...here.at, as: 'secondary', reproposal: false, mutation };
  const acked: ModelEvent = { kind: 'prepare.acked', ...here.at, ballot, decree };
  // An acknowledgement before the log is tried too; the rules know better.
  return [
    [prepared, ...toLog(here, mutation), acked],
    [prepared, acked],
  ];
}

function toLog({ replica, at }: Here, mutation: MutationFact): ModelEvent[] {
  const newest = replica.files[replica.files.length - 1];
  const fileIndex = (newest?.index ?? 0) + (replica.fileOpen ? 0 : 1);
  const written: ModelEvent = { kind: 'log.written', ...at, fileIndex, logOffset: newest?.endOffset ?? 0, mutation };
  return replica.fileOpen ? [written] : [newFile(replica, at), written];
}

/** A primary's log writes; acknowledgements of what a secondary has in its log since before a restart. */
function logWrites(here: Here): Transition[] {
  const { part, replica, at } = here;
  const all: Transition[] = [];
  for (const [text, entry] of Object.entries(replica.entries)) {
    const decree = Number(text);
    const proposal = proposalOf(part, decree, entry.ballot);
    if (proposal === undefined) continue;
    const { ballot, lastCommitted, timestampUs, updates, acks } = proposal;
    if (!entry.logged) all.push(toLog(here, { ballot, decree, lastCommitted, timestampUs, updates }));
    else if (replica.status === 'PS_SECONDARY' && ballot === replica.ballot && acks[replica.node] !== true)
      all.push([{ kind: 'prepare.acked', ...at, ballot, decree }]);
  }
  return all;
}

function newFile(replica: ReplicaState, at: Here['at']): ModelEvent {
  const newest = replica.files[replica.files.length - 1];
  return {
    kind: 'log.file-created',
    ...at,
    fileIndex: (newest?.index ?? 0) + 1,
    startOffset: newest?.endOffset ?? 0,
    previousMaxDecree: newest?.maxDecree ?? 0,
    validStartOffset: 0,
  };
}

/**
 * The next decree; or, on a secondary, everything that a primary has committed, since a commit point comes as one
 * number.
 */
function commits({ part, replica, at }: Here): Transition[] {
  // A learner commits what it learns (memberEnabled.ts).
  if (replica.status === 'PS_POTENTIAL_SECONDARY') return [];
  const first = replica.committed + 1;
  const last =
    replica.status === 'PS_SECONDARY' && part.committed > first ? Math.min(part.committed, replica.maxPrepared) : first;
  if (first > replica.maxPrepared) return [];
  const all: ModelEvent[] = [];
  for (let decree = first; decree <= last; decree++) {
    all.push(
      { kind: 'replica.committed', ...at, decree, ballot: replica.entries[decree]?.ballot ?? replica.ballot },
      { kind: 'replica.applied', ...at, decree },
    );
  }
  return [all];
}

/** A new process over the same disk, with and without the checkpoint of a server's start (repl 5.1). */
function restarts({ part, replica, at, scope }: Here): Transition[] {
  const started: ModelEvent = { kind: 'process.started', atUs: 0, node: at.node };
  const atOpen: ModelEvent[] =
    replica.flushed === durableOf(replica) ? [] : checkpoint(part, at, replica.flushed, 'open');
  const disk = replay(replica, replica.flushed);
  const redone: ModelEvent[] = [];
  for (let decree = replica.flushed + 1; decree <= disk.applied; decree++)
    redone.push(
      { kind: 'replica.committed', ...at, decree, ballot: disk.ballot },
      { kind: 'replica.applied', ...at, decree },
    );
  const opened = (durable: number): ModelEvent => ({
    kind: 'replica.opened',
    ...at,
    fresh: false,
    ballot: disk.ballot,
    durable,
    applied: disk.applied,
    committed: disk.committed,
    maxPrepared: disk.maxPrepared,
  });
  const plain: Transition = [started, ...atOpen, ...redone, opened(replica.flushed)];
  if (!scope.storage || disk.applied === replica.flushed) return [plain];
  return [
    plain,
    [
      started,
      ...atOpen,
      ...redone,
      { kind: 'storage.flushed', ...at, decree: disk.applied },
      ...checkpoint(part, at, disk.applied, 'start-up'),
      opened(disk.applied),
    ],
  ];
}

function checkpoint(
  part: PartitionState,
  at: Here['at'],
  decree: number,
  trigger: 'open' | 'start-up' | 'periodic',
): ModelEvent[] {
  return [
    { kind: 'checkpoint.listed', ...at, decree, contentDecree: decree, contentDigest: part.digests[decree] ?? 0 },
    { kind: 'checkpoint.ended', ...at, trigger, error: 'ERR_OK', durable: decree },
  ];
}

function storage({ scope, state, part, replica, at }: Here): Transition[] {
  const all: Transition[] = [];
  const durable = durableOf(replica);
  const flags = state.nodes[replica.node]?.manualCount ?? 0;
  for (let decree = replica.flushed + 1; decree <= replica.applied; decree++)
    all.push([{ kind: 'storage.flushed', ...at, decree }]);
  for (let decree = durable + 1; decree <= replica.applied; decree++)
    all.push(checkpoint(part, at, decree, 'periodic'));
  if (!replica.manual && durable < replica.applied) {
    all.push([
      { kind: 'checkpoint.manual-flag', ...at, set: true, serverCount: flags + 1 },
      { kind: 'checkpoint.ended', ...at, trigger: 'manual-emergency', error: 'ERR_TRY_AGAIN', durable },
    ]);
  }
  if (replica.manual)
    all.push([
      { kind: 'checkpoint.ended', ...at, trigger: 'retry-after-flush', error: 'ERR_OK', durable },
      { kind: 'checkpoint.manual-flag', ...at, set: false, serverCount: flags - 1 },
    ]);
  for (const { decree } of replica.checkpoints) all.push([{ kind: 'checkpoint.removed', ...at, decree }]);
  const newest = replica.files[replica.files.length - 1];
  if (replica.fileOpen && newest !== undefined && newest.records.length > 0 && newest.index < scope.maxLogFiles)
    all.push([newFile(replica, at)]);
  for (const { index: fileIndex } of replica.files) all.push([{ kind: 'log.file-removed', ...at, fileIndex }]);
  return all;
}
