/** The world needs its observer before the auditor can be built over the world: this stands between the two. */
import type { Claim } from '../../model/events.ts';
import type { ClusterId, Gpid, NodeId } from '../../model/vocabulary.ts';
import type { MessageKind, WorldObserver } from '../../impl/env/sim/observer.ts';
import type { RpcCode } from '../../impl/protocol/messages.ts';

export class Onlookers implements WorldObserver {
  observer: Partial<WorldObserver> = {};

  messageSent(
    from: NodeId,
    to: NodeId,
    code: RpcCode,
    kind: MessageKind,
    gpid: Gpid,
    decree: number,
    body: unknown,
    error: string,
    writtenUs: number,
    asked?: unknown,
  ): void {
    this.observer.messageSent?.(from, to, code, kind, gpid, decree, body, error, writtenUs, asked);
  }
  messageDelivered(from: NodeId, to: NodeId, code: RpcCode, kind: MessageKind, gpid: Gpid, decree: number, body: unknown, error: string): void {
    this.observer.messageDelivered?.(from, to, code, kind, gpid, decree, body, error);
  }
  fileCreated(node: NodeId, path: string): void {
    this.observer.fileCreated?.(node, path);
  }
  fileWritten(node: NodeId, path: string, offset: number, bytes: Uint8Array): void {
    this.observer.fileWritten?.(node, path, offset, bytes);
  }
  fileSynced(node: NodeId, path: string): void {
    this.observer.fileSynced?.(node, path);
  }
  renamed(node: NodeId, from: string, to: string): void {
    this.observer.renamed?.(node, from, to);
  }
  linked(node: NodeId, from: string, to: string): void {
    this.observer.linked?.(node, from, to);
  }
  removed(node: NodeId, path: string): void {
    this.observer.removed?.(node, path);
  }
  diskDamaged(node: NodeId, path: string): void {
    this.observer.diskDamaged?.(node, path);
  }
  storeAsked(node: NodeId, operation: 'create' | 'set' | 'remove', path: string): void {
    this.observer.storeAsked?.(node, operation, path);
  }
  storeAnswered(node: NodeId, path: string, atUs: number): void {
    this.observer.storeAnswered?.(node, path, atUs);
  }
  storeApplied(cluster: ClusterId, operation: 'create' | 'set' | 'remove', path: string, value: string): void {
    this.observer.storeApplied?.(cluster, operation, path, value);
  }
  providerChanged(provider: string, path: string, bytes: Uint8Array | undefined): void {
    this.observer.providerChanged?.(provider, path, bytes);
  }
  processStarted(node: NodeId): void {
    this.observer.processStarted?.(node);
  }
  processPaused(node: NodeId, lateUs: number): void {
    this.observer.processPaused?.(node, lateUs);
  }
  processStopped(node: NodeId, cause: 'crash' | 'power-loss' | 'shutdown' | 'check', detail: string): void {
    this.observer.processStopped?.(node, cause, detail);
  }
  claimed(node: NodeId, claim: Claim): void {
    this.observer.claimed?.(node, claim);
  }
  faultStruck(fault: string, node: NodeId | '', gpid: Gpid | '', detail: string): void {
    this.observer.faultStruck?.(fault, node, gpid, detail);
  }
  taskStarted(node: NodeId, code: string, method: string, hash?: number, owner?: object): void {
    this.observer.taskStarted?.(node, code, method, hash, owner);
  }
}
