/**
 * `load.slot` (bl 14.1): a download holds one of its server's slots from before its first byte until it ends, and the
 * server's counter is the number of slots that are held.
 */
import type { AuditPair, Desk } from '../audit.ts';
import { loadDirOf } from '../loadView.ts';
import type { ReplicaView } from '../view.ts';

const KIND = 'load.slot';

function hasDirectory(desk: Desk, view: ReplicaView): boolean {
  return desk.disk(view.node).info(loadDirOf(view.dir))?.kind === 'directory';
}

function owe(desk: Desk, view: ReplicaView): void {
  view.load.owes = true;
  desk.owe(view);
}

export const downloadSlotAudits: AuditPair<typeof KIND> = {
  claimedImpliesReal: {
    holds:
      'The claimed server counter is the number of slots claimed held on that server, and a replica that claims a slot ' +
      'has a directory to download to.',
    claim(desk, view, claim) {
      const { slots } = desk.nodeView(view.node);
      const count = slots.total + (claim.taken ? 1 : -1);
      if (!claim.taken && !slots.holds(view.gpid)) {
        const text = `${view}: gives a download slot back that it never claimed`;
        desk.lie(KIND, 'claimed-implies-real', view, text, 'a slot that is held', 'none');
      } else if (claim.serverCount !== count) {
        const text = `${view}: download slot ${claim.taken ? 'taken' : 'given back'} with a wrong server counter`;
        desk.lie(KIND, 'claimed-implies-real', view, text, `counter ${count}`, `${claim.serverCount}`);
      }
      if (!claim.taken) return;
      view.load.directoryOwed = true;
      owe(desk, view);
    },
    memberReported(desk, view, { holdsSlot, onDisk }) {
      if (!holdsSlot || onDisk !== undefined) return;
      const text = `${view}: tells of its load with a download slot claimed held and no directory to download to`;
      desk.lie(KIND, 'claimed-implies-real', view, text, 'a claim that it was given back', 'none');
    },
    settle(desk, view) {
      if (!view.load.directoryOwed) return;
      const node = desk.nodeView(view.node);
      if (node.struck || !node.slots.holds(view.gpid) || hasDirectory(desk, view)) return;
      const text = `${view}: claims a download slot and has no directory to download to`;
      desk.lie(KIND, 'claimed-implies-real', view, text, loadDirOf(view.dir), 'none');
    },
  },
  realImpliesClaimed: {
    holds:
      'A replica writes downloaded bytes only while it claims a slot, and one that is closed has claimed by the end of ' +
      'the task that it gave its slot back.',
    downloaded(desk, view, file) {
      if (desk.nodeView(view.node).slots.holds(view.gpid)) return;
      view.load.written = file;
      owe(desk, view);
    },
    otherClaim(desk, view, claim) {
      if (claim.kind === 'replica.closed' && desk.nodeView(view.node).slots.holds(view.gpid)) owe(desk, view);
    },
    settle(desk, view) {
      if (!view.load.owes) return;
      const held = desk.nodeView(view.node).slots.holds(view.gpid);
      if (view.load.written !== '' && !held) {
        const text = `${view}: downloads ${view.load.written} without a slot claimed held`;
        desk.lie(KIND, 'real-implies-claimed', view, text, 'a claim that one was taken', 'none');
      }
      if (!view.closed || !held) return;
      const text = `${view}: is closed with its download slot still claimed held`;
      desk.lie(KIND, 'real-implies-claimed', view, text, 'a claim that it was given back', 'none');
    },
  },
};
