/**
 * The operator's client (dependencies.md 3): tables, duplications (dup 3) and bulk loads (bl 6) through the meta
 * server; `remote` for what replica servers are asked. Each request has a deadline and ends as plain data, never as an
 * exception.
 *
 * A change of a table is repeated only when its answer proves that nothing was done; without an answer it ends with
 * ERR_TIMEOUT. Those of duplications and bulk loads are tried twice (MetaCaller).
 */
import type { ErrorCode, NodeId, PatternMatchType, TableStatus } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { reply, resume } from '../env/contract.ts';
import type { Continuation } from '../env/contract.ts';
import type { ControlBulkLoadRequest, StartBulkLoadRequest } from '../protocol/bulkLoadMessages.ts';
import type { AddDuplicationRequest, ModifyDuplicationRequest } from '../protocol/duplicationMessages.ts';
import type { CreateAppRequest, BalanceRequest } from '../protocol/messages.ts';
import { isAppName } from '../protocol/appName.ts';
import { loadChangedAnswer, loadStatusAnswer } from './bulkLoadAnswers.ts';
import type { LoadChangedAnswer, LoadStatusAnswer } from './bulkLoadAnswers.ts';
import { addedAnswer, listedAnswer, modifiedAnswer, queriedAnswer, refusedAdd } from './duplicationAnswers.ts';
import type { DupAddedAnswer, DupModifiedAnswer, DupsAnswer } from './duplicationAnswers.ts';
import { errorOf } from './metaCaller.ts';
import type { MetaCaller, MetaResult } from './metaCaller.ts';
import type { RemoteCommands } from './remoteCommands.ts';

/** Answer of a request that changes a table. */
export interface AdminAnswer {
  readonly error: ErrorCode;
  readonly hint: string;
  /** 0 unless ERR_OK. */
  readonly appId: number;
}
/** Name and count mean something only with ERR_OK. */
export interface RecallAnswer extends AdminAnswer {
  readonly appName: string;
  readonly partitionCount: number;
}
export interface TablesAnswer {
  readonly error: ErrorCode;
  readonly tables: readonly {
    readonly appId: number;
    readonly name: string;
    readonly status: TableStatus;
    readonly partitionCount: number;
    readonly maxReplicaCount: number;
    readonly envs: Readonly<Record<string, string>>;
  }[];
}

type ChangeCode = 'RPC_CM_CREATE_APP' | 'RPC_CM_DROP_APP' | 'RPC_CM_RENAME_APP' | 'RPC_CM_UPDATE_APP_ENV' | 'RPC_CM_PROPOSE_BALANCER';
type LoadChangeCode = 'RPC_CM_START_BULK_LOAD' | 'RPC_CM_CONTROL_BULK_LOAD' | 'RPC_CM_CLEAR_BULK_LOAD';

const NO_ANSWER = 'the meta server did not answer';
/** The table env that starts one manual compaction: the wall second from which on it counts. */
const MANUAL_COMPACT_ONCE_TRIGGER_TIME = 'manual_compact.once.trigger_time';

export class AdminClient {
  readonly ctx: Context;
  readonly timeoutMs: number;
  readonly meta: MetaCaller;
  readonly remote: RemoteCommands;

  /** `timeoutMs`: deadline of each request; `clientTimeoutMs` of the settings unless given. */
  constructor(ctx: Context, options: { readonly metaServers: readonly NodeId[]; readonly timeoutMs?: number }) {
    this.ctx = ctx;
    this.timeoutMs = options.timeoutMs ?? ctx.settings.clientTimeoutMs;
    this.meta = new ctx.parts.MetaCaller(ctx, options.metaServers);
    this.remote = new ctx.parts.RemoteCommands(ctx, options.metaServers, this.timeoutMs);
  }

  // ------------------------------------------------------------------ tables

  createTable(request: CreateAppRequest, then: Continuation<AdminAnswer>): void {
    this.meta.call('RPC_CM_CREATE_APP', request, this.deadlineUs(), reply(this, 'onChanged', then));
  }

  dropTable(appName: string, then: Continuation<AdminAnswer>): void {
    this.meta.call('RPC_CM_DROP_APP', { appName }, this.deadlineUs(), reply(this, 'onChanged', then));
  }

  /** Calls a dropped table back, under another name unless that is ''. */
  recallTable(appId: number, newAppName: string, then: Continuation<RecallAnswer>): void {
    this.meta.call('RPC_CM_RECALL_APP', { appId, newAppName }, this.deadlineUs(), reply(this, 'onRecalled', then));
  }

  onRecalled(result: MetaResult<'RPC_CM_RECALL_APP'>, then: Continuation<RecallAnswer>): void {
    const failed = { error: errorOf(result), hint: NO_ANSWER, appId: 0, appName: '', partitionCount: 0 };
    resume(then, result.error === 'ERR_OK' ? result.body : failed);
  }

  renameTable(oldAppName: string, newAppName: string, then: Continuation<AdminAnswer>): void {
    this.meta.call('RPC_CM_RENAME_APP', { oldAppName, newAppName }, this.deadlineUs(), reply(this, 'onChanged', then));
  }

  setEnvs(appName: string, set: Readonly<Record<string, string>>, then: Continuation<AdminAnswer>): void {
    this.meta.call('RPC_CM_UPDATE_APP_ENV', { appName, set }, this.deadlineUs(), reply(this, 'onChanged', then));
  }

  /** Sets the env that the replicas compare with the time of their last compaction. */
  manualCompact(appName: string, then: Continuation<AdminAnswer>): void {
    const second = Math.floor(this.ctx.env.clock.wallUs() / 1_000_000);
    this.setEnvs(appName, { [MANUAL_COMPACT_ONCE_TRIGGER_TIME]: String(second) }, then);
  }

  /** Another server is to have a replica's place, or a primary's; the answer comes before it has. */
  proposeBalancer(request: BalanceRequest, then: Continuation<AdminAnswer>): void {
    this.meta.call('RPC_CM_PROPOSE_BALANCER', request, this.deadlineUs(), reply(this, 'onChanged', then));
  }

  onChanged(result: MetaResult<ChangeCode>, then: Continuation<AdminAnswer>): void {
    const failed = { error: errorOf(result), hint: NO_ANSWER, appId: 0 };
    resume(then, result.error === 'ERR_OK' ? result.body : failed);
  }

  listTables(then: Continuation<TablesAnswer>): void {
    this.meta.call('RPC_CM_LIST_APPS', {}, this.deadlineUs(), reply(this, 'onListed', then));
  }

  onListed(result: MetaResult<'RPC_CM_LIST_APPS'>, then: Continuation<TablesAnswer>): void {
    const apps = result.error === 'ERR_OK' ? result.body.apps : [];
    const tables = apps.map(({ appId, appName, status, partitionCount, maxReplicaCount, envs }) => {
      return { appId, name: appName, status, partitionCount, maxReplicaCount, envs };
    });
    resume(then, { error: errorOf(result), tables });
  }

  // ------------------------------------------------------------------ duplication (dup 3)

  /** A remote table that no meta server would create is refused here: the master's does not look at its name. */
  addDuplication(request: AddDuplicationRequest, then: Continuation<DupAddedAnswer>): void {
    const { remoteAppName } = request;
    if (remoteAppName !== '' && !isAppName(remoteAppName)) {
      resume(then, refusedAdd('ERR_INVALID_PARAMETERS', `invalid remote table name '${remoteAppName}'`));
      return;
    }
    this.meta.call('RPC_CM_ADD_DUPLICATION', request, this.deadlineUs(), reply(this, 'onDupAdded', then));
  }

  onDupAdded(result: MetaResult<'RPC_CM_ADD_DUPLICATION'>, then: Continuation<DupAddedAnswer>): void {
    resume(then, addedAnswer(result));
  }

  /** `remove_dup`, `start_dup`, `pause_dup` ask for a status, `set_dup_fail_mode` for a fail mode; the rest stays. */
  modifyDuplication(request: ModifyDuplicationRequest, then: Continuation<DupModifiedAnswer>): void {
    this.meta.call('RPC_CM_MODIFY_DUPLICATION', request, this.deadlineUs(), reply(this, 'onDupModified', then));
  }

  onDupModified(result: MetaResult<'RPC_CM_MODIFY_DUPLICATION'>, then: Continuation<DupModifiedAnswer>): void {
    resume(then, modifiedAnswer(result));
  }

  queryDuplication(appName: string, then: Continuation<DupsAnswer>): void {
    this.meta.call(
      'RPC_CM_QUERY_DUPLICATION',
      { appName },
      this.deadlineUs(),
      reply(this, 'onDupQueried', appName, then),
    );
  }

  onDupQueried(result: MetaResult<'RPC_CM_QUERY_DUPLICATION'>, appName: string, then: Continuation<DupsAnswer>): void {
    resume(then, queriedAnswer(result, appName));
  }

  listDuplications(appNamePattern: string, matchType: PatternMatchType, then: Continuation<DupsAnswer>): void {
    const request = { appNamePattern, matchType };
    this.meta.call('RPC_CM_LIST_DUPLICATION', request, this.deadlineUs(), reply(this, 'onDupsListed', then));
  }

  onDupsListed(result: MetaResult<'RPC_CM_LIST_DUPLICATION'>, then: Continuation<DupsAnswer>): void {
    resume(then, listedAnswer(result));
  }

  // ------------------------------------------------------------------ bulk load (bl 6)

  startBulkLoad(request: StartBulkLoadRequest, then: Continuation<LoadChangedAnswer>): void {
    this.meta.call('RPC_CM_START_BULK_LOAD', request, this.deadlineUs(), reply(this, 'onLoadChanged', then));
  }

  controlBulkLoad(request: ControlBulkLoadRequest, then: Continuation<LoadChangedAnswer>): void {
    this.meta.call('RPC_CM_CONTROL_BULK_LOAD', request, this.deadlineUs(), reply(this, 'onLoadChanged', then));
  }

  /** Forgets the result of the last load. */
  clearBulkLoad(appName: string, then: Continuation<LoadChangedAnswer>): void {
    this.meta.call('RPC_CM_CLEAR_BULK_LOAD', { appName }, this.deadlineUs(), reply(this, 'onLoadChanged', then));
  }

  onLoadChanged(result: MetaResult<LoadChangeCode>, then: Continuation<LoadChangedAnswer>): void {
    resume(then, loadChangedAnswer(result));
  }

  queryBulkLoad(appName: string, then: Continuation<LoadStatusAnswer>): void {
    this.meta.call('RPC_CM_QUERY_BULK_LOAD_STATUS', { appName }, this.deadlineUs(), reply(this, 'onLoadQueried', then));
  }

  onLoadQueried(result: MetaResult<'RPC_CM_QUERY_BULK_LOAD_STATUS'>, then: Continuation<LoadStatusAnswer>): void {
    resume(then, loadStatusAnswer(result));
  }

  private deadlineUs(): number {
    return this.ctx.env.clock.monotonicUs() + this.timeoutMs * 1000;
  }
}
