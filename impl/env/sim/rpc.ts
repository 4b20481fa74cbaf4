/** The RPC side of one process's env: calls, served codes and repliers, over the world's links. */
import type { ErrorCode, NodeId } from '../../../model/vocabulary.ts';
import type { RpcCode, RpcTypes } from '../../protocol/messages.ts';
import type { CallOptions, Continuation, Replier, Rpc, RpcHandle, RpcResult } from '../contract.ts';
import { Call, Message } from './link.ts';
import { CONNECT_FAILURE_US, type Network } from './network.ts';
import type { SimNode } from './node.ts';
import type { SimProcess } from './process.ts';

/** Answers one request at most once. A `tell` has a replier too, which sends nothing. */
export class SimReplier implements Replier<unknown> {
  readonly from: NodeId;
  private readonly network: Network;
  private readonly process: SimProcess;
  private readonly caller: SimNode;
  private readonly request: Message;
  private answered = false;

  constructor(network: Network, process: SimProcess, caller: SimNode, request: Message) {
    this.network = network;
    this.process = process;
    this.caller = caller;
    this.from = caller.id;
    this.request = request;
  }

  reply(body: unknown): void {
    this.process.enter();
    this.send(body, 'ERR_OK');
    this.process.leave();
  }

  refuse(error: Exclude<ErrorCode, 'ERR_OK'>): void {
    this.process.enter();
    this.send(undefined, error);
    this.process.leave();
  }

  /** Without the guard: the env itself answers for a code that nobody serves. */
  send(body: unknown, error: ErrorCode): void {
    const { network, request } = this;
    if (this.answered) return;
    this.answered = true;
    const { call } = request;
    const link = network.link(this.process.node, this.caller.id);
    if (call === undefined || link === undefined) return;
    const { code, gpid, decree, hash } = request;
    const message = new Message(network, this.process, link, 'reply', code, gpid, decree, hash, body, error, call);
    message.epoch = request.epoch;
    message.asked = request.body;
    network.send(message);
  }
}

export class SimRpc implements Rpc {
  private readonly network: Network;
  private readonly process: SimProcess;

  constructor(network: Network, process: SimProcess) {
    this.network = network;
    this.process = process;
  }

  call<C extends RpcCode>(
    to: NodeId,
    code: C,
    request: RpcTypes[C]['request'],
    options: CallOptions,
    then: Continuation<RpcResult<RpcTypes[C]['response']>>,
  ): RpcHandle {
    const { network, process } = this;
    process.enter();
    const { hash, gpid = '', decree = 0 } = options;
    const link = network.link(process.node, to);
    const call = new Call(network, process, to, code, gpid, decree, hash, then, link?.session);
    network.begin(call, options.timeoutMs);
    if (link === undefined) {
      network.fail(call, 'ERR_NETWORK_FAILURE', network.core.momentUs() + CONNECT_FAILURE_US);
      return call;
    }
    network.send(new Message(network, process, link, 'request', code, gpid, decree, hash, request, 'ERR_OK', call));
    process.leave();
    return call;
  }

  tell<C extends RpcCode>(
    to: NodeId,
    code: C,
    request: RpcTypes[C]['request'],
    options: Omit<CallOptions, 'timeoutMs'>,
  ): void {
    const { network, process } = this;
    process.enter();
    const { hash, gpid = '', decree = 0 } = options;
    const link = network.link(process.node, to);
    if (link === undefined) return;
    network.send(new Message(network, process, link, 'tell', code, gpid, decree, hash, request, 'ERR_OK', undefined));
    process.leave();
  }

  serve<C extends RpcCode, M extends string>(
    code: C,
    owner: {
      readonly [K in M]: (request: RpcTypes[C]['request'], replier: Replier<RpcTypes[C]['response']>) => void;
    },
    method: M,
  ): void {
    this.process.enter();
    this.process.served.set(code, { owner, method });
  }
}
