/**
 * What the simulated world lets an onlooker see: raw effects, at the moment they are real. Passive: an observer draws
 * nothing, costs nothing and changes nothing. Auditors turn these into model events with readers of their own.
 */
import type { Claim } from '../../../model/events.ts';
import type { ClusterId, Gpid, NodeId } from '../../../model/vocabulary.ts';
import type { RpcCode } from '../../protocol/messages.ts';

export type MessageKind = 'request' | 'reply' | 'tell';

export interface WorldObserver {
  /**
   * A message left `from`. `body` is the frozen payload; for an RPC-level refusal of a request it is undefined and
   * `error` tells. `writtenUs` is when the handler that wrote it began: what other handlers did later is not in it.
   * `asked` is the body of the request that a reply answers, the very one that was delivered.
   */
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
  ): void;
  /** The receiver's handler or continuation is about to run. */
  messageDelivered(from: NodeId, to: NodeId, code: RpcCode, kind: MessageKind, gpid: Gpid, decree: number, body: unknown, error: string): void;
  /** Names and bytes changed on a node's disk (after the change). */
  fileCreated(node: NodeId, path: string): void;
  fileWritten(node: NodeId, path: string, offset: number, bytes: Uint8Array): void;
  fileSynced(node: NodeId, path: string): void;
  renamed(node: NodeId, from: string, to: string): void;
  linked(node: NodeId, from: string, to: string): void;
  removed(node: NodeId, path: string): void;
  /** Written bytes were lost or changed behind the process's back (power loss, bit rot). */
  diskDamaged(node: NodeId, path: string): void;
  /** A process handed a change to its state store session: from now until it is answered the change is on its way. */
  storeAsked(node: NodeId, operation: 'create' | 'set' | 'remove', path: string): void;
  /** That change will be answered at `atUs`, or has timed out then; of one path they are answered in order. */
  storeAnswered(node: NodeId, path: string, atUs: number): void;
  /** A state store operation took effect. `value` is '' for a removal. */
  storeApplied(cluster: ClusterId, operation: 'create' | 'set' | 'remove', path: string, value: string): void;
  /** A file of a file provider was put, also in the place of another, or removed (undefined); never a directory. */
  providerChanged(provider: string, path: string, bytes: Uint8Array | undefined): void;
  processStarted(node: NodeId): void;
  /** What the process has under way comes `lateUs` later: also messages that its handlers wrote and that had not left. */
  processPaused(node: NodeId, lateUs: number): void;
  processStopped(node: NodeId, cause: 'crash' | 'power-loss' | 'shutdown' | 'check', detail: string): void;
  claimed(node: NodeId, claim: Claim): void;
  /** A fault took effect (a deviation or a step), with what it hit. */
  faultStruck(fault: string, node: NodeId | '', gpid: Gpid | '', detail: string): void;
  /** A task's handler is about to run (for traces and for who-waits-for-what). `hash`: of its replica, 0 for none; `owner`: whose method. */
  taskStarted(node: NodeId, code: string, method: string, hash?: number, owner?: object): void;
}
