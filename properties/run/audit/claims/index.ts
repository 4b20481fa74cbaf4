/** Every claimed kind with its two audits; the type and a test prove the table complete. */
import type { AuditPair, ClaimedKind } from '../audit.ts';
import { appliedAudits } from './applied.ts';
import { checkpointEndedAudits } from './checkpointEnded.ts';
import { closedAudits } from './closed.ts';
import { committedAudits } from './committed.ts';
import { downloadSlotAudits } from './downloadSlot.ts';
import { dupShippedAudits, dupSkippedAudits, dupStartedAudits, dupStoppedAudits } from './duplicators.ts';
import { listCutAudits } from './listCut.ts';
import { loadFailedAudits } from './loadFailed.ts';
import { manualFlagAudits } from './manualFlag.ts';
import { openedAudits } from './opened.ts';
import { preparedAudits } from './prepared.ts';
import { statusAudits } from './status.ts';
import { throttleAudits } from './throttle.ts';

export const AUDITS: { readonly [K in ClaimedKind]: AuditPair<K> } = {
  'replica.status': statusAudits,
  'replica.prepared': preparedAudits,
  'replica.committed': committedAudits,
  'replica.applied': appliedAudits,
  'replica.opened': openedAudits,
  'replica.load-failed': loadFailedAudits,
  'replica.closed': closedAudits,
  'checkpoint.ended': checkpointEndedAudits,
  'checkpoint.manual-flag': manualFlagAudits,
  'replica.list-cut': listCutAudits,
  'dup.started': dupStartedAudits,
  'dup.stopped': dupStoppedAudits,
  'dup.shipped': dupShippedAudits,
  'dup.skipped': dupSkippedAudits,
  'load.slot': downloadSlotAudits,
  'throttle.verdict': throttleAudits,
};
