/** What upstream's duplication has or had, by side. */
import { CONFLICTS } from './duplication/conflicts.ts';
import { FOLLOWER } from './duplication/follower.ts';
import { LOG_GC } from './duplication/logGc.ts';
import { META } from './duplication/meta.ts';
import { PIPELINE } from './duplication/pipeline.ts';
import { SOURCE } from './duplication/source.ts';
import type { Defect } from './types.ts';

export const DUPLICATION: readonly Defect[] = [...META, ...SOURCE, ...LOG_GC, ...PIPELINE, ...FOLLOWER, ...CONFLICTS];
