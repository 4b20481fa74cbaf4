/**
 * A mutation in memory: its stored part, the readiness word, and who waits for it (repl 1.3, 1.5).
 *
 * The stored part is replaced, never written: log, RPC and prepare list may hold an older one.
 */
import type { MutationFact, UpdateFact } from '../../model/events.ts';
import type { Ballot, Decree, ErrorCode, Gpid, NodeId, WriteCode } from '../../model/vocabulary.ts';
import type { Replier, RpcHandle } from '../env/contract.ts';
import type { IngestionRequest } from '../protocol/bulkLoadMessages.ts';
import { decodeDuplicate, duplicateFacts } from '../protocol/duplicate.ts';
import type { DuplicateResponse } from '../protocol/duplicationMessages.ts';
import { decodeIngestion, ingestionFact } from '../protocol/ingestion.ts';
import type { ClientRequest, IngestionWriteResponse, PrepareAck, WriteResponse } from '../protocol/messages.ts';
import { decodeRows, SERIALIZATION_THRIFT_BINARY, writeEmptyUpdate } from '../protocol/rrdb.ts';
import type { LogMutation, Update } from '../storage/plog/types.ts';

/** Upstream's invalid_decree; a new mutation has it until the primary assigns one. */
const UNASSIGNED: Decree = -1;
/** Size estimate of a mutation and of each update beyond its payload, bytes (repl 1.3). */
const MUTATION_OVERHEAD_BYTES = 64;
const UPDATE_OVERHEAD_BYTES = 36;

/** The codes that clients may send (repl 1.4 row 4); atomic writes do not exist yet. */
export type ClientWriteCode = 'RPC_RRDB_RRDB_PUT' | 'RPC_RRDB_RRDB_REMOVE' | 'RPC_RRDB_RRDB_MULTI_PUT';

/** A write and whom to answer: a client's, another cluster's (dup 7.2), or the meta server's ingestion write (bl 15). */
export type ClientWrite =
  | {
      readonly code: ClientWriteCode;
      readonly request: ClientRequest;
      readonly replier: Replier<WriteResponse>;
    }
  | {
      readonly code: 'RPC_RRDB_RRDB_DUPLICATE';
      readonly request: ClientRequest;
      readonly replier: Replier<DuplicateResponse>;
    }
  | {
      readonly code: 'RPC_RRDB_RRDB_BULK_LOAD';
      readonly request: ClientRequest;
      /** The request's body; undefined when it does not decode. */
      readonly load: IngestionRequest | undefined;
      readonly replier: Replier<IngestionWriteResponse>;
    };

/** PUT and REMOVE may share a mutation; every other write is alone (repl 1.3). */
export function isBatchable(code: ClientWrite['code']): boolean {
  return code === 'RPC_RRDB_RRDB_PUT' || code === 'RPC_RRDB_RRDB_REMOVE';
}

export class Mutation {
  data: LogMutation;
  /** Bit `not_logged` of the readiness word. */
  notLogged = true;
  leftSecondaryAckCount = 0;
  leftPotentialSecondaryAckCount = 0;
  /** Monotonic time of the last init_prepare, microseconds. */
  prepareTsUs = 0;
  /** Estimate for the batching limit, bytes. */
  sizeBytes = MUTATION_OVERHEAD_BYTES;
  /** Who is answered when this mutation is applied (primary). */
  clientRequests: ClientWrite[] = [];
  /** Who is acknowledged when this mutation is logged (secondary). */
  readonly prepareRequests: Replier<PrepareAck>[] = [];
  /** Outstanding prepares by node (primary). */
  readonly remoteTasks = new Map<NodeId, RpcHandle>();
  private updates: Update[] = [];

  constructor(data: LogMutation) {
    this.data = data;
  }

  get decree(): Decree {
    return this.data.decree;
  }

  get ballot(): Ballot {
    return this.data.ballot;
  }

  /** Whether the primary has assigned a decree before: then a prepare is a re-proposal. */
  hasDecree(): boolean {
    return this.data.decree !== UNASSIGNED;
  }

  isLogged(): boolean {
    return !this.notLogged;
  }

  setLogged(): void {
    this.notLogged = false;
  }

  /** The whole readiness word is 0 (repl 1.3). */
  isReadyForCommit(): boolean {
    return !this.notLogged && this.leftSecondaryAckCount === 0 && this.leftPotentialSecondaryAckCount === 0;
  }

  /** Adds a client's write before the mutation gets its decree. */
  addClientRequest(write: ClientWrite): void {
    const { code, request } = write;
    this.updates.push({ code, serializationType: SERIALIZATION_THRIFT_BINARY, data: request.body });
    this.clientRequests.push(write);
    this.sizeBytes += UPDATE_OVERHEAD_BYTES + request.body.length;
    this.data = { ...this.data, updates: this.updates };
  }

  setHeader(ballot: Ballot, decree: Decree, lastCommittedDecree: Decree, timestampUs: number): void {
    const { gpid, updates } = this.data;
    this.data = { gpid, ballot, decree, logOffset: -1, lastCommittedDecree, timestampUs, updates };
  }

  /** Cancels what is still under way to other members. */
  clearPrepareTasks(): void {
    for (const handle of this.remoteTasks.values()) handle.cancel();
    this.remoteTasks.clear();
  }
}

/** A mutation without a decree and without updates. */
export function newMutation(gpid: Gpid): Mutation {
  return new Mutation({
    gpid,
    ballot: 0,
    decree: UNASSIGNED,
    logOffset: -1,
    lastCommittedDecree: 0,
    timestampUs: 0,
    updates: [],
  });
}

const EMPTY_UPDATES: readonly Update[] = [writeEmptyUpdate()];

/** An empty write; with a decree it fills a hole of the uncommitted suffix (repl 1.10). */
export function newEmptyMutation(gpid: Gpid, decree: Decree = UNASSIGNED): Mutation {
  const mutation = newMutation(gpid);
  mutation.data = { ...mutation.data, decree, updates: EMPTY_UPDATES };
  return mutation;
}

/**
 * A fresh object for a re-proposal: nothing logged, nothing acknowledged; the updates, the timestamp (repl.R1) and the
 * waiting clients go over to it.
 */
export function copyForReproposal(old: Mutation): Mutation {
  const mutation = new Mutation(old.data);
  mutation.clientRequests = old.clientRequests;
  mutation.sizeBytes = old.sizeBytes;
  return mutation;
}

/** A record read from the own log: it is logged, hence ready (repl 1.6). */
export function replayedMutation(record: LogMutation): Mutation {
  const mutation = new Mutation(record);
  mutation.setLogged();
  return mutation;
}

/** An ingestion write is alone in its mutation (bl 15.2). */
export function holdsIngestion(data: LogMutation): boolean {
  return data.updates[0]?.code === 'RPC_RRDB_RRDB_BULK_LOAD';
}

const NO_ROWS: UpdateFact['rows'] = [];

/** What the claims say of a mutation. An update whose body cannot be decoded shows no rows: it changes none. */
export function mutationFact(data: LogMutation): MutationFact {
  const updates: UpdateFact[] = [];
  for (const update of data.updates) {
    if (update.code === 'RPC_RRDB_RRDB_DUPLICATE') updates.push(duplicateFact(update.data));
    else if (update.code === 'RPC_RRDB_RRDB_BULK_LOAD') updates.push(loadFact(update.data));
    else updates.push({ code: update.code as WriteCode, rows: decodeRows(update.code, update.data) ?? NO_ROWS });
  }
  const { ballot, decree, lastCommittedDecree: lastCommitted, timestampUs } = data;
  return { ballot, decree, lastCommitted, timestampUs, updates };
}

function duplicateFact(body: Uint8Array): UpdateFact {
  const decoded = decodeDuplicate(body);
  if (decoded === undefined) return { code: 'RPC_RRDB_RRDB_DUPLICATE', rows: NO_ROWS };
  const entries = duplicateFacts(decoded);
  return { code: 'RPC_RRDB_RRDB_DUPLICATE', rows: entries.flatMap((entry) => entry.rows), entries };
}

function loadFact(body: Uint8Array): UpdateFact {
  const load = decodeIngestion(body);
  const bare = { code: 'RPC_RRDB_RRDB_BULK_LOAD', rows: NO_ROWS } as const;
  return load === undefined ? bare : { ...bare, load: ingestionFact(load) };
}

/** An error that is not ERR_OK, for RPC-level refusals. */
export type Failure = Exclude<ErrorCode, 'ERR_OK'>;
