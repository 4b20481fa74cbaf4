/**
 * `replica.closed` (repl 1.11): a closed replica does nothing until it is opened again; one that is gone is claimed
 * closed.
 */
import type { AuditPair, Desk } from '../audit.ts';
import type { ReplicaView } from '../view.ts';

const KIND = 'replica.closed';

function silent(desk: Desk, view: ReplicaView, what: string): void {
  if (view.open || !view.closed || view.activity !== '') return;
  view.activity = what;
  desk.owe(view);
}

/** A replica that its server called unknown does something again, under the same opened claim. */
function back(desk: Desk, view: ReplicaView, what: string): void {
  if (!view.denied || !view.open) return;
  view.denied = false;
  const text = `${view}: ${what} after its server called it unknown`;
  desk.lie(KIND, 'real-implies-claimed', view, text, 'claims that it was closed and opened', 'none');
}

export const closedAudits: AuditPair<typeof KIND> = {
  claimedImpliesReal: {
    holds:
      'After a replica is claimed closed it sends no prepare, group check, acknowledgement or accepted ' +
      'write, and makes no checkpoint, until it is opened.',
    prepareSent: (desk, view, to) => silent(desk, view, `sent a prepare to ${to}`),
    groupCheckSent: (desk, view) => silent(desk, view, 'sent a group check'),
    prepareAnswered(desk, view, ack) {
      if (ack.error === 'ERR_OK') silent(desk, view, `acknowledged decree ${ack.decree}`);
    },
    writeAnswered(desk, view, response) {
      if (response.error === 'ERR_OK') silent(desk, view, `answered the write of decree ${response.decree}`);
    },
    settle(desk, view) {
      if (view.activity === '' || view.open || !view.closed || view.closedInTask) return;
      desk.lie(
        KIND,
        'claimed-implies-real',
        view,
        `${view}: ${view.activity} after it was claimed closed`,
        'no activity',
        view.activity,
      );
    },
  },
  realImpliesClaimed: {
    holds:
      'A replica that is opened anew, whose directory is gone, or that comes back after its server ' +
      'called it unknown, was claimed closed.',
    otherClaim(desk, view, claim) {
      // What it prepared before it was called unknown may still be acknowledged when the log has it; what it prepares now may not.
      if (claim.kind === 'replica.prepared') back(desk, view, `prepared decree ${claim.mutation.decree}`);
      if (claim.kind !== 'replica.opened' || !view.open) return;
      desk.lie(
        KIND,
        'real-implies-claimed',
        view,
        `${view}: opened again without having been claimed closed`,
        'a replica.closed claim',
        'replica.opened',
      );
    },
    directoryGone(desk, view) {
      if (!view.open) return;
      view.goneOwed = true;
      desk.owe(view);
    },
    // A replica that is being closed counts as absent before its closing ends and is claimed; it does not come back.
    prepareAnswered(_desk, view, ack) {
      if (ack.error === 'ERR_OBJECT_NOT_FOUND') view.denied = view.open;
    },
    prepareSent: (desk, view, to) => back(desk, view, `sent a prepare to ${to}`),
    settle(desk, view) {
      if (!view.goneOwed || !view.open) return;
      desk.lie(
        KIND,
        'real-implies-claimed',
        view,
        `${view}: is gone but not claimed closed`,
        'a replica.closed claim',
        `claimed open as ${view.status}`,
      );
    },
  },
};
