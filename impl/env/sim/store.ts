/**
 * The state store of one cluster (ZooKeeper, as the meta servers use it): a tree of values, and one FIFO session per
 * process. Operations of a session take effect and are answered in the order they were sent; a new process's come after
 * those of the dead one before it (the leader lock). Continuations run as
 * LPC_META_STATE_HIGH with hash 0, as upstream's state storage does.
 *
 * Faults. May fail: an operation is late (`store.slow`, or a step's factor `store.slowed`), and all later ones of its
 * session with it; it ends with ERR_TIMEOUT without effect (`store.timeout`) or although it took effect
 * (`store.timeout-after-effect`, changes only); the process is killed right after its change took effect
 * (`store.crash-after`). Chance is asked once per operation and point.
 * Cannot fail: the store itself loses, reorders and invents nothing (ZooKeeper's promise to a session); an operation
 * that a process sent before it died still takes effect.
 */
import type { ClusterId } from '../../../model/vocabulary.ts';
import type { Continuation, StateStore, StoreResult } from '../contract.ts';
import type { Core } from './core.ts';
import { SimEvent } from './kernel.ts';
import { SimTask } from './pools.ts';
import type { SimProcess } from './process.ts';
import { StoreTree } from './storeTree.ts';

/** Calm time from sending to effect, and from effect to the answer. */
export const STORE_LATENCY_US = 500;
/** After this time without an answer the client side says ERR_TIMEOUT. */
export const STORE_TIMEOUT_US = 2_000_000;

export type StoreOperation = 'create' | 'set' | 'get' | 'children' | 'remove';

function isChange(operation: StoreOperation): operation is 'create' | 'set' | 'remove' {
  return operation !== 'get' && operation !== 'children';
}

/** What an onlooker may read of a store; also the helper of tests to prepare one. */
export interface StoreView {
  get(path: string): string | undefined;
  children(path: string): readonly string[];
  entries(): readonly (readonly [path: string, value: string])[];
}

/** The store of a cluster; outlives all processes. */
export class ClusterStore implements StoreView {
  readonly core: Core;
  readonly cluster: ClusterId;
  readonly tree = new StoreTree();
  private slowFactor = 1;
  private slowTold = false;
  /** Ends a process with cause `crash`. */
  readonly crash: (process: SimProcess, detail: string) => void;
  /** Operations that were sent and not answered, in order. */
  readonly open = new Set<StoreCall>();

  constructor(core: Core, cluster: ClusterId, crash: (process: SimProcess, detail: string) => void) {
    this.core = core;
    this.cluster = cluster;
    this.crash = crash;
  }

  setSlow(factor: number): void {
    this.slowFactor = factor;
    this.slowTold = false;
  }

  /** One way to the store or back, microseconds. */
  latencyUs(process: SimProcess): number {
    if (this.slowFactor === 1) return STORE_LATENCY_US;
    if (this.slowTold) this.core.count('store.slowed');
    else this.core.strike('store.slowed', process.node.id, '', `${this.slowFactor} times`);
    this.slowTold = true;
    return Math.round(STORE_LATENCY_US * this.slowFactor);
  }

  get(path: string): string | undefined {
    const found = this.tree.get(path);
    return found.error === 'ERR_OK' ? found.value : undefined;
  }

  children(path: string): readonly string[] {
    return this.tree.children(path).children;
  }

  entries(): readonly (readonly [path: string, value: string])[] {
    return this.tree.entries();
  }
}

/**
 * One operation: an event as it leaves (when its sender's handler had spent time before), and as it reaches the store.
 */
export class StoreCall extends SimEvent {
  readonly session: StoreSession;
  readonly operation: StoreOperation;
  readonly path: string;
  readonly value: string;
  readonly recursive: boolean;
  readonly then: Continuation<StoreResult>;
  departed = false;
  /** The process's monotonic time at which it leaves, if not at once. */
  dueMonoUs = 0;

  constructor(
    session: StoreSession,
    operation: StoreOperation,
    path: string,
    value: string,
    recursive: boolean,
    then: Continuation<StoreResult>,
  ) {
    super();
    this.session = session;
    this.operation = operation;
    this.path = path;
    this.value = value;
    this.recursive = recursive;
    this.then = then;
  }

  override isDead(): boolean {
    return !this.departed && !this.session.process.alive;
  }

  override fire(): void {
    const { session } = this;
    const { store, process } = session;
    if (!this.departed) {
      const dueUs = process.whenMonotonic(this.dueMonoUs);
      if (dueUs > store.core.kernel.nowUs) store.core.kernel.schedule(dueUs, this);
      else if (process.alive) session.depart(this);
      return;
    }
    store.open.delete(this);
    const { operation } = this;
    if (this.decide('store.timeout')) return session.answer(this, TIMED_OUT, STORE_TIMEOUT_US);
    const found = this.take();
    if (isChange(operation) && found.error === 'ERR_OK') {
      store.core.observer.storeApplied(store.cluster, operation, this.path, this.value);
      if (process.alive && this.decide('store.crash-after')) {
        return store.crash(process, `after store ${this.operation} ${this.path}`);
      }
      if (this.decide('store.timeout-after-effect')) return session.answer(this, TIMED_OUT, STORE_TIMEOUT_US);
    }
    session.answer(this, found, store.latencyUs(process));
  }

  private decide(point: 'store.timeout' | 'store.timeout-after-effect' | 'store.crash-after'): boolean {
    const { process, store } = this.session;
    if (store.core.chance.decide(point, process.node.id, this.operation, '', 0) === undefined) return false;
    store.core.strike(point, process.node.id, '', `${this.operation} ${this.path}`);
    return true;
  }

  private take(): StoreResult {
    const { tree } = this.session.store;
    switch (this.operation) {
      case 'create':
        return tree.create(this.path, this.value);
      case 'set':
        return tree.set(this.path, this.value);
      case 'get':
        return tree.get(this.path);
      case 'children':
        return tree.children(this.path);
      case 'remove':
        return tree.remove(this.path, this.recursive);
    }
  }
}

const TIMED_OUT: StoreResult = Object.freeze({ error: 'ERR_TIMEOUT', value: '', children: [] });

/** One process's session. */
export class StoreSession implements StateStore {
  readonly store: ClusterStore;
  readonly process: SimProcess;
  private lastArrivalUs = 0;
  private lastAnswerUs = 0;

  constructor(store: ClusterStore, process: SimProcess) {
    this.store = store;
    this.process = process;
  }

  create(path: string, value: string, then: Continuation<StoreResult>): void {
    this.send('create', path, value, false, then);
  }

  set(path: string, value: string, then: Continuation<StoreResult>): void {
    this.send('set', path, value, false, then);
  }

  get(path: string, then: Continuation<StoreResult>): void {
    this.send('get', path, '', false, then);
  }

  children(path: string, then: Continuation<StoreResult>): void {
    this.send('children', path, '', false, then);
  }

  remove(path: string, recursive: boolean, then: Continuation<StoreResult>): void {
    this.send('remove', path, '', recursive, then);
  }

  /** The operation leaves now; it reaches the store behind all that this session sent before. */
  depart(call: StoreCall): void {
    const { process, store } = this;
    const { core, node } = process;
    const { operation, path } = call;
    call.departed = true;
    const extraUs = core.chance.decide('store.slow', node.id, operation, '', 0) ?? 0;
    if (extraUs > 0) core.strike('store.slow', node.id, '', `${operation} ${path}: ${extraUs} us`);
    const arrivalUs = core.kernel.nowUs + store.latencyUs(process) + Math.round(extraUs);
    this.lastArrivalUs = Math.max(this.lastArrivalUs, arrivalUs, this.fenceUs());
    store.open.add(call);
    core.kernel.schedule(this.lastArrivalUs, call);
  }

  /**
   * The meta servers' leader lock: a process becomes leader only after the session of the one before it has ended, so
   * nothing that a dead process sent takes effect behind its successor's first operation.
   */
  private fenceUs(): number {
    let untilUs = 0;
    for (const { session } of this.store.open) {
      if (session !== this && !session.process.alive) untilUs = Math.max(untilUs, session.lastArrivalUs);
    }
    return untilUs;
  }

  answer(call: StoreCall, found: StoreResult, latencyUs: number): void {
    const { process } = this;
    if (!process.alive) return;
    this.lastAnswerUs = Math.max(this.lastAnswerUs, process.core.kernel.nowUs + latencyUs);
    const code = process.code('LPC_META_STATE_HIGH');
    const { owner, method, args } = call.then;
    if (isChange(call.operation)) process.core.observer.storeAnswered(process.node.id, call.path, this.lastAnswerUs);
    const task = new SimTask(process, code, code.pool, 0, owner, method, args, undefined, true, found);
    code.pool.admit(task, this.lastAnswerUs);
  }

  private send(
    operation: StoreOperation,
    path: string,
    value: string,
    recursive: boolean,
    then: Continuation<StoreResult>,
  ): void {
    const { process } = this;
    const { core } = process;
    process.enter();
    const call = new StoreCall(this, operation, path, value, recursive, then);
    if (isChange(operation)) core.observer.storeAsked(process.node.id, operation, path);
    if (core.chargedUs > 0) {
      call.dueMonoUs = process.monotonicAtUs(core.momentUs());
      core.kernel.schedule(core.momentUs(), call);
    } else this.depart(call);
    process.leave();
  }
}
