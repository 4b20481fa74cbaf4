/**
 * One pipeline over a real private log on a disk in a map, with a duplicator that only remembers, a follower cluster
 * that answers as the test says, and virtual time that the test advances.
 */
import type { Context } from '../../../../../impl/context.ts';
import { CheckFailed, reply, resume } from '../../../../../impl/env/contract.ts';
import type { Continuation, Env, Rpc, RpcResult, StateStore, TaskHandle } from '../../../../../impl/env/contract.ts';
import { DEFAULT_PARTS } from '../../../../../impl/parts.ts';
import type { Parts } from '../../../../../impl/parts.ts';
import { decodeDuplicate } from '../../../../../impl/protocol/duplicate.ts';
import type { DuplicateResponse } from '../../../../../impl/protocol/duplicationMessages.ts';
import type { AppInfo, ClientRequest, QueryConfigResponse } from '../../../../../impl/protocol/messages.ts';
import { decodePut, encodePut, SERIALIZATION_THRIFT_BINARY, storedKey } from '../../../../../impl/protocol/rrdb.ts';
import type { TaskCode } from '../../../../../impl/protocol/taskCodes.ts';
import type { PipelineHost } from '../../../../../impl/replica/duplication/types.ts';
import type { ReplicaHost } from '../../../../../impl/replica/host.ts';
import { Metrics } from '../../../../../impl/replica/metrics.ts';
import type { Replica } from '../../../../../impl/replica/replica.ts';
import { DEFAULT_SETTINGS } from '../../../../../impl/settings.ts';
import type { Settings } from '../../../../../impl/settings.ts';
import type { StorageAppContract } from '../../../../../impl/storage/contracts.ts';
import type { PrivateLog } from '../../../../../impl/storage/plog/privateLog.ts';
import type { LogMutation, Update } from '../../../../../impl/storage/plog/types.ts';
import type { Claim } from '../../../../../model/events.ts';
import type { Decree, DuplicationFailMode, ErrorCode, NodeId } from '../../../../../model/vocabulary.ts';
import { FakeDisk } from '../../../storage/plog/fakeEnv.ts';
import { NO_PROVIDERS } from '../../../provider/noProviders.ts';

export const GPID = '7.2';
export const LOG_DIR = 'replica/plog';
const START_US = 1_000_000_000;
export const DUP_ID = 5;

const APP: AppInfo = {
  appId: 7,
  appName: 'table',
  appType: 'pegasus',
  partitionCount: 4,
  maxReplicaCount: 3,
  status: 'AS_AVAILABLE',
  envs: {},
  duplicating: true,
};

interface Queued {
  readonly atUs: number;
  readonly code: TaskCode;
  readonly then: Continuation;
  cancelled: boolean;
}

/** A DUPLICATE on its way. */
export interface SentDuplicate {
  readonly to: NodeId;
  readonly request: ClientRequest;
  readonly timeoutMs: number;
  readonly then: Continuation<RpcResult<DuplicateResponse>>;
  cancelled: boolean;
  answered: boolean;
}

function unused(): never {
  throw new Error('not used by a pipeline');
}
const store: StateStore = { create: unused, set: unused, get: unused, children: unused, remove: unused };

export function putUpdate(hashKey: string, value: string, sortKey = ''): Update {
  const data = encodePut(storedKey(hashKey, sortKey), value, 0);
  return { code: 'RPC_RRDB_RRDB_PUT', serializationType: SERIALIZATION_THRIFT_BINARY, data };
}

/** A mutation with one PUT: key `k<decree>`, value `v<decree>`. */
export function record(decree: Decree, change: Partial<LogMutation> = {}): LogMutation {
  return {
    gpid: GPID,
    ballot: 3,
    decree,
    logOffset: -1,
    lastCommittedDecree: decree - 1,
    timestampUs: 1_700_000_000_000_000 + decree,
    updates: [putUpdate(`k${decree}`, `v${decree}`)],
    ...change,
  };
}

/** The value of a shipped or loaded PUT. */
export function valueOf(body: Uint8Array): string {
  return decodePut(body)?.value ?? '?';
}

export interface WorldOptions {
  readonly settings?: Partial<Settings>;
  readonly parts?: Partial<Parts>;
  readonly last?: Decree;
  readonly confirmed?: Decree;
}

export class PipelineWorld implements PipelineHost {
  readonly disk = new FakeDisk();
  readonly ctx: Context;
  readonly log: PrivateLog;
  readonly replica: Replica;
  readonly dupId = DUP_ID;
  readonly remoteCluster = 'follower';
  readonly remoteAppName = 'copy';
  readonly metrics = new Metrics();
  readonly claims: Claim[] = [];
  readonly sent: SentDuplicate[] = [];
  /** `code method` of every task that ran. */
  readonly ran: string[] = [];
  readonly shipped: Decree[] = [];
  mode: DuplicationFailMode = 'FAIL_SLOW';
  confirmed: Decree;
  last: Decree;
  applied: Decree = 0;
  loadFailed = 0;
  /** Set: each DUPLICATE is answered so at once. */
  answer: RpcResult<DuplicateResponse> | undefined = ok();
  partitionCount = 4;
  tableError: ErrorCode = 'ERR_OK';
  tableQueries = 0;
  /** Tasks of this code wait until they are released. */
  held: TaskCode | undefined;
  private readonly heldTasks: Queued[] = [];
  private nowUs = START_US;
  private tasks: Queued[] = [];

  constructor(options: WorldOptions = {}) {
    this.last = options.last ?? 0;
    this.confirmed = options.confirmed ?? this.last;
    const settings: Settings = {
      ...DEFAULT_SETTINGS,
      dupClusterName: 'source',
      duplicationGroup: { source: 1, follower: 2 },
      pegasusClusters: { follower: ['follower/meta-0'] },
      ...options.settings,
    };
    this.ctx = { env: this.makeEnv(), settings, parts: { ...DEFAULT_PARTS, ...options.parts } };
    this.log = new this.ctx.parts.PrivateLog(this.ctx, {
      gpid: GPID,
      dir: LOG_DIR,
      hash: 1,
      onIoError: reply(this, 'onIoError'),
    });
    const opened = this.log.open(0, () => true);
    if (opened !== 'ERR_OK') throw new Error(opened);
    const resolver = new this.ctx.parts.TableResolver(this.ctx, ['follower/meta-0']);
    const host = {
      metrics: this.metrics,
      resolverOf: (cluster: string) => (cluster === 'follower' ? resolver : undefined),
    } as ReplicaHost;
    this.replica = new this.ctx.parts.Replica(this.ctx, host, { app: APP, gpid: GPID, dir: 'replica' });
    this.replica.privateLog = this.log;
    this.replica.storage = { lastCommittedDecree: () => this.applied } as StorageAppContract;
  }

  onIoError(error: ErrorCode): void {
    throw new Error(error);
  }

  // ------------------------------------------------------------------ PipelineHost

  failMode(): DuplicationFailMode {
    return this.mode;
  }
  confirmedDecree(): Decree {
    return this.confirmed;
  }
  lastDecree(): Decree {
    return this.last;
  }
  onShipped(last: Decree): void {
    if (last <= this.last) throw new Error(`shipped ${last} after ${this.last}`);
    this.last = last;
    this.shipped.push(last);
  }
  onLoadFailed(): void {
    this.loadFailed++;
  }

  // ------------------------------------------------------------------ env

  private makeEnv(): Env {
    const rpc: Rpc = {
      call: (to, code, request, options, then) => {
        if (code === 'RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX') {
          this.tableQueries++;
          this.post('LPC_CLIENT', 0, { owner: this, method: 'resumeNow', args: [then, this.tableAnswer()] });
          return { cancel: () => undefined };
        }
        const call: SentDuplicate = {
          to,
          request: request as ClientRequest,
          timeoutMs: options.timeoutMs,
          then,
          cancelled: false,
          answered: false,
        };
        this.sent.push(call);
        const { answer } = this;
        if (answer !== undefined) {
          this.post('LPC_REPLICATION_LOW', 0, { owner: this, method: 'reply', args: [call, answer] });
        }
        return { cancel: () => void (call.cancelled = true) };
      },
      tell: unused,
      serve: unused,
    };
    return {
      self: 'source/replica-0',
      clock: { monotonicUs: () => this.nowUs, wallUs: () => this.nowUs },
      tasks: {
        post: (code, _hash, delayMs, then) => this.post(code, delayMs, then),
        charge: () => undefined,
      },
      rpc,
      disk: this.disk,
      store,
      provider: NO_PROVIDERS,
      random: () => 0,
      emit: (claim) => void this.claims.push(claim),
      check: (condition, name, detail) => {
        if (!condition) throw new CheckFailed(name, detail?.() ?? '');
      },
    };
  }

  private post(code: TaskCode, delayMs: number, then: Continuation): TaskHandle {
    const queued: Queued = { atUs: this.nowUs + delayMs * 1000, code, then, cancelled: false };
    let at = this.tasks.length;
    while (at > 0 && (this.tasks[at - 1]?.atUs ?? 0) > queued.atUs) at--;
    this.tasks.splice(at, 0, queued);
    return {
      cancel: () => {
        queued.cancelled = true;
        return true;
      },
    };
  }

  resumeNow(then: Continuation<unknown>, result: unknown): void {
    resume(then, result);
  }

  tableAnswer(): RpcResult<QueryConfigResponse> {
    const partitions = Array.from({ length: this.partitionCount }, (_, index) => ({
      gpid: `9.${index}`,
      ballot: 1,
      maxReplicaCount: 3,
      primary: `follower/replica-${index}`,
      secondaries: [],
      lastDrops: [],
      lastCommittedDecree: 0,
    }));
    const { partitionCount, tableError: error } = this;
    return { error: 'ERR_OK', body: { error, appId: 9, partitionCount, partitions } };
  }

  /** Answers a DUPLICATE, unless it was cancelled. */
  reply(call: SentDuplicate, answer: RpcResult<DuplicateResponse>): void {
    if (call.cancelled || call.answered) return;
    call.answered = true;
    resume(call.then, answer);
  }

  // ------------------------------------------------------------------ the test's hands

  /** Runs what is due at once, and what follows from it without a delay; at most `limit` tasks. */
  settle(limit = 100_000): void {
    for (let i = 0; i < limit; i++) {
      const next = this.tasks[0];
      if (next === undefined || next.atUs > this.nowUs) return;
      this.tasks.shift();
      this.runTask(next);
    }
    throw new Error(`${limit} tasks without an end: ${this.ran.slice(-6).join(', ')}`);
  }

  /** Runs one task that is due now; false when there is none. */
  step(): boolean {
    const next = this.tasks[0];
    if (next === undefined || next.atUs > this.nowUs) return false;
    this.tasks.shift();
    this.runTask(next);
    return true;
  }

  advance(ms: number): void {
    const endUs = this.nowUs + ms * 1000;
    this.settle();
    for (let next = this.tasks[0]; next !== undefined && next.atUs <= endUs; next = this.tasks[0]) {
      this.nowUs = Math.max(this.nowUs, next.atUs);
      this.settle();
    }
    this.nowUs = endUs;
  }

  private runTask(task: Queued): void {
    if (task.cancelled) return;
    if (task.code === this.held) {
      this.heldTasks.push(task);
      return;
    }
    this.ran.push(`${task.code} ${task.then.method}`);
    const method: unknown = Reflect.get(task.then.owner, task.then.method);
    if (typeof method !== 'function') throw new Error(`no method ${task.then.method}`);
    Reflect.apply(method, task.then.owner, [...task.then.args]);
  }

  release(): void {
    this.held = undefined;
    for (const task of this.heldTasks.splice(0)) this.runTask(task);
    this.settle();
  }

  /** Appends records and writes them; all but the first in one block. */
  append(...records: readonly LogMutation[]): void {
    for (const mutation of records) this.log.append(mutation, undefined);
    this.settle();
  }

  /** What was sent and acknowledged or not, in the order of sending: values of PUTs. */
  sentValues(): string[] {
    return this.sent.flatMap((call) => (decodeDuplicate(call.request.body) ?? []).map((e) => valueOf(e.rawMessage)));
  }

  skipped(): string[] {
    return this.claims.flatMap((claim) => (claim.kind === 'dup.skipped' ? [`${claim.from}-${claim.to}`] : []));
  }
}

export function ok(storageStatus = 0): RpcResult<DuplicateResponse> {
  return { error: 'ERR_OK', body: { error: 'ERR_OK', storageStatus, hint: '', decree: 1, server: 's' } };
}

export function refusal(error: Exclude<ErrorCode, 'ERR_OK'>): RpcResult<DuplicateResponse> {
  return { error, body: undefined };
}
