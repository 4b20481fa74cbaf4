/** The pipeline's first stage: waits until there is something to load (dup 6.2). */
import type { Decree } from '../../../../model/vocabulary.ts';
import { task } from '../../../env/contract.ts';
import { PipelineStage } from './pipelineStage.ts';

export class LoadMutation extends PipelineStage {
  runLater(delayMs: number): void {
    this.enqueue('LPC_REPLICATION_LOW', this.host.replica.hash, delayMs, task(this, 'run'));
  }

  run(): void {
    if (this.pipeline.isStopped()) return;
    const start = this.host.lastDecree() + 1;
    if (start > this.limit()) this.runLater(this.ctx.settings.dupNoMutationLoadDelayMs);
    else this.pipeline.loadFrom(start);
  }

  /** Up to here the log can be read, and what is read is known to be committed (#2050). */
  limit(): Decree {
    const { replica } = this.host;
    return Math.min(replica.privateLog?.maxDecreeOnDisk() ?? 0, replica.lastAppliedDecree());
  }
}
