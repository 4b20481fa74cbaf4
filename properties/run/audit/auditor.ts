/**
 * The passive auditor (design section 3): watches the raw effects of a simulated world, tells them as the observed
 * events of model/events.ts, hands claims on, and holds claims and effects against each other (`claims/`). It draws
 * nothing, posts nothing and reads disks through a view without cost; everything that it decodes it decodes with the
 * readers of this room.
 */
import type {
  BulkLoadRequest,
  BulkLoadResponse,
  GroupBulkLoadRequest,
  GroupBulkLoadResponse,
} from '../../../impl/protocol/bulkLoadMessages.ts';
import type { DuplicateResponse, DuplicationSyncRequest, DuplicationSyncResponse } from '../../../impl/protocol/duplicationMessages.ts';
import type {
  ClientRequest,
  CliResponse,
  ConfigSyncRequest,
  CreateAppRequest,
  GroupCheckRequest,
  GroupCheckResponse,
  IngestionWriteResponse,
  PrepareAck,
  PrepareRequest,
  RpcCode,
  WriteResponse,
} from '../../../impl/protocol/messages.ts';
import type { LearnRequest, LearnResponse } from '../../../impl/protocol/learnMessages.ts';
import type { MessageKind, WorldObserver } from '../../../impl/env/sim/observer.ts';
import type { Claim, ModelEvent, MutationFact } from '../../../model/events.ts';
import type { ClusterId, ErrorCode, Gpid, NodeId } from '../../../model/vocabulary.ts';
import type { Violation } from '../../../model/violation.ts';
import { AuditDesk } from './desk.ts';
import { DiskAuditor } from './diskAuditor.ts';
import { DuplicationAuditor, roleOf } from './dupAuditor.ts';
import type { DiskView } from './diskView.ts';
import { bufferOf } from './diskView.ts';
import { LivenessAuditor } from './livenessAuditor.ts';
import { LoadAuditor } from './loadAuditor.ts';
import { HOOKS, runClaim, runOtherClaims } from './hooks.ts';
import { isObject, parseJson } from './json.ts';
import { readRecord } from './mutationReader.ts';
import { readStored } from './storeReader.ts';
import { StoreWrites } from './storeWrites.ts';
import { takeClaim } from './taking.ts';
import { ThrottleAuditor } from './throttleAuditor.ts';
import type { Prepared } from './view.ts';

export interface AuditorOptions {
  readonly nowUs: () => number;
  readonly disk: (node: NodeId) => DiskView;
  /** Events in the order in which they became real. */
  readonly sink: (event: ModelEvent) => void;
  readonly report: (violation: Violation) => void;
}

/** From a replica's opening until its server lists it. */
const ENTERING_US = 5000;

export class Auditor implements WorldObserver {
  private readonly nowUs: () => number;
  private readonly sink: (event: ModelEvent) => void;
  private readonly desk: AuditDesk;
  private readonly disks: DiskAuditor;
  private readonly duplication: DuplicationAuditor;
  private readonly loads: LoadAuditor;
  private readonly throttles: ThrottleAuditor;
  private readonly liveness: LivenessAuditor;
  private readonly storeWrites: StoreWrites;
  /** The last record decoded from a message: a primary sends the same bytes to each secondary. */
  private lastBytes: Uint8Array | undefined = undefined;
  private lastMutation: MutationFact | undefined = undefined;

  constructor(options: AuditorOptions) {
    this.nowUs = options.nowUs;
    this.sink = options.sink;
    this.desk = new AuditDesk(options.nowUs, options.disk, options.report);
    this.disks = new DiskAuditor(options.nowUs, options.sink, this.desk);
    this.duplication = new DuplicationAuditor(options.nowUs, options.sink, this.desk);
    this.loads = new LoadAuditor(options.nowUs, options.sink, this.desk);
    this.throttles = new ThrottleAuditor(options.nowUs, options.sink, this.desk);
    this.liveness = new LivenessAuditor(options.nowUs, options.sink);
    this.storeWrites = new StoreWrites(options.nowUs, this.desk);
  }

  /** The run is over, or pauses: settles what the last task owes. */
  finish(): void {
    this.desk.settle(Number.POSITIVE_INFINITY);
  }

  // ------------------------------------------------------------------ messages

  messageSent(
    from: NodeId,
    to: NodeId,
    code: RpcCode,
    kind: MessageKind,
    gpid: Gpid,
    _decree: number,
    body: unknown,
    error: string,
    writtenUs: number,
    asked?: unknown,
  ): void {
    this.throttles.messageSent(from, code, kind, body, error, asked);
    if (body === undefined || body === null) {
      // A refusal has no body.
      if (code === 'RPC_RRDB_RRDB_BULK_LOAD' && kind === 'reply') this.loads.ingestionRefused(from, gpid, error as ErrorCode);
      return;
    }
    this.liveness.messageSent(from, code, kind, gpid, body);
    this.desk.writtenUs = writtenUs;
    switch (code) {
      case 'RPC_PREPARE':
        if (kind === 'reply') this.prepareAnswered(from, body as PrepareAck);
        else this.prepareSent(from, to, body as PrepareRequest);
        return;
      case 'RPC_RRDB_RRDB_PUT':
      case 'RPC_RRDB_RRDB_REMOVE':
      case 'RPC_RRDB_RRDB_MULTI_PUT':
        if (kind === 'reply') this.writeAnswered(from, gpid, body as WriteResponse);
        else this.attemptSent(from, to, body as ClientRequest);
        return;
      case 'RPC_LEARN':
        if (kind === 'reply') this.disks.learning.answered(from, gpid, body as LearnResponse, asked as LearnRequest | undefined);
        return;
      case 'RPC_GROUP_CHECK':
        if (kind === 'reply') this.groupCheckAnswered(from, body as GroupCheckResponse);
        else this.groupCheckSent(from, body as GroupCheckRequest);
        return;
      case 'RPC_CM_CONFIG_SYNC':
        if (kind !== 'reply') this.configSyncSent(from, body as ConfigSyncRequest);
        return;
      case 'RPC_RRDB_RRDB_DUPLICATE':
        if (kind === 'reply') this.writeAnswered(from, gpid, body as DuplicateResponse);
        else if (roleOf(from) === 'replica') this.duplication.duplicateSent(from, to, body as ClientRequest);
        return;
      case 'RPC_CM_DUPLICATION_SYNC':
        if (kind !== 'reply') this.duplication.syncSent(from, body as DuplicationSyncRequest);
        return;
      case 'RPC_CM_CREATE_APP':
        if (kind === 'reply' || roleOf(from) !== 'meta') return;
        this.duplication.followerAsked(from, to, body as CreateAppRequest);
        return;
      case 'RPC_BULK_LOAD':
        if (kind === 'reply') this.loads.reported(from, body as BulkLoadResponse, asked);
        else this.loads.wished(from, to, body as BulkLoadRequest);
        return;
      case 'RPC_GROUP_BULK_LOAD':
        if (kind === 'reply') this.loads.groupReported(from, body as GroupBulkLoadResponse, asked);
        return;
      case 'RPC_RRDB_RRDB_BULK_LOAD':
        if (kind === 'reply') this.ingestionAnswered(from, gpid, body as IngestionWriteResponse);
        else this.loads.ingestionSent(from, to, body as ClientRequest);
        return;
      case 'RPC_CLI_CLI_CALL':
        if (kind === 'reply') this.cliAnswered(from, gpid, body as CliResponse);
        return;
      default:
    }
  }

  messageDelivered(
    _from: NodeId,
    to: NodeId,
    code: RpcCode,
    kind: MessageKind,
    gpid: Gpid,
    _decree: number,
    body: unknown,
    _error: string,
  ): void {
    if (body === undefined || body === null) return;
    this.throttles.messageDelivered(to, code, kind, body);
    this.liveness.messageDelivered(to, code, kind, body);
    switch (code) {
      case 'RPC_PREPARE':
        if (kind !== 'reply') this.prepareReceived(to, body as PrepareRequest);
        return;
      case 'RPC_LEARN':
        if (kind === 'reply') this.disks.learning.delivered(to, gpid, body as LearnResponse);
        return;
      case 'RPC_CM_DUPLICATION_SYNC':
        if (kind === 'reply') this.duplication.syncAnswered(to, body as DuplicationSyncResponse);
        return;
      case 'RPC_BULK_LOAD':
        if (kind !== 'reply') this.loads.wishDelivered(to, body as BulkLoadRequest);
        return;
      case 'RPC_GROUP_BULK_LOAD':
        if (kind !== 'reply') this.loads.wishDelivered(to, body as GroupBulkLoadRequest);
        return;
      default:
    }
  }

  private prepareReceived(to: NodeId, request: PrepareRequest): void {
    const view = this.desk.replica(to, request.config.gpid);
    const mutation = this.decode(request.mutation);
    if (mutation !== undefined) {
      const received: Prepared = { mutation, as: 'secondary', sentTo: [] };
      view.received.set(received);
    }
    for (const hook of HOOKS.prepareReceived) hook(this.desk, view, request, mutation);
  }

  private prepareSent(from: NodeId, to: NodeId, request: PrepareRequest): void {
    const view = this.desk.replica(from, request.config.gpid);
    const mutation = this.decode(request.mutation);
    for (const hook of HOOKS.prepareSent) hook(this.desk, view, to, request, mutation);
  }

  private prepareAnswered(from: NodeId, ack: PrepareAck): void {
    const view = this.desk.replica(from, ack.gpid);
    for (const hook of HOOKS.prepareAnswered) hook(this.desk, view, ack);
    if (ack.error !== 'ERR_OK') return;
    this.sink(
      { kind: 'prepare.acked', atUs: this.nowUs(), node: from, gpid: ack.gpid, ballot: ack.ballot, decree: ack.decree },
    );
  }

  private attemptSent(from: NodeId, to: NodeId, request: ClientRequest): void {
    const { cluster } = this.desk.nodeView(from);
    this.sink({ kind: 'attempt.sent', atUs: this.nowUs(), id: request.commandId, cluster, gpid: request.gpid, to });
  }

  private writeAnswered(from: NodeId, gpid: Gpid, response: WriteResponse): void {
    if (gpid === '') return;
    const view = this.desk.replica(from, gpid);
    for (const hook of HOOKS.writeAnswered) hook(this.desk, view, response);
  }

  private ingestionAnswered(from: NodeId, gpid: Gpid, response: IngestionWriteResponse): void {
    // The write is committed, but the primary's storage failed: nothing is said to be applied (bl 15.3).
    if ((response.ingestion?.error ?? 'ERR_OK') === 'ERR_OK') this.writeAnswered(from, gpid, response);
    this.loads.ingestionAnswered(from, gpid, response);
  }

  private groupCheckSent(from: NodeId, request: GroupCheckRequest): void {
    const view = this.desk.replica(from, request.config.gpid);
    for (const hook of HOOKS.groupCheckSent) hook(this.desk, view, request);
  }

  private groupCheckAnswered(from: NodeId, response: GroupCheckResponse): void {
    // A server that is not connected to its meta server gives a default reply (repl.Q16), which tells nothing of the
    // replica.
    if (response.lastCommittedInApp === 0 && response.lastCommittedInPrepareList === 0) return;
    const view = this.desk.replica(from, response.gpid);
    for (const hook of HOOKS.groupCheckAnswered) hook(this.desk, view, response);
  }

  private configSyncSent(from: NodeId, request: ConfigSyncRequest): void {
    for (const stored of request.stored) {
      const view = this.desk.replica(from, stored.gpid);
      // The list may have been written before the replica was opened: it then tells of its life before.
      if (view.openedAtUs >= this.desk.writtenUs) continue;
      // And a replica that failed enters the server's list again by a task behind the one that opened it.
      if (stored.status === 'PS_ERROR' && this.desk.writtenUs - view.openedAtUs < ENTERING_US) continue;
      for (const hook of HOOKS.replicaReported) hook(this.desk, view, stored);
    }
  }

  private cliAnswered(from: NodeId, gpid: Gpid, response: CliResponse): void {
    const answer = gpid === '' || response.output === '' ? undefined : parseJson(response.output);
    if (!isObject(answer)) return;
    const view = this.desk.replica(from, gpid);
    for (const hook of HOOKS.cliAnswered) hook(this.desk, view, answer);
  }

  private decode(bytes: Uint8Array): MutationFact | undefined {
    if (bytes !== this.lastBytes) {
      this.lastBytes = bytes;
      this.lastMutation = readRecord(bufferOf(bytes), 0, bytes.length)?.mutation;
    }
    return this.lastMutation;
  }

  // ------------------------------------------------------------------ disk

  fileCreated(node: NodeId, path: string): void {
    this.disks.nameAppeared(node, path);
  }

  fileWritten(node: NodeId, path: string, offset: number, bytes: Uint8Array): void {
    this.disks.fileWritten(node, path, offset, bytes);
  }

  fileSynced(node: NodeId, path: string): void {
    this.disks.names.synced(node, path);
  }

  renamed(node: NodeId, from: string, to: string): void {
    this.disks.renamed(node, from, to);
  }

  linked(node: NodeId, from: string, to: string): void {
    this.disks.linked(node, from, to);
  }

  removed(node: NodeId, path: string): void {
    this.disks.removed(node, path);
  }

  diskDamaged(node: NodeId, path: string): void {
    this.disks.damaged(node, path);
  }

  // ------------------------------------------------------------------ file providers and state stores

  providerChanged(provider: string, path: string, bytes: Uint8Array | undefined): void {
    this.loads.providerChanged(provider, path, bytes);
  }

  storeAsked(node: NodeId, operation: 'create' | 'set' | 'remove', path: string): void {
    this.storeWrites.asked(node, operation, path);
  }

  storeAnswered(node: NodeId, path: string, atUs: number): void {
    this.storeWrites.answered(node, path, atUs);
  }

  storeApplied(cluster: ClusterId, operation: 'create' | 'set' | 'remove', path: string, value: string): void {
    if (this.duplication.storeApplied(cluster, operation, path, value)) return;
    if (this.loads.storeApplied(cluster, operation, path, value) || operation === 'remove') return;
    const stored = readStored(path, value);
    const atUs = this.nowUs();
    switch (stored.kind) {
      case 'table': {
        this.duplication.tableStored(cluster, stored.appId, stored.name);
        this.sink({ ...stored, kind: 'table.stored', atUs, cluster });
        return;
      }
      case 'config':
        this.desk.storedConfig(cluster, stored.config);
        this.sink({ kind: 'config.stored', atUs, cluster, config: stored.config });
        return;
      case 'wrong':
        this.desk.unreadableRecord(cluster, stored.why, value);
        return;
      default:
    }
  }

  // ------------------------------------------------------------------ processes, claims, faults

  processStarted(node: NodeId): void {
    this.desk.settle(this.nowUs());
    const view = this.desk.nodeView(node);
    if (!view.known) this.disks.adoptDisk(view);
    for (const replica of view.replicas.values()) {
      this.disks.logs.surveyIfDamaged(replica);
      replica.forgetMemory();
    }
    view.running = true;
    this.sink({ kind: 'process.started', atUs: this.nowUs(), node });
  }

  processPaused(node: NodeId, lateUs: number): void {
    this.desk.holdBack(this.desk.nodeView(node), lateUs);
  }

  processStopped(node: NodeId, cause: 'crash' | 'power-loss' | 'shutdown' | 'check', detail: string): void {
    if (cause === 'power-loss') this.disks.names.powerLost(node);
    const view = this.desk.nodeView(node);
    view.forgetMemory();
    this.loads.processStopped(node);
    this.liveness.processStopped(node);
    this.storeWrites.processStopped(node);
    for (const replica of view.replicas.values()) {
      // What was owed at that moment may have been cut off by the end itself.
      this.disks.finishCheckpoint(replica, true);
      replica.forgetMemory();
    }
    this.sink({ kind: 'process.stopped', atUs: this.nowUs(), node, cause, detail });
  }

  claimed(node: NodeId, claim: Claim): void {
    const view = this.desk.replica(node, claim.gpid);
    if (claim.kind === 'replica.status') this.liveness.tellLease(node);
    if (claim.kind === 'replica.opened') this.disks.logs.surveyIfDamaged(view);
    if (claim.kind === 'checkpoint.ended') this.disks.finishCheckpoint(view, false);
    runClaim(this.desk, view, claim.kind, claim);
    runOtherClaims(this.desk, view, claim);
    if (!takeClaim(this.desk, this.desk.nodeView(node), view, claim)) this.duplication.take(view, claim);
    else if (claim.kind === 'replica.status') this.duplication.roleChanged(view, claim);
    this.sink({ ...claim, atUs: this.nowUs(), node });
  }

  faultStruck(fault: string, node: NodeId | '', gpid: Gpid | '', detail: string): void {
    if (node !== '') this.disks.faultStruck(node, fault);
    this.sink({ kind: 'fault.struck', atUs: this.nowUs(), fault, node, gpid, detail });
  }

  taskStarted(_node: NodeId, _code: string, _method: string): void {
    this.disks.finishTask();
    this.loads.taskEnded();
    this.throttles.taskEnded();
    this.desk.settle(this.nowUs());
  }
}
