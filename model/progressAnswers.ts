/**
 * What a primary says of its progress (`replica.query-progress`, dup 10): its decrees, whether its table is duplicated, and
 * where each of its duplicators stands. Judged once nothing has changed for a while: every number must then be the true one.
 */
import type { Judge } from './adminAnswers.ts';
import type { AnswerScene } from './answers.ts';
import type { Answer, DuplicatorFact } from './commands.ts';
import { settingsOfCluster } from './config.ts';
import { dupsOf, duplicatorKey, isErased, toldOf, versionOf, type DupState, type DuplicatorState } from './dupState.ts';
import { answeringReplica } from './meant.ts';
import type { Refusal } from './rules/rule.ts';
import { durableOf, type PartitionState, type ReplicaState } from './state.ts';
import type { Decree } from './vocabulary.ts';

type Progress = Extract<Answer, { kind: 'progress' }>;

/** Between a cause and what a server says of it. */
const SAID_WITHIN_US = 1_000_000;

/** When anything last changed of which the answer tells. */
function changedAtUs({ state }: AnswerScene, part: PartitionState, replica: ReplicaState, dups: readonly DupState[]): number {
  let last = Math.max(part.committedAtUs, part.servesSinceUs, replica.openedAtUs, state.disturbedAtUs);
  for (const dup of dups) {
    const duplicator = dup.duplicators[duplicatorKey(part.gpid, replica.node)];
    last = Math.max(last, dup.erasedAtUs, versionOf(dup).atUs, duplicator?.changedAtUs ?? -1, duplicator?.shippedAtUs ?? -1);
    for (const { values } of Object.values(dup.partitions)) last = Math.max(last, values[values.length - 1]?.atUs ?? -1);
  }
  return last;
}

const expecting = (what: string, expected: unknown, told: unknown): Refusal | undefined =>
  expected === told ? undefined : [`${what} ${String(expected)}`, String(told)];

function duplicatorDiffers(
  { state }: AnswerScene,
  dup: DupState,
  { node }: ReplicaState,
  duplicator: DuplicatorState,
  told: DuplicatorFact | undefined,
): Refusal | undefined {
  const known = dup.versions[toldOf(state, dup, node)?.version ?? -1];
  if (known === undefined) return undefined;
  const what = `duplication ${dup.dupId}:`;
  if (told === undefined) return [`${what} its duplicator`, 'none'];
  const ran = duplicator.start < 0 ? duplicator.builtAt : Math.max(duplicator.shipped, duplicator.start - 1);
  return (
    expecting(`${what} status`, known.status, told.status) ??
    expecting(`${what} fail mode`, known.failMode, told.failMode) ??
    expecting(`${what} confirmed`, duplicator.confirmed, told.confirmed) ??
    expecting(`${what} last decree`, Math.max(ran, duplicator.confirmed), told.last)
  );
}

/** A checkpoint that is made while the question is under way may be in the answer or not. */
function wrongDurable({ command }: AnswerScene, replica: ReplicaState, told: Decree): Refusal | undefined {
  const now = durableOf(replica);
  const before = Math.min(command.durableBefore, now);
  if (told >= before && told <= now) return undefined;
  return [before === now ? `durable ${now}` : `durable from ${before} to ${now}`, `${told}`];
}

function judgeReplica(scene: AnswerScene, answer: Progress, part: PartitionState, replica: ReplicaState): Refusal | undefined {
  const { cluster, state, command } = scene;
  const { duplicationSyncPeriodMs } = settingsOfCluster(state.config, cluster.id);
  const dups = dupsOf(cluster, part.appId);
  const quietUs = 2 * duplicationSyncPeriodMs * 1000 + SAID_WITHIN_US;
  if (changedAtUs(scene, part, replica, dups) + quietUs >= command.invokedAtUs) return undefined;
  const living = dups.filter((dup) => {
    const duplicator = dup.duplicators[duplicatorKey(part.gpid, replica.node)];
    return !isErased(dup) && duplicator?.incarnation === replica.incarnation && !duplicator.dropped;
  });
  const stranger = answer.dups.find(({ dupId }) => !living.some((dup) => dup.dupId === dupId));
  if (stranger !== undefined) return [`no duplicator of duplication ${stranger.dupId}`, stranger.status];
  for (const dup of living) {
    const duplicator = dup.duplicators[duplicatorKey(part.gpid, replica.node)];
    const told = answer.dups.find(({ dupId }) => dupId === dup.dupId);
    const refusal = duplicator === undefined ? undefined : duplicatorDiffers(scene, dup, replica, duplicator, told);
    if (refusal !== undefined) return refusal;
  }
  return (
    expecting('committed', replica.committed, answer.committed) ??
    expecting('applied', replica.applied, answer.applied) ??
    wrongDurable(scene, replica, answer.durable) ??
    (living.length > 0 ? expecting('duplicating', true, answer.duplicating) : undefined)
  );
}

const judgeProgress: Judge = (scene, answer) => {
  const { cluster, command } = scene;
  if (answer.kind !== 'progress' || command.command.kind !== 'queryProgress' || answer.error !== 'ERR_OK') return undefined;
  const found = answeringReplica(cluster, command, answer.node);
  return found?.replica.status === 'PS_PRIMARY' ? judgeReplica(scene, answer, found.part, found.replica) : undefined;
};

export const PROGRESS_JUDGE = { name: 'answers/progress', judge: judgeProgress } as const;
