/** Crashes of the meta server at every write of whole loads, and force cancel in every status (bl 17.6, 20). */
import { describe, expect, it } from 'vitest';
import type { BulkLoadRequest, BulkLoadResponse } from '../../../../impl/protocol/bulkLoadMessages.ts';
import type { BulkLoadStatus } from '../../../../model/vocabulary.ts';
import type { StoreFate, StoreOp } from '../fakeWorld.ts';
import { LoadCluster, STATE } from './loadCluster.ts';

/** A load as it goes in a test: how its groups answer, what the operator does when, and where it comes to. */
interface Scenario {
  readonly name: string;
  readonly groups?: () => (request: BulkLoadRequest) => Partial<BulkLoadResponse> | undefined;
  readonly operator?: readonly (readonly [atMs: number, act: (cluster: LoadCluster) => void])[];
  /** Without a crash. */
  readonly end: BulkLoadStatus;
  /** After a restart, in place of what the crash kept from being done. */
  readonly rescue?: (cluster: LoadCluster) => void;
  /** Beside `end` and what is left of a start that was cut short. */
  readonly alsoEnds?: readonly BulkLoadStatus[];
  /** Writes of the run without a crash, at least. */
  readonly writes: number;
}

/** The first answers to a status are these, one each. */
function first(status: BulkLoadStatus, ...answers: readonly Partial<BulkLoadResponse>[]) {
  return () => {
    let next = 0;
    return (request: BulkLoadRequest) => (request.metaStatus === status ? answers[next++] : undefined);
  };
}

function always(status: BulkLoadStatus, answer: Partial<BulkLoadResponse>) {
  return () => (request: BulkLoadRequest) => (request.metaStatus === status ? answer : undefined);
}

const pause = (cluster: LoadCluster): void => void cluster.control('BLC_PAUSE');
const cancel = (cluster: LoadCluster): void => void cluster.control('BLC_CANCEL');

const SCENARIOS: readonly Scenario[] = [
  { name: 'a load without trouble', end: 'BLS_SUCCEED', writes: 16 },
  {
    name: 'a load that is rolled back from DOWNLOADED',
    groups: first('BLS_DOWNLOADED', { error: 'ERR_INVALID_STATE' }),
    end: 'BLS_SUCCEED',
    writes: 22,
  },
  {
    name: 'a load that is rolled back from INGESTING',
    groups: first('BLS_INGESTING', {}, { isGroupIngestionFinished: false }, { error: 'ERR_OBJECT_NOT_FOUND' }),
    end: 'BLS_SUCCEED',
    writes: 25,
  },
  {
    name: 'a load that fails to download',
    groups: always('BLS_DOWNLOADING', { error: 'ERR_FS_INTERNAL' }),
    end: 'BLS_FAILED',
    writes: 10,
  },
  {
    name: 'a load that fails to ingest',
    groups: always('BLS_INGESTING', { groupStates: { a: { ...STATE, ingestStatus: 'IS_FAILED' } } }),
    end: 'BLS_FAILED',
    writes: 15,
  },
  {
    name: 'a load that is cancelled',
    groups: always('BLS_DOWNLOADING', { error: 'ERR_BUSY' }),
    operator: [[5000, cancel]],
    rescue: cancel,
    end: 'BLS_CANCELED',
    writes: 10,
  },
  {
    name: 'a load that is cancelled by force as soon as it can be',
    operator: [[1.5, (cluster) => void cluster.control('BLC_FORCE_CANCEL')]],
    end: 'BLS_CANCELED',
    alsoEnds: ['BLS_SUCCEED'],
    writes: 8,
  },
  {
    name: 'a load that is cancelled by force while it ingests',
    groups: always('BLS_INGESTING', { isGroupIngestionFinished: false }),
    operator: [[30_000, (cluster) => void cluster.control('BLC_FORCE_CANCEL')]],
    rescue: (cluster) => void cluster.control('BLC_FORCE_CANCEL'),
    end: 'BLS_CANCELED',
    writes: 15,
  },
  {
    name: 'a load that is paused and goes on',
    groups: first('BLS_DOWNLOADING', ...Array<Partial<BulkLoadResponse>>(6).fill({ error: 'ERR_BUSY' })),
    operator: [
      [2000, pause],
      [30_000, (cluster) => void cluster.control('BLC_RESTART')],
    ],
    rescue: (cluster) => void cluster.control('BLC_RESTART'),
    end: 'BLS_SUCCEED',
    writes: 25,
  },
];

const isWrite = ({ operation }: StoreOp): boolean => operation !== 'get' && operation !== 'children';

/** Runs the scenario over a meta server that crashes at that write; tells how many writes were asked for. */
function runScenario(cluster: LoadCluster, scenario: Scenario, crashAt: number, fate: StoreFate): number {
  let writes = 0;
  cluster.cluster.world.storeFate = (op) => (isWrite(op) && writes++ === crashAt ? fate : 'ok');
  if (scenario.groups !== undefined) cluster.answer = scenario.groups();
  cluster.start();
  let at = 0;
  for (const [atMs, act] of scenario.operator ?? []) {
    cluster.run(atMs - at);
    at = atMs;
    act(cluster);
  }
  cluster.run(150_000 - at);
  return writes;
}

function expectIdle(cluster: LoadCluster): void {
  expect(cluster.failure()).toBeUndefined();
  expect(cluster.isBulkLoading()).toBe(false);
  expect(cluster.query().isBulkLoading).toBe(false);
  expect(cluster.service.lock.isFree()).toBe(true);
  expect(cluster.service.ingestion.context.ingestingCount()).toBe(0);
  const polls = cluster.polls.length;
  cluster.run(30_000);
  expect(cluster.polls.length).toBe(polls);
}

describe('a meta server that crashes at any write of', () => {
  it.each(SCENARIOS)('$name', (scenario) => {
    for (const fate of ['crash-before', 'crash-after'] as const) {
      for (let crashAt = 0; ; crashAt++) {
        const cluster = new LoadCluster();
        const writes = runScenario(cluster, scenario, crashAt, fate);
        if (writes <= crashAt) {
          expect(crashAt).toBeGreaterThanOrEqual(scenario.writes);
          expect(cluster.status()).toBe(scenario.end);
          expectIdle(cluster);
          break;
        }
        cluster.restart();
        cluster.run(60_000);
        scenario.rescue?.(cluster);
        cluster.run(150_000);
        const ends = [scenario.end, 'BLS_INVALID', ...(scenario.alsoEnds ?? [])];
        expect(ends, `write ${crashAt}`).toContain(cluster.status());
        expectIdle(cluster);
        expectTold(cluster);
      }
    }
  });
});

/** A restart more, and the result is told as before (bl 6.3). */
function expectTold(cluster: LoadCluster): void {
  const { error, appStatus, partitionsStatus } = cluster.query();
  cluster.restart();
  expect(cluster.query()).toMatchObject({ error, appStatus, partitionsStatus });
  const cleared = cluster.clear();
  cluster.run(1000);
  expect(cleared[0]?.error).toBe('ERR_OK');
  expect(cluster.stored()).toBeUndefined();
}

/** Where the load stays: how its groups answer until the operator cancels. */
interface Staying {
  readonly status: BulkLoadStatus;
  readonly answer: LoadCluster['answer'];
  readonly operate?: (cluster: LoadCluster) => void;
}
const busyBut =
  (status: BulkLoadStatus, answer: Partial<BulkLoadResponse>): LoadCluster['answer'] =>
  ({ metaStatus }) =>
    metaStatus === status ? answer : { error: 'ERR_BUSY' };

const STAYING: readonly Staying[] = [
  { status: 'BLS_DOWNLOADING', answer: always('BLS_DOWNLOADING', { error: 'ERR_BUSY' })() },
  { status: 'BLS_DOWNLOADED', answer: always('BLS_DOWNLOADED', { error: 'ERR_BUSY' })() },
  { status: 'BLS_INGESTING', answer: always('BLS_INGESTING', { isGroupIngestionFinished: false })() },
  { status: 'BLS_SUCCEED', answer: always('BLS_SUCCEED', { isGroupCleanedUp: false })() },
  {
    status: 'BLS_FAILED',
    answer: ({ metaStatus }) =>
      metaStatus === 'BLS_FAILED' ? { isGroupCleanedUp: false } : { error: 'ERR_FS_INTERNAL' },
  },
  { status: 'BLS_PAUSING', answer: busyBut('BLS_PAUSING', { isGroupPaused: false }), operate: pause },
  { status: 'BLS_PAUSED', answer: always('BLS_DOWNLOADING', { error: 'ERR_BUSY' })(), operate: pause },
  { status: 'BLS_CANCELED', answer: busyBut('BLS_CANCELED', { isGroupCleanedUp: false }), operate: cancel },
];

/** Every write of a record times out twice, once without and once with its effect, then succeeds. */
function slowStore(): (op: StoreOp) => StoreFate {
  const tries = new Map<string, number>();
  return (op) => {
    if (!isWrite(op)) return 'ok';
    const count = tries.get(op.path) ?? 0;
    tries.set(op.path, count + 1);
    return count % 3 === 2 ? 'ok' : count % 3 === 1 ? 'timeout-after-effect' : 'timeout';
  };
}

function expectCancelled(cluster: LoadCluster): void {
  expect(cluster.status()).toBe('BLS_CANCELED');
  expectIdle(cluster);
  const cleared = cluster.clear();
  cluster.run(10_000);
  expect(cleared[0]?.error).toBe('ERR_OK');
  expect(cluster.query()).toMatchObject({ error: 'ERR_OK', appStatus: 'BLS_INVALID' });
  const again = cluster.start();
  cluster.run(150_000);
  expect([again[0]?.error, cluster.status()]).toEqual(['ERR_OK', 'BLS_SUCCEED']);
  expect(cluster.load().record.loadId).toBe(2);
}

describe('a force cancel, then a clear', () => {
  it.each(STAYING)('end a load that stays $status, though the store is slow', ({ status, answer, operate }) => {
    const cluster = new LoadCluster();
    cluster.answer = answer;
    cluster.start();
    cluster.run(1000);
    operate?.(cluster);
    cluster.runTo(status);
    cluster.run(30_000);
    expect([cluster.status(), cluster.isBulkLoading()]).toEqual([status, true]);
    cluster.cluster.world.storeFate = slowStore();
    const cancelled = cluster.control('BLC_FORCE_CANCEL');
    cluster.run(20_000);
    cluster.answer = () => undefined;
    cluster.run(40_000);
    expect(cancelled[0]?.error).toBe('ERR_OK');
    expectCancelled(cluster);
  });

  it('end a load at whatever moment they come, over a slow store', () => {
    let cancels = 0;
    for (let at = 1000; ; at += 310) {
      const cluster = new LoadCluster();
      cluster.cluster.world.storeFate = slowStore();
      cluster.start();
      cluster.run(at);
      const wasLoading = cluster.isBulkLoading() === true;
      if (!wasLoading && at > 60_000) break;
      const cancelled = cluster.control('BLC_FORCE_CANCEL');
      cluster.run(60_000);
      if (cancelled[0]?.error !== 'ERR_OK') continue;
      cancels++;
      expectCancelled(cluster);
    }
    expect(cancels).toBeGreaterThan(100);
  });
});
