/**
 * How a client speaks to the meta servers (dependencies.md 3): to its guess of the leader; after ERR_FORWARD_TO_OTHERS
 * to the next one at once, after ERR_SERVICE_NOT_ACTIVE to the same one a second later, and when no answer came, to the
 * next one a second later. All within the caller's deadline.
 *
 * A request without an answer may have been carried out, so only a *question* is asked again then; a change ends with
 * ERR_TIMEOUT. Answers that prove that nothing was done (forwarded, not active) permit a repeat of both. The requests of
 * duplication and bulk load, changes too, are tried twice, the second time at once (dup 3.4).
 */
import type { ErrorCode, NodeId } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { reply, resume, task } from '../env/contract.ts';
import type { Continuation, RpcResult } from '../env/contract.ts';
import type { RpcTypes } from '../protocol/messages.ts';

/** What clients and operators ask of a meta server. */
export type MetaCode =
  | 'RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX'
  | 'RPC_CM_CREATE_APP'
  | 'RPC_CM_DROP_APP'
  | 'RPC_CM_UPDATE_APP_ENV'
  | 'RPC_CM_RECALL_APP'
  | 'RPC_CM_RENAME_APP'
  | 'RPC_CM_PROPOSE_BALANCER'
  | 'RPC_CM_LIST_APPS'
  | 'RPC_CM_ADD_DUPLICATION'
  | 'RPC_CM_MODIFY_DUPLICATION'
  | 'RPC_CM_QUERY_DUPLICATION'
  | 'RPC_CM_LIST_DUPLICATION'
  | 'RPC_CM_START_BULK_LOAD'
  | 'RPC_CM_CONTROL_BULK_LOAD'
  | 'RPC_CM_CLEAR_BULK_LOAD'
  | 'RPC_CM_QUERY_BULK_LOAD_STATUS';

/** The answer of a meta server, or why there is none: ERR_TIMEOUT when the deadline passed. */
export type MetaResult<C extends MetaCode> = RpcResult<RpcTypes[C]['response']>;

interface MetaCall {
  readonly code: MetaCode;
  readonly request: RpcTypes[MetaCode]['request'];
  readonly deadlineUs: number;
  /** Meta servers that forwarded us since the last pause. */
  forwards: number;
  /** Attempts that got no answer. */
  unanswered: number;
  readonly then: Continuation<MetaResult<MetaCode>>;
}

type NextStep = 'answer' | 'next-at-once' | 'same-later' | 'next-later' | 'again';

/** Pause before a meta server is asked again, milliseconds. */
const META_RETRY_MS = 1000;
/** Codes that change nothing. */
const QUESTIONS: ReadonlySet<MetaCode> = new Set<MetaCode>([
  'RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX',
  'RPC_CM_LIST_APPS',
]);
/** Tried twice when no answer comes, changes too: each says by its answer what it met (dup 3.4). */
const TWICE: ReadonlySet<MetaCode> = new Set<MetaCode>([
  'RPC_CM_ADD_DUPLICATION',
  'RPC_CM_MODIFY_DUPLICATION',
  'RPC_CM_QUERY_DUPLICATION',
  'RPC_CM_LIST_DUPLICATION',
  'RPC_CM_START_BULK_LOAD',
  'RPC_CM_CONTROL_BULK_LOAD',
  'RPC_CM_CLEAR_BULK_LOAD',
  'RPC_CM_QUERY_BULK_LOAD_STATUS',
]);

export class MetaCaller {
  readonly ctx: Context;
  readonly metaServers: readonly NodeId[];
  private leader = 0;
  private nextId = 1;
  private readonly calls = new Map<number, MetaCall>();

  constructor(ctx: Context, metaServers: readonly NodeId[]) {
    this.ctx = ctx;
    this.metaServers = metaServers;
  }

  /** Asks until there is an answer or the deadline (monotonic microseconds) has passed; resumes `then` once. */
  call<C extends MetaCode>(
    code: C,
    request: RpcTypes[C]['request'],
    deadlineUs: number,
    then: Continuation<MetaResult<C>>,
  ): void {
    const id = this.nextId++;
    // The result of this very code is what comes back; the table of calls only forgets which code it was.
    const erased: Continuation<MetaResult<MetaCode>> = { owner: then.owner, method: then.method, args: then.args };
    this.calls.set(id, { code, request, deadlineUs, forwards: 0, unanswered: 0, then: erased });
    this.attempt(id);
  }

  attempt(id: number): void {
    const call = this.calls.get(id);
    const to = this.metaServers[this.leader];
    if (call === undefined) return;
    const remainingMs = this.remainingMs(call);
    if (remainingMs <= 0 || to === undefined) {
      this.finish(id, { error: 'ERR_TIMEOUT', body: undefined });
      return;
    }
    const timeoutMs = Math.min(remainingMs, this.attemptTimeoutMs(call.code));
    this.ctx.env.rpc.call(to, call.code, call.request, { hash: 0, timeoutMs }, reply(this, 'onReply', id, this.leader));
  }

  /** A question is given up early enough to be asked again; a change is waited for until the deadline. */
  attemptTimeoutMs(code: MetaCode): number {
    if (TWICE.has(code)) return Math.floor(this.ctx.settings.clientTimeoutMs / 2);
    return QUESTIONS.has(code) ? Math.ceil(this.ctx.settings.clientTimeoutMs / 3) : Number.MAX_SAFE_INTEGER;
  }

  onReply(result: MetaResult<MetaCode>, id: number, asked: number): void {
    const call = this.calls.get(id);
    if (call === undefined) return;
    const error = errorOf(result);
    if (this.isNoAnswer(error)) call.unanswered++;
    switch (this.nextStep(call.code, error, call.unanswered)) {
      case 'answer':
        this.finish(id, result);
        break;
      case 'next-at-once':
        this.moveOn(asked);
        if (++call.forwards < this.metaServers.length) this.attempt(id);
        else this.attemptLater(id);
        break;
      case 'same-later':
        this.attemptLater(id);
        break;
      case 'next-later':
        this.moveOn(asked);
        this.attemptLater(id);
        break;
      case 'again':
        this.moveOn(asked);
        this.attempt(id);
        break;
    }
  }

  private isNoAnswer(error: ErrorCode): boolean {
    return error === 'ERR_TIMEOUT' || this.isUnknown(error);
  }

  /** `unanswered`: attempts of this call that got no answer, the last one included. */
  nextStep(code: MetaCode, error: ErrorCode, unanswered: number): NextStep {
    switch (error) {
      case 'ERR_FORWARD_TO_OTHERS':
        return 'next-at-once';
      case 'ERR_SERVICE_NOT_ACTIVE':
        return 'same-later';
      case 'ERR_TIMEOUT':
      case 'ERR_SESSION_RESET':
      case 'ERR_NETWORK_FAILURE':
        if (TWICE.has(code)) return unanswered < 2 ? 'again' : 'answer';
        return QUESTIONS.has(code) ? 'next-later' : 'answer';
      default:
        return 'answer';
    }
  }

  /** Another meta server may be the leader; unless some other call has moved on already. */
  private moveOn(asked: number): void {
    if (asked === this.leader) this.leader = (this.leader + 1) % this.metaServers.length;
  }

  private attemptLater(id: number): void {
    const call = this.calls.get(id);
    if (call === undefined) return;
    call.forwards = 0;
    if (this.remainingMs(call) <= META_RETRY_MS) this.finish(id, { error: 'ERR_TIMEOUT', body: undefined });
    else this.ctx.env.tasks.post('LPC_CLIENT', 0, META_RETRY_MS, task(this, 'attempt', id));
  }

  private remainingMs(call: MetaCall): number {
    return Math.floor((call.deadlineUs - this.ctx.env.clock.monotonicUs()) / 1000);
  }

  private finish(id: number, result: MetaResult<MetaCode>): void {
    const call = this.calls.get(id);
    if (call === undefined) return;
    this.calls.delete(id);
    resume(call.then, this.isUnknown(result.error) ? TIMED_OUT : result);
  }

  /** No answer: whether the request was carried out is not known. */
  isUnknown(error: ErrorCode): boolean {
    return error === 'ERR_SESSION_RESET' || error === 'ERR_NETWORK_FAILURE';
  }
}

const TIMED_OUT = { error: 'ERR_TIMEOUT', body: undefined } as const;

/** The error of the RPC, or of the answer when there is one. */
export function errorOf(result: RpcResult<{ readonly error: ErrorCode }>): ErrorCode {
  return result.error === 'ERR_OK' ? result.body.error : result.error;
}
