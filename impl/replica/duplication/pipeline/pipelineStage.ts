/**
 * What the stages have in common: a stage is one queued task at most, and nothing of it runs once the pipeline is
 * stopped (dup 6.1).
 */
import type { Context } from '../../../context.ts';
import type { Continuation, TaskHandle } from '../../../env/contract.ts';
import type { TaskCode } from '../../../protocol/taskCodes.ts';
import type { PipelineHost } from '../types.ts';
import type { DuplicationPipeline } from './duplicationPipeline.ts';

export abstract class PipelineStage {
  readonly ctx: Context;
  readonly pipeline: DuplicationPipeline;
  readonly host: PipelineHost;
  private queued: TaskHandle | undefined;

  constructor(ctx: Context, pipeline: DuplicationPipeline) {
    this.ctx = ctx;
    this.pipeline = pipeline;
    this.host = pipeline.host;
  }

  protected enqueue(code: TaskCode, hash: number, delayMs: number, then: Continuation): void {
    this.queued = this.ctx.env.tasks.post(code, hash, delayMs, then);
  }

  cancel(): void {
    this.queued?.cancel();
    this.queued = undefined;
  }
}
