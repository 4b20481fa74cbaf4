/**
 * Learning (repl 1.9, 2.8; plog 13): what a learner's storage, log and prepare list become, and that nothing of it is other than
 * what a primary has committed. Which of the three types brings it is the implementation's choice; what it brings is not.
 */
import type { InitInfoStored, LearnAnswered, ListCutClaim, LogReplaced, StorageReplaced } from '../learningEvents.ts';
import { NO_CONTENT } from '../content.ts';
import { chosenOf, noteDebt, proposalOf, type LogFile, type ReplicaState } from '../state.ts';
import type { Decree } from '../vocabulary.ts';
import { isOpen } from './roles.ts';
import { guard, replicaScene, rule, type ReplicaScene } from './rule.ts';

/** Storage and log are replaced under a learner, or at an opening that ends what a crash cut off. */
const byALearner = guard('learn/replaced-by-a-learner', 'repl.1.9', ({ replica }: ReplicaScene, e: StorageReplaced | LogReplaced) =>
  replica.status === 'PS_POTENTIAL_SECONDARY' || !replica.open
    ? undefined
    : ['a learner, or a replica that is not open', `${replica.status}: ${e.kind}`],
);

// ---------------------------------------------------------------- the primary's answer

export const learnAnswered = rule<ReplicaScene, LearnAnswered>(
  replicaScene,
  [
    guard('learn/answered-by-the-primary', 'repl.1.9', ({ replica }: ReplicaScene, _: LearnAnswered) =>
      replica.status === 'PS_PRIMARY' ? undefined : ['PS_PRIMARY', replica.status],
    ),
    guard('learn/start-in-range', 'repl.S17', ({ replica }: ReplicaScene, e: LearnAnswered) =>
      e.start > 0 && e.start <= Math.min(replica.committed, e.lastCommitted) + 1
        ? undefined
        : [`a start from 1 to ${replica.committed + 1}`, `${e.start}`],
    ),
  ],
  ({ replica }, { type }) => {
    // From the cache: what is not committed is proposed again, so that the learner has its part in it.
    if (type !== 'LT_CACHE') return;
    replica.reproposeNext = replica.committed + 1;
    replica.reproposeLast = replica.maxPrepared;
  },
);

// ---------------------------------------------------------------- the learner's list

export const listCut = rule<ReplicaScene, ListCutClaim>(
  replicaScene,
  [
    isOpen,
    guard('learn/list-cut-at-storage', 'repl.S7', ({ replica }: ReplicaScene, e: ListCutClaim) =>
      e.committed === replica.applied ? undefined : [`${replica.applied}, what storage holds`, `${e.committed}`],
    ),
    guard('learn/members-keep-their-list', 'repl.S5', ({ replica }: ReplicaScene, e: ListCutClaim) =>
      replica.status === 'PS_PRIMARY' || (replica.status === 'PS_SECONDARY' && e.committed < replica.committed)
        ? [`a list of ${replica.status} that goes on`, `commit point ${replica.committed} back to ${e.committed}`]
        : undefined,
    ),
  ],
  ({ replica }, { committed, keepsRest }) => {
    replica.committed = committed;
    for (const decree of Object.keys(replica.entries).map(Number))
      if (decree <= committed || !keepsRest) delete replica.entries[decree];
    replica.maxPrepared = Object.keys(replica.entries).reduce((max, decree) => Math.max(max, Number(decree)), committed);
  },
);

// ---------------------------------------------------------------- its storage

export const storageReplaced = rule<ReplicaScene, StorageReplaced>(
  replicaScene,
  [
    byALearner,
    guard('learn/storage-was-committed', 'S1', ({ part }: ReplicaScene, { decree }: StorageReplaced) =>
      decree <= part.committed ? undefined : [`at most decree ${part.committed}, what a primary has committed`, `${decree}`],
    ),
    guard('learn/storage-is-the-partitions', 'S2', ({ part }: ReplicaScene, { decree, contentDigest }: StorageReplaced) => {
      const expected = decree === 0 ? 0 : part.digests[decree];
      return expected === undefined || expected === NO_CONTENT || expected === contentDigest
        ? undefined
        : [`the rows of decree ${decree} (digest ${expected})`, `digest ${contentDigest}`];
    }),
  ],
  ({ part, replica }, { decree, atUs }) => {
    replica.stranger = false;
    replica.flushed = replica.base = replica.applied = decree;
    replica.flushedAtUs = atUs;
    replica.checkpoints = [];
    replica.endedDurable = 0;
    replica.undurableSinceUs = replica.collectableSinceUs = -1;
    replica.unlisted.sinceUs = -1;
    // It has what its primary's storage has: of an ingestion below it the files too (bl.B17).
    for (const ingestion of Object.values(part.ingestions)) {
      if (ingestion.decree <= decree) ingestion.ingestedAtUs[replica.node] = atUs;
      else delete ingestion.ingestedAtUs[replica.node];
    }
    noteDebt(replica.behind, replica.applied, part.committed, atUs);
  },
);

// ---------------------------------------------------------------- its log

/** The content of each record is that of a proposal: the auditor read it where it was written first. */
function unknownRecord({ part }: ReplicaScene, { files }: LogReplaced): Decree | undefined {
  for (const { records } of files)
    for (const { ballot, decree } of records) if (proposalOf(part, decree, ballot) === undefined && chosenOf(part, decree)?.ballot !== ballot) return decree;
  return undefined;
}

function newFile(file: LogReplaced['files'][number], { incarnation }: ReplicaState, atUs: number): LogFile {
  const { index, startOffset, endOffset, previousMaxDecree, records } = file;
  const maxDecree = records.reduce((max, { decree }) => Math.max(max, decree), previousMaxDecree);
  return { index, startOffset, endOffset, previousMaxDecree, maxDecree, writtenAtUs: atUs, incarnation, records: records.map((record) => ({ ...record })) };
}

export const logReplaced = rule<ReplicaScene, LogReplaced>(
  replicaScene,
  [
    byALearner,
    guard('learn/log-was-proposed', 'repl.S22', (scene: ReplicaScene, e: LogReplaced) => {
      const decree = unknownRecord(scene, e);
      return decree === undefined ? undefined : ['records that a primary proposed', `decree ${decree}`];
    }),
  ],
  ({ replica }, { files, atUs }) => {
    replica.files = files.map((file) => newFile(file, replica, atUs));
    replica.validLogOffset = 0;
    replica.fileOpen = false;
    replica.collectableSinceUs = -1;
  },
);

/** What the next opening begins with. */
export const initInfoStored = rule<ReplicaScene, InitInfoStored>(
  replicaScene,
  [
    guard('learn/init-ballot-grows', 'repl.S1', ({ replica }: ReplicaScene, { ballot }: InitInfoStored) =>
      ballot >= replica.initBallot || !replica.exists ? undefined : [`ballot >= ${replica.initBallot}`, `${ballot}`],
    ),
  ],
  ({ replica }, { durable, logOffset }) => {
    replica.initDurable = durable;
    replica.validLogOffset = logOffset;
  },
);
