/**
 * Tells the observed facts of throttling (model/loadEvents.ts): what replicas are told to throttle, and which requests of
 * the data path reach a replica that was ever told so, and are answered. Of other tables it looks at refusals only.
 */
import type { ClientRequest, ConfigSyncResponse, ReadResponse, RpcCode } from '../../../impl/protocol/messages.ts';
import type { MessageKind } from '../../../impl/env/sim/observer.ts';
import type { ModelEvent } from '../../../model/events.ts';
import type { ErrorCode, NodeId } from '../../../model/vocabulary.ts';
import { THROTTLE_ENVS } from '../../../model/throttle.ts';
import type { AuditDesk } from './desk.ts';
import { bufferOf } from './diskView.ts';
import { HOOKS } from './hooks.ts';
import type { ThrottledRequest, ThrottleView } from './throttleView.ts';
import { readRows } from './updateReader.ts';

/** The codes that a throttle sees (thr 5): `own` are those of the cluster's clients. */
const DATA_PATH: ReadonlyMap<RpcCode, { readonly of: 'write' | 'read'; readonly own: boolean }> = new Map([
  ['RPC_RRDB_RRDB_PUT', { of: 'write', own: true }],
  ['RPC_RRDB_RRDB_REMOVE', { of: 'write', own: true }],
  ['RPC_RRDB_RRDB_MULTI_PUT', { of: 'write', own: true }],
  ['RPC_RRDB_RRDB_DUPLICATE', { of: 'write', own: false }],
  ['RPC_RRDB_RRDB_BULK_LOAD', { of: 'write', own: false }],
  ['RPC_RRDB_RRDB_GET', { of: 'read', own: true }],
]);

export class ThrottleAuditor {
  private readonly nowUs: () => number;
  private readonly sink: (event: ModelEvent) => void;
  private readonly desk: AuditDesk;
  private requests = 0;
  /** Whose request is being handled. */
  private running: ThrottleView | undefined = undefined;

  constructor(nowUs: () => number, sink: (event: ModelEvent) => void, desk: AuditDesk) {
    this.nowUs = nowUs;
    this.sink = sink;
    this.desk = desk;
  }

  messageDelivered(to: NodeId, code: RpcCode, kind: MessageKind, body: unknown): void {
    if (kind === 'reply') {
      if (code === 'RPC_CM_CONFIG_SYNC') this.synced(to, body as ConfigSyncResponse);
      return;
    }
    const how = DATA_PATH.get(code);
    if (how !== undefined) this.arrived(to, how.of, how.own, body as ClientRequest);
  }

  messageSent(from: NodeId, code: RpcCode, kind: MessageKind, body: unknown, error: string, asked: unknown): void {
    if (kind !== 'reply' || asked === undefined || !DATA_PATH.has(code)) return;
    this.answered(from, asked as ClientRequest, body as { readonly error: string } | undefined, error);
  }

  taskEnded(): void {
    if (this.running === undefined) return;
    this.running.current = undefined;
    this.running = undefined;
  }

  private synced(node: NodeId, response: ConfigSyncResponse): void {
    for (const { app, config } of response.partitions) {
      const envs = throttlingOf(app.envs);
      const { throttle } = this.desk.replica(node, config.gpid);
      if (envs === undefined && !throttle.told) continue;
      throttle.told = true;
      const { gpid, ballot } = config;
      this.sink({ kind: 'throttle.told', atUs: this.nowUs(), node, gpid, ballot, envs: envs ?? {} });
    }
  }

  private arrived(node: NodeId, of: 'write' | 'read', own: boolean, request: ClientRequest): void {
    const { gpid } = request;
    const { throttle } = this.desk.replica(node, gpid);
    if (!throttle.told) return;
    const arrived: ThrottledRequest = { id: ++this.requests, of, request, verdict: undefined, dueUs: -1 };
    throttle.requests.set(request, arrived);
    throttle.current = arrived;
    this.running = throttle;
    this.sink({
      kind: 'throttle.arrived',
      atUs: this.nowUs(),
      node,
      gpid,
      request: arrived.id,
      of,
      command: own ? request.commandId : -1,
      sizeBytes: request.body.length,
      timeoutMs: request.clientTimeoutMs,
    });
  }

  private answered(node: NodeId, asked: ClientRequest, body: { readonly error: string } | undefined, refusal: string): void {
    const error = (body?.error ?? refusal) as ErrorCode;
    const view = this.desk.replica(node, asked.gpid);
    const request = view.throttle.requests.get(asked);
    if (request === undefined && error !== 'ERR_BUSY') return;
    for (const hook of HOOKS.requestAnswered) hook(this.desk, view, request, error);
    if (request === undefined) return;
    view.throttle.requests.delete(asked);
    const cost = request.of === 'read' && error === 'ERR_OK' ? costOf(asked, body as ReadResponse) : 0;
    const { gpid } = asked;
    this.sink({ kind: 'throttle.answered', atUs: this.nowUs(), node, gpid, request: request.id, error, cost });
  }
}

/** undefined: nothing throttles. */
function throttlingOf(envs: Readonly<Record<string, string>>): Record<string, string> | undefined {
  let found: Record<string, string> | undefined;
  for (const key of THROTTLE_ENVS) {
    const value = envs[key];
    if (value !== undefined) (found ??= {})[key] = value;
  }
  return found;
}

/** Key and value of what was found; 1 for nothing (thr 6). A read's body is a lone key, as a removal's is. */
function costOf(request: ClientRequest, { found, value }: ReadResponse): number {
  if (!found) return 1;
  const [row] = readRows('RPC_RRDB_RRDB_REMOVE', bufferOf(request.body), 0, request.body.length);
  return (row?.key.length ?? 0) + value.length;
}
