/** The published schema of findings: it takes what is written, refuses what is changed, and cannot part from the types. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFECTS } from '../../../properties/defects/index.ts';
import { partsWith } from '../../../properties/defects/types.ts';
import { explain } from '../../../properties/explain/explain.ts';
import type { Explanation, Mark, NearestPass, PlanPart, WaitLink } from '../../../properties/explain/explanation.ts';
import { CORPUS_DIR, corpusPlans } from '../../../properties/hunt/corpus.ts';
import { PLAN_FORMAT, PLAN_VERSION, type ClusterShape, type Deviation, type FrozenChance, type Plan, type Preload } from '../../../properties/plan/types.ts';
import { FINDING_FORMAT, FINDING_VERSION, type FindingRecord, type PlanLine } from '../../../properties/report/finding.ts';
import { findingRecord } from '../../../properties/report/findingRecord.ts';
import { findingJson } from '../../../properties/report/json.ts';
import { runPlan } from '../../../properties/run/runPlan.ts';
import type { Blame, Failure, Verdict } from '../../../properties/run/verdict.ts';

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly $ref?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
  readonly oneOf?: readonly Schema[];
  readonly $defs?: Readonly<Record<string, Schema>>;
}

const SCHEMA = JSON.parse(readFileSync(fileURLToPath(new URL('../../../docs/finding.schema.json', import.meta.url)), 'utf8')) as Schema;
const validate = new Ajv2020({ strict: true, allErrors: true }).compile(SCHEMA);

// ---------------------------------------------------------------- the types, as far as a program can hold them against the schema

type Word<T> = [T] extends [string] ? 'string' : [T] extends [number] ? 'number' : [T] extends [boolean] ? 'boolean' : [T] extends [readonly unknown[]] ? 'array' : 'object';
/** Of each field its kind, with `?` where it may be missing: the compiler refuses a table that is not the type's. */
type Fields<T> = { readonly [K in keyof T as string extends K ? never : K]-?: undefined extends T[K] ? `${Word<Exclude<T[K], undefined>>}?` : Word<T[K]> };
type Part<K extends PlanPart['kind']> = Extract<PlanPart, { readonly kind: K }>;
type Ended<K extends Verdict['kind']> = Extract<Verdict, { readonly kind: K }>;

const finding: Fields<FindingRecord> = {
  format: 'string', version: 'number', cause: 'string', headline: 'string', verdict: 'object', property: 'object?', defects: 'array', plan: 'object', configuration: 'string', lines: 'array',
  explanation: 'object', waiting: 'array', lastEvents: 'array', digest: 'string', dispatches: 'number', virtualMs: 'number', search: 'object?', repeat: 'string',
};
const failure: Fields<Failure> = { kind: 'string', property: 'string', rule: 'string', message: 'string', expected: 'string', actual: 'string', cluster: 'string', gpid: 'string', node: 'string', atUs: 'number', event: 'number', blame: 'object' };
const pass: Fields<Ended<'pass'>> = { kind: 'string' };
const limit: Fields<Ended<'limit'>> = { kind: 'string', limit: 'string', atUs: 'number', blame: 'object' };
const bug: Fields<Extract<Blame, { readonly kind: 'bug' }>> = { kind: 'string' };
const excusable: Fields<Extract<Blame, { readonly kind: 'excusable' }>> = { kind: 'string', fault: 'string' };
const inconclusive: Fields<Extract<Blame, { readonly kind: 'inconclusive' }>> = { kind: 'string', reason: 'string' };
const property: Fields<NonNullable<FindingRecord['property']>> = { id: 'string', kind: 'string', sentence: 'string' };
const plan: Fields<Plan> = { format: 'string', version: 'number', clusters: 'array', settings: 'object', preload: 'object?', steps: 'array', chance: 'object' };
const cluster: Fields<ClusterShape> = { id: 'string', replicaServers: 'number', settings: 'object?' };
const preload: Fields<Preload> = { cluster: 'string', table: 'string', gpid: 'string', partitionCount: 'number', files: 'array' };
const chance: Fields<FrozenChance> = { kind: 'string', deviations: 'array' };
const deviation: Fields<Deviation> = { cause: 'string', value: 'number' };
const line: Fields<PlanLine> = { part: 'object', atMs: 'number?', text: 'string' };
const partCluster: Fields<Part<'cluster'>> = { kind: 'string', cluster: 'string' };
const partServers: Fields<Part<'servers'>> = { kind: 'string', cluster: 'string' };
const partStep: Fields<Part<'step'>> = { kind: 'string', step: 'number' };
const partField: Fields<Part<'field'>> = { kind: 'string', step: 'number', field: 'string' };
const partDeviation: Fields<Part<'deviation'>> = { kind: 'string', deviation: 'number' };
const partAmount: Fields<Part<'amount'>> = { kind: 'string', deviation: 'number' };
const partSetting: Fields<Part<'setting'>> = { kind: 'string', cluster: 'string', name: 'string' };
const explanation: Fields<Explanation> = { marks: 'array', nearestPass: 'object?', waits: 'array', runs: 'number' };
const mark: Fields<Mark> = { part: 'object', text: 'string', mark: 'string', tried: 'number', passesWith: 'string', breaksWith: 'string' };
const nearestPass: Fields<NearestPass> = { part: 'object', change: 'string', plan: 'object', ended: 'string', parting: 'object' };
const parting: Fields<NearestPass['parting']> = { event: 'number', atUs: 'number', here: 'string', there: 'string' };
const wait: Fields<WaitLink> = { who: 'string', kind: 'string', text: 'string', depth: 'number?' };
const lastEvent: Fields<FindingRecord['lastEvents'][number]> = { event: 'number', atUs: 'number', text: 'string' };
const search: Fields<NonNullable<FindingRecord['search']>> = { seed: 'number', foundInRuns: 'number', shrinkRuns: 'number', minimal: 'boolean' };

const TYPES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  finding, failure, pass, limit, bug, excusable, inconclusive, property, plan, cluster, preload, chance, deviation, line, partCluster, partServers, partStep, partField, partDeviation, partAmount, partSetting,
  explanation, mark, nearestPass, parting, wait, lastEvent, search,
};

/** Closed unions of words, whole by the compiler's word. */
const MARKS: Readonly<Record<Mark['mark'], true>> = { necessary: true, free: true, untried: true };
const WAITS: Readonly<Record<WaitLink['kind'], true>> = { obligation: true, call: true, refused: true, timer: true, queued: true, store: true, standstill: true };
const FAILURES: Readonly<Record<Failure['kind'], true>> = { violation: true, stuck: true };
const PARTS: Readonly<Record<PlanPart['kind'], string>> = {
  cluster: 'partCluster', servers: 'partServers', step: 'partStep', field: 'partField', deviation: 'partDeviation', amount: 'partAmount', setting: 'partSetting',
};
const BLAMES: Readonly<Record<Blame['kind'], string>> = { bug: 'bug', excusable: 'excusable', inconclusive: 'inconclusive' };
const VERDICTS: Readonly<Record<Exclude<Verdict['kind'], Failure['kind']>, string>> = { pass: 'pass', limit: 'limit' };

function definition(name: string): Schema {
  const found = SCHEMA.$defs?.[name];
  if (found === undefined) throw new Error(`no ${name} in the schema`);
  return found;
}

function wordIn(schema: Schema): string {
  const { type } = schema.$ref === undefined ? schema : definition(schema.$ref.replace('#/$defs/', ''));
  return type === 'integer' ? 'number' : (type ?? 'none');
}

describe('the schema and the types', () => {
  it.each(Object.entries(TYPES))('have the same fields: %s', (name, fields) => {
    const { properties = {}, required = [], additionalProperties } = definition(name);
    expect(additionalProperties).toBe(false);
    const told = Object.fromEntries(Object.entries(properties).map(([field, schema]) => [field, `${wordIn(schema)}${required.includes(field) ? '' : '?'}`]));
    expect(told).toEqual(fields);
  });

  it('know every type, and no other', () => {
    const plain = ['count', 'time', 'verdict', 'blame', 'settings', 'step', 'stepValue', 'part'];
    expect(Object.keys(SCHEMA.$defs ?? {}).filter((name) => !plain.includes(name)).sort()).toEqual(Object.keys(TYPES).sort());
  });

  it('have the same words', () => {
    expect(definition('mark').properties?.['mark']?.enum).toEqual(Object.keys(MARKS));
    expect(definition('wait').properties?.['kind']?.enum).toEqual(Object.keys(WAITS));
    expect(definition('failure').properties?.['kind']?.enum).toEqual(Object.keys(FAILURES));
    expect(definition('finding').properties?.['format']?.const).toBe(FINDING_FORMAT);
    expect(definition('finding').properties?.['version']?.const).toBe(FINDING_VERSION);
    expect(definition('plan').properties?.['format']?.const).toBe(PLAN_FORMAT);
    expect(definition('plan').properties?.['version']?.const).toBe(PLAN_VERSION);
  });

  it('have the same cases', () => {
    for (const [union, cases] of [['part', PARTS], ['blame', BLAMES], ['verdict', VERDICTS]] as const) {
      const refs = definition(union).oneOf?.map(({ $ref }) => $ref?.replace('#/$defs/', '') ?? '').filter((name) => name !== 'failure');
      expect(refs).toEqual(Object.values(cases));
      for (const [kind, name] of Object.entries(cases)) expect(definition(name).properties?.['kind']?.const).toBe(kind);
    }
  });
});

// ---------------------------------------------------------------- what is written

/** Of each subsystem, stuck and violated, with deviations and with settings. */
const SAMPLES = ['canary', 'dup-app-check-source-name', 'ack-before-log', 'bl-ingest-stuck-throttled'];

const records: readonly FindingRecord[] = corpusPlans(join(CORPUS_DIR, 'defects'))
  .filter(({ name }) => SAMPLES.includes(name))
  .map(({ name, path, plan: of }): FindingRecord => {
    const parts = partsWith(DEFECTS.filter(({ id }) => id === name));
    const result = runPlan(of, { parts, trace: true });
    const repeat = `npx pegasus-check replay ${path} --defect ${name}`;
    return findingRecord({ plan: of, result, explanation: explain(of, result, { parts, maxRuns: 12 }), defects: [name], search: { seed: 1, foundInRuns: 3, shrinkRuns: 40, minimal: true }, repeat });
  });

function errorsOf(value: unknown): readonly string[] {
  return validate(value) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
}

describe('the schema', () => {
  it.each(records.map((record) => [record.defects.join(), record] as const))('takes the finding of %s', (_, record) => {
    expect(errorsOf(JSON.parse(findingJson(record)))).toEqual([]);
  });

  it('has seen all samples, and more than bare ones', () => {
    expect(records.length).toBe(SAMPLES.length);
    expect(new Set(records.map(({ verdict }) => verdict.kind))).toEqual(new Set(['violation', 'stuck']));
    expect(records.some(({ explanation: { nearestPass: nearest } }) => nearest !== undefined)).toBe(true);
    expect(records.every(({ explanation: { marks } }) => marks.length > 0)).toBe(true);
  });

  it('takes a pass and a limit', () => {
    const [sample] = records;
    if (sample === undefined) throw new Error('no sample');
    const ended: readonly Verdict[] = [{ kind: 'pass' }, { kind: 'limit', limit: 'dispatches', atUs: 5, blame: { kind: 'inconclusive', reason: 'the run was cut off' } }];
    for (const verdict of ended) expect(errorsOf(JSON.parse(JSON.stringify({ ...sample, verdict, property: undefined })))).toEqual([]);
  });

  it('refuses a record in which anything is missing, of another kind, or too much', () => {
    fc.assert(
      fc.property(fc.constantFrom(...records), fc.nat(), fc.constantFrom('drop', 'retype', 'add'), (record, at, how) => {
        const copy = JSON.parse(findingJson(record)) as Json;
        const places = placesIn(copy, 'finding');
        const place = places[at % places.length];
        if (place === undefined) throw new Error('an empty record');
        const { holder, field } = place;
        if (how === 'add') holder['unheard-of'] = 1;
        else if (how === 'retype' || place.optional) holder[field] = null;
        else Reflect.deleteProperty(holder, field);
        expect(errorsOf(copy), `${how} ${field}`).not.toEqual([]);
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

type Json = { [field: string]: unknown };

/** Every field of an object with a type of its own: the schema holds of each of them. */
function placesIn(value: Json, type: string): readonly { readonly holder: Json; readonly field: string; readonly optional: boolean }[] {
  const fields = TYPES[type] ?? {};
  return Object.keys(value).flatMap((field) => {
    const inner = value[field];
    const here = { holder: value, field, optional: fields[field]?.endsWith('?') ?? false };
    return typeof inner === 'object' && inner !== null && !Array.isArray(inner) && TYPES[field] !== undefined ? [here, ...placesIn(inner as Json, field)] : [here];
  });
}
