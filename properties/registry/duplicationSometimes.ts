/**
 * What a campaign must have seen of duplication: each status reached and left in each way, servers that stop in each status and on
 * both sides of each write of a record, pauses, batches, logs that cannot be read, followers that lose what they were given.
 */
import { appIdOf, indexOf } from '../../model/gpid.ts';
import type { Command } from '../../model/commands.ts';
import {
  clusterNameOf,
  dupKey,
  inboundKey,
  isErased,
  statusOf,
  versionOf,
  type DupState,
} from '../../model/dupState.ts';
import type { ModelEvent } from '../../model/events.ts';
import type { ClusterState, ModelState } from '../../model/state.ts';
import type { DuplicationFailMode, DuplicationStatus, Gpid, NodeId } from '../../model/vocabulary.ts';
import type { Sometimes } from './types.ts';

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

type Change = 'addDup' | 'removeDup' | 'startDup' | 'pauseDup' | 'setDupFailMode';
const CHANGES: readonly Change[] = ['addDup', 'removeDup', 'startDup', 'pauseDup', 'setDupFailMode'];

/** Is a change under way at the cluster of this meta server, with so many effects? */
function openChanges(state: ModelState, node: NodeId, kind: Command['kind'], having: (effects: number) => boolean): boolean {
  if (!isMeta(node)) return false;
  return Object.values(state.clusters[clusterNameOf(node)]?.commands ?? {}).some(
    ({ command, answered, effects }) => command.kind === kind && !answered && having(effects),
  );
}

/** What the store holds of a partition's progress. */
function storedProgress(dup: DupState, gpid: Gpid): number {
  return dup.partitions[indexOf(gpid)]?.values.at(-1)?.decree ?? -1;
}

/** Is this a replica of a follower table that is being filled? */
function isBeingFilled(state: ModelState, node: NodeId, gpid: Gpid): boolean {
  const name = state.clusters[clusterNameOf(node)]?.tables[appIdOf(gpid)]?.name;
  return Object.values(state.clusters).some((cluster) =>
    Object.values(cluster.dups).some(
      (dup) =>
        !isErased(dup) &&
        statusOf(dup) === 'DS_APP' &&
        dup.remote === clusterNameOf(node) &&
        dup.remoteAppName === name,
    ),
  );
}

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
  ...CHANGES.map((kind) =>
    sometimes(
      `meta-down-before-${kind}`,
      `the meta server stops when ${kind} was asked for and is not stored`,
      (e, s) => e.kind === 'process.stopped' && openChanges(s, e.node, kind, (effects) => effects === 0),
    ),
  ),
  ...CHANGES.map((kind) =>
    sometimes(
      `meta-down-behind-${kind}`,
      `the meta server stops when ${kind} is stored and not answered`,
      (e, s) => e.kind === 'process.stopped' && openChanges(s, e.node, kind, (effects) => effects > 0),
    ),
  ),
  sometimes(
    'meta-down-behind-progress',
    'the meta server stops when a progress was stored and before it told anybody',
    (e, s) =>
      e.kind === 'process.stopped' &&
      isMeta(e.node) &&
      dupsAt(s, e.node).some((dup) =>
        Object.values(dup.partitions).some(({ values }) => values.length > 1 && (values.at(-1)?.seenAtUs ?? 0) < 0),
      ),
  ),
  sometimes(
    'primary-down-unconfirmed',
    'a primary stops that shipped more than is stored',
    (e, s) =>
      e.kind === 'process.stopped' &&
      dupsAt(s, e.node).some((dup) =>
        Object.values(dup.duplicators).some(
          ({ node, gpid, running, shipped }) => node === e.node && running && shipped > storedProgress(dup, gpid),
        ),
      ),
  ),
  sometimes(
    'resent',
    'the same writes are sent again',
    (e, s) => e.kind === 'dup.sent' && (s.clusters[clusterNameOf(e.to)]?.inbound[inboundKey(e.gpid, e.to, e.entries)]?.sent ?? 0) > 1,
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
  sometimes(
    'follower-lost-in-DS_APP',
    'a member of a follower table loses its data while the table is being filled',
    (e, s) =>
      ((e.kind === 'replica.status' && e.to === 'PS_ERROR') || e.kind === 'replica.load-failed') &&
      isBeingFilled(s, e.node, e.gpid),
  ),
  ...MODES.map((mode) =>
    sometimes(`hole-with-${mode}`, `records are missing in a log that is shipped with ${mode}`, (e, s) =>
      e.kind === 'dup.skipped' && dupsAt(s, e.node).some((dup) => dup.dupId === e.dupId && versionOf(dup).failMode === mode),
    ),
  ),
  sometimes(
    'failed-fast',
    'a primary that ships with FAIL_FAST goes to PS_ERROR',
    (e, s) =>
      e.kind === 'replica.status' &&
      e.from === 'PS_PRIMARY' &&
      e.to === 'PS_ERROR' &&
      dupsAt(s, e.node).some(
        (dup) =>
          e.gpid.startsWith(`${dup.appId}.`) && statusOf(dup) === 'DS_LOG' && versionOf(dup).failMode === 'FAIL_FAST',
      ),
  ),
];
