/**
 * `replica.status` (repl 1.1, 1.8, 1.10, 1.11): only a claimed primary sends prepares and group checks and answers
 * writes, only a claimed secondary acknowledges; the configuration sync tells the claimed status and ballot; a higher
 * ballot is persisted.
 */
import type { Ballot, PartitionStatus } from '../../../../model/vocabulary.ts';
import type { AuditPair, Desk } from '../audit.ts';
import { isObject, parseJson } from '../json.ts';
import { readWhole } from '../diskView.ts';
import type { ReplicaView } from '../view.ts';

const KIND = 'replica.status';

/**
 * Something that only a replica of this status and ballot does; a status claim of the same task may still explain it.
 */
function need(desk: Desk, view: ReplicaView, status: PartitionStatus, ballot: Ballot, what: string): void {
  if (view.status === status && (ballot < 0 || view.ballot === ballot)) return;
  view.needs.push({ status, ballot, what });
  desk.owe(view);
}

/** `init_ballot` of the replica's `.init-info`; undefined when it cannot be read. */
function persistedBallot(desk: Desk, view: ReplicaView): Ballot | undefined {
  const text = readWhole(desk.disk(view.node), `${view.dir}/.init-info`)?.toString('utf8');
  const json = text === undefined ? undefined : parseJson(text);
  const ballot = isObject(json) ? json['init_ballot'] : undefined;
  return typeof ballot === 'number' ? ballot : undefined;
}

export const statusAudits: AuditPair<typeof KIND> = {
  claimedImpliesReal: {
    holds:
      'The claimed status and ballot of a replica are those that its server reports to the meta ' +
      'server, and a ballot claimed higher than before is in .init-info.',
    claim(desk, view, claim) {
      // A disk that refused during this task explains what is missing on it (repl.Q2: only logged).
      if (!view.open || claim.ballot <= view.ballot || desk.nodeView(view.node).struck) return;
      view.ballotClaimed = claim.ballot;
      desk.owe(view);
    },
    replicaReported(desk, view, stored) {
      if (!view.open || (stored.status === view.status && stored.ballot === view.ballot)) return;
      // Written in another pool than the replica's: only a role claimed before its writer began is surely in it.
      if (view.statusAtUs >= desk.writtenUs) return;
      const actual = `${stored.status} ballot ${stored.ballot}`;
      desk.lie(
        KIND,
        'claimed-implies-real',
        view,
        `${view}: reports another role than it claims`,
        `${view.status} ballot ${view.ballot}`,
        actual,
      );
    },
    settle(desk, view) {
      if (view.ballotClaimed < 0 || desk.nodeView(view.node).struck) return;
      const ballot = persistedBallot(desk, view);
      if (ballot === view.ballotClaimed) return;
      const text = `${view}: claims ballot ${view.ballotClaimed} but has not persisted it`;
      desk.lie(
        KIND,
        'claimed-implies-real',
        view,
        text,
        `init_ballot ${view.ballotClaimed}`,
        `init_ballot ${String(ballot)}`,
      );
    },
  },
  realImpliesClaimed: {
    holds:
      'Prepares, group checks and accepted writes come from a replica claimed primary of that ballot, ' +
      'acknowledgements from one claimed secondary, and a ballot in .init-info is the claimed one.',
    prepareSent(desk, view, to, request) {
      need(desk, view, 'PS_PRIMARY', request.config.ballot, `sent a prepare to ${to}`);
    },
    groupCheckSent(desk, view, request) {
      need(desk, view, 'PS_PRIMARY', request.config.ballot, 'sent a group check');
    },
    writeAnswered(desk, view, response) {
      if (response.error === 'ERR_OK') need(
        desk,
        view,
        'PS_PRIMARY',
        -1,
        `answered the write of decree ${response.decree} with ERR_OK`,
      );
    },
    prepareAnswered(desk, view, ack) {
      // A learner acknowledges too.
      if (ack.error !== 'ERR_OK' || (view.status === 'PS_POTENTIAL_SECONDARY' && view.ballot === ack.ballot)) return;
      need(desk, view, 'PS_SECONDARY', ack.ballot, `acknowledged decree ${ack.decree}`);
    },
    initInfoReplaced(desk, view, initBallot) {
      if (!view.open || initBallot === view.ballot) return;
      view.needs.push({ status: view.status, ballot: initBallot, what: 'persisted a ballot' });
      desk.owe(view);
    },
    settle(desk, view) {
      for (const { status, ballot, what } of view.needs) {
        const hadStatus = view.status === status || view.statusesOfTask.has(status);
        if (hadStatus && (ballot < 0 || ballot === view.ballot || ballot === view.ballotBefore)) continue;
        const claimed = `${view.status} ballot ${view.ballot}`;
        desk.lie(
          KIND,
          'real-implies-claimed',
          view,
          `${view}: ${what} as ${status} of ballot ${ballot}`,
          `claimed ${claimed}`,
          `${status} ballot ${ballot}`,
        );
      }
    },
  },
};
