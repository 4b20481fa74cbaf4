/** `load.slot` (bl 14.1). */
import type { AuditPair } from '../audit.ts';

export const downloadSlotAudits: AuditPair<'load.slot'> = {
  claimedImpliesReal: { holds: 'A claimed slot belongs to a download that writes to the replica\'s directory.' },
  realImpliesClaimed: { holds: 'A replica writes downloaded bytes only while it claims a slot.' },
};
