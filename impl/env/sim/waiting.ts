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
  readonly hash: number;
  readonly state: 'queued' | 'delayed';
  /** Virtual time at which a delayed task is due (pauses aside); for a queued one, now. */
  readonly dueUs: number;
}

export interface WaitingCall {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly code: string;
  readonly gpid: Gpid;
  readonly decree: number;
  readonly method: string;
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

/** Delayed tasks come last, by the time they are due. */
export function listWaiting(
  kernel: Kernel,
  nodes: ReadonlyMap<NodeId, SimNode>,
  network: Network,
  stores: ReadonlyMap<ClusterId, ClusterStore>,
): Waiting {
  const tasks: WaitingTask[] = [];
  const describe = (task: SimTask, state: 'queued' | 'delayed', dueUs: number): WaitingTask => {
    const { process, pool, code, method, hash } = task;
    return { node: process.node.id, pool: pool.name, code: code.code, method, hash, state, dueUs };
  };
  for (const node of nodes.values()) {
    node.process?.forEachQueued((task) => tasks.push(describe(task, 'queued', kernel.nowUs)));
  }
  const delayed: { readonly task: WaitingTask; readonly seq: number }[] = [];
  kernel.forEach((event, timeUs, seq) => {
    if (event instanceof SimTask) delayed.push({ task: describe(event, 'delayed', timeUs), seq });
  });
  delayed.sort((a, b) => a.task.dueUs - b.task.dueUs || a.seq - b.seq);
  for (const { task } of delayed) tasks.push(task);
  const calls: WaitingCall[] = [];
  network.forEachCall(({ caller, to, code, gpid, decree, then }) => {
    calls.push({ from: caller.node.id, to, code, gpid, decree, method: then.method });
  });
  const store: WaitingStore[] = [];
  for (const { cluster, open } of stores.values()) {
    for (const { session, operation, path } of open) {
      store.push({ cluster, node: session.process.node.id, operation, path });
    }
  }
  return { tasks, calls, store };
}
