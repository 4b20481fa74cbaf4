/** Every defect module. Whoever needs a few by their names asks load.ts, which brings in these hundred and more only then. */
import { BULK_LOAD } from './bulkLoad.ts';
import { CANARY } from './canary.ts';
import { CLASSIC } from './classic.ts';
import { DUPLICATION } from './duplication.ts';
import { LIARS } from './liars.ts';
import { MEMBERSHIP } from './membership.ts';
import { PRIVATE_LOG } from './privateLog.ts';
import { THROTTLING } from './throttling.ts';
import type { Defect } from './types.ts';
import { UPSTREAM } from './upstream.ts';

export const DEFECTS: readonly Defect[] = [...UPSTREAM, ...PRIVATE_LOG, ...MEMBERSHIP, ...DUPLICATION, ...BULK_LOAD, ...THROTTLING, ...CLASSIC, ...LIARS, CANARY];
