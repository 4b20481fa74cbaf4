/**
 * `checkpoint.manual-flag` (repl 2.3, R8, R9): the server's counter is the number of its replicas whose flag is set; the answers
 * that operators get about manual checkpoints agree with the claimed flag.
 */
import type { AuditPair } from '../audit.ts';

const KIND = 'checkpoint.manual-flag';

export const manualFlagAudits: AuditPair<typeof KIND> = {
  claimedImpliesReal: {
    holds: 'A claimed flag changes when it is claimed, and the claimed server counter is the number of flags claimed set on that server.',
    claim(desk, view, claim) {
      const flags = desk.nodeView(view.node).manualFlags;
      const count = flags.size + (claim.set ? (flags.has(view.gpid) ? 0 : 1) : flags.has(view.gpid) ? -1 : 0);
      if (claim.serverCount === count) return;
      const text = `${view}: manual checkpoint flag ${claim.set ? 'set' : 'cleared'} with a wrong server counter`;
      desk.lie(KIND, 'claimed-implies-real', view, text, `counter ${count}`, `${claim.serverCount}`);
    },
  },
  realImpliesClaimed: {
    holds: 'A replica that is closed, and one that is neither primary nor secondary, has no flag set by the end of the task.',
    otherClaim(desk, view, claim) {
      if (claim.kind !== 'replica.closed' && claim.kind !== 'replica.status') return;
      if (desk.nodeView(view.node).manualFlags.has(view.gpid)) desk.owe(view);
    },
    settle(desk, view) {
      if (!desk.nodeView(view.node).manualFlags.has(view.gpid)) return;
      if (view.open && (view.status === 'PS_PRIMARY' || view.status === 'PS_SECONDARY')) return;
      const role = view.open ? view.status : 'closed';
      desk.lie(KIND, 'real-implies-claimed', view, `${view}: is ${role} with its manual checkpoint flag still claimed set`, 'a claim that it was cleared', 'none');
    },
  },
};
