/** The Env of one process in the simulated world: its tasks, facts and chance, beside rpc, disk and store. */
import type { Claim } from '../../../model/events.ts';
import type { NodeId } from '../../../model/vocabulary.ts';
import type { TaskCode } from '../../protocol/taskCodes.ts';
import {
  CheckFailed,
  type Clock,
  type Continuation,
  type Disk,
  type Env,
  type ProviderServices,
  type Rpc,
  type StateStore,
  type TaskHandle,
  type Tasks,
} from '../contract.ts';
import { ProcessDisk } from './disk.ts';
import type { Network } from './network.ts';
import { decidePoolDelay } from './poolFaults.ts';
import type { SimProcess } from './process.ts';
import { ProcessProviders, type ProviderStores } from './provider.ts';
import { SimRpc } from './rpc.ts';
import { type ClusterStore, StoreSession } from './store.ts';

class SimTasks implements Tasks {
  private readonly process: SimProcess;

  constructor(process: SimProcess) {
    this.process = process;
  }

  post(code: TaskCode, hash: number, delayMs: number, then: Continuation): TaskHandle {
    const { process } = this;
    process.enter();
    const resolved = process.code(code);
    const task = process.newTask(resolved, resolved.pool, hash, then);
    const momentUs = process.core.momentUs();
    const extraUs = decidePoolDelay(process, resolved, hash);
    if (delayMs > 0) resolved.pool.later(task, momentUs + Math.round(delayMs * 1000) + extraUs);
    else {
      if (extraUs > 0) resolved.pool.queueOf(hash).holdBack(resolved.priority, momentUs + extraUs);
      resolved.pool.admit(task, momentUs);
    }
    return task;
  }

  charge(costUs: number): void {
    this.process.enter();
    if (!(costUs >= 0)) throw new Error(`charge of ${costUs} us`);
    if (this.process.core.running !== undefined) this.process.core.chargedUs += Math.round(costUs);
  }
}

export class SimEnv implements Env {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly tasks: Tasks;
  readonly rpc: Rpc;
  readonly disk: Disk;
  readonly store: StateStore;
  readonly provider: ProviderServices;
  private readonly process: SimProcess;

  constructor(process: SimProcess, network: Network, store: ClusterStore, providers: ProviderStores) {
    this.self = process.node.id;
    this.process = process;
    this.clock = process;
    this.tasks = new SimTasks(process);
    this.rpc = new SimRpc(network, process);
    this.disk = new ProcessDisk(process);
    this.store = new StoreSession(store, process);
    this.provider = new ProcessProviders(process, providers);
  }

  random(): number {
    this.process.enter();
    return this.process.core.chance.random(this.self);
  }

  emit(claim: Claim): void {
    this.process.enter();
    this.process.core.observer.claimed(this.self, claim);
    this.process.leave();
  }

  check(condition: boolean, name: string, detail?: () => string): asserts condition {
    if (!condition) throw new CheckFailed(name, detail === undefined ? '' : detail());
  }
}
