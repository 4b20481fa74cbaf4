/** The parts of this room; see impl/parts.ts. */
import { DatabaseDirectory } from './databaseDirectory.ts';
import { StorageEngine } from './storageEngine.ts';

export const engineParts = { StorageEngine, DatabaseDirectory } as const;
