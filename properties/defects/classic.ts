/** Classic mistakes, by subsystem. */
import { CHECKPOINT } from './classic/checkpoint.ts';
import { DUPLICATORS } from './classic/duplication.ts';
import { LEASES } from './classic/leases.ts';
import { LOG } from './classic/log.ts';
import { NAMES } from './classic/names.ts';
import { MOVES } from './classic/moves.ts';
import { REPLICATION } from './classic/replication.ts';
import { STORAGE } from './classic/storage.ts';
import { TABLES } from './classic/tables.ts';
import type { Defect } from './types.ts';

export const CLASSIC: readonly Defect[] = [...REPLICATION, ...LOG, ...CHECKPOINT, ...STORAGE, ...TABLES, ...NAMES, ...DUPLICATORS, ...MOVES, ...LEASES];
