/**
 * Predicates over one state of the model. They are not the rules: the explorer evaluates them by themselves, so that a
 * missing or weak rule shows as a reachable state in which one of them is broken.
 */
import {
  chosenOf,
  durableOf,
  proposalOf,
  type ModelState,
  type PartitionState,
  type ReplicaState,
} from '../../model/state.ts';
import { sameContent } from '../../model/mutations.ts';
import type { StatePredicate, Subsystem } from './types.ts';

type Check = (part: PartitionState, state: ModelState) => string | undefined;

function predicate(id: string, subsystem: Subsystem, sentence: string, check: Check): StatePredicate {
  return {
    id: `state.${id}`,
    kind: 'always',
    sentence,
    subsystem,
    checkedIn: ['state'],
    broken(state) {
      for (const cluster of Object.values(state.clusters)) {
        for (const part of Object.values(cluster.partitions)) {
          const wrong = check(part, state);
          if (wrong !== undefined) return `${part.gpid}: ${wrong}`;
        }
      }
      return undefined;
    },
  };
}

const perReplica =
  (check: (replica: ReplicaState, part: PartitionState) => string | undefined): Check =>
  (part) => {
    for (const replica of Object.values(part.replicas)) {
      const wrong = check(replica, part);
      if (wrong !== undefined) return `${replica.node}: ${wrong}`;
    }
    return undefined;
  };

/** The last word of a replica's log about a decree. */
function inLog(replica: ReplicaState, part: PartitionState, decree: number): ReturnType<typeof proposalOf> {
  let ballot = -1;
  for (const file of replica.files)
    for (const record of file.records) if (record.decree === decree && record.ballot > ballot) ballot = record.ballot;
  return proposalOf(part, decree, ballot);
}

export const STATE_PREDICATES: readonly StatePredicate[] = [
  predicate(
    'agreement',
    'replication',
    'what replicas have committed is the same everywhere',
    perReplica((replica, part) => {
      for (let decree = 1; decree <= replica.committed; decree++) {
        const entry = replica.entries[decree];
        const held = entry === undefined ? undefined : proposalOf(part, decree, entry.ballot);
        const chosen = chosenOf(part, decree);
        if (held !== undefined && chosen !== undefined && !sameContent(held, chosen))
          return `decree ${decree} differs from what was committed first`;
      }
      return undefined;
    }),
  ),
  predicate('durability', 'replication', 'what is committed is in the log or the storage of every member', (part) => {
    const config = part.configs[part.ballot];
    for (const node of config === undefined || config.primary === '' ? [] : [config.primary, ...config.secondaries]) {
      const replica = part.replicas[node];
      if (replica === undefined || replica.lost) continue;
      for (let decree = replica.flushed + 1; decree <= part.committed; decree++) {
        const record = inLog(replica, part, decree);
        const chosen = chosenOf(part, decree);
        if (record === undefined) return `${node} has nothing of committed decree ${decree}`;
        if (chosen !== undefined && !sameContent(record, chosen))
          return `the log of ${node} has another decree ${decree}`;
      }
    }
    return undefined;
  }),
  predicate(
    'order',
    'replication',
    'durable <= flushed <= applied <= committed <= prepared',
    perReplica((replica) => {
      if (!replica.open) return undefined;
      const chain = [durableOf(replica), replica.flushed, replica.applied, replica.committed, replica.maxPrepared];
      return chain.every((decree, i) => i === 0 || (chain[i - 1] ?? 0) <= decree)
        ? undefined
        : `decrees ${chain.join(' <= ')}`;
    }),
  ),
  predicate('ballots', 'replication', 'along the decrees the ballots of what is committed never fall', (part) => {
    for (let decree = 2; decree <= part.committed; decree++) {
      const before = chosenOf(part, decree - 1)?.ballot ?? 0;
      const own = chosenOf(part, decree)?.ballot ?? before;
      if (own < before) return `decree ${decree} of ballot ${own} behind one of ballot ${before}`;
    }
    return undefined;
  }),
  predicate(
    'known-commits',
    'replication',
    'no replica commits what no primary has committed',
    perReplica((replica, part) =>
      replica.committed <= part.committed ? undefined : `committed ${replica.committed} of ${part.committed}`,
    ),
  ),
  predicate('one-primary', 'replication', 'no two replicas are primary in one ballot', (part) => {
    const primaries = Object.values(part.replicas).filter((replica) => replica.open && replica.status === 'PS_PRIMARY');
    const ballots = new Set(primaries.map((replica) => replica.ballot));
    return ballots.size === primaries.length ? undefined : `${primaries.length} primaries in ${ballots.size} ballots`;
  }),
  predicate('acknowledged', 'replication', 'a member that acknowledged a mutation has it on disk', (part) => {
    for (const proposal of Object.values(part.proposals).flat()) {
      for (const node of Object.keys(proposal.acks)) {
        const replica = part.replicas[node];
        if (
          replica === undefined ||
          replica.lost ||
          replica.flushed >= proposal.decree ||
          replica.committed >= proposal.decree
        )
          continue;
        if (inLog(replica, part, proposal.decree) === undefined)
          return `${node} acknowledged decree ${proposal.decree} of ballot ${proposal.ballot} and does not have it`;
      }
    }
    return undefined;
  }),
  predicate('span', 'replication', 'the uncommitted span of a primary is bounded', (part, state) => {
    const limit = state.config.settings.stalenessForCommit;
    for (const replica of Object.values(part.replicas)) {
      const span = replica.maxPrepared - replica.committed;
      if (replica.open && replica.status === 'PS_PRIMARY' && span > limit)
        return `${replica.node} has ${span} uncommitted decrees of ${limit}`;
    }
    return undefined;
  }),
  predicate('once', 'client', 'an attempt has at most one committed effect', (part, state) => {
    const effects = new Map<number, number>();
    for (let decree = 1; decree <= part.committed; decree++) {
      for (const id of chosenOf(part, decree)?.commands ?? []) if (id >= 0) effects.set(id, (effects.get(id) ?? 0) + 1);
    }
    for (const cluster of Object.values(state.clusters)) {
      for (const command of Object.values(cluster.commands)) {
        if ((effects.get(command.id) ?? 0) > command.sent)
          return `command ${command.id} took effect ${effects.get(command.id)} times in ${command.sent} attempts`;
      }
    }
    return undefined;
  }),
  predicate(
    'retention',
    'log',
    'every decree above the newest checkpoint that a replica has applied is in its log',
    perReplica((replica, part) => {
      if (replica.lost) return undefined;
      for (
        let decree = Math.max(durableOf(replica), replica.open ? 0 : replica.flushed) + 1;
        decree <= replica.applied;
        decree++
      ) {
        if (inLog(replica, part, decree) === undefined)
          return `decree ${decree} is in no log file and in no checkpoint`;
      }
      return undefined;
    }),
  ),
];
