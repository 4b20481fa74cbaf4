/**
 * One duplicator's pipeline: load, load_private and ship, one behind the other in a ring (dup 6.1). Pausing ends it with
 * everything that it has read but not shipped; a resumed duplicator builds a new one.
 */
import type { Decree } from '../../../../model/vocabulary.ts';
import type { Context } from '../../../context.ts';
import type { PipelineContract, PipelineHost } from '../types.ts';
import type { LoadFromPrivateLog } from './loadFromPrivateLog.ts';
import type { LoadMutation } from './loadMutation.ts';
import type { MutationBatch } from './mutationBatch.ts';
import type { MutationDuplicator } from './mutationDuplicator.ts';
import type { ShipMutation } from './shipMutation.ts';
import type { LoadedWrite } from './types.ts';

export class DuplicationPipeline implements PipelineContract {
  readonly ctx: Context;
  readonly host: PipelineHost;
  readonly batch: MutationBatch;
  readonly load: LoadMutation;
  readonly loadPrivate: LoadFromPrivateLog;
  readonly ship: ShipMutation;
  readonly duplicator: MutationDuplicator;
  private stopped = false;

  constructor(ctx: Context, host: PipelineHost) {
    const { parts } = ctx;
    this.ctx = ctx;
    this.host = host;
    this.batch = new parts.MutationBatch(ctx, host);
    this.load = new parts.LoadMutation(ctx, this);
    this.loadPrivate = new parts.LoadFromPrivateLog(ctx, this);
    this.ship = new parts.ShipMutation(ctx, this);
    this.duplicator = new parts.MutationDuplicator(ctx, host);
  }

  start(): void {
    this.load.runLater(0);
  }

  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.load.cancel();
    this.loadPrivate.cancel();
    this.ship.cancel();
    this.duplicator.cancel();
  }

  isStopped(): boolean {
    return this.stopped;
  }

  // ------------------------------------------------------------------ hand-overs, always through a queue

  loadFrom(start: Decree): void {
    this.batch.setStartDecree(start);
    this.loadPrivate.startFrom(start);
  }

  shipLoaded(last: Decree, writes: readonly LoadedWrite[]): void {
    this.ship.shipLater(last, writes);
  }

  loadAgain(delayMs: number): void {
    if (!this.stopped) this.load.runLater(delayMs);
  }
}
