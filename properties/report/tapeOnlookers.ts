/** Listens to raw effects on their way to the auditor. */
import type { MessageKind } from '../../impl/env/sim/observer.ts';
import type { RpcCode } from '../../impl/protocol/messages.ts';
import type { Gpid, NodeId } from '../../model/vocabulary.ts';
import { Onlookers } from '../run/onlookers.ts';
import type { MessageLog } from './messageLog.ts';

/** What a recorder wants to hear of. */
export interface TapeListener {
  nowUs(): number;
  /** Whether messages are wanted now. */
  isRecording(): boolean;
  /** Something of the node is about to run, has just begun, or is over. */
  begins(node: NodeId): void;
  paused(node: NodeId, lateUs: number): void;
}

export class TapeOnlookers extends Onlookers {
  private readonly log: MessageLog;
  private readonly listener: TapeListener;

  constructor(log: MessageLog, listener: TapeListener) {
    super();
    this.log = log;
    this.listener = listener;
  }

  override messageSent(
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
    if (this.listener.isRecording()) this.log.sent({ from, to, code, kind, gpid, decree, body, error }, this.listener.nowUs());
    super.messageSent(from, to, code, kind, gpid, decree, body, error, writtenUs, asked);
  }

  override messageDelivered(from: NodeId, to: NodeId, code: RpcCode, kind: MessageKind, gpid: Gpid, decree: number, body: unknown, error: string): void {
    this.log.delivered({ from, to, code, kind, gpid, decree, body, error }, this.listener.nowUs());
    super.messageDelivered(from, to, code, kind, gpid, decree, body, error);
  }

  override processStarted(node: NodeId): void {
    this.listener.begins(node);
    super.processStarted(node);
  }

  override processPaused(node: NodeId, lateUs: number): void {
    this.listener.paused(node, lateUs);
    super.processPaused(node, lateUs);
  }

  override processStopped(node: NodeId, cause: 'crash' | 'power-loss' | 'shutdown' | 'check', detail: string): void {
    this.listener.begins(node);
    super.processStopped(node, cause, detail);
  }

  override taskStarted(node: NodeId, code: string, method: string): void {
    this.listener.begins(node);
    super.taskStarted(node, code, method);
  }
}
