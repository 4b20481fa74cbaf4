/** What a start must fulfil, in upstream's order, each check a method of its own (bl 6.1, 2 to 10; the lock is before). */
import type { ErrorCode } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import type { BulkLoadAdminResponse, StartBulkLoadRequest } from '../../protocol/bulkLoadMessages.ts';
import type { FileProvider } from '../../provider/contract.ts';
import { createProvider } from '../../provider/localService.ts';
import { bulkLoadInfoPath } from '../../provider/paths.ts';
import { decodeBulkLoadInfo } from '../../provider/records.ts';
import type { BulkLoadInfo } from '../../provider/records.ts';
import type { AppState } from '../serverState.ts';
import type { BulkLoadService } from './bulkLoadService.ts';

export type StartRefusal = BulkLoadAdminResponse & { readonly error: Exclude<ErrorCode, 'ERR_OK'> };

/** The env that a table must have for the files to go below its data. */
const ALLOW_INGEST_BEHIND = 'rocksdb.allow_ingest_behind';

export class BulkLoadStartChecks {
  readonly ctx: Context;
  readonly service: BulkLoadService;

  constructor(ctx: Context, service: BulkLoadService) {
    this.ctx = ctx;
    this.service = service;
  }

  /** The first check that fails; undefined when all hold. Reads of the provider block the worker. */
  check(request: StartBulkLoadRequest): StartRefusal | undefined {
    const app = this.service.state.liveApp(request.appName);
    if (app === undefined) return refusal('ERR_APP_NOT_EXIST', 'app not existed is ');
    if (app.status !== 'AS_AVAILABLE') return refusal('ERR_APP_DROPPED', 'app not available is ');
    return this.checkIsBulkLoading(app) ?? this.checkIngestBehind(app, request) ?? this.checkRemoteInfo(app, request);
  }

  checkIsBulkLoading(app: AppState): StartRefusal | undefined {
    if (!this.service.isExecuting(app)) return undefined;
    return refusal('ERR_BUSY', `app(${app.record.info.appName}) is already executing bulk load`);
  }

  checkIngestBehind(app: AppState, request: StartBulkLoadRequest): StartRefusal | undefined {
    if (this.validateIngestBehind(app, request.ingestBehind)) return undefined;
    return refusal('ERR_INCONSISTENT_STATE', 'inconsistent ingestion behind option');
  }

  /** A value that is neither true nor false, in any case, counts as false. */
  validateIngestBehind(app: AppState, ingestBehind: boolean): boolean {
    const value = app.record.info.envs[ALLOW_INGEST_BEHIND] ?? '';
    return !ingestBehind || value.toLowerCase() === 'true';
  }

  checkRemoteInfo(app: AppState, request: StartBulkLoadRequest): StartRefusal | undefined {
    const provider = this.providerOf(request.fileProviderType);
    if (provider === undefined) return refusal('ERR_INVALID_PARAMETERS', 'invalid file_provider');
    const path = bulkLoadInfoPath(request.remoteRootPath, request.clusterName, request.appName);
    const file = provider.createFile(path, true);
    if (file.error !== 'ERR_OK') return refusal('ERR_FILE_OPERATION_FAILED', 'file_provider error');
    const content = file.value.readWhole();
    if (content.error !== 'ERR_OK') return refusal(content.error, 'read bulk_load_info failed');
    const info = decodeBulkLoadInfo(content.value);
    if (info === undefined) return refusal('ERR_CORRUPTION', 'bulk_load_info damaged');
    if (this.isSameTable(app, info)) return undefined;
    return refusal('ERR_INCONSISTENT_STATE', 'app_id or partition_count is inconsistent');
  }

  providerOf(name: string): FileProvider | undefined {
    return createProvider(this.ctx, name);
  }

  /** The name is not compared with anything. */
  isSameTable(app: AppState, info: BulkLoadInfo): boolean {
    return info.appId === app.appId && info.partitionCount === app.record.info.partitionCount;
  }
}

function refusal(error: Exclude<ErrorCode, 'ERR_OK'>, hint: string): StartRefusal {
  return { error, hint };
}
