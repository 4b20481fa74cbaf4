/**
 * Tells the observed facts of duplication (model/duplicationEvents.ts): what of it is stored, what the duplication sync
 * says in both directions, what is sent to the follower, and what the follower's meta server is asked for. Keeps what
 * replica servers were told of their duplicators for the audits of what they claim of them.
 */
import type {
  DuplicationConfirmEntry,
  DuplicationEntry,
  DuplicationSyncRequest,
  DuplicationSyncResponse,
} from '../../../impl/protocol/duplicationMessages.ts';
import type { ClientRequest, CreateAppRequest } from '../../../impl/protocol/messages.ts';
import type { DupEntryFact } from '../../../model/duplicationEvents.ts';
import type { Claim, ModelEvent, StatusClaim } from '../../../model/events.ts';
import {
  INVALID_DECREE,
  type ClusterId,
  type Decree,
  type DupId,
  type DuplicationStatus,
  type Gpid,
  type NodeId,
} from '../../../model/vocabulary.ts';
import type { AuditDesk } from './desk.ts';
import { bufferOf } from './diskView.ts';
import { readStoredDuplication } from './dupStoreReader.ts';
import { DuplicatorView } from './dupView.ts';
import { HOOKS } from './hooks.ts';
import { gpidText } from './mutationReader.ts';
import { readEntries } from './updateReader.ts';
import type { ReplicaView } from './view.ts';

const NO_ENTRIES: readonly DuplicationEntry[] = [];
const NO_CONFIRMS: readonly DuplicationConfirmEntry[] = [];

export class DuplicationAuditor {
  private readonly nowUs: () => number;
  private readonly sink: (event: ModelEvent) => void;
  private readonly desk: AuditDesk;
  /** All names that the tables in the stores ever had, by cluster and id: who has looked one up goes on by it. */
  private readonly tables = new Map<ClusterId, Map<number, Set<string>>>();

  constructor(nowUs: () => number, sink: (event: ModelEvent) => void, desk: AuditDesk) {
    this.nowUs = nowUs;
    this.sink = sink;
    this.desk = desk;
  }

  // ------------------------------------------------------------------ state store

  tableStored(cluster: ClusterId, appId: number, name: string): void {
    let names = this.tables.get(cluster);
    if (names === undefined) {
      names = new Map();
      this.tables.set(cluster, names);
    }
    const known = names.get(appId) ?? new Set<string>();
    names.set(appId, known.add(name));
  }

  /** False when the path belongs to no duplication. */
  storeApplied(cluster: ClusterId, operation: 'create' | 'set' | 'remove', path: string, value: string): boolean {
    const stored = readStoredDuplication(operation, path, value);
    if (stored === undefined) return false;
    const atUs = this.nowUs();
    switch (stored.kind) {
      case 'dup': {
        const { appId, dupId, record } = stored;
        this.sink({ kind: 'dup.stored', atUs, cluster, appId, dupId, record });
        return true;
      }
      case 'dup-erased':
        this.sink({ kind: 'dup.erased', atUs, cluster, appId: stored.appId, dupId: stored.dupId });
        return true;
      case 'progress': {
        const { appId, dupId, partitionIndex, confirmed } = stored;
        const gpid = gpidText(appId, partitionIndex);
        this.sink({ kind: 'dup.progress-stored', atUs, cluster, appId, dupId, gpid, confirmed });
        return true;
      }
      case 'wrong':
        this.desk.unreadableRecord(cluster, stored.why, value);
        return true;
      default:
        return true;
    }
  }

  // ------------------------------------------------------------------ duplication sync

  /** The answer of a duplication sync reached the server that asked; its handler is about to run. */
  syncAnswered(node: NodeId, response: DuplicationSyncResponse): void {
    if (response.error !== 'ERR_OK') return;
    const owner = this.desk.nodeView(node);
    const { cluster } = owner;
    const atUs = this.nowUs();
    const dups: { readonly appId: number; readonly dupId: number }[] = [];
    for (const { appId, duplications } of response.apps) {
      for (const { dupId, status, failMode, progress } of duplications) {
        this.sink({ kind: 'dup.told', atUs, cluster, node, appId, dupId, status, failMode, progress });
        dups.push({ appId, dupId });
      }
    }
    this.sink({ kind: 'dup.synced', atUs, cluster, node, dups });
    for (const view of owner.replicas.values()) {
      if (!view.open) continue;
      const [appId, index] = numbersOf(view.gpid);
      this.told(view, index, response.apps.find((app) => app.appId === appId)?.duplications ?? NO_ENTRIES);
    }
  }

  /** What the replica is to do about it (dup 4.3). */
  private told(view: ReplicaView, index: number, entries: readonly DuplicationEntry[]): void {
    if (view.duplicators.size === 0 && (entries.length === 0 || view.status !== 'PS_PRIMARY')) return;
    this.desk.owe(view);
    for (const duplicator of view.duplicators.values()) {
      if (view.status !== 'PS_PRIMARY') giveUp(duplicator, `its replica is ${view.status}`);
      else if (!entries.some((entry) => entry.dupId === duplicator.dupId)) giveUp(duplicator, 'it is not there any more');
    }
    if (view.status !== 'PS_PRIMARY') return;
    for (const entry of entries) this.toldOf(view, entry, entry.progress[index]);
  }

  private toldOf(view: ReplicaView, entry: DuplicationEntry, confirmed: Decree | undefined): void {
    const duplicator = view.duplicators.get(entry.dupId);
    if (confirmed === undefined) {
      if (duplicator !== undefined) giveUp(duplicator, 'it has no progress of this partition');
      return;
    }
    if (!isValid(entry.status)) return;
    if (duplicator === undefined || duplicator.gone || duplicator.createTsMs !== entry.createTsMs) {
      this.build(view, entry, confirmed, duplicator);
      return;
    }
    const wasProposed = duplicator.isStartProposed();
    duplicator.status = entry.status;
    duplicator.confirmed = Math.max(duplicator.confirmed, confirmed);
    if (entry.status !== 'DS_LOG' && duplicator.running) duplicator.stopOwed = `it is in ${entry.status}`;
    if (wasProposed && confirmed !== INVALID_DECREE && confirmed < duplicator.last) {
      // It begins where an earlier primary proposed.
      duplicator.restartFrom(confirmed, this.nowUs());
    } else if (confirmed > duplicator.last) {
      // The meta server knows of more than this replica has shipped: it begins anew behind that (dup.B31).
      if (duplicator.running) duplicator.stopOwed = `decree ${confirmed} is stored, beyond what it shipped`;
      duplicator.restartFrom(confirmed, this.nowUs());
    }
    duplicator.startOwed = duplicator.mayStart() && (!duplicator.running || duplicator.stopOwed !== '');
  }

  private build(view: ReplicaView, entry: DuplicationEntry, confirmed: Decree, old: DuplicatorView | undefined): void {
    const last = confirmed === INVALID_DECREE ? firstLast(entry.status, view.applied) : confirmed;
    const duplicator = new DuplicatorView(entry, confirmed, last, this.nowUs());
    if (old !== undefined) duplicator.replaces(old);
    duplicator.startOwed = duplicator.mayStart();
    view.duplicators.set(entry.dupId, duplicator);
  }

  /** A duplication sync left a server. */
  syncSent(node: NodeId, request: DuplicationSyncRequest): void {
    const owner = this.desk.nodeView(node);
    const atUs = this.nowUs();
    for (const view of owner.replicas.values()) {
      if (view.duplicators.size > 0) this.reportsOf(view, request.confirms);
    }
    for (const { gpid, dupId, confirmedDecree, checkpointPrepared, lastCommittedDecree } of request.confirms) {
      this.sink({
        kind: 'dup.reported',
        atUs,
        node,
        gpid,
        cluster: owner.cluster,
        dupId,
        confirmed: confirmedDecree,
        prepared: checkpointPrepared,
        lastCommitted: lastCommittedDecree,
      });
    }
  }

  private reportsOf(view: ReplicaView, confirms: readonly DuplicationConfirmEntry[]): void {
    const own = confirms.some(({ gpid }) => gpid === view.gpid) ? confirms : NO_CONFIRMS;
    for (const duplicator of view.duplicators.values()) {
      // Built, or begun anew, after the report was written.
      if (duplicator.gone || duplicator.anewAtUs >= this.desk.writtenUs) continue;
      const report = own.find(({ gpid, dupId }) => gpid === view.gpid && dupId === duplicator.dupId);
      for (const hook of HOOKS.progressReported) hook(this.desk, view, duplicator, report);
    }
  }

  // ------------------------------------------------------------------ to the follower

  /** A DUPLICATE write left a replica server. */
  duplicateSent(from: NodeId, to: NodeId, request: ClientRequest): void {
    const { body, gpid } = request;
    const entries = readEntries(bufferOf(body), 0, body.length);
    if (entries === undefined) {
      const text = `${from}: sent a DUPLICATE write to ${to} that does not decode`;
      this.desk.wrong('S8', 'dup.sent/readable', text, 'a duplicate_request', `${body.length} bytes`);
    }
    const told: readonly DupEntryFact[] = entries ?? [];
    this.sentBy(from, to, gpid, told);
    this.sink({ kind: 'dup.sent', atUs: this.nowUs(), from, to, gpid, sizeBytes: body.length, entries: told });
  }

  /**
   * The message does not name its duplication: it is one whose remote table is the one addressed, of the replica that has
   * read the entries; of the same partition index, when none has or several have.
   */
  private sentBy(from: NodeId, to: NodeId, gpid: Gpid, entries: readonly DupEntryFact[]): void {
    const [remoteAppId, index] = numbersOf(gpid);
    const remote = this.desk.nodeView(to).cluster;
    const names = this.tables.get(remote)?.get(remoteAppId);
    const owner = this.desk.nodeView(from);
    let view: ReplicaView | undefined;
    let sender: DuplicatorView | undefined;
    let most = -1;
    for (const one of owner.replicas.values()) {
      const [appId, ownIndex] = numbersOf(one.gpid);
      if (ownIndex === index) view ??= one;
      for (const duplicator of one.duplicators.values()) {
        if (duplicator.remote !== '' && duplicator.remote !== remote) continue;
        const wanted = duplicator.remoteAppName === '' ? this.tables.get(owner.cluster)?.get(appId) : new Set([duplicator.remoteAppName]);
        if (names !== undefined && wanted !== undefined && ![...wanted].some((name) => names.has(name))) continue;
        const read = entries[0] !== undefined && duplicator.hasRead(entries[0]);
        const likeness = (read ? 2 : 0) + (ownIndex === index ? 1 : 0);
        if (likeness < most) continue;
        if (likeness === most && sender !== undefined && !isLikelier(duplicator, sender)) continue;
        most = likeness;
        view = one;
        sender = duplicator;
      }
    }
    view ??= this.desk.replica(from, gpid);
    for (const hook of HOOKS.duplicateSent) hook(this.desk, view, to, sender, entries);
    if (sender?.running === true) for (const entry of entries) sender.noteSent(entry);
  }

  /** A table is created at the wish of another cluster's meta server (dup 5.2, 5.4). */
  followerAsked(from: NodeId, to: NodeId, request: CreateAppRequest): void {
    const { cluster } = this.desk.nodeView(from);
    const { appName: name, partitionCount, replicaCount, envs } = request;
    this.sink({ kind: 'follower.asked', atUs: this.nowUs(), cluster, to, name, partitionCount, replicaCount, envs });
  }

  // ------------------------------------------------------------------ claims

  /** Another member duplicates now, or the replica is closed, unless somebody takes it back. `view`: with the claim. */
  roleChanged(view: ReplicaView, { from, to, ballot }: Pick<StatusClaim, 'from' | 'to' | 'ballot'>): void {
    const isLeft = from !== to && (to === 'PS_ERROR' || (to === 'PS_INACTIVE' && ballot > view.ballotBefore));
    if (!isLeft && to !== 'PS_SECONDARY') return;
    for (const duplicator of view.duplicators.values()) giveUp(duplicator, `its replica is ${to}`);
    if (view.duplicators.size > 0) this.desk.owe(view);
  }

  /** The view of the duplicator follows the claim. */
  take(view: ReplicaView, claim: Claim): void {
    switch (claim.kind) {
      case 'dup.started': {
        let duplicator = view.duplicators.get(claim.dupId);
        if (duplicator === undefined) {
          duplicator = unknownDuplicator(claim.dupId, claim.start - 1, this.nowUs());
          view.duplicators.set(claim.dupId, duplicator);
        }
        duplicator.restartFrom(claim.start - 1, this.nowUs());
        duplicator.running = true;
        duplicator.startOwed = false;
        duplicator.startedAtUs = this.nowUs();
        for (const file of view.log.values()) for (const { mutation } of file.records) duplicator.noteRecord(mutation);
        return;
      }
      case 'dup.stopped': {
        const duplicator = view.duplicators.get(claim.dupId);
        if (duplicator === undefined) return;
        duplicator.running = false;
        duplicator.stopOwed = '';
        duplicator.stoppedAtUs = this.nowUs();
        return;
      }
      case 'dup.shipped':
        view.duplicators.get(claim.dupId)?.noteShipped(claim.last, this.nowUs());
        return;
      case 'dup.skipped':
        view.duplicators.get(claim.dupId)?.noteSkipped(claim.from, claim.to);
        return;
      default:
    }
  }
}

/** The role in a node's name. */
export function roleOf(node: NodeId): string {
  return node.slice(node.indexOf('/') + 1, node.lastIndexOf('-'));
}

function numbersOf(gpid: Gpid): readonly [appId: number, index: number] {
  const dot = gpid.indexOf('.');
  return [Number(gpid.slice(0, dot)), Number(gpid.slice(dot + 1))];
}

/** One that is claimed although nobody was told of it. */
function unknownDuplicator(dupId: DupId, last: Decree, atUs: number): DuplicatorView {
  const told = { dupId, createTsMs: -1, remote: '', remoteAppName: '', status: 'DS_INIT' } as const;
  return new DuplicatorView(told, INVALID_DECREE, last, atUs);
}

function isValid(status: DuplicationStatus): boolean {
  return status !== 'DS_INIT' && status !== 'DS_REMOVED';
}

/** `last_decree` before the first report (dup 2.5): behind the checkpoint that is asked for, or behind what is applied. */
function firstLast(status: DuplicationStatus, applied: Decree): Decree {
  return status === 'DS_PREPARE' || status === 'DS_APP' ? Math.max(applied, 1) : applied;
}

function giveUp(duplicator: DuplicatorView, why: string): void {
  if (duplicator.gone) return;
  duplicator.gone = true;
  duplicator.startOwed = false;
  if (duplicator.running) duplicator.stopOwed = why;
}

/** Of two duplicators that could have sent a message: the one that is running, else the one that stopped last. */
function isLikelier(one: DuplicatorView, other: DuplicatorView): boolean {
  if (one.running !== other.running) return one.running;
  return one.stoppedAtUs > other.stoppedAtUs;
}
