/** Duplication: the invariants of the fact sheet (dup 8), and what a campaign must have seen of it. */
import {
  clusterNameOf,
  dupKey,
  isErased,
  statusOf,
  versionOf,
  type DupState,
} from '../../model/dupState.ts';
import type { ModelEvent } from '../../model/events.ts';
import type { ClusterState, ModelState } from '../../model/state.ts';
import type { DuplicationFailMode, DuplicationStatus, NodeId } from '../../model/vocabulary.ts';
import type { CheckedIn, Property, Sometimes } from './types.ts';

function always(id: string, sentence: string, ...checkedIn: readonly CheckedIn[]): Property {
  const where = checkedIn.length === 0 ? (['rules'] as const) : checkedIn;
  return { id, kind: 'always', sentence, subsystem: 'duplication', checkedIn: where };
}

export const DUP_ALWAYS: readonly Property[] = [
  always(
    'S3',
    'what a duplication confirmed is on the follower: the checkpoint it began with, and every write shipped since',
  ),
  always('S4', 'no replica of a duplicated table deletes a log record above the smallest confirmed decree'),
  always(
    'dup.S1',
    'a status or fail mode is what the store holds, and changes only by the steps of the transition table and for a cause',
  ),
  always('dup.S2', 'a duplicator has at most one pipeline'),
  always('dup.S3', 'the stored progress of a partition never goes back, and was reported'),
  always('dup.S4', 'the progress that replica servers are told is what the store holds'),
  always('dup.S5', 'at a replica the confirmed decree never goes back and never passes the last shipped one'),
  always('dup.S6', 'what is shipped or reported was committed by the replica'),
  always('dup.S7', 'the log holds what a pipeline begins with'),
  always('dup.S9', 'only committed writes of the source are shipped, as they are'),
  always('dup.S10', 'every committed write behind the start is shipped before the last decree passes it'),
  always(
    'dup.S11',
    'a follower holds what its source held: the same checkpoint under all members, then the writes in their order',
    'rules',
    'obligations',
  ),
  always('dup.S13', 'one duplication goes from a table to a cluster, and one table feeds a follower table'),
  always('dup.S14', 'a write that came by duplication is never shipped on'),
  always('dup.S15', 'a checkpoint is called prepared when it covers what its primary must have; only then goes it on'),
  always('dup.S16', 'a duplication has an id that no other one of its table has'),
  always('dup.S17', 'a removed duplication leaves nothing in the store, and one that is there is never forgotten'),
];

function eventually(id: string, sentence: string, ...checkedIn: readonly CheckedIn[]): Property {
  return { id, kind: 'eventually', sentence, subsystem: 'duplication', checkedIn };
}

export const DUP_EVENTUALLY: readonly Property[] = [
  eventually('L1', 'a duplication that is set up reaches DS_LOG', 'obligations'),
  eventually('L2', 'the last write reaches the follower within a few seconds, also on a busy server', 'obligations'),
  eventually('dup.L1', 'a follower table is asked for in DS_PREPARE, marked in DS_APP, and only then', 'rules'),
  eventually('dup.L3', 'a primary in DS_LOG ships, in requests that the follower can take', 'rules', 'obligations'),
  eventually('dup.L4', 'what is shipped is confirmed in the store, and told back', 'obligations'),
  eventually('dup.L6', 'a paused or removed duplication ships nothing after the next sync', 'rules', 'obligations'),
];

// ---------------------------------------------------------------- sometimes

function sometimes(id: string, sentence: string, met: Sometimes['met']): Sometimes {
  return { id: `sometimes.dup-${id}`, kind: 'sometimes', sentence, subsystem: 'duplication', checkedIn: ['coverage'], met };
}

type Stored = Extract<ModelEvent, { kind: 'dup.stored' }>;

const dupOf = (state: ModelState, e: { readonly cluster: string; readonly appId: number; readonly dupId: number }): DupState | undefined =>
  state.clusters[e.cluster]?.dups[dupKey(e.appId, e.dupId)];

/** The record just changed from one status to another; '' for a creation. */
function moved(e: ModelEvent, state: ModelState, from: DuplicationStatus | '', to: DuplicationStatus): boolean {
  if (e.kind !== 'dup.stored' || e.record.status !== to) return false;
  const versions = dupOf(state, e)?.versions ?? [];
  const last = versions[versions.length - 1];
  if (last === undefined || last.atUs !== e.atUs) return false;
  return (versions[versions.length - 2]?.status ?? '') === from;
}

/** Did a shell line ask for the last change? An automatic step leaves no command used. */
function wasAsked(e: Stored, state: ModelState, kind: 'startDup' | 'pauseDup'): boolean {
  return Object.values(state.clusters[e.cluster]?.commands ?? {}).some(
    ({ command, effects }) => command.kind === kind && command.dupId === e.dupId && effects > 0,
  );
}

/** Duplications of the cluster of a node. */
function dupsAt(state: ModelState, node: NodeId): readonly DupState[] {
  return Object.values(state.clusters[clusterNameOf(node)]?.dups ?? {}).filter((dup) => !isErased(dup));
}

const isMeta = (node: NodeId): boolean => node.includes('/meta-');

/** Is the node primary of a partition of the table? */
const isPrimaryOf = (cluster: ClusterState | undefined, appId: number, node: NodeId): boolean =>
  Object.values(cluster?.partitions ?? {}).some(
    (part) => part.appId === appId && part.configs[part.ballot]?.primary === node,
  );

const KEPT: readonly DuplicationStatus[] = ['DS_PREPARE', 'DS_APP', 'DS_LOG', 'DS_PAUSE'];
const MODES: readonly DuplicationFailMode[] = ['FAIL_SLOW', 'FAIL_SKIP', 'FAIL_FAST'];
const READ_FAULTS: readonly string[] = ['disk.read-error', 'disk.bit-rot'];

export const DUP_SOMETIMES: readonly Sometimes[] = [
  sometimes('added-full', 'a duplication with a checkpoint begins', (e, s) => moved(e, s, '', 'DS_PREPARE')),
  sometimes('added-log-only', 'a log-only duplication begins', (e, s) => moved(e, s, '', 'DS_LOG')),
  sometimes('prepare-to-app', 'a follower table was created', (e, s) => moved(e, s, 'DS_PREPARE', 'DS_APP')),
  sometimes(
    'app-to-log',
    'a healthy follower lets the shipping begin',
    (e, s) => e.kind === 'dup.stored' && moved(e, s, 'DS_APP', 'DS_LOG') && !wasAsked(e, s, 'startDup'),
  ),
  sometimes(
    'app-started',
    'an operator starts the shipping without asking the follower',
    (e, s) => e.kind === 'dup.stored' && moved(e, s, 'DS_APP', 'DS_LOG') && wasAsked(e, s, 'startDup'),
  ),
  sometimes('paused', 'a duplication is paused', (e, s) => moved(e, s, 'DS_LOG', 'DS_PAUSE')),
  sometimes('resumed', 'a duplication is resumed', (e, s) => moved(e, s, 'DS_PAUSE', 'DS_LOG')),
  ...KEPT.map((status) =>
    sometimes(`removed-in-${status}`, `a duplication in ${status} is removed`, (e, s) => {
      const dup = e.kind === 'dup.erased' ? dupOf(s, e) : undefined;
      return dup !== undefined && versionOf(dup).status === status;
    }),
  ),
  ...KEPT.map((status) =>
    sometimes(
      `meta-down-in-${status}`,
      `the master's meta server stops while a duplication is in ${status}, which it has told`,
      (e, s) =>
        e.kind === 'process.stopped' &&
        isMeta(e.node) &&
        dupsAt(s, e.node).some((dup) => statusOf(dup) === status && versionOf(dup).seenAtUs >= 0),
    ),
  ),
  ...KEPT.map((status) =>
    sometimes(
      `meta-down-behind-${status}`,
      `the master's meta server stops when ${status} was stored and before it told anybody`,
      (e, s) =>
        e.kind === 'process.stopped' &&
        isMeta(e.node) &&
        dupsAt(s, e.node).some((dup) => statusOf(dup) === status && versionOf(dup).seenAtUs < 0),
    ),
  ),
  sometimes(
    'meta-down-before-a-write',
    'the meta server stops when a change of a duplication was asked for and is not stored',
    (e, s) =>
      e.kind === 'process.stopped' &&
      isMeta(e.node) &&
      Object.values(s.clusters[clusterNameOf(e.node)]?.commands ?? {}).some(
        ({ command, answered, effects }) =>
          !answered &&
          effects === 0 &&
          ['addDup', 'removeDup', 'startDup', 'pauseDup', 'setDupFailMode'].includes(command.kind),
      ),
  ),
  ...KEPT.map((status) =>
    sometimes(
      `primary-down-in-${status}`,
      `a server with a primary of a table in ${status} stops`,
      (e, s) =>
        e.kind === 'process.stopped' &&
        dupsAt(s, e.node).some(
          (dup) => statusOf(dup) === status && isPrimaryOf(s.clusters[clusterNameOf(e.node)], dup.appId, e.node),
        ),
    ),
  ),
  sometimes(
    'paused-across-a-roll',
    'a primary begins another log file while its duplication is paused',
    (e, s) =>
      e.kind === 'log.file-created' &&
      e.fileIndex > 1 &&
      dupsAt(s, e.node).some((dup) => statusOf(dup) === 'DS_PAUSE' && e.gpid.startsWith(`${dup.appId}.`)),
  ),
  sometimes(
    'batch',
    'a request carries writes of several mutations',
    (e) => e.kind === 'dup.sent' && new Set(e.entries.map((entry) => entry.timestampUs)).size > 1,
  ),
  sometimes('received', 'a follower commits a write of its source', (e) =>
    e.kind === 'replica.prepared' && e.mutation.updates[0]?.entries !== undefined,
  ),
  sometimes('adopted', 'a follower begins over a checkpoint of its master', (e) => e.kind === 'checkpoint.adopted'),
  sometimes('skipped', 'the loader goes on behind records that it cannot read', (e) => e.kind === 'dup.skipped'),
  ...MODES.map((mode) =>
    sometimes(
      `unreadable-with-${mode}`,
      `a log of a shipping primary cannot be read, with ${mode}`,
      (e, s) =>
        e.kind === 'fault.struck' &&
        e.node !== '' &&
        READ_FAULTS.includes(e.fault) &&
        e.detail.includes('plog') &&
        dupsAt(s, e.node).some(
          (dup) =>
            statusOf(dup) === 'DS_LOG' &&
            versionOf(dup).failMode === mode &&
            isPrimaryOf(s.clusters[clusterNameOf(e.node)], dup.appId, e.node),
        ),
    ),
  ),
  sometimes(
    'follower-down-in-DS_APP',
    'a server of the follower stops while its table is being filled',
    (e, s) =>
      e.kind === 'process.stopped' &&
      !isMeta(e.node) &&
      Object.values(s.clusters).some((cluster) =>
        Object.values(cluster.dups).some(
          (dup) => !isErased(dup) && statusOf(dup) === 'DS_APP' && dup.remote === clusterNameOf(e.node),
        ),
      ),
  ),
];
