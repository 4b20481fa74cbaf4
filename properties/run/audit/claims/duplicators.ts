/**
 * `dup.started`, `dup.stopped`, `dup.shipped`, `dup.skipped` (dup 4.1, 4.3, 6): what a replica says of its duplicators
 * agrees with what its server was told, with what it reports, with the writes that it sends, and with its log.
 */
import type { Decree } from '../../../../model/vocabulary.ts';
import type { AuditPair, ClaimedKind, Desk, Direction } from '../audit.ts';
import type { DuplicatorView } from '../dupView.ts';
import { surveyLog } from '../logReader.ts';
import type { ReplicaView } from '../view.ts';

const STARTED = 'dup.started';
const STOPPED = 'dup.stopped';
const SHIPPED = 'dup.shipped';
const SKIPPED = 'dup.skipped';
const CLAIMED = 'claimed-implies-real';
const REAL = 'real-implies-claimed';

/** What stands against a claim that a duplicator started, or ''. */
function whyNotStarted(view: ReplicaView, duplicator: DuplicatorView | undefined): string {
  if (!view.open || view.status !== 'PS_PRIMARY') return `its replica is ${view.open ? view.status : 'closed'}`;
  if (duplicator === undefined) return 'its server was never told of it';
  if (duplicator.gone) return 'its server was told that it is gone';
  if (duplicator.mayStart()) return '';
  return `its server was told ${duplicator.status === 'DS_LOG' ? 'no stored decree' : duplicator.status}`;
}

/** The duplicator of a claim, as long as it is claimed started; else the claim is a lie. */
function running(desk: Desk, kind: ClaimedKind, view: ReplicaView, dupId: number): DuplicatorView | undefined {
  const duplicator = view.duplicators.get(dupId);
  if (duplicator?.running === true) return duplicator;
  const text = `${view}: claims ${kind} of duplication ${dupId}, which it does not claim started`;
  desk.lie(kind, CLAIMED, view, text, `${STARTED} before`, duplicator === undefined ? 'none' : `${STOPPED} before`);
  return undefined;
}

/** Sent by a duplicator that ended before the message was written. */
function isSentAfterEnd(desk: Desk, sender: DuplicatorView | undefined): boolean {
  return sender !== undefined && !sender.running && sender.stoppedAtUs >= 0 && sender.stoppedAtUs < desk.writtenUs;
}

export const dupStartedAudits: AuditPair<'dup.started'> = {
  claimedImpliesReal: {
    holds:
      'A duplicator is claimed started only at a claimed primary whose server was told DS_LOG and a stored decree in the ' +
      'newest answer, from behind what is shipped or stored.',
    claim(desk, view, claim) {
      const duplicator = view.duplicators.get(claim.dupId);
      const why = whyNotStarted(view, duplicator);
      if (why !== '') {
        const text = `${view}: claims to have started duplication ${claim.dupId}`;
        desk.lie(STARTED, CLAIMED, view, text, 'a primary that was told DS_LOG', why);
      } else if (duplicator !== undefined && claim.start !== duplicator.last + 1) {
        const text = `${view}: claims to have started ${duplicator} at another decree than it is due`;
        desk.lie(STARTED, CLAIMED, view, text, `start ${duplicator.last + 1}`, `start ${claim.start}`);
      }
    },
  },
  realImpliesClaimed: {
    holds:
      'A primary that is told DS_LOG and a stored decree has claimed its duplicator started by the end of the task, and every DUPLICATE ' +
      'write that leaves a server is of a duplicator that was claimed started.',
    duplicateSent(desk, view, to, sender) {
      if (sender !== undefined && (sender.running || sender.stoppedAtUs >= 0)) return;
      const actual = sender === undefined ? 'no duplication to that table was told' : `${sender} is not claimed started`;
      const text = `${view}: sent a DUPLICATE write to ${to} without a duplicator that is claimed started`;
      desk.lie(STARTED, REAL, view, text, `${STARTED} before`, actual);
    },
    settle(desk, view) {
      for (const duplicator of view.duplicators.values()) {
        if (!duplicator.startOwed) continue;
        duplicator.startOwed = false;
        if (!view.open || view.status !== 'PS_PRIMARY') continue;
        const text = `${view}: was told that ${duplicator} is in DS_LOG, and does not claim it started`;
        desk.lie(STARTED, REAL, view, text, `${STARTED} with start ${duplicator.last + 1}`, 'none');
      }
    },
  },
};

export const dupStoppedAudits: AuditPair<'dup.stopped'> = {
  claimedImpliesReal: {
    holds: 'Only what is claimed started is claimed stopped, and after that it writes no DUPLICATE request any more.',
    claim(desk, view, claim) {
      running(desk, STOPPED, view, claim.dupId);
    },
    duplicateSent(desk, view, to, sender) {
      if (sender === undefined || !isSentAfterEnd(desk, sender)) return;
      const text = `${view}: sent a DUPLICATE write to ${to} after ${sender} was claimed stopped`;
      const actual = `written ${desk.writtenUs - sender.stoppedAtUs} us after it`;
      desk.lie(STOPPED, CLAIMED, view, text, 'nothing of it is written any more', actual);
    },
  },
  realImpliesClaimed: {
    holds:
      'A started duplicator is claimed stopped by the end of the task that learns of another status, of its absence, ' +
      'or of a lost role, before it is claimed started again, and before its replica is closed.',
    otherClaim(desk, view, claim) {
      if (claim.kind === 'replica.closed') desk.owe(view);
      if (claim.kind !== STARTED) return;
      const duplicator = view.duplicators.get(claim.dupId);
      if (duplicator?.running !== true) return;
      duplicator.stopOwed = '';
      const text = `${view}: claims to have started ${duplicator} again without having stopped it`;
      desk.lie(STOPPED, REAL, view, text, `${STOPPED} before`, STARTED);
    },
    settle(desk, view) {
      for (const duplicator of view.duplicators.values()) {
        const why = view.closed && !view.open ? 'its replica is closed' : duplicator.stopOwed;
        duplicator.stopOwed = '';
        if (!duplicator.running || why === '') continue;
        duplicator.running = false;
        const text = `${view}: ${why}, and ${duplicator} is still claimed started`;
        desk.lie(STOPPED, REAL, view, text, `a ${STOPPED} claim`, 'none');
      }
    },
  },
};

export const dupShippedAudits: AuditPair<'dup.shipped'> = {
  claimedImpliesReal: {
    holds:
      'A claimed last decree rises, is committed, and is what the server reports of the duplicator to the meta server ' +
      'from then on, until it is told that it is stored.',
    claim(desk, view, claim) {
      const duplicator = running(desk, SHIPPED, view, claim.dupId);
      if (duplicator === undefined) return;
      const bounds = `above ${duplicator.last}, up to ${view.committed}`;
      if (claim.last > duplicator.last && claim.last <= view.committed) return;
      const text = `${view}: claims to have shipped decree ${claim.last} of ${duplicator}`;
      desk.lie(SHIPPED, CLAIMED, view, text, bounds, `${claim.last}`);
    },
    progressReported(desk, view, duplicator, report) {
      if (!duplicator.hasClaimBefore(desk.writtenUs)) return;
      const claimed = duplicator.lastBefore(desk.writtenUs);
      if (report !== undefined ? report.confirmedDecree >= claimed : !isReportDue(desk, view, duplicator, claimed)) return;
      const text = `${view}: claims to have shipped decree ${claimed} of ${duplicator}, but does not report it`;
      const actual = report === undefined ? 'no report of it' : `confirmed ${report.confirmedDecree}`;
      desk.lie(SHIPPED, CLAIMED, view, text, `confirmed ${claimed}`, actual);
    },
  },
  realImpliesClaimed: {
    holds: 'A server reports no decree of a duplicator as confirmed that was not claimed shipped, or where it began.',
    progressReported(desk, view, duplicator, report) {
      if (report === undefined || report.confirmedDecree <= duplicator.last) return;
      const text = `${view}: reports decree ${report.confirmedDecree} of ${duplicator} as shipped`;
      desk.lie(SHIPPED, REAL, view, text, `claimed up to ${duplicator.last}`, `confirmed ${report.confirmedDecree}`);
    },
  },
};

/** Whether a primary has something to tell of the duplicator (dup 4.1, step 3). */
function isReportDue(desk: Desk, view: ReplicaView, duplicator: DuplicatorView, claimed: Decree): boolean {
  return view.open && view.status === 'PS_PRIMARY' && view.statusAtUs < desk.writtenUs && claimed > duplicator.confirmed;
}

export const dupSkippedAudits: AuditPair<'dup.skipped'> = {
  claimedImpliesReal: {
    holds:
      'Decrees that a started duplicator claims to skip lie before it, cannot be read in the log of its replica, and ' +
      'are not sent afterwards.',
    claim(desk, view, claim) {
      const duplicator = running(desk, SKIPPED, view, claim.dupId);
      if (duplicator === undefined) return;
      const what = `${view}: claims that ${duplicator} skips decrees ${claim.from} to ${claim.to}`;
      if (claim.from > claim.to || claim.from <= duplicator.last) {
        desk.lie(SKIPPED, CLAIMED, view, what, `a range above ${duplicator.last}`, `${claim.from} to ${claim.to}`);
        return;
      }
      // What a disk refused to read is not seen in its bytes.
      if (desk.nodeView(view.node).struckUs >= duplicator.startedAtUs) return;
      const { records } = surveyLog(desk.disk(view.node), `${view.dir}/plog`, view.gpid);
      // A record of a smaller ballot than an earlier decree's was superseded; the one that was applied is lost.
      const least = records.reduce((most, { decree, ballot }) => (decree < claim.from ? Math.max(most, ballot) : most), 0);
      const found = records.find(({ decree, ballot }) => decree >= claim.from && decree <= claim.to && ballot >= least);
      if (found === undefined) return;
      const actual = `decree ${found.decree} of ballot ${found.ballot} in log file ${found.fileIndex}`;
      desk.lie(SKIPPED, CLAIMED, view, what, 'no record of them can be read', actual);
    },
    duplicateSent(desk, view, to, sender, entries) {
      if (sender?.running !== true) return;
      for (const entry of entries) {
        const decree = sender.skippedDecreeOf(entry);
        if (decree < 0) continue;
        const text = `${view}: sends decree ${decree} to ${to}, which ${sender} claims to skip`;
        lieOnSkip(desk, CLAIMED, view, text, 'not sent', 'sent');
        return;
      }
    },
  },
  realImpliesClaimed: {
    holds:
      'Before a duplicator claims to have shipped a decree, each write of a client in its log up to that decree was ' +
      'sent since it was started, or is claimed skipped.',
    otherClaim(desk, view, claim) {
      if (claim.kind !== SHIPPED) return;
      const duplicator = view.duplicators.get(claim.dupId);
      const decree = duplicator?.running === true ? duplicator.firstUnsent(claim.last) : -1;
      if (decree < 0) return;
      const text = `${view}: claims that ${String(duplicator)} has shipped ${claim.last}, but decree ${decree} was not sent`;
      lieOnSkip(desk, REAL, view, text, `a ${SKIPPED} claim of decree ${decree}`, 'none');
    },
  },
};

function lieOnSkip(
  desk: Desk,
  direction: Direction,
  view: ReplicaView,
  message: string,
  expected: string,
  actual: string,
): void {
  desk.lie(SKIPPED, direction, view, message, expected, actual);
}
