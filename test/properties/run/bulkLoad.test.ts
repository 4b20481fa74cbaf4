/** Steps of bulk load in a run: files get their table's id, loads go through, and what stands between is felt. */
import { describe, expect, it } from 'vitest';
import type { Answer, Command } from '../../../model/commands.ts';
import type { ModelEvent } from '../../../model/events.ts';
import type { Plan, Step } from '../../../properties/plan/types.ts';
import { KnownTables } from '../../../properties/run/knownTables.ts';
import { runPlan, type RunResult } from '../../../properties/run/runPlan.ts';

const CREATE: Step = { kind: 'createTable', afterMs: 0, cluster: 'source', as: 'table#1', name: 'table#1', partitionCount: 2, replicaCount: 3, envs: {}, successIfExist: false };
const PLACE = { cluster: 'source', table: 'table#1' };
const FILES = { ...PLACE, provider: 'local', root: 'r1', folder: 'source' };
const ROWS = ['a|x|b1', 'b|x|b2', 'c||b3', 'd||b4'];
const PREPARE: Step = { kind: 'prepareLoad', afterMs: 800, ...FILES, rows: ROWS, files: 'many', variant: 'good', nth: 0 };
const START: Step = { kind: 'startBulkLoad', afterMs: 0, ...FILES, ingestBehind: false };
const wait = (forMs: number): Step => ({ kind: 'wait', afterMs: 0, forMs });
const of = (kind: string, afterMs = 0): Step => ({ kind, afterMs, ...PLACE });

function run(steps: readonly Step[], follow = true): RunResult {
  const plan: Plan = { format: 'pegasus-check/plan', version: 2, clusters: [{ id: 'source', replicaServers: 3 }], settings: {}, steps, chance: { kind: 'frozen', deviations: [] } };
  return runPlan(plan, { trace: true, follow });
}
const ofKind = <K extends ModelEvent['kind']>(result: RunResult, kind: K): readonly Extract<ModelEvent, { readonly kind: K }>[] =>
  (result.trace ?? []).filter((e): e is Extract<ModelEvent, { readonly kind: K }> => e.kind === kind);
/** Each command with its answer. */
function exchanges(result: RunResult): readonly (readonly [Command, Answer | undefined])[] {
  const answers = new Map(ofKind(result, 'command.answered').map((e) => [e.id, e.answer]));
  return ofKind(result, 'command.invoked').map((e) => [e.command, answers.get(e.id)]);
}
function errorsOf(result: RunResult, kind: Command['kind']): readonly (string | undefined)[] {
  return exchanges(result).flatMap(([command, answer]) => (command.kind === kind ? [answer?.error] : []));
}
const statuses = (result: RunResult): readonly string[] => ofKind(result, 'load.stored').map((e) => e.record.status);

describe('a load of good files', () => {
  const result = run([CREATE, PREPARE, START, wait(6000), of('queryBulkLoad')]);

  it('runs through every status in a few virtual seconds', () => {
    expect(result.skippedSteps).toEqual([]);
    expect(statuses(result)).toEqual(['BLS_DOWNLOADING', 'BLS_DOWNLOADED', 'BLS_INGESTING', 'BLS_SUCCEED']);
    const times = ofKind(result, 'load.stored').map((e) => e.atUs);
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(4_000_000);
    const told = exchanges(result).find(([command]) => command.kind === 'queryBulkLoad')?.[1];
    expect(told).toMatchObject({ kind: 'bulkLoadStatus', error: 'ERR_OK', appStatus: 'BLS_SUCCEED', partitions: ['BLS_SUCCEED', 'BLS_SUCCEED'], isBulkLoading: false });
  });

  it('has its table\'s id, and its rows are read back in the end', () => {
    const info = ofKind(result, 'provider.put').find((e) => e.path === 'r1/source/t1/bulk_load_info');
    expect(info?.file).toEqual({ is: 'info', appId: 1, partitionCount: 2 });
    const read = exchanges(result).flatMap(([c, answer]) => (c.kind === 'get' && answer?.kind === 'read' ? [`${c.hashKey}|${c.sortKey}|${answer.value}`] : []));
    expect(new Set(read.toSorted())).toEqual(new Set(ROWS));
    // Once as things stand in the end, and then from every member of one partition or the other as the primary.
    const served = ofKind(result, 'config.stored').filter(({ config }) => config.ballot > 0 && config.primary !== '');
    expect(new Set(served.map(({ config }) => `${config.gpid} ${config.primary}`)).size).toBe(6);
    for (const row of ROWS) expect(read.filter((one) => one === row)).toHaveLength(4);
  });
});

describe('a load that is disturbed', () => {
  it('by files of another table, or none, is refused at its start', () => {
    const start = (steps: readonly Step[]): readonly (string | undefined)[] => errorsOf(run([CREATE, ...steps, wait(100)]), 'startBulkLoad');
    expect(start([{ ...PREPARE, variant: 'wrongAppId' }, START])).toEqual(['ERR_INCONSISTENT_STATE']);
    expect(start([{ ...PREPARE, variant: 'noInfo' }, START])).toEqual(['ERR_OBJECT_NOT_FOUND']);
    expect(start([PREPARE, { ...START, provider: 'nowhere' }])).toEqual(['ERR_INVALID_PARAMETERS']);
    expect(start([PREPARE, START, START])).toEqual(['ERR_OK', 'ERR_BUSY']);
  });

  it('is paused and goes on, or is taken back', () => {
    const paused = run([CREATE, PREPARE, START, wait(100), of('pauseBulkLoad'), wait(2000), of('restartBulkLoad'), wait(5000)]);
    expect(statuses(paused)).toEqual(['BLS_DOWNLOADING', 'BLS_PAUSING', 'BLS_PAUSED', 'BLS_DOWNLOADING', 'BLS_DOWNLOADED', 'BLS_INGESTING', 'BLS_SUCCEED']);
    const cancelled = run([CREATE, PREPARE, START, wait(2200), { ...of('cancelBulkLoad'), forced: true }, wait(3000), of('clearBulkLoad'), wait(100)]);
    expect(statuses(cancelled).at(-1)).toBe('BLS_CANCELED');
    expect(ofKind(cancelled, 'load.erased')).toHaveLength(1);
  });

  it('by a pause before it stands in the store, begins paused', () => {
    const at = [1, 2, 3, 4, 5, 6].map((afterMs) => run([CREATE, PREPARE, START, { ...of('pauseBulkLoad'), afterMs }, wait(3000), of('restartBulkLoad'), wait(5000)]));
    expect(at.map((result) => result.verdict)).toEqual(at.map(() => ({ kind: 'pass' })));
    const begun = at.filter((result) => errorsOf(result, 'pauseBulkLoad')[0] === 'ERR_OK');
    expect(begun.some((result) => statuses(result)[0] === 'BLS_PAUSING')).toBe(true);
    expect(begun.every((result) => statuses(result).at(-1) === 'BLS_SUCCEED')).toBe(true);
  });

  it('by a file that is damaged, or a provider that is away, fails or waits', () => {
    const damage: Step = { kind: 'damageLoad', afterMs: 0, ...FILES, how: 'flip', nth: 0, atPermille: 500 };
    const damaged = run([CREATE, PREPARE, damage, START, wait(4000)]);
    expect(ofKind(damaged, 'provider.put').at(-1)?.path).toBe('r1/source/t1/0/00001.sst');
    expect(statuses(damaged).at(-1)).toBe('BLS_FAILED');
    const away = run([CREATE, PREPARE, { kind: 'providerDown', afterMs: 0, provider: 'local', forMs: 1000 }, START, wait(1500), START, wait(6000)]);
    expect(errorsOf(away, 'startBulkLoad')).toEqual(['ERR_FS_INTERNAL', 'ERR_OK']);
    expect(statuses(away).at(-1)).toBe('BLS_SUCCEED');
    expect(away.effects.get('provider.error')).toBeGreaterThan(0);
    const slow = run([CREATE, PREPARE, START, { kind: 'slowProvider', afterMs: 0, provider: 'local', factor: 100, forMs: 2000 }, wait(8000)]);
    expect(slow.effects.get('provider.slowed')).toBeGreaterThan(0);
    expect(statuses(slow).at(-1)).toBe('BLS_SUCCEED');
  });

  it('by rows of other partitions, has them where nobody reads them', () => {
    const write: Step = { kind: 'put', afterMs: 0, ...PLACE, hashKey: 'b', sortKey: 'x', value: 'v1', ttlSeconds: 0 };
    for (const nth of [0, 1]) {
      const result = run([CREATE, { ...PREPARE, variant: 'foreignFile', nth }, START, wait(5000), write]);
      expect(statuses(result).at(-1)).toBe('BLS_SUCCEED');
      expect(result.verdict).toEqual({ kind: 'pass' });
      expect(exchanges(result).flatMap(([c, answer]) => (c.kind === 'get' && c.hashKey === 'b' && answer?.kind === 'read' ? [answer.value] : []))).toEqual(['v1', 'v1', 'v1', 'v1']);
    }
  });

  it('by files that go, cannot be damaged any more', () => {
    const remove: Step = { kind: 'damageLoad', afterMs: 0, ...FILES, how: 'remove', nth: 0, atPermille: 0 };
    const result = run([CREATE, PREPARE, remove, { ...remove, table: 'nowhere' }, { ...remove, how: 'cut', nth: 1 }]);
    expect(result.skippedSteps).toEqual([3]);
    expect(ofKind(result, 'provider.removed').map((e) => e.path)).toEqual(['r1/source/t1/0/00001.sst', 'r1/source/t1/0/.00001.sst.meta']);
  });
});

describe('a shell line', () => {
  it('starts a load and asks for it', () => {
    const shell = (line: string): Step => ({ kind: 'shell', afterMs: 0, cluster: 'source', line });
    const result = run([CREATE, PREPARE, shell('start_bulk_load --app t1 -csource -p local -r r1'), wait(1000), shell('query_bulk_load_status -da t1'), shell('cancel_bulk_load -fa t1'), wait(3000)]);
    expect(exchanges(result).filter(([c]) => c.kind !== 'get' && c.kind !== 'movePrimary').map(([c, answer]) => [c.kind, answer?.error])).toEqual([
      ['createTable', 'ERR_OK'], ['startBulkLoad', 'ERR_OK'], ['queryBulkLoad', 'ERR_OK'], ['cancelBulkLoad', 'ERR_OK'],
    ]);
  });
});

describe('the id of a table', () => {
  it('is not known before the table is made: its files cannot be', () => {
    expect(run([{ ...PREPARE, afterMs: 0 }, CREATE, PREPARE, { ...PREPARE, cluster: 'follower' }]).skippedSteps).toEqual([0, 3]);
  });

  it('is told by the answers where nobody follows', () => {
    expect(run([CREATE, PREPARE, START, wait(100)], false).skippedSteps).toEqual([]);
    expect(errorsOf(run([CREATE, PREPARE, START, wait(100)], false), 'startBulkLoad')).toEqual(['ERR_OK']);
  });

  it('is that of the newest table of the name', () => {
    const tables = new KnownTables();
    const stored = (appId: number, status: 'AS_AVAILABLE' | 'AS_DROPPED', name = 't1'): ModelEvent => ({ kind: 'table.stored', atUs: 0, cluster: 'source', appId, name, status, partitionCount: appId, maxReplicaCount: 1, envs: {} });
    expect(tables.find('source', 't1')).toBeUndefined();
    for (const event of [stored(1, 'AS_AVAILABLE'), stored(2, 'AS_AVAILABLE'), stored(1, 'AS_DROPPED'), stored(3, 'AS_AVAILABLE', 't2')]) tables.onEvent(event);
    expect(tables.find('source', 't1')).toEqual({ appId: 2, partitionCount: 2 });
    expect(tables.find('follower', 't1')).toBeUndefined();
    const command = { kind: 'createTable', name: 't4', partitionCount: 4, replicaCount: 1, envs: {}, successIfExist: false } as const;
    tables.onInvoked(1, 'source', command);
    tables.onInvoked(2, 'source', { ...command, name: 't5' });
    tables.onAnswered(1, { kind: 'admin', error: 'ERR_OK', hint: '', appId: 7 });
    tables.onAnswered(2, { kind: 'admin', error: 'ERR_TIMEOUT', hint: '', appId: 0 });
    expect([tables.find('source', 't4'), tables.find('source', 't5')]).toEqual([{ appId: 7, partitionCount: 4 }, undefined]);
  });
});
