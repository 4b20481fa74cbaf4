/**
 * `replica.committed` (repl 1.4 step 2, 1.7, 1.8): the commit point travels in prepare headers, group checks,
 * acknowledgements and configuration syncs. What a replica tells others is what it claims.
 */
import type { Decree } from '../../../../model/vocabulary.ts';
import type { AuditPair, Desk, Hooks } from '../audit.ts';
import type { ReplicaView } from '../view.ts';

function below(desk: Desk, view: ReplicaView, real: Decree, where: string, asOfUs: number): void {
  if (!view.open || real >= view.committed || !view.committedAt.before(real + 1, asOfUs)) return;
  const text = `${view}: claims to have committed ${view.committed} but ${where} says ${real}`;
  desk.lie('replica.committed', 'claimed-implies-real', view, text, `last_committed ${view.committed}`, `${real}`);
}

function above(desk: Desk, view: ReplicaView, real: Decree): void {
  if (!view.open || real <= view.committed || real <= view.committedTold) return;
  view.committedTold = real;
  desk.owe(view);
}

function told(check: (desk: Desk, view: ReplicaView, real: Decree, where: string, asOfUs: number) => void): Hooks {
  return {
    otherClaim(desk, view, claim) {
      if (claim.kind === 'replica.prepared' && claim.as === 'primary') {
        check(
          desk,
          view,
          claim.mutation.lastCommitted,
          `the header of decree ${claim.mutation.decree}`,
          Number.POSITIVE_INFINITY,
        );
      }
    },
    prepareAnswered(desk, view, ack) {
      if (ack.error === 'ERR_OK') check(
        desk,
        view,
        ack.lastCommittedInPrepareList,
        `the acknowledgement of decree ${ack.decree}`,
        desk.nowUs(),
      );
    },
    groupCheckSent(desk, view, request) {
      check(desk, view, request.lastCommitted, 'its group check', desk.nowUs());
    },
    groupCheckAnswered(desk, view, response) {
      if (response.error === 'ERR_OK') check(
        desk,
        view,
        response.lastCommittedInPrepareList,
        'its answer to a group check',
        desk.nowUs(),
      );
    },
    replicaReported(desk, view, stored) {
      // Written in another pool than the replica's: only what was claimed before its writer began is surely in it.
      check(desk, view, stored.lastCommitted, 'its configuration sync', desk.writtenUs);
    },
  };
}

export const committedAudits: AuditPair<'replica.committed'> = {
  claimedImpliesReal: {
    holds: 'A commit point that a replica tells others is never below the one it claims.',
    ...told(below),
  },
  realImpliesClaimed: {
    holds: 'A commit point that a replica tells others has been claimed decree by decree by the end of the task.',
    ...told(above),
    claim(desk, view, claim) {
      // Claims rise by one; a replica that is being loaded starts from its checkpoint, whose decree no claim tells.
      if (!view.open || claim.decree === view.committed + 1) return;
      const text = `${view}: the claimed commit point went from ${view.committed} to ${claim.decree}`;
      desk.lie('replica.committed', 'real-implies-claimed', view, text, `${view.committed + 1}`, `${claim.decree}`);
    },
    settle(desk, view) {
      if (!view.open || view.committedTold <= view.committed) return;
      const text = `${view}: told others that ${view.committedTold} is committed but claims only ${view.committed}`;
      desk.lie(
        'replica.committed',
        'real-implies-claimed',
        view,
        text,
        `last_committed ${view.committed}`,
        `${view.committedTold}`,
      );
    },
  },
};
