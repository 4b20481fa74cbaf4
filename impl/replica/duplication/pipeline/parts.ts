/** The parts of this room; see impl/parts.ts. */
import type { Context } from '../../../context.ts';
import type { PipelineContract, PipelineHost } from '../types.ts';
import { DuplicationPipeline } from './duplicationPipeline.ts';
import { LoadFromPrivateLog } from './loadFromPrivateLog.ts';
import { LoadMutation } from './loadMutation.ts';
import { MutationBatch } from './mutationBatch.ts';
import { MutationBuffer } from './mutationBuffer.ts';
import { MutationDuplicator } from './mutationDuplicator.ts';
import { ShipMutation } from './shipMutation.ts';

/** Duplicators know the contract only, so that a test can put another pipeline in its place. */
const pipeline: new (ctx: Context, host: PipelineHost) => PipelineContract = DuplicationPipeline;

export const pipelineParts = {
  DuplicationPipeline: pipeline,
  LoadMutation,
  LoadFromPrivateLog,
  MutationBatch,
  MutationBuffer,
  ShipMutation,
  MutationDuplicator,
} as const;
