/**
 * `replica.list-cut` (repl 1.9): a learner's prepare list begins anew at what its storage holds, when learning begins, and
 * whenever another storage has taken the place of its own.
 */
import type { AuditPair } from '../audit.ts';

const KIND = 'replica.list-cut';

export const listCutAudits: AuditPair<typeof KIND> = {
  claimedImpliesReal: {
    holds: 'A list is claimed cut at the decree that storage is known to hold, and only of a replica that is no primary.',
    claim(desk, view, claim) {
      // What its log says of what lies above is void, or soon will be; the primary tells it anew.
      if (view.status === 'PS_POTENTIAL_SECONDARY')
        for (const decree of view.mutations.keys()) if (decree > claim.committed) view.mutations.delete(decree);
      if (claim.committed === view.applied && view.status !== 'PS_PRIMARY') return;
      const text = `${view}: claims that its list begins anew at ${claim.committed}`;
      desk.lie(KIND, 'claimed-implies-real', view, text, `${view.applied}, not as primary`, `${claim.committed} as ${view.status}`);
    },
  },
  realImpliesClaimed: {
    holds: 'Where storage was replaced under an open replica, its list is claimed cut there by the end of the task.',
    settle(desk, view) {
      const { storageReplacedAt } = view;
      if (storageReplacedAt < 0) return;
      view.storageReplacedAt = -1;
      // A storage that the disk refuses to open holds nothing for its replica, which goes to ERROR.
      if (!view.open || view.status === 'PS_ERROR' || desk.nodeView(view.node).struck) return;
      if (view.committed === storageReplacedAt) return;
      const text = `${view}: its storage holds decree ${storageReplacedAt} now, and its list goes on at ${view.committed}`;
      desk.lie(KIND, 'real-implies-claimed', view, text, `a claim that it begins anew at ${storageReplacedAt}`, 'none');
    },
  },
};
