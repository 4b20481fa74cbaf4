/**
 * Words and stories of ingestion (bl 12.1, 15): the table `t` of story.ts, whose row `k` is `v` as of decree 2, and two
 * sorted files on the provider `p`: one brings `k` and `l`, the other `m`. The ingestion mutation is decree 3.
 */
import { addToDigest, rowHash } from '../../model/content.ts';
import type { ModelEvent, UpdateFact } from '../../model/events.ts';
import type { IngestionFact, LoadFileFact, LoadRowFact, ProviderFileFact } from '../../model/loadEvents.ts';
import type { ErrorCode, NodeId } from '../../model/vocabulary.ts';
import {
  A,
  applied,
  asks,
  B,
  committed,
  create,
  everywhere,
  G,
  key,
  mutation,
  P,
  putAt,
  READY,
  SERVING,
  write,
} from './story.ts';

export const FIRST: LoadFileFact = { name: '00001.sst', sizeBytes: 100, md5: 'aa' };
export const SECOND: LoadFileFact = { name: '00002.sst', sizeBytes: 200, md5: 'bb' };
export const GARBAGE: LoadFileFact = { name: '00003.sst', sizeBytes: 300, md5: 'cc' };
export const FILES = [FIRST, SECOND];

const row = (k: string, value: string): LoadRowFact => ({ key: key(k), value, expireTs: 0, timestampUs: 7 });

/** Of which file nobody names an MD5. */
export const NAMELESS: LoadFileFact = { ...SECOND, md5: '' };

const provided = ({ name, sizeBytes, md5 }: LoadFileFact, file: ProviderFileFact, atUs = 0): ModelEvent => ({
  kind: 'provider.put',
  provider: 'p',
  path: `root/c/t/0/${name}`,
  sizeBytes,
  md5,
  file,
  atUs,
});
export const removedFile = ({ name }: LoadFileFact): ModelEvent => ({
  kind: 'provider.removed',
  provider: 'p',
  path: `root/c/t/0/${name}`,
  atUs: 0,
});

export const loadOf = (files: readonly LoadFileFact[] = FILES, more: Partial<IngestionFact> = {}): IngestionFact => ({
  appName: 't',
  metadata: { files, totalBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) },
  ingestBehind: false,
  ballot: 1,
  verifyBeforeIngest: false,
  ...more,
});
export const LOAD = loadOf();

export const sent = (load = LOAD, to: NodeId = P, atUs = 0): ModelEvent => ({
  kind: 'ingestion.sent',
  cluster: 'c',
  to,
  gpid: G,
  load,
  atUs,
});
export const toldBack = (error: ErrorCode = 'ERR_OK', done: ErrorCode = 'ERR_OK', node = P): ModelEvent => ({
  kind: 'ingestion.answered',
  node,
  gpid: G,
  error,
  applied: done,
  atUs: 0,
});
export const ingests = (
  node: NodeId,
  decree = 3,
  files: readonly { readonly sizeBytes: number; readonly md5: string }[] = FILES,
  atUs = 0,
): ModelEvent => ({
  kind: 'storage.ingested',
  node,
  gpid: G,
  decree,
  files: files.map(({ sizeBytes, md5 }) => ({ sizeBytes, md5 })),
  atUs,
});

/** The same files, behind what is there. */
export const BEHIND_ALL = loadOf(FILES, { ingestBehind: true });
/** A table that allows it. */
export const ALLOWING: readonly ModelEvent[] = SERVING.map((event) => {
  const envs = { 'rocksdb.allow_ingest_behind': 'True' };
  if (event.kind === 'table.stored') return { ...event, envs };
  const command = create();
  return event.kind === 'command.invoked' && command.kind === 'createTable' ? asks(1, { ...command, envs }) : event;
});

export const INGEST = (load = LOAD): UpdateFact => ({ code: 'RPC_RRDB_RRDB_BULK_LOAD', rows: [], load });

/** What a provider holds; the first file was replaced. */
export const PROVIDED: readonly ModelEvent[] = [
  provided({ ...FIRST, md5: 'ab' }, { is: 'rows', rows: [row('k', 'other')] }),
  provided(FIRST, { is: 'rows', rows: [row('k', 'new'), row('l', 'new')] }),
  provided(SECOND, { is: 'rows', rows: [row('m', 'new')] }),
  provided(GARBAGE, { is: 'garbage' }),
];

/** `k` is `v`; the files are there, and the meta server has sent the write. */
export const sentTo = (load = LOAD): readonly ModelEvent[] => [
  ...READY,
  ...putAt(2, 2, 'k', 'v'),
  ...PROVIDED,
  sent(load),
];
export const SENT = sentTo();
export const M3 = mutation(1, 3, [INGEST()]);
/** The same, prepared everywhere; then committed and applied by its primary, whose files are not in. */
export const PREPARED: readonly ModelEvent[] = [...SENT, ...everywhere(M3)];
export const committedOf = (load: IngestionFact): readonly ModelEvent[] => [
  ...sentTo(load),
  ...write(mutation(1, 3, [INGEST(load)])),
];
export const PENDING = committedOf(LOAD);
/** All that is committed is applied at a secondary too. */
export const follows = (node: NodeId, last = 3): readonly ModelEvent[] =>
  Array.from({ length: last }, (_, i) => [committed(node, i + 1), applied(node, i + 1)]).flat();
export const EVERYWHERE: readonly ModelEvent[] = [
  ...PENDING,
  ingests(P),
  ...[A, B].flatMap((node) => [...follows(node), ingests(node)]),
];

const hash = (k: string, value: string, timestampUs = 7): number => rowHash(key(k), value, 0, timestampUs);
const sum = (...hashes: readonly number[]): number => hashes.reduce(addToDigest, 0);
/** Digests: before the files, with them, and with them behind what was there. */
export const WITHOUT = sum(hash('k', 'v', 2000));
export const WITH = sum(hash('k', 'new'), hash('l', 'new'), hash('m', 'new'));
export const BEHIND = sum(hash('k', 'v', 2000), hash('l', 'new'), hash('m', 'new'));
