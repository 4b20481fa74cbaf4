/** Each of upstream's test expectations that the fact sheet lists (dup 15) has its test here: by row, where it is. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const META = '../impl/meta/duplication';
const REPLICA = '../impl/replica/duplication';

const ROWS: readonly (readonly [row: string, file: string, title: string])[] = [
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
  ['ship: timeout, or a code that is not OK', `${REPLICA}/pipeline/ship`, 'the same request after pauses that double up to a second'],
  ['ship: only a DUPLICATE', `${REPLICA}/pipeline/ship`, 'nothing to send: done with 0 at once'],
];

it.each(ROWS)('%s', (_row, file, title) => {
  expect(readFileSync(fileURLToPath(new URL(`${file}.test.ts`, import.meta.url)), 'utf8')).toContain(title);
});
