/** What the search of bulk loads shares: its scope, where a step happens, and the steps of ingestion (bl 12, 15). */
import type { ModelEvent, MutationFact } from './events.ts';
import type { IngestionFact } from './loadEvents.ts';
import { isTerminal, type LoadState, type PartitionLoadState } from './loadState.ts';
import type { ClusterState, ModelState, PartitionState, ReplicaState, TableState } from './state.ts';
import type { ErrorCode, NodeId } from './vocabulary.ts';

/** An operator's line about a load that runs. */
export type LoadLine = 'pause' | 'restart' | 'cancel' | 'force';

/** The parts of a scope of bulk load: what beside the steps of a load itself may happen, and how often. */
export interface LoadScope {
  /** Of both partitions: the primary, then the secondaries. */
  readonly nodes: readonly NodeId[];
  /** Lines of the operator, each let in once. */
  readonly lines: readonly LoadLine[];
  /** Ways back to DOWNLOADING until which primaries refuse wishes and ingestion writes: one more than is allowed ends in FAILED. */
  readonly refusals: number;
  /** A file that is put once more while the load runs: what was downloaded is not certain then, and the load may fail. */
  readonly putAgain: Extract<ModelEvent, { kind: 'provider.put' }> | undefined;
  /** Members may complain of files and of ingestion. */
  readonly complaints: boolean;
}

/** Events that happen together. */
export type Transition = readonly ModelEvent[];

export interface Here {
  readonly scope: LoadScope;
  readonly state: ModelState;
  readonly cluster: ClusterState;
  readonly table: TableState;
  readonly atUs: number;
}
export interface Loading extends Here {
  readonly load: LoadState;
}
export interface Part extends Loading {
  readonly index: number;
  readonly part: PartitionState;
  readonly own: PartitionLoadState;
}

/** Has a report, or an answer, spoken of trouble since the table's status was stored? */
export const isTroubled = ({ troubleAtUs, storedAtUs, record }: LoadState): boolean =>
  troubleAtUs >= storedAtUs && !isTerminal(record.status);

/** May a primary refuse once more? */
export const mayRefuse = ({ scope, load }: Loading): boolean =>
  load.rollbacks < scope.refusals &&
  !isTroubled(load) &&
  ['BLS_DOWNLOADING', 'BLS_DOWNLOADED', 'BLS_INGESTING'].includes(load.record.status);

// ---------------------------------------------------------------- ingestion

const nodeOf = ({ scope }: Here): NodeId => scope.nodes[0] ?? '';

/** The write is sent once in each round; it becomes a mutation, now or later, or is refused; members bring the files in. */
export function ingestions(here: Part): Transition[] {
  const { load, own, part, scope } = here;
  if (isTerminal(load.record.status)) return [];
  const all: Transition[] = [];
  const isAsked = load.record.status === 'BLS_INGESTING' && own.record.status === 'BLS_INGESTING';
  if (isAsked && part.ingestionsSent.length <= load.rollbacks) all.push([sends(here)]);
  for (const { prepared, answered, load: content } of part.ingestionsSent)
    if (!prepared && !answered) {
      all.push([...writesEverywhere(here, content), answers(here, 'ERR_OK')]);
      if (mayRefuse(here)) all.push([answers(here, 'ERR_INVALID_STATE')]);
    }
  for (const node of scope.nodes) {
    const replica = part.replicas[node];
    if (replica !== undefined) all.push(...follows(here, replica), ...bringsIn(here, replica));
  }
  return all;
}

const sends = (here: Part): ModelEvent => ({
  kind: 'ingestion.sent',
  cluster: here.cluster.id,
  to: nodeOf(here),
  gpid: here.part.gpid,
  load: {
    appName: here.table.name,
    metadata: here.own.record.metadata,
    ingestBehind: here.load.record.ingestBehind,
    ballot: here.part.ballot,
    verifyBeforeIngest: false,
  },
  atUs: here.atUs,
});

const answers = (here: Part, error: ErrorCode): ModelEvent => ({
  kind: 'ingestion.answered',
  node: nodeOf(here),
  gpid: here.part.gpid,
  error,
  applied: 'ERR_OK',
  atUs: here.atUs,
});

/** Prepared and logged by all, committed and applied by the primary. */
function writesEverywhere({ scope, part, atUs }: Part, load: IngestionFact): ModelEvent[] {
  const [primary = '', ...others] = scope.nodes;
  const replica = part.replicas[primary];
  const { ballot = 0, maxPrepared = 0, committed = 0 } = replica ?? {};
  const decree = maxPrepared + 1;
  const mutation: MutationFact = {
    ballot,
    decree,
    lastCommitted: committed,
    timestampUs: decree * 1000,
    updates: [{ code: 'RPC_RRDB_RRDB_BULK_LOAD', rows: [], load }],
  };
  const at = (node: NodeId) => ({ node, gpid: part.gpid, atUs });
  const takes = (node: NodeId): ModelEvent[] => [
    {
      kind: 'replica.prepared',
      ...at(node),
      as: node === primary ? 'primary' : 'secondary',
      reproposal: false,
      mutation,
    },
    { kind: 'log.written', ...at(node), fileIndex: 1, logOffset: decree * 1000, mutation },
  ];
  return [
    ...takes(primary),
    ...others.flatMap((node): ModelEvent[] => [...takes(node), { kind: 'prepare.acked', ...at(node), ballot, decree }]),
    { kind: 'replica.committed', ...at(primary), decree, ballot },
    { kind: 'replica.applied', ...at(primary), decree },
  ];
}

/** A secondary hears of the commit point: by an empty write, or with a group check (bl 15.4). */
function follows({ part, atUs }: Part, { node, status, committed, maxPrepared, ballot }: ReplicaState): Transition[] {
  if (status !== 'PS_SECONDARY' || committed >= maxPrepared) return [];
  const events: ModelEvent[] = [];
  for (let decree = committed + 1; decree <= part.committed; decree++)
    events.push(
      { kind: 'replica.committed', node, gpid: part.gpid, decree, ballot, atUs },
      { kind: 'replica.applied', node, gpid: part.gpid, decree, atUs },
    );
  return events.length > 0 ? [events] : [];
}

/** The files come in, by a manifest that covers the decree: of what is applied, and of what is not. */
function bringsIn({ part, atUs }: Part, { node }: ReplicaState): Transition[] {
  const all: Transition[] = [];
  for (const { decree, load, ingestedAtUs } of Object.values(part.ingestions)) {
    if (ingestedAtUs[node] !== undefined) continue;
    const files = load.metadata.files.map(({ sizeBytes, md5 }) => ({ sizeBytes, md5 }));
    all.push([
      { kind: 'storage.ingested', node, gpid: part.gpid, decree, files, atUs },
      { kind: 'storage.flushed', node, gpid: part.gpid, decree, atUs },
    ]);
  }
  return all;
}
