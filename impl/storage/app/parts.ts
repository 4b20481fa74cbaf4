/** The parts of this room; see impl/parts.ts. */
import { CheckpointInstall } from './checkpointInstall.ts';
import { DuplicateWriter } from './duplicateWriter.ts';
import { ManualCompactService } from './manualCompactService.ts';
import { StorageApp } from './storageApp.ts';

export const appParts = { StorageApp, ManualCompactService, DuplicateWriter, CheckpointInstall } as const;
