/** All suspects with a page, in the order of docs/findings. */
import { DUPLICATION_META } from './duplicationMeta.ts';
import { DUPLICATION_PIPELINE } from './duplicationPipeline.ts';
import { DUPLICATION_SOURCE } from './duplicationSource.ts';
import { LEARNING } from './learning.ts';
import { LOAD_META } from './loadMeta.ts';
import { LOAD_REPLICA } from './loadReplica.ts';
import { PRIVATE_LOG } from './privateLog.ts';
import { REPLICATION } from './replication.ts';
import type { Suspect } from './types.ts';

export interface Chapter {
  readonly heading: string;
  readonly suspects: readonly Suspect[];
}

export const CHAPTERS: readonly Chapter[] = [
  { heading: 'Duplication: meta servers', suspects: DUPLICATION_META },
  { heading: 'Duplication: checkpoints, duplicators and the private log', suspects: DUPLICATION_SOURCE },
  { heading: 'Duplication: loading, shipping, applying', suspects: DUPLICATION_PIPELINE },
  { heading: 'Bulk load: meta server', suspects: LOAD_META },
  { heading: 'Bulk load: polls, download, ingestion', suspects: LOAD_REPLICA },
  { heading: 'Replication, private log, throttling', suspects: [...REPLICATION, ...PRIVATE_LOG] },
  { heading: 'Learning', suspects: LEARNING },
];

export const SUSPECTS: readonly Suspect[] = CHAPTERS.flatMap(({ suspects }) => suspects);
