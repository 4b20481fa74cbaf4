/** The private log: what may be written, in which file, and what may be deleted (plog 7, 12; repl S18, S22). */
import type { LogFileCreated, LogFileRemoved, LogSurvived, LogWritten } from '../events.ts';
import {
  durableOf,
  noteCollectable,
  proposalOf,
  type LogFile,
  type LogRecord,
  type PartitionState,
  type ReplicaState,
} from '../state.ts';
import { sameContent, show } from '../mutations.ts';
import { duplicatorKey, indexOf, isErased, storedOf } from '../dupState.ts';
import { excluded } from '../exclusions.ts';
import { guard, replicaScene, rule, type Refusal, type ReplicaScene } from './rule.ts';

const SLACK_US = 2_000_000;
/** The model knows where the last record begins, not how long it is. */
const RECORD_BYTES = 4096;

/** A learner logs what it learns, whether it has prepared it or not (repl 1.9 LT_LOG with duplication). */
const isMember = ({ status }: ReplicaState): boolean => status === 'PS_PRIMARY' || status === 'PS_SECONDARY';

const newest = (replica: ReplicaState): LogFile | undefined => replica.files[replica.files.length - 1];

/**
 * The file of a record: the newest, or the one before it for a batch that was on its way when the newest was created
 * (plog 7.4).
 */
function fileOf(replica: ReplicaState, e: LogWritten): LogFile | undefined {
  const last = newest(replica);
  if (!replica.fileOpen || last === undefined || last.index === e.fileIndex) return replica.fileOpen ? last : undefined;
  const before = replica.files[replica.files.length - 2];
  const onItsWay =
    before?.index === e.fileIndex &&
    before.incarnation === last.incarnation &&
    e.mutation.decree <= last.previousMaxDecree &&
    e.logOffset < last.startOffset;
  return onItsWay ? before : undefined;
}

export const written = rule(
  replicaScene,
  [
    guard('log/record-in-newest-file', 'plog.7.4', ({ replica }, e: LogWritten) =>
      fileOf(replica, e)?.index === e.fileIndex
        ? undefined
        : [`a file created since the start, the newest: ${newest(replica)?.index ?? 'none'}`, `file ${e.fileIndex}`],
    ),
    guard('log/offsets-grow', 'plog.7.4', ({ replica }, e: LogWritten) => {
      const end = fileOf(replica, e)?.endOffset ?? 0;
      return e.logOffset >= end ? undefined : [`an offset from ${end}`, `${e.logOffset}`];
    }),
    guard('log/record-was-prepared', 'repl.S22', ({ part, replica }, { mutation }: LogWritten) => {
      const proposal = proposalOf(part, mutation.decree, mutation.ballot);
      const entry = replica.entries[mutation.decree];
      const mayHave = isMember(replica) ? entry !== undefined && entry.ballot >= mutation.ballot : true;
      if (proposal === undefined || !mayHave)
        return ['a mutation that this replica prepared', `ballot ${mutation.ballot}, ${show(mutation)}`];
      return sameContent(proposal, mutation) ? undefined : [show(proposal), show(mutation)];
    }),
    guard('log/header-commit-point', 'repl.S5', ({ part }, { mutation }: LogWritten) => {
      const most = Math.min(
        mutation.decree - 1,
        proposalOf(part, mutation.decree, mutation.ballot)?.lastCommitted ?? mutation.decree,
      );
      return mutation.lastCommitted <= most ? undefined : [`commit point <= ${most}`, `${mutation.lastCommitted}`];
    }),
    guard('log/ballots-grow-along-the-log', 'repl.S5', ({ replica }, e: LogWritten) => {
      const { mutation } = e;
      const last = fileOf(replica, e)?.records.at(-1);
      return last === undefined || mutation.ballot >= last.ballot
        ? undefined
        : [`ballot >= ${last.ballot}`, `${mutation.ballot}`];
    }),
  ],
  ({ replica }, e) => {
    const { mutation, logOffset, atUs } = e;
    const file = fileOf(replica, e);
    const entry = replica.entries[mutation.decree];
    if (file === undefined) return;
    file.records.push({ ballot: mutation.ballot, decree: mutation.decree, lastCommitted: mutation.lastCommitted });
    file.endOffset = logOffset + 1;
    file.writtenAtUs = atUs;
    if (mutation.decree > file.maxDecree) file.maxDecree = mutation.decree;
    if (entry?.ballot === mutation.ballot) entry.logged = true;
  },
);

/** The file that a new one follows: the newest below its index. */
function before(replica: ReplicaState, e: LogFileCreated): LogFile | undefined {
  return replica.files.findLast((file) => file.index < e.fileIndex);
}

/** A log that a learner has reset counts from what its storage held then (repl 1.9 LT_CACHE). */
function leastMaxDecree(replica: ReplicaState, e: LogFileCreated): number {
  const last = before(replica, e);
  const isReset = e.startOffset >= replica.validLogOffset && (last?.startOffset ?? 0) < replica.validLogOffset;
  return isReset ? replica.initDurable : (last?.maxDecree ?? 0);
}

/**
 * May the index be used again? A disk fault can leave the newest file without records, and one that was set aside while
 * its successor was being created is not known any more.
 */
function isUsedAgain({ replica, node }: ReplicaScene, e: LogFileCreated): boolean {
  if (!node.diskFault && !replica.damaged) return false;
  const last = newest(replica);
  return last === undefined || (e.fileIndex === last.index && last.records.length === 0);
}

export const fileCreated = rule(
  replicaScene,
  [
    guard('log/next-index', 'plog.7.4', (scene, e: LogFileCreated) => {
      const index = newest(scene.replica)?.index ?? 0;
      return e.fileIndex === index + 1 || isUsedAgain(scene, e) ? undefined : [`index ${index + 1}`, `${e.fileIndex}`];
    }),
    guard('log/file-follows-the-last', 'plog.7.4', ({ replica }, e: LogFileCreated) => {
      const end = before(replica, e)?.endOffset ?? 0;
      return e.startOffset >= end ? undefined : [`an offset from ${end}`, `${e.startOffset}`];
    }),
    guard('log/header-max-decree', 'repl.S18', ({ replica }, e: LogFileCreated) => {
      const least = leastMaxDecree(replica, e);
      const most = Math.max(least, replica.maxPrepared);
      return e.previousMaxDecree >= least && e.previousMaxDecree <= most
        ? undefined
        : [`a decree from ${least} to ${most}`, `${e.previousMaxDecree}`];
    }),
  ],
  ({ replica }, e) => {
    const { fileIndex: index, startOffset, previousMaxDecree, atUs } = e;
    replica.files = replica.files.filter((file) => file.index < index);
    replica.files.push({
      index,
      startOffset,
      endOffset: startOffset,
      previousMaxDecree,
      maxDecree: previousMaxDecree,
      writtenAtUs: atUs,
      incarnation: replica.incarnation,
      records: [],
    });
    replica.fileOpen = true;
    noteCollectable(replica, atUs);
  },
);

/** Certainly within both reserve limits: then garbage collection keeps it (plog 12 step 2). */
function isReserved({ state, replica, node }: ReplicaScene, file: LogFile, atUs: number): boolean {
  const { logPrivateReserveMaxSizeBytes: size, logPrivateReserveMaxTimeSeconds: seconds } = state.config.settings;
  if (size === 0 || seconds === 0 || node.wallFault) return false;
  const bytes = (newest(replica)?.endOffset ?? 0) + RECORD_BYTES - file.startOffset;
  return bytes <= size && file.writtenAtUs + seconds * 1e6 > atUs + SLACK_US;
}

/** Opening sets a file aside whose first block it cannot read (plog 9.1, 10 step 2). */
function setAside({ node, replica }: ReplicaScene): boolean {
  return !replica.open && (node.diskFault || node.powerLost || replica.damaged);
}

/** The largest decree of the oldest file that no later file holds: a learner is told once more what it had. */
function newestOnlyHere({ files: [oldest, ...later] }: ReplicaState): number {
  const isKept = (decree: number): boolean => later.some(({ records }) => records.some((record) => record.decree === decree));
  let newestLost = 0;
  for (const { decree } of oldest?.records ?? []) if (decree > newestLost && !isKept(decree)) newestLost = decree;
  return newestLost;
}

/** Of a log that begins anew, what lies before counts for nothing. */
const isVoid = ({ files: [oldest], validLogOffset }: ReplicaState): boolean => oldest !== undefined && oldest.startOffset < validLogOffset;

/** Would records go that a duplication has not confirmed, on a replica that surely knows of it (S4; dup 6.7)? */
function losesUnshipped({ cluster, part, replica }: ReplicaScene, e: LogFileRemoved): Refusal | undefined {
  // A dropped table is told to nobody as a duplicated one.
  if ((cluster.tables[part.appId]?.droppedAtUs ?? 0) >= 0 || isVoid(replica)) return undefined;
  for (const dup of Object.values(cluster.dups)) {
    const progress = dup.appId === part.appId ? dup.partitions[indexOf(part.gpid)] : undefined;
    const since = dup.guarded[duplicatorKey(part.gpid, replica.node)];
    if (progress === undefined || isErased(dup)) continue;
    if (excluded('late-guard', since === undefined || since + SLACK_US >= e.atUs)) continue;
    const stored = storedOf(progress);
    const least = stored < 0 ? progress.appliedAtCreation : stored;
    const lost = newestOnlyHere(replica);
    if (lost > least)
      return [`decrees above ${least} to stay for duplication ${dup.dupId}`, `file ${e.fileIndex} holds ${lost}`];
  }
  return undefined;
}

export const fileRemoved = rule(
  replicaScene,
  [
    guard('log/oldest-first', 'repl.S18', (scene, e: LogFileRemoved) =>
      setAside(scene) || scene.replica.files[0]?.index === e.fileIndex
        ? undefined
        : [`the oldest file, ${scene.replica.files[0]?.index ?? 'none'}`, `${e.fileIndex}`],
    ),
    guard('log/newest-stays', 'plog.P9', (scene, e: LogFileRemoved) =>
      !setAside(scene) && newest(scene.replica)?.index === e.fileIndex
        ? ['the newest file to stay', `${e.fileIndex} deleted`]
        : undefined,
    ),
    guard('log/only-covered-files-go', 'repl.S18', (scene, e: LogFileRemoved) => {
      if (setAside(scene)) return undefined;
      const { replica } = scene;
      const oldest = replica.files[0];
      if (oldest === undefined || isVoid(replica)) return undefined;
      const lost = oldest.records.reduce((max, record) => Math.max(max, record.decree), 0);
      return lost <= durableOf(replica)
        ? undefined
        : [`decrees <= ${durableOf(replica)}, the newest checkpoint`, `file ${e.fileIndex} holds decree ${lost}`];
    }),
    guard('log/unshipped-records-stay', 'S4', (scene, e: LogFileRemoved) =>
      setAside(scene) ? undefined : losesUnshipped(scene, e),
    ),
    guard('log/reserved-files-stay', 'repl.S18', (scene, e: LogFileRemoved) => {
      const oldest = scene.replica.files[0];
      return !setAside(scene) && oldest !== undefined && isReserved(scene, oldest, e.atUs)
        ? ['a file within the reserve limits to stay', `file ${e.fileIndex} deleted`]
        : undefined;
    }),
  ],
  (scene, e) => {
    const { replica } = scene;
    if (setAside(scene)) replica.damaged = true;
    replica.files = replica.files.filter((file) => file.index !== e.fileIndex);
    replica.collectableSinceUs = -1;
    noteCollectable(replica, e.atUs);
  },
);

/** Did others rely on the record: was it acknowledged, or committed, and is it not in storage? Only then is a copy spent. */
function wasPromised(part: PartitionState, replica: ReplicaState, { decree, ballot }: LogRecord): boolean {
  if (decree <= replica.flushed) return false;
  return decree <= part.committed || proposalOf(part, decree, ballot)?.acks[replica.node] === true;
}

export const survived = rule(
  replicaScene,
  [
    guard('log/survivors-were-written', 'repl.S22', ({ replica }, e: LogSurvived) => {
      const records = replica.files.flatMap((file) => file.records.map((record) => ({ ...record, file: file.index })));
      let at = 0;
      for (const record of e.records) {
        while (
          at < records.length &&
          !(
            records[at]?.ballot === record.ballot &&
            records[at]?.decree === record.decree &&
            records[at]?.file === record.fileIndex
          )
        )
          at++;
        if (at++ >= records.length)
          return [
            'only records that were written, in their order',
            `ballot ${record.ballot}, decree ${record.decree} in file ${record.fileIndex}`,
          ];
      }
      return undefined;
    }),
    guard('log/nothing-lost-without-a-fault', 'S1', ({ replica, node }, e: LogSurvived) => {
      if (node.powerLost || node.diskFault) return undefined;
      const gone = replica.files.find((file) => !e.files.includes(file.index));
      if (gone !== undefined) return [`file ${gone.index} to stay`, `files ${e.files.join(' ')}`];
      const before = replica.files.reduce((sum, file) => sum + file.records.length, 0);
      return before === e.records.length ? undefined : [`${before} records`, `${e.records.length}`];
    }),
  ],
  ({ part, replica }, e) => {
    if (!e.intact) replica.damaged = true;
    const left = [...e.records];
    for (const file of replica.files) {
      const before = file.records;
      file.records = file.records.filter((record) => {
        const next = left[0];
        const survives =
          next?.fileIndex === file.index && next.ballot === record.ballot && next.decree === record.decree;
        if (survives) left.shift();
        return survives;
      });
      file.maxDecree = file.records.reduce((max, record) => Math.max(max, record.decree), file.previousMaxDecree);
      if (file.records.length === before.length) continue;
      file.endOffset = file.startOffset;
      if (before.some((record) => !file.records.includes(record) && wasPromised(part, replica, record)))
        replica.lost = true;
    }
    const last = newest(replica);
    if (last !== undefined) last.endOffset = last.startOffset;
    // Opening sets a file without a readable header aside, and it leaves no trace (plog 10 step 2); who is open keeps it.
    if (!replica.open) replica.files = replica.files.filter((file) => e.files.includes(file.index));
  },
);
