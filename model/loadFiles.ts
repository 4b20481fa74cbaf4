/**
 * What a load finds on its provider (bl 5): where its files are, whether they are good, and what of them lies on a disk. A
 * file that was put or taken away since a moment is not certain for a reader of that moment.
 */
import { indexOf } from './gpid.ts';
import type { LoadFileFact, LoadMetadataFact, LoadRecordFact } from './loadEvents.ts';
import { isKnown, type LoadState, type PartitionLoadState, type ProviderFile, type ProviderState } from './loadState.ts';
import type { Refusal } from './rules/rule.ts';
import type { ClusterState, ModelState, PartitionState, TableState } from './state.ts';
import type { NodeId } from './vocabulary.ts';

/** What a path of a record leads to, as the provider spells it. */
export function providerPath(record: Pick<LoadRecordFact, 'remoteRootPath' | 'clusterName' | 'appName'>, ...names: readonly string[]): string {
  const all = [record.remoteRootPath, record.clusterName, record.appName, ...names].join('/');
  return all
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .join('/');
}

/** `a/b` to `a/.b.meta` */
function sidecarOf(path: string): string {
  const name = path.lastIndexOf('/') + 1;
  return `${path.slice(0, name)}.${path.slice(name)}.meta`;
}

/** A file that is read whole: its sidecar is there, and names no fewer bytes; the MD5 is not looked at. */
function readWhole(provider: ProviderState | undefined, path: string): ProviderFile | undefined {
  const file = provider?.files[path];
  const beside = provider?.files[sidecarOf(path)]?.file;
  return file !== undefined && beside?.is === 'sidecar' && beside.sizeBytes >= file.sizeBytes ? file : undefined;
}

/** A file that a download gets: its sidecar is there too, and tells the truth. */
function readable(provider: ProviderState | undefined, path: string): ProviderFile | undefined {
  const file = provider?.files[path];
  const beside = provider?.files[sidecarOf(path)]?.file;
  if (file === undefined || beside?.is !== 'sidecar') return undefined;
  return beside.sizeBytes === file.sizeBytes && beside.md5.toLowerCase() === file.md5.toLowerCase() ? file : undefined;
}

/** May a file, or its sidecar, have been another one since then? */
function isUncertain(provider: ProviderState | undefined, path: string, sinceUs: number): boolean {
  if (provider === undefined) return false;
  const file = provider.files[path];
  const beside = provider.files[sidecarOf(path)];
  if (file === undefined || beside === undefined) return provider.changedAtUs >= sinceUs;
  return file.putAtUs >= sinceUs || beside.putAtUs >= sinceUs;
}

/** Why a start is not let in by the provider's file (bl 6.1 checks 6 to 10); undefined when it is, or may have been. */
export function infoDiffers(
  state: ModelState,
  record: Pick<LoadRecordFact, 'providerName' | 'remoteRootPath' | 'clusterName' | 'appName'>,
  table: Pick<TableState, 'appId' | 'partitionCount'>,
  sinceUs: number,
): Refusal | undefined {
  const provider = state.providers[record.providerName];
  const path = providerPath(record, 'bulk_load_info');
  const info = readWhole(provider, path)?.file;
  if (isUncertain(provider, path, sinceUs)) return undefined;
  const wanted = `bulk_load_info of table ${table.appId} x ${table.partitionCount} at ${record.providerName}:${path}`;
  if (info === undefined) return [wanted, 'none that can be read'];
  if (info.is !== 'info') return [wanted, info.is];
  return info.appId === table.appId && info.partitionCount === table.partitionCount
    ? undefined
    : [wanted, `${info.appId} x ${info.partitionCount}`];
}

/** What the file of a start is, for an answer. */
export function infoFile(
  state: ModelState,
  record: Pick<LoadRecordFact, 'providerName' | 'remoteRootPath' | 'clusterName' | 'appName'>,
  sinceUs: number,
): { readonly certain: boolean; readonly there: boolean; readonly file: ProviderFile['file'] | undefined } {
  const provider = state.providers[record.providerName];
  const path = providerPath(record, 'bulk_load_info');
  const there = provider?.files[path] !== undefined && provider.files[sidecarOf(path)] !== undefined;
  return { certain: !isUncertain(provider, path, sinceUs), there, file: readWhole(provider, path)?.file };
}

// ---------------------------------------------------------------- good files

/** The metadata file of a partition as it stands. */
export function metadataFile(state: ModelState, { record }: LoadState, index: number): LoadMetadataFact | undefined {
  const path = providerPath(record, `${index}`, 'bulk_load_metadata');
  const file = state.providers[record.providerName]?.files[path]?.file;
  return file?.is === 'metadata' ? file.metadata : undefined;
}

function isPartitionGood(state: ModelState, load: LoadState, index: number): boolean {
  const provider = state.providers[load.record.providerName];
  const path = (name: string): string => providerPath(load.record, `${index}`, name);
  const good = (name: string): ProviderFile | undefined =>
    isUncertain(provider, path(name), load.startedAtUs) ? undefined : readable(provider, path(name));
  const meta = good('bulk_load_metadata')?.file;
  if (meta?.is !== 'metadata') return false;
  const { files, totalBytes } = meta.metadata;
  const sum = files.reduce((bytes, file) => bytes + file.sizeBytes, 0);
  const names = new Set(files.map(({ name }) => path(name)));
  if (totalBytes <= 0 || sum !== totalBytes || names.size !== files.length) return false;
  return files.every(({ name, sizeBytes, md5 }) => {
    const file = good(name);
    if (file === undefined || file.file.is !== 'rows' || name.includes('/')) return false;
    return file.sizeBytes === sizeBytes && (md5 === '' || md5.toLowerCase() === file.md5.toLowerCase());
  });
}

/** Everything that a load needs has been on its provider since it began, and no fault of provider or disk came between. */
export function areFilesGood(state: ModelState, cluster: ClusterState, load: LoadState, table: TableState): boolean {
  if (state.providerFaultAtUs >= load.startedAtUs) return false;
  const hurt = Object.keys(state.nodes).some((node) => {
    const { diskFault, powerLost } = state.nodes[node] ?? {};
    return node.startsWith(`${cluster.id}/`) && (diskFault === true || powerLost === true);
  });
  if (hurt) return false;
  for (let index = 0; index < table.partitionCount; index++) if (!isPartitionGood(state, load, index)) return false;
  return true;
}

/**
 * A fault took a file from a member behind the commit of an ingestion that wants it, and the provider has other files by
 * now: the member waits for it, and whoever would end the load waits for the member (docs/departures bl.17.4).
 */
export function isFileGone(state: ModelState, load: LoadState | undefined, part: PartitionState): boolean {
  const index = `${indexOf(part.gpid)}`;
  return Object.values(part.ingestions).some((one) =>
    one.load.metadata.files.some((file) => {
      const at = load === undefined ? undefined : providerPath(load.record, index, file.name);
      const there = at === undefined ? undefined : readable(state.providers[load?.record.providerName ?? ''], at);
      if (there?.md5.toLowerCase() === file.md5.toLowerCase()) return false;
      return Object.keys(part.replicas).some((node) => one.ingestedAtUs[node] === undefined && wasHurt(state, node));
    }),
  );
}

const wasHurt = ({ nodes }: ModelState, node: NodeId): boolean =>
  nodes[node]?.diskFault === true || nodes[node]?.powerLost === true;

// ---------------------------------------------------------------- downloaded files

/** Metadata that a member of a partition may have downloaded; undefined when it may have been any. */
export function metadataOf(
  state: ModelState,
  load: LoadState,
  part: PartitionLoadState,
  index: number,
): readonly LoadMetadataFact[] | undefined {
  const provider = state.providers[load.record.providerName];
  const path = providerPath(load.record, `${index}`, 'bulk_load_metadata');
  if (isUncertain(provider, path, load.startedAtUs)) return undefined;
  const found = metadataFile(state, load, index);
  const all = found === undefined ? [] : [found];
  if (isKnown(part.record.metadata)) all.push(part.record.metadata);
  return all;
}

/** Percent of a load that whole, right files make up (bl 14.3). */
export function downloadedPercent(metadata: LoadMetadataFact, onDisk: readonly LoadFileFact[] | undefined): number {
  let bytes = 0;
  for (const { name, sizeBytes, md5 } of metadata.files) {
    const file = onDisk?.find((one) => one.name === name);
    const right = file?.sizeBytes === sizeBytes && (md5 === '' || file.md5.toLowerCase() === md5.toLowerCase());
    if (right) bytes += sizeBytes;
  }
  return metadata.totalBytes <= 0 ? 0 : Math.trunc((bytes / metadata.totalBytes) * 100);
}
