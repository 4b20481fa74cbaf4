/**
 * Each of upstream's test expectations that the fact sheets list (dup 15; bl 22 and the shell lines of bl 6.5; thr 2.1, 3, 4.1,
 * 6, 7) has its test here: by row, where it is. Where the outcome here is another one by decision, `departure` is its row.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const META = '../impl/meta/duplication';
const REPLICA = '../impl/replica/duplication';
const LOAD_META = '../impl/meta/bulkLoad';
const LOAD_REPLICA = '../impl/replica/bulkLoad';
const THROTTLE = '../impl/replica/throttling';
const RUN = '../properties/run';
const SHELL = '../impl/client/bulkLoadShell';

type Row = readonly [row: string, file: string, title: string, departure?: string];

function read(path: string): string {
  return readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8');
}

const DUPLICATION: readonly Row[] = [
  ['alter_progress: not initialised', `${META}/duplicationInfo`, 'takes nothing but the last committed decree before the partition is initialised'],
  ['alter_progress: the other rows', `${META}/duplicationInfo`, 'goes through the rows of the table'],
  ['status: start, then persist; busy before', `${META}/duplicationInfo`, 'a start with checkpoint %s leads to %s'],
  ['JSON: unknown status', `${META}/duplicationRecords`, 'does not decode with %s'],
  ['JSON: remote app name and count missing', `${META}/duplicationRecords`, 'takes the table’s name and replica count for those it does not say'],
  ['add: three identical', `${META}/add`, 'three times is one duplication'],
  ['add: other app to the same remote app', `${META}/add`, 'let one live table of the cluster feed a remote table'],
  ['add: cluster without meta servers', `${META}/add`, '%s is refused'],
  ['dupid: 1000 in a burst', `${META}/add`, 'of a thousand in a burst rise strictly'],
  ['modify: LOG, PAUSE and back', `${META}/modify`, 'pauses and starts again, as often as it is asked'],
  ['query: pause while PREPARE', `${META}/modify`, 'cannot pause what is being prepared'],
  ['remove', `${META}/modify`, 'deletes the record with its progress, and the table is not duplicating any more'],
  ['sync: confirms of three of eight partitions', `${META}/sync`, 'stores what is reported, and answers with the progress of every partition'],
  ['sync: unknown dupid, app, removed dup', `${META}/sync`, 'ignores what it does not know'],
  ['follower health', `${META}/follower`, 'a partition with primary %s, %i secondaries, %i invalid ones of %i leads to %s'],
  ['follower health: mark-created times out', `${META}/follower`, 'a mark that is refused, or has no answer, ends the round'],
  ['manager: a secondary is told 99, 101, 0, 1, -1', `${REPLICA}/manager`, 'a secondary keeps the larger of what it hears, and forgets it only when the table is not duplicating'],
  ['manager: confirmed {1,2,3}', `${REPLICA}/manager`, 'is that of all duplications, or unknown when one’s is (dup.B30)'],
  ['manager: 4 of 10 reported', `${REPLICA}/manager`, '4 with last 2 confirmed 1 are, 6 with both 1 are not'],
  ['sync timer: disconnected', `${REPLICA}/syncTimer`, 'a server that is not connected asks nothing'],
  ['sync timer: no primaries', `${REPLICA}/syncTimer`, 'every server asks once a period, the first time after one, with an empty list when it has no primary'],
  ['sync timer: partition absent', `${REPLICA}/manager`, 'an entry without the own partition drops the duplicator, one of an invalid status builds none'],
  ['batch', `${REPLICA}/pipeline/batch`, 'upstream: read while applied or not, read twice, and the first of equal ballots wins'],
  ['load: 30 failures, FAIL_SLOW', `${REPLICA}/pipeline/loadFailures`, 'FAIL_SLOW: 30 failures are 10 of the file, nothing is skipped, and it goes on when it can'],
  ['load: 30 failures, FAIL_SKIP', `${REPLICA}/pipeline/loadFailures`, 'FAIL_SKIP: after 10 failures of the file the next one is read, and the hole is claimed'],
  ['ship: 400 PUTs of one key', `${REPLICA}/pipeline/ship`, '400 large writes of one key: one queue, strictly one request on its way'],
  ['ship: PUTs of distinct keys', `${REPLICA}/pipeline/ship`, 'writes of different keys: a queue each, all on their way at once'],
  ['ship: timeout, or a code that is not OK', `${REPLICA}/pipeline/ship`, '%s: the same request after pauses that double up to a second, within the attempt’s time (6.6)'],
  ['ship: only a DUPLICATE', `${REPLICA}/pipeline/ship`, 'nothing to send: done with 0 at once'],
];

const BULK_LOAD: readonly Row[] = [
  ['health check', `${LOAD_META}/ingestion`, '%s, always healthy %s, primary %o, secondaries %o: %s'],
  ['ingest_behind: env true, false, invalid, absent', `${LOAD_META}/start`, 'with the env %s, ingest_behind %s: %s'],
  ['ever ingested', `${LOAD_META}/ingestion`, 'ever %s, secondaries %o: %s'],
  ['ever ingested: the partition becomes SUCCEED', `${LOAD_META}/replies`, 'a ballot that has risen rolls back once for all partitions, and the second entry takes the shortcut'],
  ['control', `${LOAD_META}/control`, '%s in %s: %s'],
  ['poll: DOWNLOADING, ERR_FS_INTERNAL or ERR_BUSY', `${LOAD_META}/replies`, 'in %s, %o: %s'],
  ['poll: DOWNLOADING, a node says ERR_CORRUPTION', `${LOAD_META}/replies`, 'a member that failed to download with %s fails the load with %s'],
  ['poll: DOWNLOADING, the last partition at 100 %', `${LOAD_META}/upstreamReplies`, 'DOWNLOADING, the last partition at 100 %: DOWNLOADED'],
  ['poll: DOWNLOADED, the last partition', `${LOAD_META}/upstreamReplies`, 'DOWNLOADED, an OK reply of the last partition: INGESTING'],
  ['poll: INGESTING, a node IS_FAILED', `${LOAD_META}/upstreamReplies`, 'INGESTING, one node IS_FAILED: FAILED with ERR_INGESTION_FAILED, and one slot fewer'],
  ['poll: INGESTING, one finished, the last finished', `${LOAD_META}/upstreamReplies`, 'INGESTING, one partition finished: one slot fewer, and its host_ports are the nodes that were reported'],
  ['poll: cleaned up by all', `${LOAD_META}/upstreamReplies`, 'SUCCEED, cleaned by all, the last one included: is_bulk_loading is false'],
  ['poll: DOWNLOADED, RPC timeout', `${LOAD_META}/upstreamReplies`, 'DOWNLOADED, an RPC that times out: DOWNLOADING, all partitions too', 'bl.B13'],
  ['poll: INGESTING, ERR_INVALID_STATE', `${LOAD_META}/upstreamReplies`, 'INGESTING, ERR_INVALID_STATE: DOWNLOADING, all partitions too, and no slot is left', 'bl.B13'],
  ['poll: CANCELED, ERR_OBJECT_NOT_FOUND', `${LOAD_META}/upstreamReplies`, 'CANCELED, ERR_OBJECT_NOT_FOUND: CANCELED, and no partition counts as cleaned', 'bl.B13'],
  ['poll: rollbacks at their limit', `${LOAD_META}/upstreamReplies`, 'DOWNLOADING, ERR_INVALID_STATE with the rollbacks at their limit: FAILED with ERR_RETRY_EXHAUSTED'],
  ['replica: not primary, or another ballot', `${LOAD_REPLICA}/requests`, 'is for a primary of that ballot'],
  ['group: another ballot, or a wrong role', `${LOAD_REPLICA}/requests`, 'for a secondary comes from the primary of its ballot'],
  ['start_download: 5 of 5, 1 of 5', `${LOAD_REPLICA}/download`, 'takes a slot of the server; without one it is busy, and nothing has changed'],
  ['rollback: PAUSED, INGESTING, SUCCEED', `${LOAD_REPLICA}/requests`, 'from %s downloads again'],
  ['progress: 50 and 50 of 100', `${LOAD_REPLICA}/download`, 'counts in whole percent, and is done at exactly 100'],
  ['pause: INVALID, DOWNLOADING, DOWNLOADED', `${LOAD_REPLICA}/requests`, 'from %s keeps what is there'],
  ['group progress', `${LOAD_REPLICA}/requests`, 'progress %d with %j: %d'],
  ['group ingestion: three IS_SUCCEED, then the flag goes', `${LOAD_REPLICA}/requests`, 'ingestion %s with %j: %s, and writes go on only then'],
  ['group: a reply that fails', `${LOAD_REPLICA}/requests`, 'an answer that fails forgets what the secondary had said'],
  ['world: no bulk_load_info', `${RUN}/upstreamLoads`, 'without bulk_load_info'],
  ['world: wrong app_id', `${RUN}/upstreamLoads`, 'with another app_id'],
  ['world: doubled partition_count', `${RUN}/upstreamLoads`, 'with twice the partitions'],
  ['world: no metadata of partition 0', `${RUN}/upstreamLoads`, 'without the metadata of partition 0 a load fails (%s)'],
  ['world: env false with ingest_behind', `${RUN}/upstreamLoads`, 'behind, with the env %s, is refused'],
  ['world: normal load', `${RUN}/upstreamLoads`, 'loaded values replace old ones, and later writes and deletes replace those'],
  ['world: ingest_behind', `${RUN}/upstreamLoads`, 'ingest_behind: old values stay, and new keys appear; later writes and deletes win here too'],
  ['shell: lines as printed', SHELL, 'are read back as the same command, whatever the names'],
  ['shell: long options, prefixes, groups, the last of two', SHELL, 'lines as operators type them'],
  ['shell: query_bulk_load_status -i -d', SHELL, '%s is shown so'],
  ['shell: what is refused', SHELL, '%j is refused: %s'],
  ['shell: percentages', '../impl/client/bulkLoadReport', 'of a partition count members that said nothing as 0, of the table are the mean of the rounded ones'],
  ['shell: ingestion % of -d without -i', '../impl/client/bulkLoadReport', 'of ingestion are counted only where all partitions are printed'],
];

const THROTTLING: readonly Row[] = [
  ['2.1: values that parse', `${THROTTLE}/throttlingValue`, '%j says %s'],
  ['2.1: values that do not, with their hints', `${THROTTLE}/throttlingValue`, '%j is refused: %s'],
  ['2.2: the hint by key', `${THROTTLE}/throttlingValue`, 'is the grammar of the key, and nothing for an env that does not throttle'],
  ['2.2: several pairs, unknown keys', `${THROTTLE}/cluster`, 'the first bad pair refuses all, before the table is looked up; other envs are as they were', 'thr.2.2'],
  ['3: limits of a partition', `${THROTTLE}/throttlingController`, '%s over %i partitions is %i', 'thr.3'],
  ['3: units and millis beyond 2^63', `${THROTTLE}/throttlingController`, 'never become negative, nor do the waits (thr.T2)', 'thr.T2'],
  ['3: 20000*delay*100, then both, then what does not parse', `${THROTTLE}/throttlingController`, "upstream's own sequence: new, both, refused (which keeps what was)"],
  ['3: each sync', `${THROTTLE}/cluster`, 'comes with the sync, goes with it, and a restarted replica has none before'],
  ['4.1: traces', `${THROTTLE}/throttlingController`, '%s over %i'],
  ['6: values of the token bucket that parse', `${THROTTLE}/throttlingValue`, '%j is a limit of %d, enabled: %j'],
  ['6: values of the token bucket that do not', `${THROTTLE}/throttlingValue`, 'the value of a token bucket (thr 6)'],
  ['6: units alone', `${THROTTLE}/throttlingValue`, 'units alone (thr 6, end)'],
  ['6: oracle', `${THROTTLE}/tokenBucketThrottlingController`, "agrees with the sheet's oracle step by step"],
  ['6: a read beyond a second’s share', `${THROTTLE}/tokenBucketThrottlingController`, "a read beyond a second's share is charged as well (thr.T4)", 'thr.T4'],
  ['6: fewer units than partitions', `${THROTTLE}/tokenBucketThrottlingController`, '%s over %i partitions fills %i in a second', 'thr.T5'],
  ['6: a value that only delays', `${THROTTLE}/tokenBucketThrottlingController`, 'a value that only delays is taken once, and limits nothing (thr.T6)', 'thr.T6'],
  ['7: env validation', `${THROTTLE}/cluster`, 'keeps the old value when a new one is refused, and tells why'],
  ['7: function test, QPS', `${THROTTLE}/functionTest`, 'by number, %s: within 15 of 50 in a second', 'throttling of what is not built'],
  ['7: function test, bytes', `${THROTTLE}/functionTest`, 'by size, %s: within 30 percent', 'thr.T4'],
];

/** Wrong files and settings: the error that the sheets name, the table usable, nothing lost. */
const BAD_INPUT: readonly Row[] = [
  ['files: every variant of a plan', `${RUN}/badLoads`, '%s (%i): %o', 'bl.B18'],
  ['files: nothing in the only one', `${RUN}/badLoads`, 'an empty file as the only one: metadata of nothing (bl 5)'],
  ['files: damaged, cut, removed behind their description', `${RUN}/badLoads`, '%s, behind the back of what describes it'],
  ['files: good ones afterwards', `${RUN}/badLoads`, 'do not hinder a load of good ones afterwards'],
  ['start: a provider, a root or a cluster that is not there', `${RUN}/badLoads`, 'as its %s: %s'],
  ['start: a table that is not there', `${RUN}/badLoads`, 'as its table: ERR_APP_NOT_EXIST'],
  ['settings: refused when set', `${RUN}/badLoads`, 'are refused when they are set, the old ones stay, and everybody is served'],
  ['settings: malformed from the creation on', `${RUN}/badLoads`, 'and stand in a table from its creation (thr 2.2) do nothing: it is written, read and loaded', 'thr.T7'],
  ['replica: what it finds on the provider', `${LOAD_REPLICA}/download`, 'a download fails'],
  ['replica: files that are no sets of rows', `${LOAD_REPLICA}/withMeta`, 'of files that are no sets of rows fails on all, and brings nothing'],
  ['sst: bad rows', '../properties/cli/sst', 'bad rows name file and line, and nothing is written'],
  ['sst: a partition without rows', '../properties/cli/sst', 'a partition without rows is said in one line'],
];

it.each([...DUPLICATION, ...BULK_LOAD, ...THROTTLING, ...BAD_INPUT])('%s', (_row, file, title, departure) => {
  const text = read(`${file}.test.ts`);
  expect(text.replaceAll("\\'", "'").includes(`'${title}'`)).toBe(true);
  expect(/\.(?:skip|todo|only|fails)\b/u.test(text)).toBe(false);
  if (departure !== undefined) expect(read('../../docs/departures.md')).toMatch(new RegExp(`^\\| ${departure.replaceAll('.', '\\.')}\\b`, 'mu'));
});

it('no row stands twice', () => {
  const names = [DUPLICATION, BULK_LOAD, THROTTLING, BAD_INPUT].map((rows) => rows.map(([row]) => row));
  for (const one of names) expect(new Set(one).size).toBe(one.length);
});
