/**
 * Roles: who may become what, in which ballot, and with which lease (repl 1.10, 1.11, invariants
 * 6.1). A learner has its role by its primary's word alone; a member by a stored configuration.
 */
import type { StatusClaim } from '../events.ts';
import { notePending } from '../state.ts';
import { endRole } from '../ingestions.ts';
import { beyondLease, isLeaseEnding } from '../leases.ts';
import { lacksUnshipped } from './learnedLog.ts';
import { noteServing, noteTakenOver } from '../serving.ts';
import type { PartitionStatus } from '../vocabulary.ts';
import { noteNotPrimary } from './duplicators.ts';
import { guard, replicaScene, rule, type ReplicaScene } from './rule.ts';

/** Local changes of status; a status to itself means a new ballot (repl 1.11). */
const STATUS_CHANGES: Readonly<Record<PartitionStatus, readonly PartitionStatus[]>> = {
  PS_INACTIVE: ['PS_INACTIVE', 'PS_PRIMARY', 'PS_SECONDARY', 'PS_POTENTIAL_SECONDARY', 'PS_ERROR'],
  // One that slept through a drop and a recall is offered to learn by whoever serves now.
  PS_PRIMARY: ['PS_PRIMARY', 'PS_INACTIVE', 'PS_SECONDARY', 'PS_POTENTIAL_SECONDARY', 'PS_ERROR'],
  PS_SECONDARY: ['PS_SECONDARY', 'PS_INACTIVE', 'PS_PRIMARY', 'PS_POTENTIAL_SECONDARY', 'PS_ERROR'],
  PS_POTENTIAL_SECONDARY: ['PS_POTENTIAL_SECONDARY', 'PS_INACTIVE', 'PS_SECONDARY', 'PS_ERROR'],
  PS_ERROR: [],
};

/** A claim comes from a process that is up and a replica that is open. */
export const isOpen = guard('replication/replica-is-open', 'S8', ({ node, replica }: ReplicaScene) =>
  node.up && replica.open
    ? undefined
    : ['an open replica in a running process', node.up ? 'the replica is not open' : 'the process is down'],
);

export const status = rule<ReplicaScene, StatusClaim>(
  replicaScene,
  [
    isOpen,
    guard('replication/status-from', 'S8', ({ replica }, e: StatusClaim) =>
      e.from === replica.status ? undefined : [replica.status, e.from],
    ),
    guard('replication/status-change', 'repl.S1', ({ replica }, e: StatusClaim) => {
      const allowed = STATUS_CHANGES[e.from].includes(e.to) && !(e.from === e.to && e.ballot === replica.ballot);
      return allowed
        ? undefined
        : [
            `one of ${STATUS_CHANGES[e.from].join(', ')}, with a new ballot if the same`,
            `${e.to} in ballot ${e.ballot}`,
          ];
    }),
    guard('replication/ballot-grows', 'repl.S1', ({ replica }, e: StatusClaim) =>
      e.ballot >= replica.ballot ? undefined : [`ballot >= ${replica.ballot}`, `${e.ballot}`],
    ),
    guard('replication/ballot-is-stored', 'repl.S2', ({ part }, e: StatusClaim) =>
      e.ballot <= part.ballot ? undefined : [`ballot <= ${part.ballot}, the newest stored`, `${e.ballot}`],
    ),
    guard('replication/role-by-configuration', 'repl.S2', ({ part }, e: StatusClaim) => {
      const config = part.configs[e.ballot];
      if (e.to === 'PS_PRIMARY' && config?.primary !== e.node)
        return [`primary ${config?.primary ?? 'nobody'} of ballot ${e.ballot}`, e.node];
      if (e.to === 'PS_SECONDARY' && config?.secondaries.includes(e.node) !== true)
        return [`a secondary of ballot ${e.ballot}`, e.node];
      return undefined;
    }),
    guard('replication/one-primary-per-ballot', 'repl.S2', ({ part, replica }, e: StatusClaim) => {
      const other = e.to === 'PS_PRIMARY' ? part.primaries[e.ballot] : undefined;
      if (other === undefined || (other.node === e.node && other.incarnation === replica.incarnation)) return undefined;
      return [
        `a new ballot: ${other.node} was primary in ballot ${e.ballot}`,
        `${e.node} after ${other.node === e.node ? 'a restart' : 'it'}`,
      ];
    }),
    guard('learn/log-holds-what-is-not-shipped', 'S4', (scene, e: StatusClaim) =>
      e.from === 'PS_POTENTIAL_SECONDARY' && e.to === 'PS_SECONDARY' ? lacksUnshipped(scene) : undefined,
    ),
    guard('fd/primary-with-a-lease', 'repl.1.10', (scene, e: StatusClaim) =>
      e.to === 'PS_PRIMARY' ? beyondLease(scene, e.atUs) : undefined,
    ),
  ],
  (scene, e) => {
    const { state, cluster, part, replica } = scene;
    // Who stops serving because its lease ends disturbs as a fault does; there was one, or beacons would have been answered.
    if (e.to === 'PS_INACTIVE' && isLeaseEnding(scene, e.atUs)) state.disturbedAtUs = e.atUs;
    if (replica.status === 'PS_PRIMARY') replica.primaryUntilUs = e.atUs;
    endRole(part, replica, e.ballot, e.atUs);
    // It is closed, or would be if nobody took it back; with it go its duplicators.
    const isLeft = e.from !== e.to && (e.to === 'PS_ERROR' || (e.to === 'PS_INACTIVE' && e.ballot > replica.ballot));
    if (isLeft || e.to === 'PS_SECONDARY') noteNotPrimary(cluster, part, replica);
    replica.status = e.to;
    replica.learningSinceUs = e.to !== 'PS_POTENTIAL_SECONDARY' ? -1 : e.from === e.to ? replica.learningSinceUs : e.atUs;
    if (e.from !== e.to) replica.loadBegun = false;
    if (e.ballot > replica.ballot) replica.initBallot = e.ballot;
    replica.ballot = e.ballot;
    noteServing(part, state, e.atUs);
    if (e.to !== 'PS_PRIMARY' && e.to !== 'PS_SECONDARY') {
      // A request for a checkpoint ends with the role (R9 mended).
      if (part.emergencies.length > 0) part.emergencies = part.emergencies.filter(({ node }) => node !== e.node);
      return;
    }
    // It has learned what it had lost.
    if (e.from === 'PS_POTENTIAL_SECONDARY') {
      replica.lost = replica.damaged = false;
      replica.joinedAtUs = e.atUs;
    }
    replica.role = e.to;
    if (e.to !== 'PS_PRIMARY') return;
    if (e.from !== 'PS_PRIMARY') noteTakenOver(cluster, part, replica);
    part.primaries[e.ballot] ??= { node: e.node, incarnation: replica.incarnation };
    replica.reproposeNext = replica.committed + 1;
    replica.reproposeLast = replica.maxPrepared;
    notePending(part, replica, e.atUs);
  },
);
