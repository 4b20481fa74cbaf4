/** The views follow what is claimed: called when the audits have seen the claim. */
import type { Claim } from '../../../model/events.ts';
import type { AuditDesk } from './desk.ts';
import type { NodeView, ReplicaView } from './view.ts';

/** False for a claim of duplication, which its own auditor follows. */
export function takeClaim(desk: AuditDesk, node: NodeView, view: ReplicaView, claim: Claim): boolean {
  switch (claim.kind) {
    case 'replica.committed':
      view.committed = claim.decree;
      view.committedAt.note(claim.decree, desk.nowUs());
      return true;
    case 'replica.list-cut':
      view.committed = claim.committed;
      view.committedTold = 0;
      return true;
    case 'replica.applied':
      view.applied = claim.decree;
      view.appliedAt.note(claim.decree, desk.nowUs());
      return true;
    case 'replica.status':
      view.statusesOfTask.add(view.status).add(claim.to);
      view.ballotBefore = view.ballot;
      view.statusAtUs = desk.nowUs();
      view.status = claim.to;
      view.ballot = claim.ballot;
      desk.owe(view);
      return true;
    case 'replica.opened':
      view.forgetMemory();
      view.open = true;
      view.adopted = false;
      view.openedAtUs = desk.nowUs();
      view.statusAtUs = view.openedAtUs;
      view.ballot = claim.ballot;
      view.ballotBefore = claim.ballot;
      view.committed = claim.committed;
      view.applied = claim.applied;
      return true;
    case 'replica.load-failed':
      view.loadFailedClaimed = true;
      return true;
    case 'replica.closed':
      view.open = false;
      view.closed = true;
      view.closedInTask = true;
      desk.owe(view);
      return true;
    case 'checkpoint.manual-flag':
      if (claim.set) node.manualFlags.add(claim.gpid);
      else node.manualFlags.delete(claim.gpid);
      return true;
    case 'load.slot':
      if (claim.taken) node.slots.take(claim.gpid);
      else node.slots.giveBack(claim.gpid);
      return true;
    default:
      return false;
  }
}
