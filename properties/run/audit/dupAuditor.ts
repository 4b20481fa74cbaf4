/**
 * Tells the observed facts of duplication (model/duplicationEvents.ts): what of it is stored, what the duplication sync
 * says in both directions, what is sent to the follower, and what the follower's meta server is asked for.
 */
import type {
  DuplicationSyncRequest,
  DuplicationSyncResponse,
} from '../../../impl/protocol/duplicationMessages.ts';
import type { ClientRequest, CreateAppRequest } from '../../../impl/protocol/messages.ts';
import type { ModelEvent } from '../../../model/events.ts';
import type { ClusterId, NodeId } from '../../../model/vocabulary.ts';
import type { AuditDesk } from './desk.ts';
import { bufferOf } from './diskView.ts';
import { readStoredDuplication } from './dupStoreReader.ts';
import { gpidText } from './mutationReader.ts';
import { readEntries } from './updateReader.ts';

export class DuplicationAuditor {
  private readonly nowUs: () => number;
  private readonly sink: (event: ModelEvent) => void;
  private readonly desk: AuditDesk;

  constructor(nowUs: () => number, sink: (event: ModelEvent) => void, desk: AuditDesk) {
    this.nowUs = nowUs;
    this.sink = sink;
    this.desk = desk;
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

  /** The answer of a duplication sync reached the server that asked. */
  syncAnswered(node: NodeId, response: DuplicationSyncResponse): void {
    if (response.error !== 'ERR_OK') return;
    const { cluster } = this.desk.nodeView(node);
    const atUs = this.nowUs();
    const dups: { readonly appId: number; readonly dupId: number }[] = [];
    for (const { appId, duplications } of response.apps) {
      for (const { dupId, status, failMode, progress } of duplications) {
        this.sink({ kind: 'dup.told', atUs, cluster, node, appId, dupId, status, failMode, progress });
        dups.push({ appId, dupId });
      }
    }
    this.sink({ kind: 'dup.synced', atUs, cluster, node, dups });
  }

  /** A duplication sync left a server. */
  syncSent(node: NodeId, request: DuplicationSyncRequest): void {
    const { cluster } = this.desk.nodeView(node);
    const atUs = this.nowUs();
    for (const { gpid, dupId, confirmedDecree, checkpointPrepared, lastCommittedDecree } of request.confirms) {
      this.sink({
        kind: 'dup.reported',
        atUs,
        node,
        gpid,
        cluster,
        dupId,
        confirmed: confirmedDecree,
        prepared: checkpointPrepared,
        lastCommitted: lastCommittedDecree,
      });
    }
  }

  /** A DUPLICATE write left a replica server. */
  duplicateSent(from: NodeId, to: NodeId, request: ClientRequest): void {
    const { body, gpid } = request;
    const entries = readEntries(bufferOf(body), 0, body.length);
    if (entries === undefined) {
      const text = `${from}: sent a DUPLICATE write to ${to} that does not decode`;
      this.desk.wrong('S8', 'dup.sent/readable', text, 'a duplicate_request', `${body.length} bytes`);
    }
    this.sink({
      kind: 'dup.sent',
      atUs: this.nowUs(),
      from,
      to,
      gpid,
      sizeBytes: body.length,
      entries: entries ?? [],
    });
  }

  /** A table is created at the wish of another cluster's meta server (dup 5.2, 5.4). */
  followerAsked(from: NodeId, to: NodeId, request: CreateAppRequest): void {
    const { cluster } = this.desk.nodeView(from);
    const { appName: name, partitionCount, replicaCount, envs } = request;
    this.sink({ kind: 'follower.asked', atUs: this.nowUs(), cluster, to, name, partitionCount, replicaCount, envs });
  }
}

/** The role in a node's name. */
export function roleOf(node: NodeId): string {
  return node.slice(node.indexOf('/') + 1, node.lastIndexOf('-'));
}
