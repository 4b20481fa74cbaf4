/** Refusing traces of two-phase commit and roles (repl 1.4 - 1.7, 1.11). */
import type { Refused } from './refused.ts';
import { A, acked, applied, asks, B, committed, config, CONFIG, EMPTY, everywhere, logFile, logged, mutation, opened, P, prepared, PUT, put, READY, REMOVE, SERVING, SETTINGS, started, status, stopped, tries, putAt } from './story.ts';

const m1 = mutation(1, 1);
const m2 = mutation(1, 2);
const asked = [asks(2, put('k', 'v')), tries(2)];
/** P went away with decree 2 prepared everywhere and not committed, and is back in ballot 2. */
const RESTARTED = [
  ...READY, ...everywhere(m2), stopped(P), started(P), opened(P, { fresh: false, ballot: 1, applied: 1, committed: 1, maxPrepared: 2 }),
  config(2), status(P, 'PS_INACTIVE', 'PS_PRIMARY', 2),
];
const re2 = mutation(2, 2, [EMPTY], 1);

export const REPLICATION: readonly Refused[] = [
  { rule: 'replication/replica-is-open', why: 'a closed replica speaks', before: [started(P), ...SERVING.slice(3, 6)], event: status(P, 'PS_INACTIVE', 'PS_PRIMARY', 0) },
  { rule: 'replication/status-from', why: 'it was not INACTIVE', before: SERVING, event: status(P, 'PS_INACTIVE', 'PS_ERROR', 1) },
  { rule: 'replication/status-change', why: 'ERROR is final', before: [...SERVING, status(P, 'PS_PRIMARY', 'PS_ERROR', 1)], event: status(P, 'PS_ERROR', 'PS_INACTIVE', 1) },
  { rule: 'replication/status-change', why: 'no change at all', before: SERVING, event: status(A, 'PS_SECONDARY', 'PS_SECONDARY', 1) },
  { rule: 'replication/ballot-grows', why: 'back to ballot 0', before: SERVING, event: status(A, 'PS_SECONDARY', 'PS_INACTIVE', 0) },
  { rule: 'replication/ballot-is-stored', why: 'ballot 2 is in no record', before: SERVING, event: status(A, 'PS_SECONDARY', 'PS_SECONDARY', 2) },
  { rule: 'replication/role-by-configuration', why: 'A is a secondary', before: SERVING, event: status(A, 'PS_SECONDARY', 'PS_PRIMARY', 1) },
  { rule: 'replication/role-by-configuration', why: 'P is the primary', before: SERVING, event: status(P, 'PS_PRIMARY', 'PS_SECONDARY', 1) },
  {
    rule: 'replication/one-primary-per-ballot', why: 'after a restart it needs a new ballot',
    before: [...READY, stopped(P), started(P), opened(P, { fresh: false, ballot: 1, maxPrepared: 1 })], event: status(P, 'PS_INACTIVE', 'PS_PRIMARY', 1),
  },
  { rule: 'replication/prepare-by-role', why: 'an INACTIVE replica proposes', before: [...SERVING, status(P, 'PS_PRIMARY', 'PS_INACTIVE', 1)], event: prepared(P, m1) },
  { rule: 'replication/prepare-in-current-ballot', why: 'a prepare of an older ballot', before: [...SERVING, prepared(P, m1), config(2), status(A, 'PS_SECONDARY', 'PS_SECONDARY', 2)], event: prepared(A, m1) },
  { rule: 'replication/prepare-above-commit', why: 'decree 1 is committed', before: READY, event: prepared(P, m1) },
  { rule: 'replication/uncommitted-span', why: 'four uncommitted, three allowed', before: [...READY, ...[2, 3, 4].map((d) => prepared(P, mutation(1, d, [EMPTY], 1)))], event: prepared(P, mutation(1, 5, [EMPTY], 1)) },
  { rule: 'replication/slot-ballot', why: 'the same mutation enters the list twice', before: [...SERVING, prepared(P, m1), prepared(A, m1)], event: prepared(A, m1) },
  { rule: 'replication/header-commit-point', why: 'the commit point is 1', before: READY, event: prepared(P, mutation(1, 2, [EMPTY], 0)) },
  { rule: 'replication/reproposals-first', why: 'decree 2 was not re-proposed', before: RESTARTED, event: prepared(P, mutation(2, 3, [EMPTY], 1)) },
  { rule: 'replication/reproposals-first', why: 'nothing to re-propose', before: READY, event: prepared(P, m2, true) },
  { rule: 'replication/contiguous-decrees', why: 'decree 2 is left out', before: READY, event: prepared(P, mutation(1, 3, [EMPTY], 1)) },
  { rule: 'replication/reproposal-keeps-content', why: 'the timestamp changes', before: RESTARTED, event: prepared(P, mutation(2, 2, [EMPTY], 1, 0), true) },
  {
    rule: 'replication/reproposal-keeps-content', why: 'a hole becomes an empty write',
    before: [
      ...READY, ...[2, 3].map((d) => prepared(P, mutation(1, d, [EMPTY], 1))), logged(P, mutation(1, 3, [EMPTY], 1)), stopped(P), started(P),
      opened(P, { fresh: false, ballot: 1, applied: 1, committed: 1, maxPrepared: 3 }), config(2), status(P, 'PS_INACTIVE', 'PS_PRIMARY', 2),
    ],
    event: prepared(P, mutation(2, 2, [PUT('k', 'v')], 1), true),
  },
  { rule: 'replication/timestamp-grows', why: 'the timestamp of decree 1 again', before: [...READY, ...asked], event: prepared(P, mutation(1, 2, [PUT('k', 'v')], 1, 1000)) },
  { rule: 'replication/barrier-first', why: 'a client write before the barrier', before: [...RESTARTED, prepared(P, re2, true), ...asked], event: prepared(P, mutation(2, 3, [PUT('k', 'v')], 1)) },
  {
    rule: 'replication/enough-members', why: 'two members, three needed', before: [...READY, ...asked], event: prepared(P, mutation(1, 2, [PUT('k', 'v')])),
    config: { ...CONFIG, settings: { ...SETTINGS, mutation2pcMinReplicaCount: 4 } },
  },
  {
    rule: 'replication/batch-of-one-kind', why: 'an empty write in a batch', before: [...READY, ...asked], event: prepared(P, mutation(1, 2, [PUT('k', 'v'), EMPTY])),
  },
  { rule: 'replication/updates-were-asked-for', why: 'nobody asked', before: READY, event: prepared(P, mutation(1, 2, [PUT('k', 'v')])) },
  { rule: 'replication/updates-were-asked-for', why: 'another value', before: [...READY, ...asked], event: prepared(P, mutation(1, 2, [PUT('k', 'w')])) },
  { rule: 'replication/updates-were-asked-for', why: 'the attempt went elsewhere', before: [...READY, asks(2, put('k', 'v')), tries(2, A)], event: prepared(P, mutation(1, 2, [PUT('k', 'v')])) },
  { rule: 'replication/updates-were-asked-for', why: 'one attempt, two effects', before: [...READY, ...putAt(2, 2, 'k', 'v')], event: prepared(P, mutation(1, 3, [PUT('k', 'v')])) },
  { rule: 'replication/updates-were-asked-for', why: 'one attempt, twice in one batch', before: [...READY, ...asked], event: prepared(P, mutation(1, 2, [PUT('k', 'v'), PUT('k', 'v')])) },
  { rule: 'replication/updates-were-asked-for', why: 'a remove was not asked for', before: [...READY, ...asked], event: prepared(P, mutation(1, 2, [PUT('k', 'v'), REMOVE('k')])) },
  { rule: 'replication/prepare-was-proposed', why: 'nobody proposed it', before: SERVING, event: prepared(A, m1) },
  { rule: 'replication/prepare-was-proposed', why: 'other content', before: [...SERVING, prepared(P, m1)], event: prepared(A, mutation(1, 1, [EMPTY], 0, 77)) },
  { rule: 'replication/ack-in-current-ballot', why: 'an older ballot', before: [...SERVING, prepared(P, m1), prepared(A, m1), logged(A, m1), config(2), status(A, 'PS_SECONDARY', 'PS_SECONDARY', 2)], event: acked(A, 1, 1) },
  { rule: 'replication/ack-of-a-proposal', why: 'there is no decree 2', before: READY, event: acked(A, 1, 2) },
  { rule: 'replication/ack-after-log', why: 'not logged yet', before: [...SERVING, prepared(P, m1), prepared(A, m1)], event: acked(A, 1, 1) },
  { rule: 'replication/commit-in-order', why: 'over decree 2', before: [...READY, ...everywhere(m2), ...everywhere(mutation(1, 3, [EMPTY], 1))], event: committed(P, 3) },
  { rule: 'replication/commit-by-role', why: 'an INACTIVE replica commits', before: [...SERVING, ...everywhere(m1), status(P, 'PS_PRIMARY', 'PS_INACTIVE', 1)], event: committed(P, 1) },
  { rule: 'replication/commit-needs-own-log', why: 'not in the own log', before: [...SERVING, ...everywhere(m1).filter((e) => e.kind !== 'log.written' || e.node !== P)], event: committed(P, 1) },
  { rule: 'replication/commit-needs-own-log', why: 'a secondary commits what it has not logged', before: [...SERVING, ...everywhere(m1).slice(0, 3)], event: committed(A, 1) },
  { rule: 'replication/commit-ballot', why: 'ballot 7 does not exist', before: [...SERVING, ...everywhere(m1)], event: committed(P, 1, 7) },
  { rule: 'replication/commit-needs-all-acks', why: 'B is silent', before: [...SERVING, ...everywhere(m1).slice(0, -1)], event: committed(P, 1) },
  { rule: 'replication/commit-needs-all-acks', why: 'acknowledged in the old ballot only', before: [...RESTARTED, prepared(P, re2, true), logFile(P, 2, 1000, 2), logged(P, re2, 2, 1100)], event: committed(P, 2, 2) },
  { rule: 'replication/commit-known-to-a-primary', why: 'no primary has committed it', before: [...SERVING, ...everywhere(m1)], event: committed(A, 1) },
  {
    rule: 'replication/committed-prefix-agrees', why: 'P lost the committed decree 2 and made another',
    before: [
      ...READY, ...putAt(2, 2, 'k', 'v'), stopped(P, 'power-loss'), { kind: 'log.survived', atUs: 0, node: P, gpid: '1.0', intact: true, records: [{ ballot: 1, decree: 1, fileIndex: 1 }] }, started(P),
      opened(P, { fresh: false, ballot: 1, applied: 0, committed: 0, maxPrepared: 1 }), config(2), status(P, 'PS_INACTIVE', 'PS_PRIMARY', 2), logFile(P, 2, 1000, 1),
      ...[A, B].map((node) => status(node, 'PS_SECONDARY', 'PS_SECONDARY', 2)),
      prepared(P, mutation(2, 1, [EMPTY], 0), true), logged(P, mutation(2, 1, [EMPTY], 0), 2, 1001),
      prepared(P, mutation(2, 2, [EMPTY], 0, 9000)), logged(P, mutation(2, 2, [EMPTY], 0, 9000), 2, 1002),
      ...[A, B].flatMap((node) => [1, 2].flatMap((d) => {
        const m = d === 1 ? mutation(2, 1, [EMPTY], 0) : mutation(2, 2, [EMPTY], 0, 9000);
        return [prepared(node, m), logged(node, m, 1, 1000 + d), acked(node, 2, d)];
      })),
      committed(P, 1, 2), applied(P, 1),
    ],
    event: committed(P, 2, 2),
  },
  { rule: 'replication/apply-in-order', why: 'decree 1 is applied already', before: READY, event: applied(P, 1) },
  { rule: 'replication/apply-after-commit', why: 'not committed', before: [...SERVING, ...everywhere(m1)], event: applied(P, 1) },
  { rule: 'replication/error-applies-nothing', why: 'in ERROR', before: [...SERVING, ...everywhere(m1), status(P, 'PS_PRIMARY', 'PS_ERROR', 1), committed(P, 1)], event: applied(P, 1) },
];
