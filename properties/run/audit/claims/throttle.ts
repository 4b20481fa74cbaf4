/** `throttle.verdict` (thr 5). */
import type { AuditPair } from '../audit.ts';

export const throttleAudits: AuditPair<'throttle.verdict'> = {
  claimedImpliesReal: { holds: 'A claimed refusal is answered as one, and a claimed delay is kept.' },
  realImpliesClaimed: { holds: 'Each ERR_BUSY of the data path was claimed.' },
};
