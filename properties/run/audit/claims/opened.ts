/**
 * `replica.opened` (repl 5.1, plog 10, 11): the claimed decrees are those that the checkpoints and the log's records
 * on disk make at that moment, and nothing is done by a replica that was not claimed opened.
 */
import type { Decree } from '../../../../model/vocabulary.ts';
import type { AuditPair, ClaimOf, Desk, Direction } from '../audit.ts';
import { readWhole } from '../diskView.ts';
import { isObject, parseJson } from '../json.ts';
import type { ReplicaView } from '../view.ts';

const KIND = 'replica.opened';

/** What the disk of a replica says of it. */
interface DiskFacts {
  readonly durable: Decree;
  readonly initBallot: number;
  readonly maxDecree: Decree;
  readonly maxCommit: Decree;
  /** Of records that are no repetition in the same ballot: those are passed over with what they say (repl 1.9). */
  readonly sureCommit: Decree;
  readonly maxBallot: number;
  /** Every decree from the durable one to the largest commit point has a record. */
  readonly complete: boolean;
}

export function diskFacts(desk: Desk, view: ReplicaView): DiskFacts {
  const text = readWhole(desk.disk(view.node), `${view.dir}/.init-info`)?.toString('utf8');
  const json = text === undefined ? undefined : parseJson(text);
  const init = isObject(json) ? json : {};
  const validStart = numberOf(init['init_offset_in_private_log'], 0);
  const durable = view.newestCheckpoint();
  let maxDecree = 0;
  let maxCommit = 0;
  let sureCommit = 0;
  let maxBallot = 0;
  const ballots = new Map<Decree, number>();
  for (const file of view.log.values()) {
    for (const { mutation, logOffset } of file.records) {
      if (mutation.ballot > maxBallot) maxBallot = mutation.ballot;
      if (logOffset < validStart) continue;
      const { decree, ballot, lastCommitted } = mutation;
      if (decree > maxDecree) maxDecree = decree;
      if (lastCommitted > maxCommit) maxCommit = lastCommitted;
      if (ballot <= (ballots.get(decree) ?? -1)) continue;
      ballots.set(decree, ballot);
      if (lastCommitted > sureCommit) sureCommit = lastCommitted;
    }
  }
  let complete = true;
  for (let decree = durable + 1; decree <= maxCommit; decree++) if (!ballots.has(decree)) complete = false;
  return { durable, initBallot: numberOf(init['init_ballot'], 0), maxDecree, maxCommit, sureCommit, maxBallot, complete };
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}

function compare(desk: Desk, direction: Direction, view: ReplicaView, claim: ClaimOf<typeof KIND>): void {
  const facts = diskFacts(desk, view);
  const over = direction === 'claimed-implies-real';
  const check = (name: string, claimed: number, real: number): void => {
    if (over ? claimed <= real : claimed >= real) return;
    const how = over ? 'more than' : 'less than';
    desk.lie(
      KIND,
      direction,
      view,
      `${view}: opened with ${name} ${claimed}, ${how} its disk holds`,
      `${name} ${real}`,
      `${claimed}`,
    );
  };
  check('durable', claim.durable, facts.durable);
  check('maxPrepared', claim.maxPrepared, Math.max(facts.maxDecree, facts.durable));
  const committed = Math.max(over ? facts.maxCommit : facts.sureCommit, facts.durable);
  if (over || facts.complete) {
    check('committed', claim.committed, committed);
    check('applied', claim.applied, committed);
  }
  check('ballot', claim.ballot, over ? Math.max(facts.initBallot, facts.maxBallot) : facts.initBallot);
}

/** Something only an opened replica does. An opened claim of the same task may still come. */
function active(desk: Desk, view: ReplicaView, what: string): void {
  if (view.open || view.closed || view.activity !== '') return;
  view.activity = what;
  desk.owe(view);
}

/** A fresh replica is empty, but for the checkpoint that a follower downloaded for it (dup 5.5). */
function isEmptyBefore(view: ReplicaView, fresh: boolean): boolean {
  return fresh && !view.adopted;
}

export const openedAudits: AuditPair<typeof KIND> = {
  claimedImpliesReal: {
    holds:
      'What a replica claims to have when it is opened is on its disk: checkpoint, records, commit ' +
      'points, ballot; a fresh one has none but a checkpoint that was downloaded for it.',
    claim(desk, view, claim) {
      if (!isEmptyBefore(view, claim.fresh)) return compare(desk, 'claimed-implies-real', view, claim);
      const sum = claim.durable + claim.applied + claim.committed + claim.maxPrepared;
      let records = 0;
      for (const file of view.log.values()) records += file.records.length;
      if (sum === 0 && view.newestCheckpoint() === 0 && records === 0) return;
      const actual = `decrees up to ${claim.maxPrepared} claimed, checkpoint ${view.newestCheckpoint()}, ${records} records in the log`;
      desk.lie(
        KIND,
        'claimed-implies-real',
        view,
        `${view}: opened as a fresh replica, but it is not empty`,
        'nothing on disk, decrees 0',
        actual,
      );
    },
  },
  realImpliesClaimed: {
    holds:
      'What is on the disk of a replica is claimed when it is opened, and no replica acts that was not ' +
      'claimed opened.',
    claim(desk, view, claim) {
      if (!isEmptyBefore(view, claim.fresh)) compare(desk, 'real-implies-claimed', view, claim);
    },
    prepareSent: (desk, view, to) => active(desk, view, `sent a prepare to ${to}`),
    groupCheckSent: (desk, view) => active(desk, view, 'sent a group check'),
    prepareAnswered(desk, view, ack) {
      if (ack.error === 'ERR_OK') active(desk, view, `acknowledged decree ${ack.decree}`);
    },
    writeAnswered(desk, view, response) {
      if (response.error === 'ERR_OK') active(desk, view, `answered the write of decree ${response.decree}`);
    },
    settle(desk, view) {
      if (view.activity === '' || view.open || view.closed) return;
      desk.lie(
        KIND,
        'real-implies-claimed',
        view,
        `${view}: ${view.activity} without having been claimed opened`,
        'a replica.opened claim',
        view.activity,
      );
    },
  },
};
