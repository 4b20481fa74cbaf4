/** A pipeline over a log of its own, for tests of the loader. */
import { DuplicationPipeline } from '../../../../../impl/replica/duplication/pipeline/duplicationPipeline.ts';
import type { Settings } from '../../../../../impl/settings.ts';
import { PipelineWorld, record } from './pipelineWorld.ts';
import type { WorldOptions } from './pipelineWorld.ts';

/** Small files: each record begins a new one once the last is over it. */
export const SMALL_FILES: Partial<Settings> = { logPrivateFileSizeBytes: 300 };

export interface Started {
  readonly world: PipelineWorld;
  readonly pipeline: DuplicationPipeline;
}

export function makeWorld(options: WorldOptions = {}): Started {
  const world = new PipelineWorld(options);
  return { world, pipeline: new DuplicationPipeline(world.ctx, world) };
}

export function appendEach(world: PipelineWorld, from: number, to: number): void {
  for (let decree = from; decree <= to; decree++) world.append(record(decree));
}

export function values(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => `v${from + i}`);
}

export function logFiles(world: PipelineWorld): string[] {
  return [...world.disk.files.keys()];
}
