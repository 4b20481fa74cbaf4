/**
 * A small world for the meta server's and the clients' tests: one task loop in virtual time, processes with RPC between
 * them, and a state store in memory whose every operation a test can let time out (with or without effect) or make the
 * last thing that its process does.
 */
import { CheckFailed, resume } from '../../../impl/env/contract.ts';
import type {
  CallOptions,
  Continuation,
  Disk,
  Env,
  ProviderServices,
  Replier,
  Rpc,
  StateStore,
  StoreResult,
} from '../../../impl/env/contract.ts';
import type { Context } from '../../../impl/context.ts';
import { clientParts } from '../../../impl/client/parts.ts';
import { metaParts } from '../../../impl/meta/parts.ts';
import { DEFAULT_SETTINGS } from '../../../impl/settings.ts';
import type { Settings } from '../../../impl/settings.ts';
import type { Parts } from '../../../impl/parts.ts';
import type { RpcCode, RpcTypes } from '../../../impl/protocol/messages.ts';
import { NO_PROVIDERS } from '../provider/noProviders.ts';

export type StoreFate = 'ok' | 'timeout' | 'timeout-after-effect' | 'crash-before' | 'crash-after';
export interface StoreOp {
  readonly node: string;
  readonly operation: 'create' | 'set' | 'get' | 'children' | 'remove';
  readonly path: string;
  readonly value: string;
}
export interface SentRpc {
  readonly from: string;
  readonly to: string;
  readonly code: RpcCode;
  readonly request: unknown;
  readonly options: { readonly timeoutMs?: number; readonly gpid?: string };
  readonly atMs: number;
}

interface Event {
  readonly atUs: number;
  readonly seq: number;
  readonly run: () => void;
}

type Handler = (request: unknown, replier: Replier<unknown>) => void;

export class FakeWorld {
  nowUs = 0;
  private seq = 0;
  private readonly queue: Event[] = [];
  readonly store = new Map<string, string>([['/', '']]);
  /** Operations that took effect, in order, as `operation path`; reads are not among them. */
  readonly writes: StoreOp[] = [];
  readonly sent: SentRpc[] = [];
  storeFate: (op: StoreOp) => StoreFate = () => 'ok';
  /** A message that is lost: its caller times out. */
  loses: (rpc: SentRpc) => boolean = () => false;
  readonly processes = new Map<string, FakeProcess>();
  readonly settings: Settings;
  /** Of every process. */
  provider: ProviderServices = NO_PROVIDERS;
  wallBaseUs = 1_700_000_000_000_000;

  constructor(settings: Partial<Settings> = {}) {
    this.settings = { ...DEFAULT_SETTINGS, ...settings };
  }

  at(delayUs: number, run: () => void): { cancel(): boolean } {
    const event = { atUs: this.nowUs + delayUs, seq: this.seq++, run };
    this.queue.push(event);
    return {
      cancel: () => {
        const index = this.queue.indexOf(event);
        if (index >= 0) this.queue.splice(index, 1);
        return index >= 0;
      },
    };
  }

  /** Runs until nothing is left to do, or `forMs` of virtual time have passed. */
  run(forMs: number): void {
    const endUs = this.nowUs + forMs * 1000;
    for (;;) {
      let next: Event | undefined;
      for (const event of this.queue) {
        if (
          event.atUs <= endUs &&
          (next === undefined || event.atUs < next.atUs || (event.atUs === next.atUs && event.seq < next.seq))
        ) {
          next = event;
        }
      }
      if (next === undefined) break;
      this.queue.splice(this.queue.indexOf(next), 1);
      this.nowUs = next.atUs;
      next.run();
    }
    this.nowUs = endUs;
  }

  /** A new process of that name; an older one is dead from now on. */
  process(name: string, parts: Partial<Parts> = {}): FakeProcess {
    this.processes.get(name)?.kill();
    const process = new FakeProcess(this, name, parts);
    this.processes.set(name, process);
    return process;
  }
}

export class FakeProcess {
  readonly world: FakeWorld;
  readonly name: string;
  readonly ctx: Context;
  readonly handlers = new Map<RpcCode, Handler>();
  alive = true;
  failure: CheckFailed | undefined;

  constructor(world: FakeWorld, name: string, parts: Partial<Parts>) {
    this.world = world;
    this.name = name;
    const table: Partial<Parts> = { ...metaParts, ...clientParts, ...parts };
    // The rooms under test build only parts of their own; the other rooms' rows are absent.
    this.ctx = { env: this.env(), settings: world.settings, parts: table as Parts };
  }

  kill(): void {
    this.alive = false;
  }

  /** Runs code of the process later; a failed check ends the process. */
  later(delayUs: number, run: () => void): { cancel(): boolean } {
    return this.world.at(delayUs, () => {
      if (!this.alive) return;
      try {
        run();
      } catch (error) {
        if (!(error instanceof CheckFailed)) throw error;
        this.failure = error;
        this.alive = false;
      }
    });
  }

  private env(): Env {
    const world = this.world;
    return {
      self: this.name,
      clock: { monotonicUs: () => world.nowUs, wallUs: () => world.wallBaseUs + world.nowUs },
      tasks: {
        post: (_code, _hash, delayMs, then) => this.later(delayMs * 1000, () => resume(then, undefined)),
        charge: () => undefined,
      },
      rpc: this.rpc(),
      disk: new Proxy(
        {},
        {
          get: () => () => {
            throw new Error('no disk here');
          },
        },
      ) as Disk,
      store: this.stateStore(),
      provider: { tree: (name) => world.provider.tree(name) },
      random: () => 0.5,
      emit: () => undefined,
      check: (condition, name, detail) => {
        if (!condition) throw new CheckFailed(name, detail?.() ?? '');
      },
    };
  }

  private rpc(): Rpc {
    const call = <C extends RpcCode>(
      to: string,
      code: C,
      request: RpcTypes[C]['request'],
      options: CallOptions,
      then: Continuation<never>,
    ): { cancel(): void } => {
      const world = this.world;
      const rpc: SentRpc = { from: this.name, to, code, request, options, atMs: world.nowUs / 1000 };
      world.sent.push(rpc);
      let open = true;
      const end = (result: unknown): void => {
        if (!open) return;
        open = false;
        this.later(100, () => resume(then, result as never));
      };
      this.later(options.timeoutMs * 1000, () => end({ error: 'ERR_TIMEOUT', body: undefined }));
      if (!world.loses(rpc)) {
        world.at(100, () => {
          const peer = world.processes.get(to);
          const handler = peer?.handlers.get(code);
          if (peer === undefined || handler === undefined || !peer.alive) return;
          const replier: Replier<unknown> = {
            from: this.name,
            reply: (body) => end({ error: 'ERR_OK', body }),
            refuse: (error) => end({ error, body: undefined }),
          };
          peer.later(0, () => handler(request, replier));
        });
      }
      return { cancel: () => void (open = false) };
    };
    return {
      call,
      tell: () => undefined,
      serve: (code, owner, method) => {
        this.handlers.set(code, (request, replier) => {
          Reflect.apply(Reflect.get(owner, method), owner, [request, replier]);
        });
      },
    };
  }

  /** Answers one code of this process by a function: stands in for a server. */
  answer<C extends RpcCode>(
    code: C,
    respond: (request: RpcTypes[C]['request'], replier: Replier<RpcTypes[C]['response']>) => void,
  ): void {
    this.handlers.set(code, respond as Handler);
  }

  private stateStore(): StateStore {
    return {
      create: (path, value, then) => this.storeOp({ node: this.name, operation: 'create', path, value }, then),
      set: (path, value, then) => this.storeOp({ node: this.name, operation: 'set', path, value }, then),
      get: (path, then) => this.storeOp({ node: this.name, operation: 'get', path, value: '' }, then),
      children: (path, then) => this.storeOp({ node: this.name, operation: 'children', path, value: '' }, then),
      remove: (path, recursive, then) =>
        this.storeOp({ node: this.name, operation: 'remove', path, value: String(recursive) }, then),
    };
  }

  private storeOp(op: StoreOp, then: Continuation<StoreResult>): void {
    const fate = this.world.storeFate(op);
    if (fate === 'crash-before') {
      this.kill();
      return;
    }
    const real = fate === 'timeout' ? undefined : this.apply(op);
    if (fate === 'crash-after') {
      this.kill();
      return;
    }
    const result: StoreResult =
      fate === 'ok' && real !== undefined ? real : { error: 'ERR_TIMEOUT', value: '', children: [] };
    this.later(200, () => resume(then, result));
  }

  private apply(op: StoreOp): StoreResult {
    const { store } = this.world;
    const result = (error: StoreResult['error'], value = '', children: readonly string[] = []): StoreResult => ({
      error,
      value,
      children,
    });
    const exists = store.has(op.path);
    if (op.operation === 'create') {
      const parent = op.path.slice(0, op.path.lastIndexOf('/')) || '/';
      if (exists) return result('ERR_PATH_ALREADY_EXIST');
      if (!store.has(parent)) return result('ERR_OBJECT_NOT_FOUND');
    } else if (!exists) {
      return result('ERR_OBJECT_NOT_FOUND');
    }
    switch (op.operation) {
      case 'create':
      case 'set':
        store.set(op.path, op.value);
        this.world.writes.push(op);
        return result('ERR_OK');
      case 'remove':
        if (op.value === 'true') {
          for (const path of [...store.keys()]) if (path.startsWith(`${op.path}/`)) store.delete(path);
        }
        store.delete(op.path);
        this.world.writes.push(op);
        return result('ERR_OK');
      case 'get':
        return result('ERR_OK', store.get(op.path));
      case 'children': {
        const prefix = `${op.path}/`;
        const names = [...store.keys()].filter(
          (path) => path.startsWith(prefix) && !path.slice(prefix.length).includes('/'),
        );
        return result('ERR_OK', '', names.map((path) => path.slice(prefix.length)).sort());
      }
    }
  }
}

/** Collects the answers that continuations bring. */
export class Inbox<A> {
  readonly answers: A[] = [];
  onAnswer(answer: A): void {
    this.answers.push(answer);
  }
  then(): Continuation<A> {
    return { owner: this, method: 'onAnswer', args: [] };
  }
  get last(): A | undefined {
    return this.answers.at(-1);
  }
}
