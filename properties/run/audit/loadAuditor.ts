/**
 * Tells the observed facts of bulk load (model/loadEvents.ts): what stands on file providers, what of loads is stored,
 * and what meta servers and replicas say to each other about them.
 */
import type {
  BulkLoadMetadata,
  BulkLoadRequest,
  BulkLoadResponse,
  GroupBulkLoadRequest,
  GroupBulkLoadResponse,
} from '../../../impl/protocol/bulkLoadMessages.ts';
import type { ClientRequest, IngestionWriteResponse } from '../../../impl/protocol/messages.ts';
import type { ModelEvent } from '../../../model/events.ts';
import type { LoadMetadataFact } from '../../../model/loadEvents.ts';
import type { BulkLoadStatus, ClusterId, ErrorCode, Gpid, NodeId } from '../../../model/vocabulary.ts';
import type { AuditDesk } from './desk.ts';
import { bufferOf } from './diskView.ts';
import { HOOKS } from './hooks.ts';
import { md5Of, readProviderFile } from './loadFiles.ts';
import { readStoredLoad } from './loadStoreReader.ts';
import { loadDirOf, type LoadStand } from './loadView.ts';
import { readIngestion } from './updateReader.ts';

/** Wishes kept that were not answered: an answer may be lost, or wait for a paused process. */
const ASKED_KEPT = 64;

/** A wish whose handler has begun, and how it left the replica. */
interface Asked extends LoadStand {
  readonly request: BulkLoadRequest | GroupBulkLoadRequest;
  readonly node: NodeId;
  readonly gpid: Gpid;
  readonly wish: BulkLoadStatus;
  onDisk: LoadStand['onDisk'];
  holdsSlot: boolean;
}

export class LoadAuditor {
  private readonly nowUs: () => number;
  private readonly sink: (event: ModelEvent) => void;
  private readonly desk: AuditDesk;
  private asked: Asked[] = [];
  /** The wish whose handler runs. */
  private handled: Asked | undefined = undefined;

  constructor(nowUs: () => number, sink: (event: ModelEvent) => void, desk: AuditDesk) {
    this.nowUs = nowUs;
    this.sink = sink;
    this.desk = desk;
  }

  // ------------------------------------------------------------------ file providers

  providerChanged(provider: string, path: string, bytes: Uint8Array | undefined): void {
    const atUs = this.nowUs();
    if (bytes === undefined) {
      this.sink({ kind: 'provider.removed', atUs, provider, path });
      return;
    }
    const { fact: file, run } = readProviderFile(path, bufferOf(bytes));
    const md5 = md5Of(bytes);
    this.desk.contents.note(md5, bytes.length, run);
    this.sink({ kind: 'provider.put', atUs, provider, path, sizeBytes: bytes.length, md5, file });
  }

  // ------------------------------------------------------------------ state store

  /** False when the path belongs to no load. */
  storeApplied(cluster: ClusterId, operation: 'create' | 'set' | 'remove', path: string, value: string): boolean {
    const stored = readStoredLoad(operation, path, value);
    if (stored === undefined) return false;
    const atUs = this.nowUs();
    switch (stored.kind) {
      case 'load':
        this.sink({ kind: 'load.stored', atUs, cluster, appId: stored.appId, record: stored.record });
        return true;
      case 'partition': {
        const { appId, partitionIndex, record } = stored;
        this.sink({ kind: 'load.partition-stored', atUs, cluster, appId, partitionIndex, record });
        return true;
      }
      case 'erased':
        this.sink({ kind: 'load.erased', atUs, cluster, appId: stored.appId });
        return true;
      case 'wrong':
        this.desk.unreadableRecord(cluster, stored.why, value);
        return true;
      default:
        return true;
    }
  }

  // ------------------------------------------------------------------ wishes and reports

  /** A wish left the meta server. */
  wished(from: NodeId, to: NodeId, request: BulkLoadRequest): void {
    const { cluster } = this.desk.nodeView(from);
    const { gpid, ballot, metaStatus: wish, loadId = 0 } = request;
    this.sink({ kind: 'load.wished', atUs: this.nowUs(), cluster, to, gpid, ballot, wish, loadId });
  }

  /** The handler of a wish is about to run. */
  wishDelivered(node: NodeId, request: BulkLoadRequest | GroupBulkLoadRequest): void {
    this.taskEnded();
    const gpid = 'gpid' in request ? request.gpid : request.config.gpid;
    const asked: Asked = { request, node, gpid, wish: request.metaStatus, onDisk: undefined, holdsSlot: false };
    this.asked.push(asked);
    if (this.asked.length > ASKED_KEPT) this.asked.shift();
    this.handled = asked;
  }

  /** A handler may have ended: its answer tells what it left behind, also when it leaves later. */
  taskEnded(): void {
    const { handled } = this;
    if (handled === undefined) return;
    this.handled = undefined;
    const view = this.desk.replica(handled.node, handled.gpid);
    handled.onDisk = view.load.filesOn(this.desk.disk(handled.node), loadDirOf(view.dir));
    handled.holdsSlot = this.desk.nodeView(handled.node).slots.holds(handled.gpid);
  }

  processStopped(node: NodeId): void {
    this.handled = undefined;
    if (this.asked.length > 0) this.asked = this.asked.filter((asked) => asked.node !== node);
  }

  /** The wish that an answer is to. */
  private answeredBy(node: NodeId, request: unknown): Asked | undefined {
    if (this.handled?.node === node) this.taskEnded();
    const at = this.asked.findIndex((asked) => asked.request === request && asked.node === node);
    return at < 0 ? undefined : this.asked.splice(at, 1)[0];
  }

  /** A primary's report left for the meta server. */
  reported(node: NodeId, response: BulkLoadResponse, request: unknown): void {
    const { gpid, error, primaryStatus: localStatus, groupStates: members } = response;
    const asked = this.answeredBy(node, request);
    if (asked === undefined) return;
    const own = members[node];
    if (own !== undefined) this.memberReported(asked, { error, status: localStatus, state: own });
    const { cluster } = this.desk.nodeView(node);
    this.sink({
      kind: 'load.reported',
      atUs: this.nowUs(),
      node,
      gpid,
      cluster,
      loadId: asked.request.loadId ?? 0,
      wish: asked.wish,
      error,
      localStatus,
      members,
      metadata: response.metadata === undefined ? undefined : metadataOf(response.metadata),
      totalProgress: response.totalDownloadProgress,
      isIngestionFinished: response.isGroupIngestionFinished,
      isCleanedUp: response.isGroupCleanedUp,
      isPaused: response.isGroupPaused,
    });
  }

  /** A secondary's answer left for its primary. */
  groupReported(node: NodeId, response: GroupBulkLoadResponse, request: unknown): void {
    const asked = this.answeredBy(node, request);
    if (asked !== undefined) this.memberReported(asked, response);
  }

  private memberReported(asked: Asked, { error, status: localStatus, state }: GroupBulkLoadResponse): void {
    const { node, gpid, wish, onDisk } = asked;
    const view = this.desk.replica(node, gpid);
    for (const hook of HOOKS.memberReported) hook(this.desk, view, asked);
    const told = { wish, error, localStatus, state, onDisk };
    this.sink({ kind: 'load.member-reported', atUs: this.nowUs(), node, gpid, ...told });
  }

  // ------------------------------------------------------------------ ingestion

  /** An ingestion write left the meta server. */
  ingestionSent(from: NodeId, to: NodeId, { gpid, body }: ClientRequest): void {
    const load = readIngestion(bufferOf(body), 0, body.length);
    if (load === undefined) {
      const text = `${from}: sent an ingestion write to ${to} that does not decode`;
      this.desk.wrong('S7', 'ingestion.sent/readable', text, 'an ingestion_request', `${body.length} bytes`);
      return;
    }
    const { cluster } = this.desk.nodeView(from);
    this.sink({ kind: 'ingestion.sent', atUs: this.nowUs(), cluster, to, gpid, load });
  }

  /** Nothing said of the storage is nothing to complain of. */
  ingestionAnswered(node: NodeId, gpid: Gpid, { error, ingestion }: IngestionWriteResponse): void {
    const applied = ingestion?.error ?? 'ERR_OK';
    this.sink({ kind: 'ingestion.answered', atUs: this.nowUs(), node, gpid, error, applied });
  }

  /** It was not let in, or two-phase commit gave it up (bl 15.1, 15.2). */
  ingestionRefused(node: NodeId, gpid: Gpid, error: ErrorCode): void {
    this.sink({ kind: 'ingestion.answered', atUs: this.nowUs(), node, gpid, error, applied: 'ERR_OK' });
  }
}

function metadataOf({ files, fileTotalSize: totalBytes }: BulkLoadMetadata): LoadMetadataFact {
  return { files: files.map(({ name, size: sizeBytes, md5 }) => ({ name, sizeBytes, md5 })), totalBytes };
}
