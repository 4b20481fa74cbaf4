/** The parts of this room; see impl/parts.ts. */
import { DuplicateWriter } from './duplicateWriter.ts';
import { ManualCompactService } from './manualCompactService.ts';
import { StorageApp } from './storageApp.ts';

export const appParts = { StorageApp, ManualCompactService, DuplicateWriter } as const;
