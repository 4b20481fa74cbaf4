/** Who waits for what in a world, as plain data: the first question about a run that is stuck. */
import type { ClusterId, Gpid, NodeId } from '../../../model/vocabulary.ts';
import type { Kernel } from './kernel.ts';
import type { Network } from './network.ts';
import type { SimNode } from './node.ts';
import { SimTask } from './pools.ts';
import type { ClusterStore } from './store.ts';

export interface WaitingTask {
  readonly node: NodeId;
  readonly pool: string;
  readonly code: string;
  readonly method: string;
  /** The class whose method it is. */
  readonly owner: string;
  readonly hash: number;
  readonly state: 'queued' | 'delayed';
  /** Virtual time at which a delayed task is due (pauses aside); for a queued one, now. */
  readonly dueUs: number;
  /** Of a queued task, how many are taken before it, were no other to come; else 0. */
  readonly ahead: number;
}

export interface WaitingCall {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly code: string;
  readonly gpid: Gpid;
  readonly decree: number;
  readonly method: string;
  /** Virtual time at which it was made, and at which its caller gives it up (pauses aside). */
  readonly sinceUs: number;
  readonly untilUs: number;
}

export interface WaitingStore {
  readonly cluster: ClusterId;
  readonly node: NodeId;
  readonly operation: string;
  readonly path: string;
}

export interface Waiting {
  readonly tasks: readonly WaitingTask[];
  readonly calls: readonly WaitingCall[];
  readonly store: readonly WaitingStore[];
}

/** The name of an object's class: of the first above it that has one (a subclass without a name is a changed part). */
export function classNameOf(owner: object): string {
  for (let at: unknown = owner; typeof at === 'object' && at !== null; at = Object.getPrototypeOf(at)) {
    const made: unknown = Object.getOwnPropertyDescriptor(at, 'constructor')?.value;
    if (typeof made === 'function' && made.name !== '') return made.name;
  }
  return '';
}

/** Delayed tasks come last, by the time they are due. */
export function listWaiting(
  kernel: Kernel,
  nodes: ReadonlyMap<NodeId, SimNode>,
  network: Network,
  stores: ReadonlyMap<ClusterId, ClusterStore>,
): Waiting {
  const tasks: WaitingTask[] = [];
  const describe = (task: SimTask, state: 'queued' | 'delayed', dueUs: number, ahead: number): WaitingTask => {
    const { process, pool, code, method, owner, hash } = task;
    return { node: process.node.id, pool: pool.name, code: code.code, method, owner: classNameOf(owner), hash, state, dueUs, ahead };
  };
  for (const node of nodes.values()) {
    const ahead = new Map<object, number>();
    node.process?.forEachQueued((task) => {
      const queue = task.pool.queueOf(task.hash);
      const before = ahead.get(queue) ?? 0;
      ahead.set(queue, before + 1);
      tasks.push(describe(task, 'queued', kernel.nowUs, before));
    });
  }
  const delayed: { readonly task: WaitingTask; readonly seq: number }[] = [];
  kernel.forEach((event, timeUs, seq) => {
    if (event instanceof SimTask) delayed.push({ task: describe(event, 'delayed', timeUs, 0), seq });
  });
  delayed.sort((a, b) => a.task.dueUs - b.task.dueUs || a.seq - b.seq);
  for (const { task } of delayed) tasks.push(task);
  const calls: WaitingCall[] = [];
  network.forEachCall(({ caller, to, code, gpid, decree, then, sinceUs, dueMonoUs }) => {
    calls.push({ from: caller.node.id, to, code, gpid, decree, method: then.method, sinceUs, untilUs: caller.whenMonotonic(dueMonoUs) });
  });
  const store: WaitingStore[] = [];
  for (const { cluster, open } of stores.values()) {
    for (const { session, operation, path } of open) {
      store.push({ cluster, node: session.process.node.id, operation, path });
    }
  }
  return { tasks, calls, store };
}
