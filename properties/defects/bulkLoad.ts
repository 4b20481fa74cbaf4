/** What upstream's bulk load has or had, by side, and the mistakes that one makes with it. */
import { DISPATCH } from './bulkLoad/dispatch.ts';
import { DOWNLOAD } from './bulkLoad/download.ts';
import { INGESTION } from './bulkLoad/ingestion.ts';
import { META } from './bulkLoad/meta.ts';
import { REPLICA } from './bulkLoad/replica.ts';
import type { Defect } from './types.ts';

export const BULK_LOAD: readonly Defect[] = [...META, ...DISPATCH, ...REPLICA, ...DOWNLOAD, ...INGESTION];
