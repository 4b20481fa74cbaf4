/**
 * What lives on the connections between nodes: sessions, their two directions, calls that wait and messages under way.
 * The rules that move them are in network.ts.
 */
import type { ErrorCode, Gpid, NodeId } from '../../../model/vocabulary.ts';
import type { RpcCode } from '../../protocol/messages.ts';
import type { Continuation, RpcHandle } from '../contract.ts';
import { deepFreeze, sumBytes } from './freeze.ts';
import { SimEvent } from './kernel.ts';
import { isCut } from './linkFaults.ts';
import type { Network } from './network.ts';
import type { SimNode } from './node.ts';
import type { MessageKind } from './observer.ts';
import type { Pool, SimTask } from './pools.ts';
import type { SimProcess } from './process.ts';

/** The connection between two nodes (or of a node with itself). Its number changes with each reset. */
export class Session {
  epoch = 0;
  /** Pending calls in either direction, in the order they were made. */
  first: Call | undefined = undefined;
  last: Call | undefined = undefined;
}

/** One direction of a session. */
export class Link {
  readonly from: SimNode;
  readonly to: SimNode;
  readonly session: Session;
  /** `from>to`, as causes name it. */
  readonly where: string;
  cut = false;
  underWay = 0;
  lastArrivalUs = 0;

  constructor(from: SimNode, to: SimNode, session: Session) {
    this.from = from;
    this.to = to;
    this.session = session;
    this.where = `${from.id}>${to.id}`;
  }
}

/** One request that waits for its reply. As an event it is its own timeout. */
export class Call extends SimEvent implements RpcHandle {
  readonly network: Network;
  readonly caller: SimProcess;
  readonly to: NodeId;
  readonly code: RpcCode;
  readonly gpid: Gpid;
  readonly decree: number;
  readonly hash: number;
  readonly pool: Pool;
  readonly then: Continuation<never>;
  readonly session: Session | undefined;
  done = false;
  /** In its session's list: a reset from now on ends it. */
  enlisted = false;
  /** When it was made, virtual microseconds. */
  readonly sinceUs: number;
  dueMonoUs = 0;
  /** The continuation, once the result is known. */
  completion: SimTask | undefined = undefined;
  previous: Call | undefined = undefined;
  next: Call | undefined = undefined;

  constructor(
    network: Network,
    caller: SimProcess,
    to: NodeId,
    code: RpcCode,
    gpid: Gpid,
    decree: number,
    hash: number,
    then: Continuation<never>,
    session: Session | undefined,
  ) {
    super();
    this.network = network;
    this.caller = caller;
    this.to = to;
    this.code = code;
    this.gpid = gpid;
    this.decree = decree;
    this.hash = hash;
    this.pool = caller.callersPool();
    this.then = then;
    this.session = session;
    this.sinceUs = network.core.momentUs();
  }

  override isDead(): boolean {
    return this.cancelled || this.done || !this.caller.alive;
  }

  /** Its time is up, on the caller's own clock (a pause holds it back). */
  override fire(): void {
    if (this.done || !this.caller.alive) return;
    const { kernel } = this.network.core;
    const dueUs = this.caller.whenMonotonic(this.dueMonoUs);
    if (dueUs > kernel.nowUs) kernel.schedule(dueUs, this);
    else this.network.finish(this, { error: 'ERR_TIMEOUT', body: undefined }, undefined, dueUs, true);
  }

  cancel(): void {
    if (!this.done) this.network.forget(this, false);
    this.completion?.cancel();
  }
}

/**
 * Something that one process sends another. It leaves when its sender's handler has got that far, which is an event of
 * its own if the handler has spent time before; then it is under way on its link until it arrives.
 */
export class Message extends SimEvent {
  readonly network: Network;
  readonly sender: SimProcess;
  readonly link: Link;
  readonly kind: MessageKind;
  readonly code: RpcCode;
  readonly gpid: Gpid;
  readonly decree: number;
  readonly hash: number;
  readonly body: unknown;
  readonly error: ErrorCode;
  readonly call: Call | undefined;
  /** Of a reply: the body of its request. */
  asked: unknown = undefined;
  /** The session that it belongs to: a request joins it as it leaves, a reply has that of its request. */
  epoch: number;
  departed = false;
  /** The sender's monotonic time at which it leaves, if not at once. */
  dueMonoUs = 0;
  /** When the handler that wrote it began, microseconds. */
  readonly writtenUs: number;
  readonly sum: number;

  constructor(
    network: Network,
    sender: SimProcess,
    link: Link,
    kind: MessageKind,
    code: RpcCode,
    gpid: Gpid,
    decree: number,
    hash: number,
    body: unknown,
    error: ErrorCode,
    call: Call | undefined,
  ) {
    super();
    this.network = network;
    this.sender = sender;
    this.link = link;
    this.kind = kind;
    this.code = code;
    this.gpid = gpid;
    this.decree = decree;
    this.hash = hash;
    this.body = body;
    this.error = error;
    this.call = call;
    this.epoch = link.session.epoch;
    this.writtenUs = network.core.kernel.nowUs;
    this.sum = network.core.strict ? sumBytes(deepFreeze(body)) : 0;
  }

  override isDead(): boolean {
    return !this.departed && !this.sender.alive;
  }

  override fire(): void {
    const link = this.link;
    if (!this.departed) {
      if (this.sender.alive) this.leave();
      return;
    }
    link.underWay--;
    if (this.epoch !== link.session.epoch) return;
    if (isCut(this.network.core, link, this)) return;
    if (this.network.core.strict) this.verify();
    if (this.kind === 'reply') this.network.replyArrived(this);
    else this.network.requestArrived(this);
  }

  /** Its sender has got this far, unless it was paused meanwhile. */
  private leave(): void {
    const { kernel } = this.network.core;
    const dueUs = this.sender.whenMonotonic(this.dueMonoUs);
    if (dueUs > kernel.nowUs) kernel.schedule(dueUs, this);
    else this.network.depart(this);
  }

  /** Its handler or continuation is about to run. */
  delivered(): void {
    const { link, code, kind, gpid, decree, body, error } = this;
    this.network.core.observer.messageDelivered(link.from.id, link.to.id, code, kind, gpid, decree, body, error);
  }

  private verify(): void {
    if (sumBytes(this.body) === this.sum) return;
    this.network.endProcess(this.sender, `bytes of ${this.code} ${this.kind} changed after they were sent`);
  }
}
