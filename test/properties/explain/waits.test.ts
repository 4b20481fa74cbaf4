/** The chains of the seeds, and of five other defects that leave a run stuck: a stranger should learn from them what is wrong. */
import { describe, expect, it } from 'vitest';
import { explain } from '../../../properties/explain/explain.ts';
import { runPlan } from '../../../properties/run/runPlan.ts';
import { explained, planIn } from './fixture.ts';
import { spinning } from '../run/spinning.ts';

type Row = readonly [dir: 'seeds' | 'shrunk', plan: string, defect: string, property: string | undefined, links: readonly string[]];

/** Kind and text of each link, set in by its depth; `+T` stands for a time. */
const CHAINS: readonly Row[] = [
  ['seeds', '2025', 'dup-app-check-source-name', undefined, [
    'obligation: t1 of duplication 1767225610 owes since +T: a duplication in DS_APP reaches DS_LOG',
    '  standstill: store: duplication 1767225610 of table 1 to follower/r1 DS_APP FAIL_SLOW; nothing else since +T',
    '  standstill: source/replica-2: told of duplication 1767225610: DS_APP, progress {"0":1,"1":1,"2":1,"3":1}; nothing else since +T, said 10 times more',
    '  refused: source/meta-0 asked follower/meta-0 RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX for t1 33 times since +T, every 10 s; each time ERR_OBJECT_NOT_FOUND, last at +T; follower has no table t1, it has r1',
    '  standstill: source/meta-0 asks follower/meta-0 RPC_CM_CREATE_APP for r1 every 10 s, and is answered the same since +T (34 times)',
  ]],
  ['seeds', '2048', 'dup-newest-held-back', undefined, [
    'obligation: 1.0 of duplication 1767225606 owes since +T: every committed write reaches the follower, the last one too',
    '  standstill: store: duplication 1767225606 of table 1 to follower/t1 DS_LOG FAIL_SLOW; nothing else since +T',
    '  standstill: source/replica-0 1.0: committed 3; nothing else since +T',
    '  standstill: nothing of 1.0 of duplication 1767225606 was ever shipped',
    '  standstill: source/replica-0 1.0: duplication 1767225606 ships from decree 3 on; nothing else since +T',
    '  timer: source/replica-0 has only this due about 1.0: LPC_REPLICATION_LOW (LoadMutation.run) at +T (run 296 times, last at +T), LPC_PER_REPLICA_CHECKPOINT_TIMER (CheckpointTriggers.onCheckpointTimer) at +T (run once, last at +T), LPC_GROUP_CHECK (GroupChecker.broadcastGroupCheck) at +T (run 3 times, last at +T)',
  ]],
  ['seeds', '2069', 'fulldup-empty-partition', 'L1', [
    'obligation: t1 of duplication 1767225615 owes since +T: a duplication in DS_APP reaches DS_LOG',
    '  standstill: store: duplication 1767225615 of table 1 to follower/t1 DS_APP FAIL_SLOW; nothing else since +T',
    '  standstill: follower/meta-0 is asked to create t1 (created); nothing else since +T, said 20 times more',
    '  standstill: source/replica-2: told of duplication 1767225615: DS_APP, progress {"0":0,"1":1,"2":0,"3":1,"4":0,"5":1,"6":0,"7":1}; nothing else since +T, said 6 times more',
    '  standstill: source/meta-0 asks follower/meta-0 RPC_CM_CREATE_APP for t1 every 10 s, and is answered the same since +T (22 times)',
    '    refused: follower/meta-0 asked follower/replica-0 RPC_CONFIG_PROPOSAL of 1.0 143 times since +T, every 500 ms; each time ERR_TRY_AGAIN, last at +T; and so 1.2 (follower/replica-2), 1.4 (follower/replica-1), 1.6 (follower/replica-0), 1.0 (follower/replica-2), …',
    '      refused: follower/replica-0 asked source/replica-0 RPC_QUERY_LAST_CHECKPOINT_INFO of 1.0 143 times since +T, every 500 ms; each time ERR_PATH_NOT_FOUND, last at +T; and so 1.6 (source/replica-0), 1.2 (source/replica-2), 1.4 (source/replica-1)',
    '        timer: source/replica-0 has only this due about 1.0, 1.1, 1.2, …: LPC_GROUP_CHECK (GroupChecker.broadcastGroupCheck) at +T (run 4 times, last at +T), LPC_PER_REPLICA_CHECKPOINT_TIMER (CheckpointTriggers.onCheckpointTimer) at +T (run once, last at +T)',
    '      standstill: follower/replica-0 asks source/meta-0 RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX of 1.0 every 500 ms, and is answered the same since +T (143 times): ballot 3, primary source/replica-0, secondaries source/replica-2 source/replica-1; and so 1.6 (source/meta-0), 1.2 (source/meta-0), 1.4 (source/meta-0)',
    '  standstill: source/meta-0 asks follower/meta-0 RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX for t1 every 10 s, and is answered the same since +T (21 times): 1.0 primary none secondaries none, 1.1 ballot 3 primary follower/replica-1 secondaries follower/replica-0 follower/replica-2, 1.2 primary none secondaries none, 1.3 ballot 3 primary follower/replica-0 secondaries follower/replica-2 follower/replica-1, 1.4 primary none secondaries none, 1.5 ballot 3 primary follower/replica-2 secondaries follower/replica-1 follower/replica-0, 1.6 primary none secondaries none, 1.7 ballot 3 primary follower/replica-1 secondaries follower/replica-0 follower/replica-2',
    '  refused: follower/replica-1 asked source/replica-1 RPC_QUERY_LAST_CHECKPOINT_INFO of 1.4 143 times since +T, every 500 ms; each time ERR_PATH_NOT_FOUND, last at +T; and so 1.6 (source/replica-0), 1.0 (source/replica-0), 1.2 (source/replica-2)',
    '  refused: follower/replica-2 asked source/replica-2 RPC_QUERY_LAST_CHECKPOINT_INFO of 1.2 143 times since +T, every 500 ms; each time ERR_PATH_NOT_FOUND, last at +T; and so 1.0 (source/replica-0), 1.4 (source/replica-1), 1.6 (source/replica-0)',
  ]],
  ['seeds', '2156', 'bl-ingest-stuck-throttled', 'L3', [
    'obligation: load 1 of t1 in BLS_INGESTING owes since +T: a load that is not paused comes to an end, step by step, and its table is not loading any more',
    '  standstill: store: load of table 1 BLS_INGESTING; nothing else since +T',
    '  standstill: store: load of partition 1.0 BLS_INGESTING; nothing else since +T',
    '  standstill: source/replica-0 1.0: ingestion answered ERR_NO_NEED_OPERATE, applied ERR_OK; nothing else since +T',
    '  standstill: source/replica-0 1.0: reports BLS_INGESTING ERR_OK for BLS_INGESTING; nothing else since +T, said 227 times more',
    '  refused: source/meta-0 asked source/replica-0 RPC_RRDB_RRDB_BULK_LOAD of 1.0 at +T and was refused: ERR_NO_NEED_OPERATE; it has not asked again',
    '    standstill: source/replica-0 asks source/replica-1 RPC_GROUP_BULK_LOAD of 1.0 every 150 ms, and is answered the same since +T (228 times): status BLS_INGESTING, ingestStatus IS_INVALID; and so 1.0 (source/replica-2)',
    '      timer: source/replica-1 has only this due about 1.0: LPC_PER_REPLICA_CHECKPOINT_TIMER (CheckpointTriggers.onCheckpointTimer) at +T (run 2 times, last at +T)',
    '  standstill: source/meta-0 asks source/replica-0 RPC_BULK_LOAD of 1.0 every 150 ms, and is answered the same since +T (227 times): primaryStatus BLS_INGESTING, source/replica-0 ingestStatus IS_INVALID, source/replica-1 ingestStatus IS_INVALID, source/replica-2 ingestStatus IS_INVALID, isGroupIngestionFinished false',
  ]],
  ['seeds', '2183', 'pool-dup-load-starved', undefined, [
    'obligation: 1.0 of duplication 1767225606 owes since +T: every committed write reaches the follower, the last one too',
    '  standstill: store: duplication 1767225606 of table 1 to follower/t1 DS_LOG FAIL_SLOW; nothing else since +T',
    '  standstill: source/replica-0 1.0: committed 21; nothing else since +T',
    '  standstill: nothing of 1.0 of duplication 1767225606 was ever shipped',
    '  standstill: source/replica-0 1.0: duplication 1767225606 ships from decree 2 on; nothing else since +T',
    '  queued: source/replica-0 has LPC_REPLICATION_LONG_LOW (LoadFromPrivateLog.run) queued in THREAD_POOL_REPLICATION_LONG behind 8 others (LPC_BACKGROUND_WORK)',
    '  timer: source/replica-0 used to run LPC_REPLICATION_LOW (LoadMutation.run) of 1.0 every 100 ms; the last of 273 times was at +T, and no other is due',
  ]],
  ['shrunk', 'bl-secondary-error-unheard', 'bl-secondary-error-unheard', undefined, [
    'obligation: 1.0 owes since +T: an ingestion keeps user writes out for a short time only',
    '  standstill: store: load of table 1 BLS_INGESTING; nothing else since +T',
    '  standstill: store: load of partition 1.0 BLS_INGESTING; nothing else since +T',
    '  standstill: source/replica-0 1.0: ingestion answered ERR_OK, applied ERR_OK; nothing else since +T',
    '  standstill: source/replica-1 1.0: 1 files became part of the database at decree 1; nothing else since +T',
    '  standstill: source/meta-0 asks source/replica-0 RPC_BULK_LOAD of 1.0 every 50 ms, and is answered the same since +T (89 times): primaryStatus BLS_INGESTING, source/replica-0 ingestStatus IS_SUCCEED, source/replica-1 ingestStatus IS_INVALID, isGroupIngestionFinished false',
    '    refused: source/replica-0 asked source/replica-1 RPC_GROUP_BULK_LOAD of 1.0 92 times since +T, every 50 ms; each time ERR_INVALID_STATE, last at +T',
    '      timer: source/replica-1 has only this due about 1.0: LPC_PER_REPLICA_CHECKPOINT_TIMER (CheckpointTriggers.onCheckpointTimer) at +T (run 4 times, last at +T)',
  ]],
  ['shrunk', 'bl-never-polled-fast', 'bl-never-polled-fast', undefined, [
    'obligation: load 1 of t1 in BLS_INGESTING owes since +T: a load that is not paused comes to an end, step by step, and its table is not loading any more',
    '  standstill: store: load of table 1 BLS_INGESTING; nothing else since +T',
    '  standstill: store: load of partition 1.0 BLS_INGESTING; nothing else since +T',
    '  standstill: source/replica-0 1.0: ingestion answered ERR_OK, applied ERR_OK; nothing else since +T',
    '  standstill: source/replica-2 1.0: 3 files became part of the database at decree 4; nothing else since +T',
    '  timer: source/meta-0 has nothing queued and nothing due about 1.0; the last that it asked was source/replica-0 RPC_BULK_LOAD of 1.0 at +T, answered ERR_OK',
  ]],
  ['shrunk', 'dup-timeout-shrinks', 'dup-timeout-shrinks', undefined, [
    'obligation: 1.1 of duplication 1767225600 owes since +T: every committed write reaches the follower, the last one too',
    '  standstill: store: duplication 1767225600 of table 1 to follower/r1 DS_LOG FAIL_SLOW; nothing else since +T',
    '  standstill: source/replica-0 1.1: committed 6; nothing else since +T',
    '  standstill: nothing of 1.1 of duplication 1767225600 was ever shipped',
    '  standstill: source/replica-0 1.1: duplication 1767225600 ships from decree 1 on; nothing else since +T',
    '  call: source/replica-0 asked follower/replica-0 RPC_RRDB_RRDB_DUPLICATE of 1.1 95 times, every 200 ms, last at +T; 86 answers were sent, and none came while it waited',
    '    timer: follower/replica-0 has only this due about 1.1: LPC_PER_REPLICA_CHECKPOINT_TIMER (CheckpointTriggers.onCheckpointTimer) at +T (run 11 times, last at +T), LPC_GROUP_CHECK (GroupChecker.broadcastGroupCheck) at +T (run 7 times, last at +T)',
    '  standstill: source/replica-0 asks follower/meta-0 RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX for r1 every 200 ms, and is answered the same since +T (86 times): 1.0 ballot 2 primary follower/replica-0 secondaries none, 1.1 ballot 2 primary follower/replica-0 secondaries none',
  ]],
  ['shrunk', 'emergency-never-retries', 'emergency-never-retries', undefined, [
    'obligation: 1.0 at source/replica-0, decree 1, command 2 owes since +T: an emergency checkpoint that was accepted makes its decree durable',
    '  standstill: source/replica-0 1.0: flushed up to 2; nothing else since +T',
    '  standstill: source/replica-0 1.0: checkpoint (manual-emergency) ended: ERR_TRY_AGAIN, durable 0; nothing else since +T',
    '  standstill: source/replica-0 1.0: manual checkpoint flag cleared, 0 on the server; nothing else since +T',
    '  standstill: source/replica-0 1.0: applied 2; nothing else since +T',
    '  timer: source/replica-0 has only this due about 1.0: LPC_PER_REPLICA_CHECKPOINT_TIMER (CheckpointTriggers.onCheckpointTimer) at +T (run once, last at +T), LPC_GROUP_CHECK (GroupChecker.broadcastGroupCheck) at +T (run 2 times, last at +T)',
  ]],
  ['shrunk', 'move-forgotten-by-a-restart', 'move-forgotten-by-a-restart', undefined, [
    'obligation: 1.0, ballot 1 owes since +T: a partition gets the members that it lacks, one after the other',
    '  standstill: store: 1.0 ballot 1, primary source/replica-0, secondaries ; nothing else since +T, said once more',
    '  standstill: source/replica-0 1.0: PS_INACTIVE -> PS_PRIMARY in ballot 1; nothing else since +T',
    '  standstill: source/replica-0 1.0: opened new: ballot 0, durable 0, applied 0, committed 0, prepared 0; nothing else since +T',
    '  timer: source/meta-0 has nothing queued and nothing due about 1.0; the last that it asked was source/replica-0 RPC_CONFIG_PROPOSAL of 1.0 at +T, answered ERR_OK',
  ]],
];

describe('a runaway', () => {
  it('is told by what ran most often, and is cut off where it was', () => {
    const plan = planIn('shrunk', 'ack-before-log');
    const parts = spinning();
    const result = runPlan(plan, { parts, dispatchLimit: 20_000 });
    const { waits, marks, runs } = explain(plan, result, { parts, maxRuns: 3 });
    expect(runs).toBe(3);
    expect(waits.map(({ text }) => text).slice(0, 2)).toEqual([
      expect.stringMatching(/^the run should come to rest: the run was cut off at 0\.\d s, and L6 command answered \(source\/2\) had time left until \d\.\d s$/),
      expect.stringMatching(/^source\/replica-0 ran LPC_GROUP_CHECK \(Checker\.spin\) \d{4,5} times, the first at \+0\.2\d+ s, the last at /),
    ]);
    expect(marks.slice(0, 2).map(({ mark, passesWith }) => [mark, passesWith])).toEqual([['untried', ''], ['necessary', 'without it']]);
  });
});

describe('who waits for whom', () => {
  it.each(CHAINS)('%s/%s with %s', (dir, name, id, property, links) => {
    const { waits, runs } = explained(planIn(dir, name), id, { maxRuns: 1, ...(property === undefined ? {} : { property }) });
    expect(runs).toBe(1);
    expect(waits.map(({ kind, text, depth = 0 }) => `${'  '.repeat(depth)}${kind}: ${text.replaceAll(/\+\d+\.\d+ s/g, '+T')}`)).toEqual(links);
  });

  it('is told with virtual times', () => {
    const { waits } = explained(planIn('seeds', '2183'), 'pool-dup-load-starved', { maxRuns: 1 });
    expect(waits.at(-1)?.text).toMatch(/ 273 times was at \+97\.200 s, and no other is due$/);
  });

  it('is empty when a rule was broken: nobody waits', () => {
    expect(explained(planIn('shrunk', 'ack-before-log'), 'ack-before-log', { maxRuns: 1 }).waits).toEqual([]);
  });
});
