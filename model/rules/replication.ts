/**
 * Two-phase commit: who may propose, receive, acknowledge, commit and apply what (repl 1.4 - 1.7, 1.10, 1.11,
 * invariants 6.1; docs/departures FM4, FM5).
 */
import type { AppliedClaim, CommittedClaim, PrepareAcked, PreparedClaim, UpdateFact } from '../events.ts';
import {
  chosenOf,
  commitGlobally,
  noteDebt,
  notePending,
  proposalOf,
  propose,
  type PartitionState,
  type Proposal,
  type ReplicaState,
} from '../state.ts';
import { noteCommitted } from '../dupState.ts';
import { noteApplied } from '../metrics.ts';
import { noteIngestion } from '../ingestions.ts';
import { sameContent, show } from '../mutations.ts';
import type { PartitionStatus } from '../vocabulary.ts';
import { claimWriters, expiresWrongly, noteEffects, type WriterMatch } from './attempts.ts';
import { notFull, notLoading, ofAnotherBallot, writtenTooEarly } from './ingestionWrites.ts';
import { isOpen } from './roles.ts';
import { guard, replicaScene, rule, type Refusal, type ReplicaScene } from './rule.ts';

const isLearner = ({ status }: ReplicaState): boolean => status === 'PS_POTENTIAL_SECONDARY';

const isEmpty = (updates: readonly UpdateFact[]): boolean =>
  updates.length === 1 && updates[0]?.code === 'RPC_REPLICATION_WRITE_EMPTY';

// ---------------------------------------------------------------- replica.prepared

const asPrimary = (e: PreparedClaim): boolean => e.as === 'primary';
const isNew = (e: PreparedClaim): boolean => e.as === 'primary' && !e.reproposal;

interface PreparedScene extends ReplicaScene {
  /** Filled by the guard that finds the commands behind the updates. */
  readonly match: WriterMatch;
}

function preparedScene(...[state, e]: Parameters<typeof replicaScene>): PreparedScene | string {
  const scene = replicaScene(state, e);
  return typeof scene === 'string' ? scene : { ...scene, match: { commands: [] } };
}

/** A re-proposal keeps the content the replica holds; a hole becomes an empty write (repl 1.10, R1 mended). */
function keepsContent(part: PartitionState, replica: ReplicaState, { mutation }: PreparedClaim): Refusal | undefined {
  const entry = replica.entries[mutation.decree];
  if (entry === undefined)
    return isEmpty(mutation.updates) ? undefined : ['an empty write in the hole', show(mutation)];
  const held = proposalOf(part, mutation.decree, entry.ballot);
  return held === undefined || sameContent(held, mutation) ? undefined : [show(held), show(mutation)];
}

export const prepared = rule<PreparedScene, PreparedClaim>(
  preparedScene,
  [
    isOpen,
    guard('replication/prepare-by-role', 'repl.S2', ({ replica }, e: PreparedClaim) => {
      const role = asPrimary(e) ? 'PS_PRIMARY' : 'PS_SECONDARY';
      return replica.status === role || (!asPrimary(e) && isLearner(replica)) ? undefined : [role, replica.status];
    }),
    guard('replication/prepare-in-current-ballot', 'repl.S3', ({ replica }, e: PreparedClaim) =>
      // A learner takes over what its primary has committed, in the ballot of each.
      e.mutation.ballot === replica.ballot || (isLearner(replica) && e.mutation.ballot < replica.ballot)
        ? undefined
        : [`ballot ${replica.ballot}`, `${e.mutation.ballot}`],
    ),
    guard('replication/prepare-above-commit', 'repl.S4', ({ replica }, { mutation }: PreparedClaim) =>
      mutation.decree > replica.committed ? undefined : [`decree > ${replica.committed}`, `${mutation.decree}`],
    ),
    guard('replication/uncommitted-span', 'repl.S9', ({ state, replica }, e: PreparedClaim) => {
      const { stalenessForCommit, maxMutationCountInPrepareList } = state.config.settings;
      const limit = replica.committed + (asPrimary(e) ? stalenessForCommit : maxMutationCountInPrepareList);
      return e.mutation.decree <= limit ? undefined : [`decree <= ${limit}`, `${e.mutation.decree}`];
    }),
    guard('replication/slot-ballot', 'repl.S10', ({ replica }, { mutation, as }: PreparedClaim) => {
      const entry = replica.entries[mutation.decree];
      if (
        entry === undefined ||
        entry.ballot < mutation.ballot ||
        // A learner is told once more what it may hold already; who was primary has its own in its list.
        ((as === 'primary' || isLearner(replica)) && entry.ballot === mutation.ballot)
      )
        return undefined;
      return [
        `a ballot above ${entry.ballot} for decree ${mutation.decree}, which is held already`,
        `${mutation.ballot}`,
      ];
    }),
    guard('replication/header-commit-point', 'S8', ({ replica }, e: PreparedClaim) =>
      !asPrimary(e) || e.mutation.lastCommitted === replica.committed
        ? undefined
        : [`header commit point ${replica.committed}`, `${e.mutation.lastCommitted}`],
    ),
    guard('replication/reproposals-first', 'repl.reproposal', ({ replica }, e: PreparedClaim) => {
      if (!asPrimary(e)) return undefined;
      const { reproposeNext: next, reproposeLast: last } = replica;
      if (next <= last)
        return e.reproposal && e.mutation.decree === next
          ? undefined
          : [`re-proposal of decree ${next} (up to ${last})`, `decree ${e.mutation.decree}`];
      return e.reproposal ? [`nothing left to re-propose`, `decree ${e.mutation.decree}`] : undefined;
    }),
    guard('replication/contiguous-decrees', 'repl.S5', ({ replica }, e: PreparedClaim) =>
      !isNew(e) || e.mutation.decree === replica.maxPrepared + 1
        ? undefined
        : [`decree ${replica.maxPrepared + 1}`, `${e.mutation.decree}`],
    ),
    guard('replication/reproposal-keeps-content', 'repl.S22', ({ part, replica }, e: PreparedClaim) =>
      asPrimary(e) && e.reproposal ? keepsContent(part, replica, e) : undefined,
    ),
    guard('replication/later-than-what-is-there', 'dup.S11', ({ part }, e: PreparedClaim) =>
      !isNew(e) || e.mutation.timestampUs > part.newestUs
        ? undefined
        : [`a timestamp above ${part.newestUs}, the newest row's`, `${e.mutation.timestampUs}`],
    ),
    guard('replication/timestamp-grows', 'repl.S22', ({ replica }, e: PreparedClaim) =>
      !isNew(e) || e.mutation.timestampUs > replica.lastTimestampUs
        ? undefined
        : [`timestamp > ${replica.lastTimestampUs}`, `${e.mutation.timestampUs}`],
    ),
    guard('replication/barrier-first', 'repl.S15', ({ replica }, e: PreparedClaim) =>
      !isNew(e) || !replica.barrierDue || isEmpty(e.mutation.updates)
        ? undefined
        : ['an empty write as barrier after the start', show(e.mutation)],
    ),
    guard('replication/enough-members', 'S8', ({ state, part, replica }, e: PreparedClaim) => {
      if (!isNew(e) || isEmpty(e.mutation.updates)) return undefined;
      const members = 1 + (part.configs[replica.ballot]?.secondaries.length ?? 0);
      const minimum = state.config.settings.mutation2pcMinReplicaCount;
      return minimum <= 0 || members >= minimum ? undefined : [`at least ${minimum} members`, `${members}`];
    }),
    guard('ingestion/ballot-of-the-request', 'bl.S6', (scene, e: PreparedClaim) =>
      isNew(e) ? ofAnotherBallot(scene, e.mutation) : undefined,
    ),
    guard('ingestion/needs-the-full-group', 'bl.S9', (scene, e: PreparedClaim) =>
      isNew(e) ? notFull(scene, e.mutation) : undefined,
    ),
    guard('ingestion/primary-has-its-load', 'S7', (scene, e: PreparedClaim) => (isNew(e) ? notLoading(scene, e.mutation) : undefined)),
    guard('ingestion/writes-wait', 'bl.S4', (scene, e: PreparedClaim) =>
      isNew(e) && !isEmpty(e.mutation.updates) ? writtenTooEarly(scene, e.mutation) : undefined,
    ),
    guard('replication/batch-of-one-kind', 'S8', (_, { mutation: { updates } }: PreparedClaim) => {
      const batchable = updates.every(({ code }) => code === 'RPC_RRDB_RRDB_PUT' || code === 'RPC_RRDB_RRDB_REMOVE');
      return updates.length === 1 || (updates.length > 1 && batchable)
        ? undefined
        : ['one update, or several of PUT and REMOVE', updates.map(({ code }) => code).join(', ') || 'no update'];
    }),
    guard('replication/updates-were-asked-for', 'S8', (scene, e: PreparedClaim) =>
      isNew(e) ? claimWriters(scene, scene.match, e) : undefined,
    ),
    guard('replication/expires-as-asked', 'S8', (scene, e: PreparedClaim) =>
      isNew(e) ? expiresWrongly(scene, scene.match, e) : undefined,
    ),
    guard('replication/prepare-was-proposed', 'repl.S22', ({ part }, e: PreparedClaim) => {
      if (asPrimary(e)) return undefined;
      const { mutation } = e;
      const proposal = proposalOf(part, mutation.decree, mutation.ballot);
      if (proposal === undefined)
        return [`a mutation that the primary of ballot ${mutation.ballot} proposed`, show(mutation)];
      if (mutation.lastCommitted > proposal.lastCommitted)
        return [`header commit point <= ${proposal.lastCommitted}`, `${mutation.lastCommitted}`];
      return sameContent(proposal, mutation) ? undefined : [show(proposal), show(mutation)];
    }),
  ],
  ({ part, replica, match }, e) => {
    const { mutation } = e;
    const old = replica.entries[mutation.decree];
    replica.entries[mutation.decree] = { ballot: mutation.ballot, logged: false };
    if (mutation.decree > replica.maxPrepared) replica.maxPrepared = mutation.decree;
    if (mutation.timestampUs > replica.lastTimestampUs) replica.lastTimestampUs = mutation.timestampUs;
    if (!asPrimary(e)) return;
    // Of what this member holds: another primary may have proposed something else since.
    const held = old === undefined ? undefined : proposalOf(part, mutation.decree, old.ballot);
    propose(part, mutation, e.reproposal ? [...(held?.commands ?? [])] : match.commands);
    if (isNew(e) && mutation.updates[0]?.load !== undefined) {
      replica.ingesting = mutation.decree;
      replica.ingestingSinceUs = e.atUs;
    }
    if (e.reproposal) replica.reproposeNext++;
    else if (isEmpty(mutation.updates)) replica.barrierDue = false;
    notePending(part, replica, e.atUs);
  },
);

// ---------------------------------------------------------------- prepare.acked

export const acked = rule(
  replicaScene,
  [
    guard('replication/ack-in-current-ballot', 'repl.S3', ({ replica }, e: PrepareAcked) =>
      e.ballot === replica.ballot ? undefined : [`ballot ${replica.ballot}`, `${e.ballot}`],
    ),
    guard('replication/ack-of-a-proposal', 'repl.S8', ({ part }, e: PrepareAcked) =>
      proposalOf(part, e.decree, e.ballot) !== undefined
        ? undefined
        : ['a proposed mutation', `decree ${e.decree} in ballot ${e.ballot}`],
    ),
    guard('replication/ack-after-log', 'S1', ({ replica }, e: PrepareAcked) => {
      const entry = replica.entries[e.decree];
      if (e.decree <= replica.committed || (entry?.logged === true && entry.ballot === e.ballot)) return undefined;
      return [
        `decree ${e.decree} of ballot ${e.ballot} in the log, or committed`,
        entry === undefined ? 'never received' : `ballot ${entry.ballot}, ${entry.logged ? 'logged' : 'not logged'}`,
      ];
    }),
  ],
  ({ part }, e) => {
    const proposal = proposalOf(part, e.decree, e.ballot);
    if (proposal !== undefined) proposal.acks[e.node] = true;
  },
);

// ---------------------------------------------------------------- replica.committed, replica.applied

const serving = ({ replica }: ReplicaScene): PartitionStatus =>
  replica.status === 'PS_ERROR' ? replica.role : replica.status;

/** The mutation that a replica would commit at a decree: what its prepare list holds. */
function held({ part, replica }: ReplicaScene, decree: number): Proposal | undefined {
  const entry = replica.entries[decree];
  return entry === undefined ? undefined : proposalOf(part, decree, entry.ballot);
}

/** What a replica commits: a learner may read it from its primary's log, past what its own list holds (repl 1.9 LT_LOG). */
function taken(scene: ReplicaScene, { decree, ballot }: CommittedClaim): Proposal | undefined {
  return isLearner(scene.replica) ? proposalOf(scene.part, decree, ballot) : held(scene, decree);
}

export const committed = rule(
  replicaScene,
  [
    guard('replication/commit-in-order', 'repl.S5', ({ replica }, e: CommittedClaim) =>
      e.decree === replica.committed + 1 || (!replica.open && e.decree > replica.committed)
        ? undefined
        : [`decree ${replica.committed + 1}`, `${e.decree}`],
    ),
    guard('replication/commit-by-role', 'repl.S2', (scene, e: CommittedClaim) => {
      const role = serving(scene);
      return !scene.replica.open || role === 'PS_PRIMARY' || role === 'PS_SECONDARY' || isLearner(scene.replica)
        ? undefined
        : ['PS_PRIMARY or PS_SECONDARY', `${role} commits ${e.decree}`];
    }),
    guard('replication/commit-needs-own-log', 'repl.S6', ({ replica }, e: CommittedClaim) => {
      const entry = replica.entries[e.decree];
      // A learner takes over what others hold in their logs.
      return !replica.open || isLearner(replica) || entry?.logged === true
        ? undefined
        : [`decree ${e.decree} in the own log`, entry === undefined ? 'a hole' : 'not yet logged'];
    }),
    guard('replication/commit-ballot', 'repl.S5', ({ replica }, e: CommittedClaim) => {
      const ballot = replica.entries[e.decree]?.ballot ?? e.ballot;
      return !replica.open || isLearner(replica) || e.ballot === ballot || e.ballot === replica.ballot
        ? undefined
        : [`ballot ${ballot} (or ${replica.ballot})`, `${e.ballot}`];
    }),
    guard('replication/commit-needs-all-acks', 'repl.S8', (scene, e: CommittedClaim) => {
      const { part, replica } = scene;
      if (!replica.open || serving(scene) !== 'PS_PRIMARY') return undefined;
      const proposal = held(scene, e.decree);
      if (proposal?.ballot !== replica.ballot)
        return [
          `decree ${e.decree} proposed in ballot ${replica.ballot}`,
          `held from ballot ${proposal?.ballot ?? 'none'}`,
        ];
      const missing =
        part.configs[replica.ballot]?.secondaries.filter((member) => proposal.acks[member] !== true) ?? [];
      return missing.length === 0 ? undefined : ['acknowledgements of all members', `none from ${missing.join(', ')}`];
    }),
    guard('replication/commit-known-to-a-primary', 'S1', (scene, e: CommittedClaim) =>
      (scene.replica.open && serving(scene) === 'PS_PRIMARY') || e.decree <= scene.part.committed
        ? undefined
        : [`decree <= ${scene.part.committed}, what a primary has committed`, `${e.decree}`],
    ),
    guard('replication/committed-prefix-agrees', 'S2', (scene, e: CommittedClaim) => {
      const first = chosenOf(scene.part, e.decree);
      const mine = scene.replica.open ? taken(scene, e) : undefined;
      return first === undefined || mine === undefined || sameContent(first, mine)
        ? undefined
        : [show(first), show(mine)];
    }),
  ],
  (scene, e) => {
    const { state, part, replica, cluster } = scene;
    replica.committed = e.decree;
    if (serving(scene) === 'PS_PRIMARY') notePending(part, replica, e.atUs);
    const proposal = e.decree > part.committed ? held(scene, e.decree) : undefined;
    if (proposal === undefined) return;
    commitGlobally(part, cluster.tables[part.appId], proposal, e.atUs);
    noteIngestion(state, cluster.tables[part.appId], part, proposal, e.atUs);
    for (const node in part.replicas) {
      const other = part.replicas[node];
      if (other?.open === true) noteDebt(other.behind, other.applied, part.committed, e.atUs);
    }
    noteEffects(cluster, part.appId, proposal.updates, e.atUs);
    if (proposal.commands.some((id) => id >= 0)) part.written = true;
    if (proposal.updates.some(({ entries }) => entries !== undefined)) part.inbound = true;
    noteCommitted(state, cluster, part, proposal, e.atUs);
  },
);

export const applied = rule(
  replicaScene,
  [
    guard('replication/apply-in-order', 'repl.S7', ({ replica }, e: AppliedClaim) =>
      e.decree === replica.applied + 1 ? undefined : [`decree ${replica.applied + 1}`, `${e.decree}`],
    ),
    guard('replication/apply-after-commit', 'repl.S7', ({ replica }, e: AppliedClaim) =>
      e.decree <= replica.committed ? undefined : [`decree <= ${replica.committed}, the commit point`, `${e.decree}`],
    ),
    guard('replication/error-applies-nothing', 'repl.S7', ({ replica }, e: AppliedClaim) =>
      replica.status !== 'PS_ERROR' || !replica.open ? undefined : ['nothing more in PS_ERROR', `decree ${e.decree}`],
    ),
  ],
  ({ state, cluster, part, replica }, e) => {
    replica.applied = e.decree;
    if (part.inbound) noteApplied(state, cluster, part, replica, e.atUs);
    noteDebt(replica.behind, replica.applied, part.committed, e.atUs);
    if (replica.undurableSinceUs < 0) replica.undurableSinceUs = e.atUs;
  },
);
