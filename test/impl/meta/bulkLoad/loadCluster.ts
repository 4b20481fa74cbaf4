/** A meta server's bulk load over a fake world: its operator, a provider in memory, and primaries that answer as told. */
import { DiskError } from '../../../../impl/env/contract.ts';
import type { ProviderServices } from '../../../../impl/env/contract.ts';
import type { BulkLoadService } from '../../../../impl/meta/bulkLoad/bulkLoadService.ts';
import type { AppLoad } from '../../../../impl/meta/bulkLoad/bulkLoadState.ts';
import { encodeConfig, partitionPath } from '../../../../impl/meta/records.ts';
import { providerParts } from '../../../../impl/provider/parts.ts';
import type {
  BulkLoadAdminResponse,
  BulkLoadRequest,
  BulkLoadResponse,
  IngestionRequest,
  PartitionBulkLoadState,
  QueryBulkLoadResponse,
  StartBulkLoadRequest,
} from '../../../../impl/protocol/bulkLoadMessages.ts';
import { decodeIngestion } from '../../../../impl/protocol/ingestion.ts';
import type { IngestionWriteResponse } from '../../../../impl/protocol/messages.ts';
import type { Settings } from '../../../../impl/settings.ts';
import type { BulkLoadControlType, BulkLoadStatus, ErrorCode } from '../../../../model/vocabulary.ts';
import { MetaCluster, SERVERS } from '../metaCluster.ts';

export const ROOT = '/pegasus/source/bulk_load';
export const METADATA = { files: [{ name: '1.sst', size: 5, md5: 'aa' }], fileTotalSize: 5 };

export const STATE: PartitionBulkLoadState = {
  downloadProgress: 0,
  downloadStatus: 'ERR_OK',
  ingestStatus: 'IS_INVALID',
  isCleanedUp: false,
  isPaused: false,
};

export class LoadCluster {
  readonly cluster: MetaCluster;
  readonly files = new Map<string, string>();
  readonly polls: BulkLoadRequest[] = [];
  readonly ingestions: { readonly request: IngestionRequest; readonly index: number; readonly atMs: number }[] = [];
  /** What a primary answers to a poll; undefined: as a group that is always done. */
  answer: (request: BulkLoadRequest) => Partial<BulkLoadResponse> | undefined = () => undefined;
  ingest: (index: number) => Partial<IngestionWriteResponse> = () => ({});

  constructor(options: { partitions?: number; settings?: Partial<Settings>; envs?: Record<string, string> } = {}) {
    this.cluster = new MetaCluster({ settings: options.settings ?? {}, parts: providerParts });
    this.cluster.world.run(1000);
    this.cluster.create('t', { partitions: options.partitions ?? 2, envs: options.envs ?? {} });
    this.cluster.world.run(3000);
    this.fillGroups();
    this.cluster.world.provider = { tree: (name) => (name === 'local' ? this.tree() : undefined) };
    this.putInfo({ app_id: 1, app_name: 't', partition_count: options.partitions ?? 2 });
    for (const server of SERVERS) this.serve(server);
  }

  get service(): BulkLoadService {
    return this.cluster.meta.bulkLoadService;
  }

  /** A new meta server, which has read the store. */
  restart(): void {
    this.cluster.restartMeta();
    for (let spent = 0; !this.cluster.meta.isActive(); spent++) {
      if (spent > 1000) throw new Error('not active');
      this.run(1);
    }
  }

  private tree(): ReturnType<ProviderServices['tree']> {
    const content = (path: string): Buffer => {
      const text = this.files.get(path);
      if (text === undefined) throw new DiskError('not-found', path, 'read');
      return Buffer.from(text);
    };
    return {
      info: (path) => ({ kind: 'file', sizeBytes: content(path).length, mtimeUs: 0 }),
      read: (path, offset, length) => new Uint8Array(content(path).subarray(offset, offset + length)),
    };
  }

  putInfo(info: object): void {
    this.put('root/c/t/bulk_load_info', JSON.stringify(info));
  }

  put(path: string, text: string): void {
    const slash = path.lastIndexOf('/') + 1;
    this.files.set(path, text);
    const sidecar = JSON.stringify({ size: Buffer.byteLength(text), md5: '' });
    this.files.set(`${path.slice(0, slash)}.${path.slice(slash)}.meta`, sidecar);
  }

  /** Every partition has all three members, the same primary, and ballot 3. */
  fillGroups(): void {
    for (const config of this.app().configs) this.setConfig(config.gpid, { secondaries: SERVERS.slice(1) });
  }

  setConfig(gpid: string, change: { secondaries?: readonly string[]; primary?: string; ballot?: number }): void {
    const app = this.app();
    const index = app.configs.findIndex((config) => config.gpid === gpid);
    const old = app.configs[index];
    if (old === undefined) throw new Error(gpid);
    const config = { ...old, primary: SERVERS[0] ?? '', ballot: 3, ...change };
    this.cluster.meta.state.replaceConfig(app, index, config);
    this.cluster.world.store.set(partitionPath('source', 1, index), encodeConfig(config));
  }

  app() {
    const app = this.cluster.meta.state.app(1);
    if (app === undefined) throw new Error('no table');
    return app;
  }

  private serve(server: string): void {
    const process = this.cluster.world.processes.get(server);
    process?.answer('RPC_BULK_LOAD', (request, replier) => {
      this.polls.push(request);
      replier.reply({ ...this.done(request), ...this.answer(request) });
    });
    process?.answer('RPC_RRDB_RRDB_BULK_LOAD', (request, replier) => {
      const index = Number(request.gpid.split('.')[1]);
      const body = decodeIngestion(request.body);
      if (body === undefined) throw new Error('no ingestion');
      this.ingestions.push({ request: body, index, atMs: this.cluster.world.nowUs / 1000 });
      replier.reply({ error: 'ERR_OK', decree: 1, server, ...this.ingest(index) });
    });
  }

  done(request: BulkLoadRequest): BulkLoadResponse {
    return {
      error: 'ERR_OK',
      gpid: request.gpid,
      appName: request.appName,
      primaryStatus: request.metaStatus,
      groupStates: Object.fromEntries(SERVERS.map((server) => [server, STATE])),
      metadata: request.queryMetadata ? METADATA : undefined,
      totalDownloadProgress: asked(request, 'BLS_DOWNLOADING', 'BLS_DOWNLOADED') ? 100 : undefined,
      isGroupIngestionFinished: asked(request, 'BLS_INGESTING') ? true : undefined,
      isGroupCleanedUp: asked(request, 'BLS_SUCCEED', 'BLS_FAILED', 'BLS_CANCELED') ? true : undefined,
      isGroupPaused: asked(request, 'BLS_PAUSING') ? true : undefined,
    };
  }

  run(forMs: number): void {
    this.cluster.world.run(forMs);
  }

  start(request: Partial<StartBulkLoadRequest> = {}): BulkLoadAdminResponse[] {
    const full = { appName: 't', clusterName: 'c', fileProviderType: 'local', remoteRootPath: 'root', ...request };
    return this.ask((replier) => this.service.startBulkLoad({ ingestBehind: false, ...full }, replier));
  }

  control(type: BulkLoadControlType): BulkLoadAdminResponse[] {
    return this.ask((replier) => this.service.controlBulkLoad({ appName: 't', type }, replier));
  }

  query(appName = 't'): QueryBulkLoadResponse {
    const answers: QueryBulkLoadResponse[] = [];
    this.service.queryBulkLoad({ appName }, replierTo(answers));
    const [first] = answers;
    if (first === undefined) throw new Error('no answer');
    return first;
  }

  clear(): BulkLoadAdminResponse[] {
    return this.ask((replier) => this.service.clearBulkLoad({ appName: 't' }, replier));
  }

  private ask(call: (replier: ReturnType<typeof replierTo<BulkLoadAdminResponse>>) => void): BulkLoadAdminResponse[] {
    const answers: BulkLoadAdminResponse[] = [];
    this.cluster.metaProcess.later(0, () => call(replierTo(answers)));
    return answers;
  }

  load(): AppLoad {
    const load = this.service.latestLoad(1);
    if (load === undefined) throw new Error('no load');
    return load;
  }

  status(): BulkLoadStatus {
    return this.query().appStatus;
  }

  /** As the store has it, without the prefix; undefined without a node. */
  stored(below = ''): Record<string, unknown> | undefined {
    const value = this.cluster.world.store.get(`${ROOT}/1${below}`);
    return value === undefined ? undefined : (JSON.parse(value) as Record<string, unknown>);
  }

  isBulkLoading(): boolean | undefined {
    return this.cluster.storedApp(1)?.isBulkLoading;
  }

  failure(): unknown {
    return this.cluster.metaProcess.failure;
  }

  /** Runs until the table has the status; throws when it does not come within the time. */
  runTo(status: BulkLoadStatus, withinMs = 200_000): void {
    for (let spent = 0; spent < withinMs; spent += 10) {
      if (this.status() === status) return;
      this.run(10);
    }
    throw new Error(`${this.status()} instead of ${status}`);
  }
}

function asked(request: BulkLoadRequest, ...statuses: readonly BulkLoadStatus[]): boolean {
  return statuses.includes(request.metaStatus);
}

export function replierTo<A>(answers: A[]): {
  readonly from: string;
  reply: (body: A) => void;
  refuse: (error: Exclude<ErrorCode, 'ERR_OK'>) => void;
} {
  return {
    from: 'source/client-9',
    reply: (body) => void answers.push(body),
    refuse: (error) => {
      throw new Error(error);
    },
  };
}
