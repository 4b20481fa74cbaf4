/** The parts of this room; see impl/parts.ts. */
import { StorageEngine } from './storageEngine.ts';

export const engineParts = { StorageEngine } as const;
