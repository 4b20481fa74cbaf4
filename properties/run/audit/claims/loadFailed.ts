/**
 * `replica.load-failed` (repl 5.1 step 6, 5.3): the directory of a replica that cannot be loaded is set aside as
 * `.err`.
 */
import type { AuditPair } from '../audit.ts';

const KIND = 'replica.load-failed';

export const loadFailedAudits: AuditPair<typeof KIND> = {
  claimedImpliesReal: {
    holds: 'When a load is claimed failed, the directory of the replica is set aside as .err by the end of the task.',
    claim(desk, view) {
      // A disk that refused may have refused the rename, or to make the directory in the first place.
      if (desk.nodeView(view.node).struck) return;
      view.loadFailedOwed = true;
      desk.owe(view);
    },
    settle(desk, view) {
      if (!view.loadFailedOwed || view.setAside === 'err' || desk.nodeView(view.node).struck) return;
      desk.lie(
        KIND,
        'claimed-implies-real',
        view,
        `${view}: load claimed failed, but its directory stands`,
        `${view.dir}.<us>.err`,
        view.dir,
      );
    },
  },
  realImpliesClaimed: {
    holds:
      'A directory is set aside as .err only for a load claimed failed, or for a replica that was open ' +
      'and went to ERROR.',
    directoryGone(desk, view, suffix) {
      if (suffix !== 'err' || view.status === 'PS_ERROR') return;
      view.errOwed = true;
      desk.owe(view);
    },
    settle(desk, view) {
      if (!view.errOwed || view.loadFailedClaimed || view.status === 'PS_ERROR') return;
      desk.lie(
        KIND,
        'real-implies-claimed',
        view,
        `${view}: its directory was set aside as .err without a claim`,
        'a replica.load-failed claim',
        'none',
      );
    },
  },
};
