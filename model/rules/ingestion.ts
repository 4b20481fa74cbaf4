/**
 * Ingestion (bl 12, 15): the files that a provider has for it, the write that the meta server sends, what is answered to
 * it, and what becomes of it at each member.
 */
import { membersOf } from '../members.ts';
import { settingsOfCluster } from '../config.ts';
import { missingUpTo } from '../ingestions.ts';
import type {
  IngestionAnswered,
  IngestionSent,
  LoadFileFact,
  ProviderFilePut,
  ProviderFileRemoved,
  StorageIngested,
} from '../loadEvents.ts';
import type { LoadVersion } from '../loadState.ts';
import { lagUsOf, sameMetadata, statusesSince } from '../loadWords.ts';
import { showFiles } from '../mutations.ts';
import { loadOf, noteIngestionRefused } from './loadReports.ts';
import type { ClusterState, ModelState, PartitionState } from '../state.ts';
import {
  clusterScene,
  guard,
  replicaScene,
  rule,
  type ClusterScene,
  type Refusal,
  type ReplicaScene,
} from './rule.ts';

// ---------------------------------------------------------------- providers

interface WorldScene {
  readonly state: ModelState;
}
const world = (state: ModelState): WorldScene => ({ state });

export const providerPut = rule<WorldScene, ProviderFilePut>(world, [], ({ state }, e) => {
  const { sizeBytes, md5, file, atUs } = e;
  const provider = (state.providers[e.provider] ??= { files: {}, changedAtUs: atUs });
  provider.files[e.path] = { sizeBytes, md5, file, putAtUs: atUs };
  provider.changedAtUs = atUs;
  state.runs[md5] ??= { sizeBytes, rows: file.is === 'rows' ? file.rows : [] };
});

export const providerRemoved = rule<WorldScene, ProviderFileRemoved>(world, [], ({ state }, e) => {
  const provider = (state.providers[e.provider] ??= { files: {}, changedAtUs: e.atUs });
  delete provider.files[e.path];
  provider.changedAtUs = e.atUs;
});

// ---------------------------------------------------------------- the write and its answer

interface SentScene extends ClusterScene {
  readonly part: PartitionState;
  readonly found: ReturnType<typeof loadOf>;
}

function sentScene(state: ModelState, e: IngestionSent): SentScene | string {
  const scene = clusterScene(state, e);
  if (typeof scene === 'string') return scene;
  const part = scene.cluster.partitions[e.gpid];
  return part === undefined ? `partition ${e.gpid}` : { ...scene, part, found: loadOf(scene.cluster, e.gpid) };
}

/** The write names what the records of its load do (bl 12.1 step 6). */
function notOfTheLoad({ found }: SentScene, { load: sent }: IngestionSent): Refusal | undefined {
  if (found === undefined) return undefined;
  const { record } = found.load;
  const { metadata } = found.own.record;
  const behind = (is: boolean): string => (is ? ' behind' : '');
  return sameMetadata(metadata, sent.metadata) && sent.appName === record.appName && sent.ingestBehind === record.ingestBehind
    ? undefined
    : [
        `${showFiles(metadata.files)} of ${record.appName}${behind(record.ingestBehind)}`,
        `${showFiles(sent.metadata.files)} of ${sent.appName}${behind(sent.ingestBehind)}`,
      ];
}

/** The meta server itself has told the partition's primary that there is nothing to ingest, and has not gone on since (bl.B10). */
function notWanted({ state, found }: SentScene, e: IngestionSent): Refusal | undefined {
  if (found === undefined) return undefined;
  const { load, own } = found;
  const ever = (versions: readonly LoadVersion[]): boolean =>
    statusesSince(versions, e.atUs, lagUsOf(state, e.atUs)).some(({ status }) => status === 'BLS_INGESTING');
  const expected = 'a table and a partition in BLS_INGESTING';
  if (!ever(load.versions) || !ever(own.versions)) return [expected, `${load.record.status} and ${own.record.status}`];
  return own.unwished ? [expected, `${own.record.status}, and its primary was told so`] : undefined;
}

/** Does a partition certainly hold a slot of its members, because its ingestion goes on and the meta server knows of nothing else? */
function holdsSlot(cluster: ClusterState, part: PartitionState, atUs: number, timeoutMs: number): boolean {
  const found = loadOf(cluster, part.gpid);
  if (found === undefined || found.load.record.status !== 'BLS_INGESTING' || found.own.record.status !== 'BLS_INGESTING') return false;
  const { load } = found;
  const sinceUs = Math.max(load.storedAtUs, load.troubleAtUs, cluster.metaStartedAtUs, load.reported.ERR_INGESTION_FAILED ?? -1);
  return part.ingestionsSent.some(({ sentAtUs, overAtUs, prepared, answered }) => {
    const goesOn = answered ? prepared : (atUs - sentAtUs) / 1000 < timeoutMs;
    return sentAtUs > sinceUs && overAtUs < 0 && goesOn;
  });
}

/** bl 12.3: no more partitions ingest at once on a node than is allowed. */
function tooMany({ state, cluster, part }: SentScene, e: IngestionSent): Refusal | undefined {
  if (!state.calm) return undefined;
  const { bulkLoadNodeMaxIngestingCount: most, ingestionWriteTimeoutMs } = settingsOfCluster(state.config, cluster.id);
  const others = Object.values(cluster.partitions).filter(
    (one) => one !== part && one.ingestionsSent.length > 0 && holdsSlot(cluster, one, e.atUs, ingestionWriteTimeoutMs),
  );
  for (const node of membersOf(part)) {
    const there = others.filter((one) => membersOf(one).includes(node));
    if (there.length >= most) return [`at most ${most} partitions that ingest on ${node}`, `${e.gpid} beside ${there.map(({ gpid }) => gpid).join(', ')}`];
  }
  return undefined;
}

export const ingestionSent = rule<SentScene, IngestionSent>(
  sentScene,
  [
    guard('ingestion/sent-to-a-primary', 'S8', ({ part }: SentScene, { to, load }: IngestionSent) => {
      const primary = part.configs[load.ballot]?.primary;
      return primary === to ? undefined : [`primary ${primary ?? 'nobody'} of ballot ${load.ballot}`, to];
    }),
    guard('ingestion/sent-of-the-load', 'bl.S19', notOfTheLoad),
    guard('ingestion/sent-while-ingesting', 'bl.S17', notWanted),
    guard('ingestion/slots-of-a-node', 'bl.S7', tooMany),
  ],
  ({ part }, { to, load, atUs }) => {
    part.ingestionsSent.push({
      to,
      load,
      sentAtUs: atUs,
      prepared: false,
      decree: 0,
      answered: false,
      overAtUs: -1,
    });
  },
);

/** Those sent to this node that were not answered, newest first: an older one may be lost. */
const open = ({ part }: ReplicaScene, { node }: IngestionAnswered): PartitionState['ingestionsSent'] =>
  part.ingestionsSent.filter(({ to, answered }) => to === node && !answered).reverse();

/** ERR_OK means that the mutation is committed, and applied here: no more (bl 12.4 #5). */
function isDone({ part, replica }: ReplicaScene, decree: number): boolean {
  return decree > 0 && decree <= replica.applied && part.ingestions[decree] !== undefined;
}

/** bl 15.1 #9: another ingestion write had set the flag. One that meets itself stalls its load (bl 18). */
function noNeedWithoutAnother(scene: ReplicaScene, e: IngestionAnswered): Refusal | undefined {
  if (e.error !== 'ERR_NO_NEED_OPERATE') return undefined;
  const own = open(scene, e).filter(({ prepared }) => !prepared);
  const another = own.some((one) =>
    scene.part.ingestionsSent.some(
      (other) => other !== one && other.to === e.node && (other.overAtUs < 0 || other.overAtUs >= one.sentAtUs),
    ),
  );
  return another ? undefined : ['another ingestion write that was sent here and is not over', e.error];
}

export const ingestionAnswered = rule<ReplicaScene, IngestionAnswered>(
  replicaScene,
  [
    guard('ingestion/answered-once', 'S8', (scene: ReplicaScene, e: IngestionAnswered) =>
      open(scene, e).length > 0 ? undefined : [`an ingestion write that was sent to ${e.node}`, e.error],
    ),
    guard('ingestion/answered-when-applied', 'S8', (scene: ReplicaScene, e: IngestionAnswered) =>
      e.error !== 'ERR_OK' || e.applied !== 'ERR_OK' || open(scene, e).some(({ decree }) => isDone(scene, decree))
        ? undefined
        : ['an ingestion write that is committed, and applied here', `${e.error}, applied ${e.applied}`],
    ),
    guard('ingestion/no-need-behind-another', 'bl.S4', noNeedWithoutAnother),
  ],
  (scene, e) => {
    const all = open(scene, e);
    const ok = e.error === 'ERR_OK';
    const one = all.find(({ prepared, decree }) => (ok ? isDone(scene, decree) : !prepared)) ?? all[0];
    if (one !== undefined) one.answered = true;
    noteIngestionRefused(scene.cluster, e);
  },
);

// ---------------------------------------------------------------- storage.ingested

interface IngestedScene extends ReplicaScene {
  /** Those of the write; none when there is no such. */
  readonly files: readonly LoadFileFact[];
}

function ingestedScene(state: ModelState, e: StorageIngested): IngestedScene | string {
  const scene = replicaScene(state, e);
  if (typeof scene === 'string') return scene;
  return { ...scene, files: scene.part.ingestions[e.decree]?.load.metadata.files ?? [] };
}

/** Each file of the metadata, by MD5 where it has one, and nothing else. */
function otherFiles({ files }: IngestedScene, e: StorageIngested): Refusal | undefined {
  const left = [...e.files];
  // Those with an MD5 first: the others take what has their size.
  for (const { sizeBytes, md5 } of files.toSorted((a, b) => Number(b.md5 !== '') - Number(a.md5 !== ''))) {
    const at = left.findIndex((one) => one.sizeBytes === sizeBytes && (md5 === '' || one.md5 === md5));
    if (at < 0) return [`all of ${showFiles(files)}`, `not one of ${sizeBytes} bytes, ${md5 || 'any MD5'}`];
    left.splice(at, 1);
  }
  const more = left[0];
  return more === undefined
    ? undefined
    : [`${showFiles(files)} only`, `${more.sizeBytes} bytes, ${more.md5} too`];
}

export const ingested = rule<IngestedScene, StorageIngested>(
  ingestedScene,
  [
    guard('ingestion/of-an-applied-write', 'S10', ({ part, replica }: IngestedScene, e: StorageIngested) =>
      part.ingestions[e.decree] !== undefined && e.decree <= replica.applied
        ? undefined
        : ['files of an ingestion write that is committed, and applied here', `files as of decree ${e.decree}`],
    ),
    guard('ingestion/files-of-the-load', 'S10', otherFiles),
    guard('ingestion/nothing-of-bad-files', 'S2', ({ part }: IngestedScene, e: StorageIngested) =>
      part.ingestions[e.decree]?.brings === 'nothing'
        ? ['nothing: a file is no set of rows, or must not be ingested behind', `${e.files.length} files`]
        : undefined,
    ),
    guard('ingestion/once', 'S2', ({ part, replica }: IngestedScene, e: StorageIngested) =>
      part.ingestions[e.decree]?.ingestedAtUs[e.node] === undefined && e.decree > replica.flushed
        ? undefined
        : [`decree ${e.decree} to come in once, and not below what is flushed`, 'again'],
    ),
    guard('ingestion/in-order', 'S2', ({ part, replica }: IngestedScene, e: StorageIngested) => {
      const earlier = missingUpTo(part, replica, e.decree - 1)[0];
      return earlier === undefined ? undefined : [`the files of decree ${earlier.decree} first`, `those of ${e.decree}`];
    }),
  ],
  ({ part }, e) => {
    const one = part.ingestions[e.decree];
    if (one !== undefined) one.ingestedAtUs[e.node] = e.atUs;
  },
);
