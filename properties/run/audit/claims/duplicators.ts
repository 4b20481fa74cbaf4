/** `dup.started`, `dup.stopped`, `dup.shipped`, `dup.skipped` (dup 4.1, 6): what a replica says of its duplicators. */
import type { AuditPair } from '../audit.ts';

export const dupStartedAudits: AuditPair<'dup.started'> = {
  claimedImpliesReal: { holds: 'A duplicator that is claimed started was told DS_LOG by the meta server.' },
  realImpliesClaimed: { holds: 'Only a duplicator that is claimed started sends to the follower.' },
};

export const dupStoppedAudits: AuditPair<'dup.stopped'> = {
  claimedImpliesReal: { holds: 'After it is claimed stopped a duplicator sends nothing.' },
  realImpliesClaimed: { holds: 'A duplicator that was told to end is claimed stopped.' },
};

export const dupShippedAudits: AuditPair<'dup.shipped'> = {
  claimedImpliesReal: { holds: 'What a duplicator claims to have shipped is what its server reports to the meta server.' },
  realImpliesClaimed: { holds: 'What a server reports as shipped was claimed before.' },
};

export const dupSkippedAudits: AuditPair<'dup.skipped'> = {
  claimedImpliesReal: { holds: 'Decrees that are claimed skipped cannot be read in the log of their replica.' },
  realImpliesClaimed: { holds: 'Decrees that a duplicator passes over without sending them are claimed skipped.' },
};
