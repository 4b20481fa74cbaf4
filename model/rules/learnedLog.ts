/** What a learner's log must hold when it becomes a member (repl 1.9, dup 6.8). */
import { duplicatorKey, indexOf, isErased, storedOf } from '../dupState.ts';
import { primaryOf } from '../meant.ts';
import { hasLosses } from '../members.ts';
import type { ReplicaState } from '../state.ts';
import type { Decree } from '../vocabulary.ts';
import type { Refusal, ReplicaScene } from './rule.ts';

/**
 * Of a duplicated table the learner's log holds whatever is not shipped and its primary has: it may be the next one to ship
 * it (#740, #765, dup.B46). `undefined`: it does, or it is excused.
 */
export function lacksUnshipped({ cluster, part, node, replica }: ReplicaScene): Refusal | undefined {
  const primary = part.replicas[primaryOf(part)];
  if (primary === undefined || node.diskFault || node.powerLost || hasLosses(part)) return undefined;
  for (const dup of Object.values(cluster.dups)) {
    const progress = dup.appId === part.appId && !isErased(dup) ? dup.partitions[indexOf(part.gpid)] : undefined;
    const knownUs = dup.guarded[duplicatorKey(part.gpid, primary.node)];
    if (progress === undefined || knownUs === undefined || knownUs >= replica.learningSinceUs) continue;
    for (let decree = Math.max(0, storedOf(progress)) + 1; storedOf(progress) >= 0 && decree <= replica.applied; decree++)
      if (isLogged(primary, decree) && !isLogged(replica, decree))
        return [`decree ${decree}, which duplication ${dup.dupId} has not shipped, in the log of who may ship it`, 'not there'];
  }
  return undefined;
}

const isLogged = ({ files }: ReplicaState, decree: Decree): boolean =>
  files.some(({ records }) => records.some((record) => record.decree === decree));
