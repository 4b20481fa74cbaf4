/**
 * The record of one partition's load in the store (bl 4.3, 8.4, 10, 12.2): pushed by the table's status, or moved on by what
 * the group reported; a partition is SUCCEED when every member has the files of this load in its storage (S10).
 */
import { membersOf } from '../members.ts';
import type { LoadPartitionStored, PartitionLoadRecordFact } from '../loadEvents.ts';
import { isLegalPair } from '../loadLegality.ts';
import { isKnown, type LoadState, type PartitionLoadState } from '../loadState.ts';
import { lagUsOf, newPartitionLoad, sameMetadata, statusesSince } from '../loadWords.ts';
import type { ModelState, PartitionState } from '../state.ts';
import type { BulkLoadStatus } from '../vocabulary.ts';
import { loadScene, type LoadScene } from './loads.ts';
import { guard, rule, type Refusal, type Rule } from './rule.ts';

interface PartitionLoadScene extends LoadScene {
  readonly load: LoadState;
  readonly part: PartitionState | undefined;
  readonly own: PartitionLoadState | undefined;
}

function partitionScene(state: ModelState, e: LoadPartitionStored): PartitionLoadScene | string {
  const scene = loadScene(state, e);
  if (typeof scene === 'string') return scene;
  const { load, cluster } = scene;
  if (load === undefined) return `a load of table ${e.appId} in the store`;
  const part = cluster.partitions[`${e.appId}.${e.partitionIndex}`];
  return { ...scene, load, part, own: load.partitions[e.partitionIndex] };
}

const PUSHED: readonly BulkLoadStatus[] = ['BLS_DOWNLOADING', 'BLS_PAUSING', 'BLS_CANCELED', 'BLS_FAILED'];

/** May the meta server have acted on that status of the table? Its memory lags behind the store that it writes. */
function mayBe({ state, load }: PartitionLoadScene, status: BulkLoadStatus, atUs: number): boolean {
  return statusesSince(load.versions, atUs, lagUsOf(state, atUs)).some((one) => one.status === status);
}

/** The operations of different records keep their order, but for those that are sent again. */
function isPushed(scene: PartitionLoadScene, { record, atUs }: LoadPartitionStored): boolean {
  return scene.load.record.status === record.status || (!scene.state.calm && mayBe(scene, record.status, atUs));
}

/** Without a primary, which may be between two members just now, the others are all. */
const sortedMembers = (part: PartitionState | undefined): readonly string[] => membersOf(part).filter((node) => node !== '').sort();

/** bl 12.2: these very nodes have ingested in this load before. */
function isShortcut({ own, part }: PartitionLoadScene): boolean {
  return own?.record.everIngestSucceed === true && [...own.record.hostPorts].sort().join() === sortedMembers(part).join();
}

/** Why the partition may not take this step (bl 8.4). */
function stepWithoutCause(scene: PartitionLoadScene, e: LoadPartitionStored): Refusal | undefined {
  const { own, load } = scene;
  const to = e.record.status;
  if (own === undefined) {
    const begins = PUSHED.includes(to) && (to === 'BLS_DOWNLOADING' || isPushed(scene, e));
    return begins ? undefined : ['BLS_DOWNLOADING, or what the table was told meanwhile', to];
  }
  const from = own.record.status;
  if (from === to && (to !== 'BLS_DOWNLOADING' || !sameMetadata(own.record.metadata, e.record.metadata))) return undefined;
  if (PUSHED.includes(to))
    return isPushed(scene, e)
      ? undefined
      : [`${from} until the table is ${to}`, `${to} under ${load.record.status}`];
  const step = `${from} ${to}`;
  if (step === 'BLS_DOWNLOADING BLS_DOWNLOADED')
    return needs(scene, e, 'BLS_DOWNLOADING', own.reportedDownloaded, 'a report of 100');
  if (step === 'BLS_DOWNLOADED BLS_INGESTING') return needs(scene, e, 'BLS_DOWNLOADED', true, '');
  if (step === 'BLS_INGESTING BLS_SUCCEED')
    return needs(scene, e, 'BLS_INGESTING', own.reportedFinished || isShortcut(scene), 'a report that all have ingested');
  if (step === 'BLS_PAUSING BLS_PAUSED') return needs(scene, e, 'BLS_PAUSING', own.reportedPaused, 'a report that all are paused');
  return [`a step of the table from ${from}`, to];
}

function needs(
  scene: PartitionLoadScene,
  e: LoadPartitionStored,
  app: BulkLoadStatus,
  reported: boolean,
  what: string,
): Refusal | undefined {
  if (!mayBe(scene, app, e.atUs)) return [`a table in ${app}`, `${e.record.status} under ${scene.load.record.status}`];
  return reported ? undefined : [`${what} since the last way to DOWNLOADING`, e.record.status];
}

/** A disk fault took what the member had, perhaps after it had told of it. */
function isLost(part: PartitionState | undefined, node: string): boolean {
  const replica = part?.replicas[node];
  return replica?.lost === true || replica?.damaged === true;
}

/** Every member of the stored configuration has the files of this load in its storage (S10). */
function notIn(scene: PartitionLoadScene, e: LoadPartitionStored): Refusal | undefined {
  const { own, part, load } = scene;
  if (e.record.status !== 'BLS_SUCCEED' || own === undefined || own.record.status === 'BLS_SUCCEED') return undefined;
  const ingestions = Object.values(part?.ingestions ?? {}).filter(
    ({ committedAtUs, load: { metadata } }) =>
      committedAtUs >= load.startedAtUs && sameMetadata(metadata, own.record.metadata),
  );
  const last = ingestions.at(-1);
  if (last === undefined) return ['a committed ingestion of the files of this load', 'none'];
  const missing = sortedMembers(part).find((node) => !isLost(part, node) && !ingestions.some(({ ingestedAtUs }) => ingestedAtUs[node] !== undefined));
  return missing === undefined ? undefined : [`the files of decree ${last.decree} in the storage of ${missing}`, 'they are not'];
}

function metadataChanged({ own }: PartitionLoadScene, { record }: LoadPartitionStored): Refusal | undefined {
  const text = ({ metadata }: PartitionLoadRecordFact): string =>
    isKnown(metadata) ? `${metadata.files.map(({ name }) => name).join(', ')} of ${metadata.totalBytes} bytes` : 'none';
  if (own === undefined) return isKnown(record.metadata) ? ['no metadata yet', text(record)] : undefined;
  if (sameMetadata(own.record.metadata, record.metadata)) return undefined;
  if (isKnown(own.record.metadata)) return [`${text(own.record)}, for the whole load`, text(record)];
  return own.metadata.some((one) => sameMetadata(one, record.metadata)) ? undefined : ['what a primary reported', text(record)];
}

/** Those that the report was about: the group may have changed since it came. */
function wereMembers(part: PartitionState | undefined, nodes: string): boolean {
  const configs = [part?.configs[part.ballot], part?.configs[part.ballot - 1]].filter((config) => config !== undefined);
  return configs.some(({ primary, secondaries }) => [primary, ...secondaries].sort().join() === nodes);
}

/** Who has ingested is noted with SUCCEED, from the report that said so (bl 8.2). */
function wrongNodes({ own, part }: PartitionLoadScene, { record }: LoadPartitionStored): Refusal | undefined {
  const before = own?.record ?? { everIngestSucceed: false, hostPorts: [] };
  const now = [...record.hostPorts].sort().join();
  const text = `${record.everIngestSucceed ? 'ingested' : 'not ingested'} by ${now || 'nobody'}`;
  if (record.everIngestSucceed === before.everIngestSucceed && now === [...before.hostPorts].sort().join()) return undefined;
  const first = record.status === 'BLS_SUCCEED' && own?.record.status === 'BLS_INGESTING';
  if (first && record.everIngestSucceed && wereMembers(part, now)) return undefined;
  return [`${before.everIngestSucceed ? 'ingested' : 'not ingested'} by ${[...before.hostPorts].join() || 'nobody'}`, text];
}

export const loadPartitionStored: Rule<LoadPartitionStored> = rule(
  partitionScene,
  [
    guard('loads/partition-in-range', 'S7', ({ table }: PartitionLoadScene, { partitionIndex }: LoadPartitionStored) =>
      partitionIndex >= 0 && partitionIndex < table.partitionCount
        ? undefined
        : [`one of ${table.partitionCount} partitions`, `${partitionIndex}`],
    ),
    guard('loads/partition-step-has-a-cause', 'bl.S2', stepWithoutCause),
    guard('loads/legal-pair', 'bl.S11', ({ load }: PartitionLoadScene, { record }: LoadPartitionStored) =>
      isLegalPair(load.record.status, record.status)
        ? undefined
        : [`a status that may stand under ${load.record.status}`, record.status],
    ),
    guard('loads/metadata-as-reported', 'bl.S19', metadataChanged),
    guard('loads/succeed-is-in-storage', 'S10', notIn),
    guard('loads/who-ingested', 'S7', wrongNodes),
  ],
  ({ load, own }, { partitionIndex, record, atUs }) => {
    if (own === undefined) {
      load.partitions[partitionIndex] = newPartitionLoad(record, atUs);
      return;
    }
    const { status } = own.record;
    // What was reported before counts no more; a step that it led to was sent before this way back, and lands before it.
    // A step that a report behind the table's way back leads to is sent behind this one.
    if (record.status === 'BLS_DOWNLOADING' && (status !== record.status || sameMetadata(own.record.metadata, record.metadata))) {
      own.reportedDownloaded &&= own.downloadedAtUs > load.downloadingAtUs;
      own.reportedFinished = false;
    }
    own.record = record;
    if (record.status === 'BLS_INGESTING') own.unwished = false;
    if (status === record.status && status !== 'BLS_DOWNLOADING') return;
    own.storedAtUs = atUs;
    if (status !== record.status) own.versions.push({ status: record.status, error: 'ERR_OK', atUs });
  },
);
