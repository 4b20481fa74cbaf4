/** Plans with bulk loads: how many there are, what they hold, and that the rest of the profile stays as it was. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { throttlingHintOf } from '../../../impl/replica/throttling/throttlingEnvs.ts';
import { partitionIndexOf } from '../../../impl/protocol/rrdb.ts';
import { COMMON_PROFILE } from '../../../properties/plan/arbitrary.ts';
import { Draw } from '../../../properties/plan/draw.ts';
import { keyOfRow, rowOf } from '../../../properties/plan/loadRows.ts';
import { checkPlan } from '../../../properties/plan/parse.ts';
import { settingsOf } from '../../../properties/plan/settings.ts';
import { strings } from '../../../properties/plan/spec.ts';
import { specOf } from '../../../properties/plan/steps/index.ts';
import { subsystemKinds } from '../../../properties/plan/subsystems.ts';
import { stepText } from '../../../properties/plan/text.ts';
import type { Plan, Step } from '../../../properties/plan/types.ts';
import { LOAD_VARIANTS } from '../../../properties/run/loadSet.ts';
import { samplePlans } from '../samples.ts';

const PLANS = samplePlans(1000, 31);
/** Primaries are moved without loads too. */
const isOfLoads = (step: Step): boolean => step.kind !== 'movePrimary' && step.kind !== 'copyReplica' && specOf(step.kind)?.needsLoads === true && specOf(step.kind)?.needsFollower !== true;
const isLoading = (plan: Plan): boolean => plan.steps.some(isOfLoads);
const LOADING = PLANS.filter(isLoading);
const SEARCHED = samplePlans(300, 39, { ...COMMON_PROFILE, kinds: subsystemKinds('bulk-load') });
const of = (kind: string, plans: readonly Plan[] = LOADING): readonly Step[] => plans.flatMap((p) => p.steps.filter((s) => s.kind === kind));
const share = (steps: readonly Step[], test: (s: Step) => boolean): number => steps.filter(test).length / steps.length;
const envsOf = (step: Step): readonly (readonly [string, string])[] => Object.entries(step['envs'] ?? {}) as [string, string][];
const textOf = (step: Step | undefined, name: string): string => {
  const value = step?.[name];
  return typeof value === 'string' ? value : '';
};

/** Of a table, or of the one that it was before a step gave it this name. */
function partitionCountOf(plan: Plan, table: string): number {
  const made = plan.steps.find((s) => s['as'] === table);
  return made === undefined || made.kind === 'createTable' ? Number(made?.['partitionCount']) : partitionCountOf(plan, textOf(made, 'table'));
}

describe('plans of the common profile', () => {
  it('load in bulk about every fourth time, with a follower or without', () => {
    expect(LOADING.length).toBeGreaterThan(190);
    expect(LOADING.length).toBeLessThan(300);
    const pairs = LOADING.filter((p) => p.clusters.length === 2).length;
    expect(pairs / LOADING.length).toBeGreaterThan(0.4);
    expect(pairs / LOADING.length).toBeLessThan(0.6);
  });

  it('hold nothing of loads else', () => {
    for (const plan of PLANS.filter((p) => !isLoading(p))) {
      const named = Object.keys(plan.settings).filter((name) => /bulk|ingest/i.test(name));
      // A plan may be one of loads none of which was ever prepared; a table that is made in it may say so.
      if (named.length === 0) expect(JSON.stringify(plan.steps.filter((s) => s.kind !== 'createTable'))).not.toMatch(/bulk_load|ingest_behind|BLS_/);
    }
    const named = PLANS.filter((p) => !isLoading(p) && Object.keys(p.settings).some((name) => /bulk|ingest/i.test(name)));
    expect(named.length).toBeLessThan(30);
  });

  it('prepare a load early, start it, and go on writing', () => {
    const early = LOADING.filter((p) => p.steps.slice(0, 12).some((s) => s.kind === 'prepareLoad'));
    expect(early.length / LOADING.length).toBeGreaterThan(0.75);
    const started = early.filter((p) => {
      const at = p.steps.findIndex((s) => s.kind === 'startBulkLoad');
      const last = p.steps.findLastIndex((s) => s.kind === 'put');
      return at > 0 && last > at;
    });
    expect(started.length / early.length).toBeGreaterThan(0.6);
  });

  it('load what is duplicated too', () => {
    const shipped = LOADING.filter((p) => of('startBulkLoad', [p]).some((s) => of('addDup', [p]).some((dup) => dup['table'] === s['table'])));
    expect(shipped.length).toBeGreaterThan(40);
  });

  it('give every partition of a table a row, under keys that writes use too, with values of their own', () => {
    let shared = 0;
    for (const plan of LOADING) {
      const loads = of('prepareLoad', [plan]);
      for (const load of loads) {
        const rows = strings(load, 'rows');
        const count = partitionCountOf(plan, textOf(load, 'table'));
        const served = new Set(rows.map((row) => partitionIndexOf(rowOf(row).hashKey, count)));
        expect(served.size).toBe(count);
        expect(new Set(rows.map(keyOfRow)).size).toBe(rows.length);
        shared += rows.some((row) => plan.steps.some((s) => s.kind === 'put' && s['table'] === load['table'] && keyOfRow(row) === `${textOf(s, 'hashKey')}|${textOf(s, 'sortKey')}`)) ? 1 : 0;
      }
      const values = [...loads.flatMap((s) => strings(s, 'rows').map((row) => rowOf(row).value)), ...of('put', [plan]).map((s) => textOf(s, 'value')), ...of('multiPut', [plan]).flatMap((s) => strings(s, 'values'))];
      expect(new Set(values).size).toBe(values.length);
    }
    expect(shared / of('prepareLoad').length).toBeGreaterThan(0.4);
  });

  it('are right as files', () => {
    for (const plan of LOADING) expect(checkPlan(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
  });
});

describe('what loads meet', () => {
  it('is every kind of bad files, mostly none', () => {
    const prepared = of('prepareLoad', SEARCHED);
    for (const variant of LOAD_VARIANTS) expect(prepared.some((s) => s['variant'] === variant), variant).toBe(true);
    expect(share(prepared, (s) => s['variant'] === 'good')).toBeGreaterThan(0.5);
    expect(share(prepared, (s) => s['variant'] === 'good')).toBeLessThan(0.9);
  });

  it('is about every fifth start that is to be refused, in every way', () => {
    const drawn = of('startBulkLoad', SEARCHED);
    const wrong = (name: string): number => share(drawn, (s) => s[name] === 'nowhere');
    for (const name of ['table', 'provider', 'root', 'folder']) expect(wrong(name), name).toBeGreaterThan(0);
    expect(wrong('table') + wrong('provider') + wrong('root') + wrong('folder')).toBeLessThan(0.3);
    expect(drawn.some((s) => s['ingestBehind'] === true)).toBe(true);
    for (const kind of ['pauseBulkLoad', 'restartBulkLoad', 'cancelBulkLoad', 'clearBulkLoad', 'queryBulkLoad']) {
      expect(of(kind, [...SEARCHED, ...LOADING]).some((s) => s['table'] === 'nowhere'), kind).toBe(true);
    }
    expect(of('cancelBulkLoad', SEARCHED).some((s) => s['forced'] === true) && of('cancelBulkLoad', SEARCHED).some((s) => s['forced'] === false)).toBe(true);
  });

  it('is every fault, a drop, a throttle that is in force, and a shell', () => {
    for (const kind of ['damageLoad', 'providerDown', 'slowProvider', 'dropTable', 'shell', 'movePrimary', 'crash', 'restart', 'pause', 'cutLink', 'resetSession']) {
      const meets = SEARCHED.some((p) => p.steps.findLastIndex((s) => s.kind === kind) > p.steps.findIndex((s) => s.kind === 'startBulkLoad'));
      expect(meets, kind).toBe(true);
    }
    for (const kind of ['delay', 'reject']) {
      const throttled = SEARCHED.some((p) => {
        const at = p.steps.findIndex((s) => s.kind === 'setEnvs' && envsOf(s).some(([key, value]) => key.startsWith('replica.write_throttling') && value.includes(kind)));
        return at >= 0 && p.steps.slice(at).some((s) => s.kind === 'startBulkLoad');
      });
      expect(throttled, kind).toBe(true);
    }
    for (const forms of ['true', 'false']) expect(of('createTable', SEARCHED).some((s) => envsOf(s).some(([key, value]) => key === 'rocksdb.allow_ingest_behind' && value === forms))).toBe(true);
    expect(of('setEnvs', SEARCHED).some((s) => envsOf(s).some(([key]) => key === 'rocksdb.allow_ingest_behind'))).toBe(true);
  });

  it('always has loads in a search for them, and never in another', () => {
    expect(SEARCHED.filter(isLoading).length).toBeGreaterThan(285);
    for (const name of ['tables', 'replication', 'log', 'checkpoint', 'duplication', 'throttling']) {
      expect(samplePlans(60, 5, { ...COMMON_PROFILE, kinds: subsystemKinds(name) }).some(isLoading), name).toBe(false);
    }
  });
});

describe('throttles', () => {
  const set = of('setEnvs', samplePlans(400, 33, { ...COMMON_PROFILE, kinds: subsystemKinds('throttling') })).flatMap(envsOf).filter(([key]) => key.includes('throttling'));

  it('are of each key, good and about every fifth malformed', () => {
    for (const key of ['replica.write_throttling', 'replica.write_throttling_by_size', 'replica.read_throttling', 'replica.read_throttling_by_size']) {
      const values = set.filter(([name]) => name === key).map(([, value]) => value);
      expect(values.some((value) => throttlingHintOf(key, value) === undefined), key).toBe(true);
      expect(values.some((value) => throttlingHintOf(key, value) !== undefined), key).toBe(true);
    }
    const malformed = set.filter(([key, value]) => throttlingHintOf(key, value) !== undefined).length / set.length;
    expect(malformed).toBeGreaterThan(0.12);
    expect(malformed).toBeLessThan(0.28);
  });
});

it('a choice made apart takes nothing from the others', () => {
  fc.assert(fc.property(fc.noShrink(fc.integer()), (seed) => {
    const values = (ask: boolean): readonly number[] => fc.sample(new OfDraw((draw) => {
      if (ask) draw.apart(500);
      return [draw.int(0, 1 << 30), draw.int(0, 1 << 30)];
    }), { seed, numRuns: 1 })[0] ?? [];
    expect(values(true)).toEqual(values(false));
  }), { numRuns: 20, seed: 1 });
});

/** What `read` makes of the generator. */
class OfDraw extends fc.Arbitrary<readonly number[]> {
  private readonly read: (draw: Draw) => readonly number[];
  constructor(read: (draw: Draw) => readonly number[]) {
    super();
    this.read = read;
  }
  override generate(random: fc.Random): fc.Value<readonly number[]> {
    return new fc.Value(this.read(new Draw(random)), undefined);
  }
  override canShrinkWithoutContext(_: unknown): _ is readonly number[] {
    return false;
  }
  override shrink(): fc.Stream<fc.Value<readonly number[]>> {
    return fc.Stream.nil();
  }
}

describe('settings', () => {
  it('let a whole load last a few virtual seconds', () => {
    const slow = SEARCHED.filter(({ settings }) => settingsOf(settings).bulkLoadRequestIntervalMs > 800);
    expect(slow.length / SEARCHED.length, 'seldom longer than that').toBeLessThan(0.2);
    for (const { settings } of SEARCHED) {
      const { bulkLoadRequestIntervalMs, bulkLoadIngestRequestIntervalMs, ingestionWriteTimeoutMs, rpcTimeoutMs } = settingsOf(settings);
      // Three polls until the files are there, three until all ingest, one delay before the write, three to clean up.
      expect(10 * bulkLoadRequestIntervalMs).toBeLessThanOrEqual(25_000);
      expect(bulkLoadIngestRequestIntervalMs).toBeLessThan(bulkLoadRequestIntervalMs);
      expect(ingestionWriteTimeoutMs).toBeGreaterThan(300);
      expect(rpcTimeoutMs).toBeGreaterThan(0);
    }
    expect(settingsOf({ enableConcurrentBulkLoad: 1, workersIngestion: 1 })).toMatchObject({ enableConcurrentBulkLoad: true, bulkLoadVerifyBeforeIngest: false, poolWorkers: { THREAD_POOL_INGESTION: 1 } });
    const drawn = new Set(SEARCHED.flatMap((p) => Object.keys(p.settings)));
    for (const name of ['bulkLoadMaxRollbackTimes', 'maxConcurrentBulkLoadDownloadingCount', 'bulkLoadNodeMaxIngestingCount', 'enableConcurrentBulkLoad', 'bulkLoadVerifyBeforeIngest', 'workersIngestion']) {
      expect(drawn.has(name), name).toBe(true);
    }
  });
});

describe('steps as people read them', () => {
  const line = (fields: Omit<Step, 'afterMs'> & { readonly kind: string }): string => stepText({ afterMs: 0, ...fields });
  const place = { cluster: 'source', table: 'table#1', provider: 'local', root: 'r1', folder: 'source' };
  it.each<[Omit<Step, 'afterMs'> & { readonly kind: string }, string]>([
    [{ kind: 'prepareLoad', ...place, rows: ['a|x|b1', 'b||b2'], files: 'one', variant: 'good', nth: 0 }, 'files of a load at local:r1/source/t1 (good, one per partition): a|x|b1 b||b2'],
    [{ kind: 'prepareLoad', ...place, rows: ['a|x|b1'], files: 'many', variant: 'shortFile', nth: 3 }, 'files of a load at local:r1/source/t1 (shortFile 3, many per partition): a|x|b1'],
    [{ kind: 'damageLoad', ...place, how: 'flip', nth: 1, atPermille: 500 }, 'flip file 1 of the load at local:r1/source/t1 at 500 per mille'],
    [{ kind: 'damageLoad', ...place, how: 'remove', nth: 1, atPermille: 500 }, 'remove file 1 of the load at local:r1/source/t1'],
    [{ kind: 'providerDown', provider: 'local', forMs: 50 }, 'provider local out of reach for 50 ms'],
    [{ kind: 'slowProvider', provider: 'local', factor: 10, forMs: 50 }, 'provider local 10 times slower for 50 ms'],
    [{ kind: 'startBulkLoad', ...place, ingestBehind: true }, 'start_bulk_load -a t1 -c source -p local -r r1 -i'],
    [{ kind: 'cancelBulkLoad', cluster: 'source', table: 'table#1', forced: true }, 'cancel_bulk_load -a t1 -f'],
    [{ kind: 'clearBulkLoad', cluster: 'source', table: 'gone' }, 'clear_bulk_load -a gone'],
    [{ kind: 'movePrimary', cluster: 'source', table: 'table#1', partitionIndex: 1, to: 'node(source,2)' }, 'propose -g t1.1 -p CT_UPGRADE_TO_PRIMARY -t "node(source,2)" -n "node(source,2)"'],
  ])('%j', (fields, text) => {
    expect(line(fields)).toBe(text);
  });

  it('shrink to fewer rows and towards good files', () => {
    const fields = specOf('prepareLoad')?.fields ?? {};
    expect(fields['rows']?.simpler(['a|x|b1', 'b||b2'])).toEqual([['b||b2'], ['a|x|b1']]);
    expect(fields['variant']?.simpler('shortFile')[0]).toBe('good');
    expect(fields['files']?.simpler('many')).toEqual(['one', 'some']);
    expect(fields['nth']?.simpler(3)[0]).toBe(0);
  });
});
