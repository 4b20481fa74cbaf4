/** What the searches of duplications share: their scope, where a step happens, and a write of a lonely replica. */
import type { DupPartition, DupState, DuplicatorState } from './dupState.ts';
import type { ModelEvent, MutationFact, UpdateFact } from './events.ts';
import type { ClusterState, ModelState, PartitionState, ReplicaState } from './state.ts';
import type { NodeId } from './vocabulary.ts';

/** The parts of a scope of duplication: what beside telling, reporting and shipping may happen, and how often. */
export interface DupScope {
  /** The master's replica server and meta server, the follower's. */
  readonly source: NodeId;
  readonly meta: NodeId;
  readonly follower: NodeId;
  readonly followerMeta: NodeId;
  /** Lines of the operator, each given once. */
  readonly lines: readonly ('pauseDup' | 'startDup' | 'removeDup')[];
  readonly sourceRestarts: number;
  readonly metaRestarts: number;
  /** Decrees that the source may reach. */
  readonly maxDecree: number;
  /** Partitions whose report is stored at once, and which ship nothing: they are there to be waited for. */
  readonly quiet: readonly string[];
}

/** Events that happen together. */
export type Transition = readonly ModelEvent[];

export interface Here {
  readonly scope: DupScope;
  readonly state: ModelState;
  readonly cluster: ClusterState;
  readonly dup: DupState;
  readonly atUs: number;
}
export interface End extends Here {
  readonly part: PartitionState;
  readonly replica: ReplicaState;
  readonly progress: DupPartition;
  readonly duplicator: DuplicatorState | undefined;
}

export const EMPTY: readonly UpdateFact[] = [{ code: 'RPC_REPLICATION_WRITE_EMPTY', rows: [] }];

/** A mutation of a partition with one replica: proposed, logged, committed and applied. */
export function writes(
  here: { readonly node: NodeId; readonly gpid: string; readonly atUs: number },
  replica: ReplicaState,
  mutation: MutationFact,
  isNewFile: boolean,
  reproposal = false,
): ModelEvent[] {
  const newest = replica.files.at(-1);
  const fileIndex = (newest?.index ?? 0) + (isNewFile ? 1 : 0);
  const offset = 1000 * fileIndex + mutation.decree;
  const { decree, ballot } = mutation;
  const created: ModelEvent = {
    kind: 'log.file-created',
    ...here,
    fileIndex,
    startOffset: offset,
    previousMaxDecree: newest?.maxDecree ?? 0,
    validStartOffset: 0,
  };
  return [
    { kind: 'replica.prepared', ...here, as: 'primary', reproposal, mutation },
    ...(isNewFile ? [created] : []),
    { kind: 'log.written', ...here, fileIndex, logOffset: offset, mutation },
    { kind: 'replica.committed', ...here, decree, ballot },
    { kind: 'replica.applied', ...here, decree },
  ];
}

export const next = (replica: ReplicaState, updates: readonly UpdateFact[]): MutationFact => ({
  ballot: replica.ballot,
  decree: replica.maxPrepared + 1,
  lastCommitted: replica.committed,
  timestampUs: (replica.maxPrepared + 1) * 1000,
  updates,
});
