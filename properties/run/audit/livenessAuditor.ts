/**
 * Beacons that are answered, and reads that are served (repl 1.10, 1.1): what leases are judged by. Beacons come all the time, so a
 * lease is told when something is done that needs one.
 */
import type { BeaconAck, BeaconMsg } from '../../../impl/protocol/failureDetection.ts';
import type { MessageKind } from '../../../impl/env/sim/observer.ts';
import type { ReadResponse, RpcCode } from '../../../impl/protocol/messages.ts';
import type { ModelEvent } from '../../../model/events.ts';
import type { Gpid, NodeId } from '../../../model/vocabulary.ts';

export class LivenessAuditor {
  private readonly nowUs: () => number;
  private readonly sink: (event: ModelEvent) => void;
  /** The newest beacon of each server: its own time, and when it left. One is given up before the next is sent. */
  private readonly beacons = new Map<NodeId, { readonly timeUs: number; readonly sentUs: number }>();

  /** When the newest answered beacon left, of servers of which that is not told yet. */
  private readonly untold = new Map<NodeId, number>();

  constructor(nowUs: () => number, sink: (event: ModelEvent) => void) {
    this.nowUs = nowUs;
    this.sink = sink;
  }

  messageSent(from: NodeId, code: RpcCode, kind: MessageKind, gpid: Gpid, body: unknown): void {
    if (code === 'RPC_RRDB_RRDB_GET' && kind === 'reply') this.readAnswered(from, gpid, body as ReadResponse);
    if (code === 'RPC_FD_FAILURE_DETECTOR_PING' && kind !== 'reply') this.beaconSent(from, body as BeaconMsg);
  }

  messageDelivered(to: NodeId, code: RpcCode, kind: MessageKind, body: unknown): void {
    if (code === 'RPC_FD_FAILURE_DETECTOR_PING' && kind === 'reply') this.beaconAnswered(to, body as BeaconAck);
  }

  private beaconSent(from: NodeId, { timeUs }: BeaconMsg): void {
    this.beacons.set(from, { timeUs, sentUs: this.nowUs() });
  }

  private beaconAnswered(node: NodeId, { timeUs, isMaster }: BeaconAck): void {
    const beacon = this.beacons.get(node);
    if (isMaster && beacon?.timeUs === timeUs) this.untold.set(node, beacon.sentUs);
  }

  /** To be called before what the node's lease decides. */
  tellLease(node: NodeId): void {
    const sentUs = this.untold.get(node);
    if (sentUs === undefined) return;
    this.untold.delete(node);
    this.sink({ kind: 'beacon.acked', atUs: this.nowUs(), node, sentUs });
  }

  processStopped(node: NodeId): void {
    this.untold.delete(node);
  }

  private readAnswered(node: NodeId, gpid: Gpid, { error }: ReadResponse): void {
    if (error !== 'ERR_OK') return;
    this.tellLease(node);
    this.sink({ kind: 'read.served', atUs: this.nowUs(), node, gpid });
  }
}
