/**
 * What a campaign must have seen of the files of loads and of the writes that bring them in: each thing that can be wrong with
 * files, refused and delayed ingestion writes, members that stop while one is on its way, files that are fetched once more.
 */
import { indexOf } from '../../model/gpid.ts';
import { clusterNameOf } from '../../model/dupState.ts';
import type { ModelEvent } from '../../model/events.ts';
import { metadataFile, providerPath } from '../../model/loadFiles.ts';
import type { LoadFileFact } from '../../model/loadEvents.ts';
import { isKnown, type IngestionState, type LoadState, type ProviderFile } from '../../model/loadState.ts';
import type { ModelState, PartitionState } from '../../model/state.ts';
import type { Gpid, NodeId } from '../../model/vocabulary.ts';
import { loadOf, loadSometimes } from './loadSometimes.ts';
import type { Sometimes } from './types.ts';

const sometimes = loadSometimes;

function partOf(state: ModelState, e: { readonly node: NodeId; readonly gpid: Gpid }): PartitionState | undefined {
  return state.clusters[clusterNameOf(e.node)]?.partitions[e.gpid];
}

// ---------------------------------------------------------------- files

/** A member says that it could not download, or not ingest. */
function isComplaint(e: ModelEvent): e is Extract<ModelEvent, { kind: 'load.member-reported' }> {
  if (e.kind !== 'load.member-reported') return false;
  const { downloadStatus, ingestStatus } = e.state;
  return ingestStatus === 'IS_FAILED' || (downloadStatus !== undefined && downloadStatus !== 'ERR_OK');
}

type Wrong = (file: ProviderFile | undefined, wanted: LoadFileFact) => boolean;

/** A member complains, and a file of its partition is so at that moment. */
function complainsOf(wrong: Wrong): Sometimes['met'] {
  return (e, state) => {
    const load = isComplaint(e) ? loadOf(state, e) : undefined;
    if (load === undefined || !isComplaint(e)) return false;
    const index = indexOf(e.gpid);
    const files = metadataFile(state, load, index)?.files ?? [];
    return files.some((wanted) => wrong(fileOf(state, load, index, wanted.name), wanted));
  };
}

function fileOf(state: ModelState, { record }: LoadState, index: number, name: string): ProviderFile | undefined {
  return state.providers[record.providerName]?.files[providerPath(record, String(index), name)];
}

const isRightByMd5: Wrong = (file, { sizeBytes, md5 }) => file !== undefined && file.sizeBytes === sizeBytes && file.md5 === md5;

const FILES: readonly Sometimes[] = [
  sometimes('file-missing', 'a download fails for a file that is not there', complainsOf((file) => file === undefined)),
  sometimes('file-short', 'a download fails for a file that is shorter than the metadata says', complainsOf((file, { sizeBytes }) => file !== undefined && file.sizeBytes < sizeBytes)),
  sometimes('file-damaged', 'a download fails for a file whose MD5 is another one', complainsOf((file, { sizeBytes, md5 }) => file?.sizeBytes === sizeBytes && md5 !== '' && file.md5 !== md5)),
  sometimes('file-garbage', 'files that are right by MD5 and no sorted rows are not ingested', complainsOf((file, wanted) => isRightByMd5(file, wanted) && file?.file.is !== 'rows')),
  sometimes('file-without-md5', 'a file whose MD5 nobody named comes in', (e, s) => {
    if (e.kind !== 'storage.ingested') return false;
    return Object.values(partOf(s, e)?.ingestions ?? {}).some(({ decree, load }) => decree <= e.decree && load.metadata.files.some(({ md5 }) => md5 === ''));
  }),
  sometimes('metadata-missing', 'a download fails for want of metadata', (e, s) => {
    const load = isComplaint(e) ? loadOf(s, e) : undefined;
    return load !== undefined && isComplaint(e) && metadataFile(s, load, indexOf(e.gpid)) === undefined;
  }),
  sometimes('wrong-total', 'a download fails for a total that is not the sum of its files', (e, s) => {
    const load = isComplaint(e) ? loadOf(s, e) : undefined;
    const metadata = load !== undefined && isComplaint(e) ? metadataFile(s, load, indexOf(e.gpid)) : undefined;
    return metadata !== undefined && metadata.totalBytes !== metadata.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }),
  sometimes('provider-down', 'a download fails that a fault of the provider met', (e, s) => {
    const load = isComplaint(e) ? loadOf(s, e) : undefined;
    return load !== undefined && s.providerFaultAtUs >= load.startedAtUs;
  }),
  sometimes('several-files', 'several files of a partition come in by one manifest', (e) => e.kind === 'storage.ingested' && e.files.length > 1),
  sometimes('no-free-slot', 'a member downloads nothing because its server has no slot left', (e) => e.kind === 'load.member-reported' && e.error === 'ERR_BUSY'),
];

// ---------------------------------------------------------------- ingestion writes

/** The ingestion write that a throttle has just held back or refused. */
function isThrottled(verdict: 'DELAY' | 'REJECT'): Sometimes['met'] {
  return (e, state) => {
    if (e.kind !== 'throttle.verdict' || e.of !== 'write' || e.verdict !== verdict) return false;
    const isOnItsWay = partOf(state, e)?.ingestionsSent.some(({ to, prepared, answered }) => to === e.node && !prepared && !answered) === true;
    const requests = state.clusters[clusterNameOf(e.node)]?.throttles[`${e.gpid} ${e.node}`]?.requests ?? [];
    return isOnItsWay && requests.some((one) => one.verdict === verdict && one.command === -1);
  };
}

/** Committed at the partition, and not in at this member. */
function pendingAt(part: PartitionState | undefined, node: NodeId): IngestionState | undefined {
  const applied = part?.replicas[node]?.applied ?? 0;
  return Object.values(part?.ingestions ?? {}).find((one) => one.decree <= applied && one.brings !== 'nothing' && one.ingestedAtUs[node] === undefined);
}

/** A server stops, and one of its partitions stands so. */
function downWhile(met: (part: PartitionState, node: NodeId) => boolean): Sometimes['met'] {
  return (e, state) =>
    e.kind === 'process.stopped' &&
    !e.node.includes('/meta-') &&
    Object.values(state.clusters[clusterNameOf(e.node)]?.partitions ?? {}).some((part) => part.replicas[e.node] !== undefined && met(part, e.node));
}

const INGESTION: readonly Sometimes[] = [
  sometimes('ingestion-delayed', 'a throttle delays an ingestion write', isThrottled('DELAY')),
  sometimes('ingestion-throttled', 'a throttle refuses an ingestion write', isThrottled('REJECT')),
  sometimes('ingestion-refused', 'an ingestion write is refused, and nothing comes of it', (e) => e.kind === 'ingestion.answered' && e.error !== 'ERR_OK'),
  sometimes('write-kept-out', 'a write of a client is refused while a partition ingests', (e) => e.kind === 'command.answered' && e.answer.kind === 'write' && e.answer.error === 'ERR_OPERATION_DISABLED'),
  sometimes('delayed-write-kept-out', 'a write that a throttle delayed meets an ingestion when it comes again', (e, s) => {
    if (e.kind !== 'throttle.answered' || e.error !== 'ERR_OPERATION_DISABLED') return false;
    const requests = s.clusters[clusterNameOf(e.node)]?.throttles[`${e.gpid} ${e.node}`]?.requests ?? [];
    return requests.some(({ id, verdict }) => id === e.request && verdict === 'DELAY');
  }),
  sometimes('member-down-before-commit', 'a server stops while an ingestion write that it has is not committed', downWhile((part, node) => {
    const { maxPrepared = 0 } = part.replicas[node] ?? {};
    return part.ingestionsSent.some(({ prepared, decree }) => prepared && decree > part.committed && decree <= maxPrepared);
  })),
  sometimes('member-down-while-pending', 'a server stops that has not brought in the files of a committed ingestion', downWhile((part, node) =>
    Object.values(part.ingestions).some((one) => one.brings === 'rows' && one.ingestedAtUs[node] === undefined))),
  sometimes('ingested-in-replay', 'a replica brings files in again, out of its log', (e, s) => {
    const part = e.kind === 'storage.ingested' ? partOf(s, e) : undefined;
    const replica = e.kind === 'storage.ingested' ? part?.replicas[e.node] : undefined;
    if (part === undefined || replica === undefined || e.kind !== 'storage.ingested') return false;
    return Object.values(part.ingestions).some(({ decree, committedAtUs, ingestedAtUs }) => decree <= e.decree && ingestedAtUs[e.node] === e.atUs && committedAtUs < replica.openedAtUs);
  }),
  sometimes('ingested-under-a-later-ballot', 'files come in at a member whose ballot has risen since they were asked for', (e, s) => {
    const part = e.kind === 'storage.ingested' ? partOf(s, e) : undefined;
    if (part === undefined || e.kind !== 'storage.ingested') return false;
    return Object.values(part.ingestions).some(({ load, ingestedAtUs }) => ingestedAtUs[e.node] === e.atUs && load.ballot < (part.replicas[e.node]?.ballot ?? 0));
  }),
  sometimes('repair-download', 'a member whose files are gone downloads them again for an ingestion that is committed', (e, s) =>
    e.kind === 'load.slot' && e.taken && pendingAt(partOf(s, e), e.node) !== undefined),
  sometimes('ever-ingested', 'a partition that had its files before the rollback needs no second ingestion', (e, s) => {
    if (e.kind !== 'load.partition-stored' || e.record.status !== 'BLS_SUCCEED') return false;
    const cluster = s.clusters[e.cluster];
    const load = cluster?.loads[e.appId];
    const own = load?.partitions[e.partitionIndex];
    const part = cluster?.partitions[`${e.appId}.${e.partitionIndex}`];
    if (load === undefined || own === undefined || part === undefined) return false;
    const had = own.versions.some(({ status, atUs }) => status === 'BLS_SUCCEED' && atUs < load.downloadingAtUs);
    return had && isKnown(own.record.metadata) && !Object.values(part.ingestions).some(({ committedAtUs }) => committedAtUs > load.downloadingAtUs);
  }),
];

export const LOAD_FILES_SOMETIMES: readonly Sometimes[] = [...FILES, ...INGESTION];
