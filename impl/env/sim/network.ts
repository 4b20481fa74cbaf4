/**
 * Links between nodes: FIFO sessions as in TCP. A message never overtakes an earlier one of its link, also not when a
 * delay hits the earlier one. Loss is always the loss of a session: everything under way between the two nodes is gone,
 * and every pending call between them ends with ERR_NETWORK_FAILURE.
 *
 * The request's handler runs in the queue of its code at the receiver; the reply resumes in the pool of the task that
 * called, at the priority of the code (repl 3.2).
 */
import type { ErrorCode, NodeId } from '../../../model/vocabulary.ts';
import type { RpcResult } from '../contract.ts';
import type { Core } from './core.ts';
import { type Call, Link, type Message, Session } from './link.ts';
import { decideDelay, decideReplyLost, decideReset, isCut } from './linkFaults.ts';
import type { SimNode } from './node.ts';
import { SimTask } from './pools.ts';
import type { SimProcess } from './process.ts';
import { SimReplier } from './rpc.ts';

/** Calm one-way latency. */
export const LINK_LATENCY_US = 100;
/** From a request's arrival at a node that is down, or a reset, until the caller knows. */
export const CONNECT_FAILURE_US = 100;

type RpcFailure = Exclude<ErrorCode, 'ERR_OK'>;

export class Network {
  readonly core: Core;
  /** Stops a process with cause `check`. */
  readonly endProcess: (process: SimProcess, detail: string) => void;
  private readonly nodes: ReadonlyMap<NodeId, SimNode>;

  constructor(core: Core, nodes: ReadonlyMap<NodeId, SimNode>, endProcess: (p: SimProcess, detail: string) => void) {
    this.core = core;
    this.nodes = nodes;
    this.endProcess = endProcess;
  }

  /** The link between two nodes; undefined when the world has no such node. */
  link(from: SimNode, to: NodeId): Link | undefined {
    return from.links.get(to) ?? this.connect(from, to);
  }

  /**
   * Sends at the moment that the running handler has reached. A handler that has spent time is ahead of the world: its
   * message must not take its place on the link before those that others send meanwhile.
   */
  send(message: Message): void {
    const { core } = this;
    if (core.chargedUs > 0) {
      message.dueMonoUs = message.sender.monotonicAtUs(core.momentUs());
      core.kernel.schedule(core.momentUs(), message);
    } else this.depart(message);
  }

  /** The message leaves now. */
  depart(message: Message): void {
    const { core } = this;
    const { link, code, kind, gpid, decree, body, error, call, writtenUs, asked } = message;
    const { session } = link;
    message.departed = true;
    if (kind !== 'reply') message.epoch = session.epoch;
    // A session that was reset since the request has no way back, and its caller knows already.
    if (message.epoch !== session.epoch) return;
    if (kind === 'request' && call !== undefined && !call.done) this.enlist(call);
    core.observer.messageSent(link.from.id, link.to.id, code, kind, gpid, decree, body, error, writtenUs, asked);
    if (!message.sender.alive) return;
    if (decideReset(core, message)) {
      this.reset(session);
      return;
    }
    if (kind === 'reply' && decideReplyLost(core, message)) return;
    if (isCut(core, link, message)) return;
    let arrivalUs = core.momentUs() + LINK_LATENCY_US + decideDelay(core, message);
    if (arrivalUs < link.lastArrivalUs) arrivalUs = link.lastArrivalUs;
    link.lastArrivalUs = arrivalUs;
    if (++link.underWay > core.limits.linkLength) core.hitLimit('linkLength', link.where);
    core.kernel.schedule(arrivalUs, message);
  }

  /** Registers a call and starts its timeout. */
  begin(call: Call, timeoutMs: number): void {
    const { core } = this;
    const dueUs = core.momentUs() + Math.round(timeoutMs * 1000);
    call.dueMonoUs = call.caller.monotonicAtUs(dueUs);
    core.kernel.schedule(dueUs, call);
    if (++call.caller.pendingCalls > core.limits.pendingCalls) core.hitLimit('pendingCalls', call.caller.node.id);
  }

  /** From now on a reset of its session ends the call. */
  private enlist(call: Call): void {
    const session = call.session;
    if (session === undefined) return;
    call.enlisted = true;
    call.previous = session.last;
    if (session.last === undefined) session.first = call;
    else session.last.next = call;
    session.last = call;
  }

  /** Takes a call off the books without telling its caller. */
  forget(call: Call, fired: boolean): void {
    call.done = true;
    call.caller.pendingCalls--;
    if (!fired) this.core.kernel.cancel(call);
    const session = call.session;
    if (session === undefined || !call.enlisted) return;
    call.enlisted = false;
    if (call.previous === undefined) session.first = call.next;
    else call.previous.next = call.next;
    if (call.next === undefined) session.last = call.previous;
    else call.next.previous = call.previous;
    call.previous = undefined;
    call.next = undefined;
  }

  /** The result of a call is known: its continuation enters the caller's pool at `atUs`. */
  finish(call: Call, result: RpcResult<unknown>, message: Message | undefined, atUs: number, fired: boolean): void {
    this.forget(call, fired);
    const { caller, then } = call;
    if (!caller.alive) return;
    const code = caller.code(call.code);
    const { owner, method, args } = then;
    const task = new SimTask(caller, code, call.pool, call.hash, owner, method, args, message, true, result);
    call.completion = task;
    call.pool.admit(task, atUs);
  }

  fail(call: Call, error: RpcFailure, atUs: number): void {
    this.finish(call, { error, body: undefined }, undefined, atUs, false);
  }

  requestArrived(message: Message): void {
    const { link, call, body, hash } = message;
    const process = link.to.process;
    const { nowUs } = this.core.kernel;
    if (process === undefined) {
      if (call !== undefined && !call.done) this.fail(call, 'ERR_NETWORK_FAILURE', nowUs + CONNECT_FAILURE_US);
      return;
    }
    const replier = new SimReplier(this, process, link.from, message);
    const served = process.served.get(message.code);
    if (served === undefined) {
      replier.send(undefined, 'ERR_HANDLER_NOT_FOUND');
      return;
    }
    const code = process.code(message.code);
    const { owner, method } = served;
    const task = new SimTask(process, code, code.pool, hash, owner, method, [replier], message, true, body);
    code.pool.admit(task, nowUs);
  }

  /** A reply after the caller's death, its timeout or its cancel finds the call done and is dropped. */
  replyArrived(message: Message): void {
    const { call, error, body } = message;
    if (call === undefined || call.done) return;
    const result: RpcResult<unknown> = error === 'ERR_OK' ? { error, body } : { error, body: undefined };
    this.finish(call, result, message, this.core.kernel.nowUs, false);
  }

  /** Breaks a session. Returns what it hit: pending calls and messages under way. */
  reset(session: Session): number {
    session.epoch++;
    let hit = 0;
    const atUs = this.core.momentUs() + CONNECT_FAILURE_US;
    for (let call = session.first; call !== undefined; call = session.first) {
      hit++;
      if (call.caller.alive) this.fail(call, 'ERR_NETWORK_FAILURE', atUs);
      else this.forget(call, false);
    }
    return hit;
  }

  /** A process ended: its sessions break, and calls that it made to nowhere are forgotten too. */
  resetAll(node: SimNode): void {
    for (const link of node.links.values()) this.reset(link.session);
  }

  forEachCall(visit: (call: Call) => void): void {
    const seen = new Set<Session>();
    for (const node of this.nodes.values()) {
      for (const { session } of node.links.values()) {
        if (seen.has(session)) continue;
        seen.add(session);
        for (let call = session.first; call !== undefined; call = call.next) visit(call);
      }
    }
  }

  private connect(from: SimNode, to: NodeId): Link | undefined {
    const target = this.nodes.get(to);
    if (target === undefined) return undefined;
    const session = new Session();
    const link = new Link(from, target, session);
    from.links.set(to, link);
    if (target !== from) target.links.set(from.id, new Link(target, from, session));
    return link;
  }
}
