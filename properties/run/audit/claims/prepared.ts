/**
 * `replica.prepared` (repl 1.4, 1.7, plog 7.2): a mutation that entered the prepare list leaves as RPC_PREPARE for
 * every secondary (primary) or came as one (secondary), and is appended to the log; records keep the order of the
 * claims.
 */
import type { MutationFact } from '../../../../model/events.ts';
import type { AuditPair, Desk, Direction } from '../audit.ts';
import { mutationText, sameMutation } from '../mutationReader.ts';
import type { Prepared, ReplicaView } from '../view.ts';

function lie(
  desk: Desk,
  direction: Direction,
  view: ReplicaView,
  message: string,
  expected: string,
  actual: string,
): void {
  desk.lie('replica.prepared', direction, view, message, expected, actual);
}

/** The claim that stands for this mutation, or undefined. */
function claimOf(view: ReplicaView, mutation: MutationFact): Prepared | undefined {
  const entry = view.prepared.get(mutation.decree);
  return entry !== undefined && entry.mutation.ballot === mutation.ballot ? entry : undefined;
}

function credit(entry: Prepared, to: string): void {
  if (!entry.sentTo.includes(to)) entry.sentTo.push(to);
}

/** Secondaries of the stored configuration that no prepare of this mutation was sent to. */
function unsent(desk: Desk, view: ReplicaView, entry: Prepared): readonly string[] {
  const secondaries = desk.config(view, entry.mutation.ballot)?.secondaries ?? [];
  return secondaries.length === entry.sentTo.length ? [] : secondaries.filter((node) => !entry.sentTo.includes(node));
}

function compareContent(
  desk: Desk,
  direction: Direction,
  view: ReplicaView,
  where: string,
  claimed: MutationFact,
  real: MutationFact,
): void {
  if (sameMutation(claimed, real)) return;
  lie(
    desk,
    direction,
    view,
    `${view}: ${where} is not what was claimed prepared`,
    mutationText(claimed),
    mutationText(real),
  );
}

/** Takes the claim of a written record off the queue; earlier claims were passed over. */
function takeLogged(desk: Desk, view: ReplicaView, mutation: MutationFact): boolean {
  const queue = view.logQueue;
  const at = queue.findIndex(
    (entry) => entry.mutation.decree === mutation.decree && entry.mutation.ballot === mutation.ballot,
  );
  if (at < 0) return false;
  for (let i = 0; i < at; i++) {
    const skipped = queue[i];
    if (skipped === undefined) continue;
    const text =
      `${view}: the log goes on with decree ${mutation.decree} although decree ` +
      `${skipped.mutation.decree}, prepared before it, is not written`;
    lie(desk, 'claimed-implies-real', view, text, mutationText(skipped.mutation), mutationText(mutation));
  }
  const entry = queue[at];
  queue.splice(0, at + 1);
  if (entry !== undefined) compareContent(
    desk,
    'claimed-implies-real',
    view,
    'the log record',
    entry.mutation,
    mutation,
  );
  return true;
}

/** What a learner replays from its primary's log is applied, and never prepared (repl 1.9 LT_LOG); its content is the model's to judge. */
function isLearned({ applied, status }: ReplicaView, { decree }: MutationFact): boolean {
  // A storage that fails while a learner takes records over leaves the last one in the log only.
  if (status === 'PS_ERROR') return true;
  return status !== 'PS_PRIMARY' && status !== 'PS_SECONDARY' && decree <= applied;
}

export const preparedAudits: AuditPair<'replica.prepared'> = {
  claimedImpliesReal: {
    holds:
      'A mutation claimed prepared is sent to every secondary of its ballot, or was received from the ' +
      'primary, and its record is written before that of any later claim.',
    claim(desk, view, claim) {
      const entry: Prepared = { mutation: claim.mutation, as: claim.as, sentTo: [] };
      view.prepared.set(entry);
      view.logQueue.push(entry);
      if (claim.as === 'primary') {
        view.sendsOwed.push(entry);
        desk.owe(view);
        return;
      }
      const received = view.received.get(claim.mutation.decree);
      if (received === undefined || received.mutation.ballot !== claim.mutation.ballot) {
        const text =
          `${view}: claims to have prepared decree ${claim.mutation.decree} as a secondary, but no ` +
          `such prepare came`;
        lie(
          desk,
          'claimed-implies-real',
          view,
          text,
          mutationText(claim.mutation),
          received === undefined ? 'none' : mutationText(received.mutation),
        );
      } else compareContent(
        desk,
        'claimed-implies-real',
        view,
        'the prepare received',
        claim.mutation,
        received.mutation,
      );
    },
    prepareSent(_desk, view, to, _request, mutation) {
      const entry = mutation === undefined ? undefined : claimOf(view, mutation);
      if (entry !== undefined) credit(entry, to);
    },
    settle(desk, view) {
      for (const entry of view.sendsOwed) {
        for (const sent of view.orphanSends) if (claimOf(view, sent.mutation) === entry) credit(entry, sent.to);
        const missing = unsent(desk, view, entry);
        if (missing.length === 0) continue;
        const text =
          `${view}: decree ${entry.mutation.decree} was claimed prepared but not sent to ` +
          `${missing.join(', ')}`;
        lie(
          desk,
          'claimed-implies-real',
          view,
          text,
          `RPC_PREPARE to every secondary of ballot ${entry.mutation.ballot}`,
          `sent to ${entry.sentTo.join(', ')}`,
        );
      }
    },
  },
  realImpliesClaimed: {
    holds:
      'Every RPC_PREPARE that leaves, and every record that is written, is a mutation claimed ' +
      'prepared, with the same content, or one that a learner has applied.',
    prepareSent(desk, view, to, request, mutation) {
      if (mutation === undefined) {
        lie(
          desk,
          'real-implies-claimed',
          view,
          `${view}: sent a prepare that does not decode`,
          'a mutation record',
          `${request.mutation.length} bytes`,
        );
        return;
      }
      const entry = claimOf(view, mutation);
      if (entry === undefined) {
        view.orphanSends.push({ to, mutation });
        desk.owe(view);
      } else compareContent(desk, 'real-implies-claimed', view, `the prepare to ${to}`, entry.mutation, mutation);
    },
    logged(desk, view, _file, mutation) {
      if (takeLogged(desk, view, mutation)) return;
      view.orphanRecords.push(mutation);
      desk.owe(view);
    },
    settle(desk, view) {
      for (const { to, mutation } of view.orphanSends) {
        const entry = claimOf(view, mutation);
        if (entry !== undefined) compareContent(
          desk,
          'real-implies-claimed',
          view,
          `the prepare to ${to}`,
          entry.mutation,
          mutation,
        );
        else lie(
          desk,
          'real-implies-claimed',
          view,
          `${view}: sent a prepare to ${to} that was never claimed`,
          'a replica.prepared claim',
          mutationText(mutation),
        );
      }
      for (const mutation of view.orphanRecords) {
        if (takeLogged(desk, view, mutation) || isLearned(view, mutation)) continue;
        lie(
          desk,
          'real-implies-claimed',
          view,
          `${view}: wrote a log record that was never claimed prepared`,
          'a replica.prepared claim',
          mutationText(mutation),
        );
      }
    },
  },
};
