/** The pipeline's last stage: has the loaded writes sent, tells the progress, and lets loading go on (dup 6.6). */
import type { Decree } from '../../../../model/vocabulary.ts';
import { reply, task } from '../../../env/contract.ts';
import { PipelineStage } from './pipelineStage.ts';
import type { LoadedWrite } from './types.ts';

export class ShipMutation extends PipelineStage {
  shipLater(last: Decree, writes: readonly LoadedWrite[]): void {
    this.enqueue('LPC_REPLICATION_LOW', this.host.replica.hash, 0, task(this, 'run', last, writes));
  }

  run(last: Decree, writes: readonly LoadedWrite[]): void {
    if (this.pipeline.isStopped()) return;
    if (writes.length === 0) this.onDuplicated(0, last, this.delayOfEmpty(last));
    else this.pipeline.duplicator.duplicate(writes, reply(this, 'onDuplicated', last, 0));
  }

  /** A round that found nothing new is followed by a pause (dup.B25: upstream spins). */
  delayOfEmpty(last: Decree): number {
    return last > this.host.lastDecree() ? 0 : this.ctx.settings.dupNoMutationLoadDelayMs;
  }

  /** Every request is acknowledged. */
  onDuplicated(shippedBytes: number, last: Decree, delayMs: number): void {
    const { replica } = this.host;
    if (this.pipeline.isStopped()) return;
    if (shippedBytes > 0) replica.host.metrics.add(replica.gpid, 'dup_shipped_bytes', shippedBytes);
    this.updateProgress(last);
    this.pipeline.loadAgain(delayMs);
  }

  updateProgress(last: Decree): void {
    if (last > this.host.lastDecree()) this.host.onShipped(last);
  }
}
