/** The bench's plans with bulk loads: whole lives of a load, loads that grow in their partitions, and requests to a table that throttles. */
import { partitionIndexOf } from '../../impl/protocol/rrdb.ts';
import { PLAN_FORMAT, PLAN_VERSION, type Plan, type Step } from '../plan/types.ts';

const TABLE = { cluster: 'source', table: 'table#1' };

function planOf(steps: readonly Step[], replicaServers: number, settings: Readonly<Record<string, number>> = {}): Plan {
  return {
    format: PLAN_FORMAT,
    version: PLAN_VERSION,
    clusters: [{ id: 'source', replicaServers }],
    settings: { mutation2pcMinReplicaCount: 1, ...settings },
    steps,
    chance: { kind: 'frozen', deviations: [] },
  };
}

function create(partitionCount: number, replicaCount: number): Step {
  return { kind: 'createTable', afterMs: 0, cluster: 'source', as: 'table#1', name: 'table#1', partitionCount, replicaCount, envs: {}, successIfExist: false };
}

function wait(forMs: number): Step {
  return { kind: 'wait', afterMs: 0, forMs };
}

function writes(from: number, count: number, afterMs: number): readonly Step[] {
  return Array.from({ length: count }, (_, i) => ({ kind: 'put', afterMs, ...TABLE, hashKey: `k${String((from + i) % 16)}`, sortKey: '', value: `v${String(from + i)}`, ttlSeconds: 0 }));
}

/** A row for each partition at least. */
function rowsFor(partitionCount: number): readonly string[] {
  const rows: string[] = [];
  const served = new Set<number>();
  for (let n = 0; served.size < partitionCount; n += 1) {
    const index = partitionIndexOf(`k${String(n)}`, partitionCount);
    if (served.has(index)) continue;
    served.add(index);
    rows.push(`k${String(n)}||b${String(n)}`);
  }
  return rows;
}

function prepare(partitionCount: number): Step {
  return { kind: 'prepareLoad', afterMs: 0, ...TABLE, provider: 'local', root: 'r1', folder: 'source', rows: rowsFor(partitionCount), files: 'one', variant: 'good', nth: 0 };
}

function start(): Step {
  return { kind: 'startBulkLoad', afterMs: 0, ...TABLE, folder: 'source', provider: 'local', root: 'r1', ingestBehind: false };
}

/** 3 servers, 2 partitions, 30 steps: files are downloaded, a pause, a crash of a server, the ingestion, writes all the way through. */
export function loadPlan(variant: number): Plan {
  return planOf(
    [
      create(2, 3),
      wait(400),
      ...writes(variant, 4, 10),
      prepare(2),
      start(),
      ...writes(variant + 4, 4, 20),
      { kind: 'pauseBulkLoad', afterMs: 50, ...TABLE },
      { kind: 'restartBulkLoad', afterMs: 1500, ...TABLE },
      ...writes(variant + 8, 4, 100),
      { kind: 'crash', afterMs: 100, node: `node(source,${String(variant % 3)})`, downMs: 500, insideCall: 0 },
      ...writes(variant + 12, 4, 100),
      wait(2000),
      ...writes(variant + 16, 3, 10),
      { kind: 'queryBulkLoad', afterMs: 1000, ...TABLE },
      wait(2000),
      { kind: 'get', afterMs: 0, ...TABLE, hashKey: 'k1', sortKey: '' },
    ],
    3,
  );
}

/** A load of so many partitions with one member each; all of them download and ingest at the same time. */
export function wideLoadPlan(partitions: number): Plan {
  return planOf([create(partitions, 1), wait(800), prepare(partitions), start(), wait(5000)], 1, {
    maxConcurrentBulkLoadDownloadingCount: 100,
    bulkLoadNodeMaxIngestingCount: 100,
  });
}

/** So many writes and reads of a table that throttles both; one in five is delayed or refused. */
export function throttledPlan(requests: number): Plan {
  const limits: Step = {
    kind: 'setEnvs',
    afterMs: 400,
    ...TABLE,
    envs: { 'replica.write_throttling': '40*delay*20', 'replica.read_throttling': '40*reject*20' },
  };
  const all = Array.from({ length: requests }, (_, i): Step => {
    if (i % 2 === 0) return { kind: 'put', afterMs: 10, ...TABLE, hashKey: `k${String(i % 16)}`, sortKey: '', value: `v${String(i)}`, ttlSeconds: 0 };
    return { kind: 'get', afterMs: 10, ...TABLE, hashKey: `k${String(i % 16)}`, sortKey: '' };
  });
  return planOf([create(1, 3), limits, wait(1500), ...all], 3);
}
