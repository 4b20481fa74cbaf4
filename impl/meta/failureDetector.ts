/**
 * Which replica servers are alive (repl 1.10; upstream's meta_server_failure_detector): one that sends beacons, until none
 * has come for `fdGraceMs`. The grace period runs from the moment a beacon was received and is longer than the lease, which
 * runs from the moment it was sent: whom this server calls dead has stopped serving before.
 *
 * Beyond the sheet (upstream's source): a new leader counts every server that its tables name as alive from when it begins
 * to serve. Departure FM8: a server that restarts again and again is answered like any other.
 */
import type { NodeId } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { task } from '../env/contract.ts';
import type { Replier } from '../env/contract.ts';
import type { BeaconAck, BeaconMsg } from '../protocol/failureDetection.ts';

interface Worker {
  lastBeaconRecvUs: number;
  alive: boolean;
}

/** Hears of servers that come and go. */
export interface WorkerListener {
  onNodeStateChanged(node: NodeId, alive: boolean): void;
}

export class MetaFailureDetector {
  readonly ctx: Context;
  readonly listener: WorkerListener;
  private readonly workers = new Map<NodeId, Worker>();

  constructor(ctx: Context, listener: WorkerListener) {
    this.ctx = ctx;
    this.listener = listener;
  }

  start(): void {
    this.ctx.env.rpc.serve('RPC_FD_FAILURE_DETECTOR_PING', this, 'onPing');
    this.checkLater();
  }

  isAlive(node: NodeId): boolean {
    return this.workers.get(node)?.alive === true;
  }

  /** The tables are known: who serves them is taken for alive from now on, and has the grace period to say so. */
  registerWorkers(nodes: Iterable<NodeId>): void {
    for (const node of nodes) if (!this.workers.has(node)) this.onBeacon(node);
  }

  // ------------------------------------------------------------------ beacons

  onPing(beacon: BeaconMsg, replier: Replier<BeaconAck>): void {
    this.onBeacon(replier.from);
    replier.reply({ timeUs: beacon.timeUs, isMaster: true });
  }

  private onBeacon(node: NodeId): void {
    const nowUs = this.ctx.env.clock.monotonicUs();
    const worker = this.workers.get(node) ?? { lastBeaconRecvUs: nowUs, alive: false };
    this.workers.set(node, worker);
    worker.lastBeaconRecvUs = nowUs;
    if (!worker.alive) this.setNodeState(node, worker, true);
  }

  // ------------------------------------------------------------------ the grace period

  private checkLater(): void {
    const { fdCheckIntervalMs } = this.ctx.settings;
    this.ctx.env.tasks.post('LPC_BEACON_CHECK', 0, fdCheckIntervalMs, task(this, 'checkAllRecords'));
  }

  checkAllRecords(): void {
    const nowUs = this.ctx.env.clock.monotonicUs();
    for (const [node, worker] of this.workers) {
      if (worker.alive && this.isGraceOver(worker, nowUs)) this.setNodeState(node, worker, false);
    }
    this.checkLater();
  }

  isGraceOver({ lastBeaconRecvUs }: Worker, nowUs: number): boolean {
    return nowUs - lastBeaconRecvUs > this.ctx.settings.fdGraceMs * 1000;
  }

  private setNodeState(node: NodeId, worker: Worker, alive: boolean): void {
    worker.alive = alive;
    this.listener.onNodeStateChanged(node, alive);
  }
}
