/**
 * The replica server's side of failure detection (repl 1.10; upstream's failure_detector and
 * slave_failure_detector_with_multimaster): a beacon to the meta server every `fdBeaconIntervalMs`, and a lease that runs
 * from the moment at which an answered beacon was *sent*. A server whose lease would end before the next check calls itself
 * disconnected; so it has stopped serving when the meta server, whose grace period is longer and runs from the moment a
 * beacon was *received*, may give its part to another.
 *
 * Beyond the sheet (upstream's source): a beacon is given up after two thirds of the interval, and then the next meta server
 * is asked after a second; an answer that is older than the newest counted one says nothing; nothing but the leader's
 * answer counts. All times are of the monotonic clock.
 */
import type { NodeId } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { reply, task } from '../env/contract.ts';
import type { RpcHandle, RpcResult, TaskHandle } from '../env/contract.ts';
import type { BeaconAck, BeaconMsg } from '../protocol/failureDetection.ts';
import type { ReplicaServer } from './replicaStub.ts';

/** The first beacon is a moment later than the start, so that its time counts as newer. */
const FIRST_BEACON_MS = 1;
/** Before another meta server is asked. */
const SWITCH_MASTER_MS = 1000;

export class FailureDetector {
  readonly ctx: Context;
  readonly server: ReplicaServer;
  private alive = false;
  /** When the newest beacon was sent that the leader has answered. */
  private lastSendTimeForBeaconWithAckUs: number;
  private timer: TaskHandle | undefined;
  private call: RpcHandle | undefined;
  private stopped = false;

  constructor(ctx: Context, server: ReplicaServer) {
    this.ctx = ctx;
    this.server = server;
    this.lastSendTimeForBeaconWithAckUs = ctx.env.clock.monotonicUs();
  }

  start(): void {
    this.sendLater(FIRST_BEACON_MS);
    this.checkLater();
  }

  /** The server is going: the meta server hears no more of it. */
  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
    this.call?.cancel();
  }

  isMasterConnected(): boolean {
    return this.alive;
  }

  // ------------------------------------------------------------------ beacons

  private sendLater(delayMs: number): void {
    this.timer?.cancel();
    this.timer = this.ctx.env.tasks.post('LPC_BEACON_SEND', 0, delayMs, task(this, 'onSendBeacon'));
  }

  onSendBeacon(): void {
    if (this.stopped) return;
    this.sendLater(this.ctx.settings.fdBeaconIntervalMs);
    this.sendBeacon(this.server.metaServer());
  }

  sendBeacon(meta: NodeId): void {
    const beacon: BeaconMsg = { timeUs: this.ctx.env.clock.monotonicUs() };
    this.call = this.ctx.env.rpc.call(
      meta,
      'RPC_FD_FAILURE_DETECTOR_PING',
      beacon,
      { hash: 0, timeoutMs: this.beaconTimeoutMs() },
      reply(this, 'endPing', beacon.timeUs, meta),
    );
  }

  beaconTimeoutMs(): number {
    return Math.floor((this.ctx.settings.fdBeaconIntervalMs * 2) / 3);
  }

  endPing(result: RpcResult<BeaconAck>, sentUs: number, meta: NodeId): void {
    if (this.stopped || sentUs <= this.lastSendTimeForBeaconWithAckUs) return;
    if (result.error !== 'ERR_OK' || !result.body.isMaster) {
      this.switchMaster(meta);
      return;
    }
    this.lastSendTimeForBeaconWithAckUs = sentUs;
    if (!this.alive && this.isLeaseValid()) this.setConnected(true);
  }

  switchMaster(meta: NodeId): void {
    this.server.suspectMetaServer(meta);
    if (this.server.metaServer() !== meta) this.sendLater(SWITCH_MASTER_MS);
  }

  isLeaseValid(): boolean {
    return this.sinceBeaconUs() <= this.ctx.settings.fdLeaseMs * 1000;
  }

  sinceBeaconUs(): number {
    return this.ctx.env.clock.monotonicUs() - this.lastSendTimeForBeaconWithAckUs;
  }

  // ------------------------------------------------------------------ the lease

  private checkLater(): void {
    const { fdCheckIntervalMs } = this.ctx.settings;
    this.ctx.env.tasks.post('LPC_BEACON_CHECK', 0, fdCheckIntervalMs, task(this, 'checkAllRecords'));
  }

  checkAllRecords(): void {
    if (this.stopped) return;
    if (this.alive && this.isLeaseEnding()) this.setConnected(false);
    this.checkLater();
  }

  /** Before the next check, which may be too late. */
  isLeaseEnding(): boolean {
    const { fdCheckIntervalMs, fdLeaseMs } = this.ctx.settings;
    return this.sinceBeaconUs() + fdCheckIntervalMs * 1000 > fdLeaseMs * 1000;
  }

  private setConnected(connected: boolean): void {
    this.alive = connected;
    if (connected) this.server.connection.onMetaServerConnected();
    else this.server.connection.onMetaServerDisconnected();
  }
}
