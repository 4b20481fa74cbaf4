/**
 * Ingestion (bl 12, 15): the files that a provider has for it, the write that the meta server sends, what is answered to
 * it, and what becomes of it at each member.
 */
import { missingUpTo } from '../ingestions.ts';
import type {
  IngestionAnswered,
  IngestionSent,
  LoadFileFact,
  ProviderFilePut,
  ProviderFileRemoved,
  StorageIngested,
} from '../loadEvents.ts';
import { showFiles } from '../mutations.ts';
import { noteIngestionRefused } from './loadReports.ts';
import type { ModelState, PartitionState } from '../state.ts';
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
}

function sentScene(state: ModelState, e: IngestionSent): SentScene | string {
  const scene = clusterScene(state, e);
  if (typeof scene === 'string') return scene;
  const part = scene.cluster.partitions[e.gpid];
  return part === undefined ? `partition ${e.gpid}` : { ...scene, part };
}

export const ingestionSent = rule<SentScene, IngestionSent>(
  sentScene,
  [
    guard('ingestion/sent-to-a-primary', 'S8', ({ part }: SentScene, { to, load }: IngestionSent) => {
      const primary = part.configs[load.ballot]?.primary;
      return primary === to ? undefined : [`primary ${primary ?? 'nobody'} of ballot ${load.ballot}`, to];
    }),
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
