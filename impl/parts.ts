/**
 * The part table: every stateful class of the implementation by name. A part builds other parts only through
 * `context.parts`, so that a world can substitute a subclass (a defect, or somebody's change) for all nodes or for one.
 */
import { clientParts } from './client/parts.ts';
import { metaParts } from './meta/parts.ts';
import { providerParts } from './provider/parts.ts';
import { pipelineParts } from './replica/duplication/pipeline/parts.ts';
import { replicaParts } from './replica/parts.ts';
import { appParts } from './storage/app/parts.ts';
import { engineParts } from './storage/engine/parts.ts';
import { plogParts } from './storage/plog/parts.ts';

export const DEFAULT_PARTS = {
  ...plogParts,
  ...engineParts,
  ...appParts,
  ...replicaParts,
  ...pipelineParts,
  ...providerParts,
  ...metaParts,
  ...clientParts,
};

export type Parts = typeof DEFAULT_PARTS;
export type PartName = keyof Parts;
