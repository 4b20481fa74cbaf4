/**
 * A plan from a file: every malformed, truncated or foreign value ends in one line that says what is wrong, where (a JSON
 * path), and what would be right. What was printed can be read back, byte for byte.
 */
import type { ChancePoint } from '../../impl/env/sim/chance.ts';
import { LARGEST_CLUSTER, LARGEST_PLAN_STEPS } from './limits.ts';
import { logDamage } from './logFiles.ts';
import { migrated, OLDEST_PLAN_VERSION } from './migrate.ts';
import { checkSetting } from './settings.ts';
import { int } from './spec.ts';
import { specOf, STEP_SPECS } from './steps/index.ts';
import { PLAN_FORMAT, PLAN_VERSION, type ClusterShape, type Plan, type Step } from './types.ts';

/** Input that cannot be used; `message` is one line for people. */
export class BadInput extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BadInput';
  }
}

type Plain = Readonly<Record<string, unknown>>;

function fail(path: string, message: string): never {
  throw new BadInput(`plan ${path}: ${message}`);
}

function object(value: unknown, path: string): Plain {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(path, 'must be an object');
  return value as Plain;
}

function list(value: unknown, path: string, max: number): readonly unknown[] {
  if (!Array.isArray(value)) fail(path, 'must be a list');
  if (value.length > max) fail(path, `has ${String(value.length)} entries; at most ${String(max)}`);
  return value;
}

function onlyKeys(value: Plain, allowed: readonly string[], path: string): void {
  for (const key of Object.keys(value)) if (!allowed.includes(key)) fail(`${path}.${key}`, `is not known here (known: ${allowed.join(', ')})`);
}

const afterMs = int(0, 600_000);

function checkStep(value: unknown, path: string): void {
  const step = object(value, path);
  const spec = typeof step['kind'] === 'string' ? specOf(step['kind']) : undefined;
  if (spec === undefined) fail(`${path}.kind`, `must be one of ${STEP_SPECS.map((s) => s.kind).join(', ')}`);
  onlyKeys(step, ['kind', 'afterMs', ...Object.keys(spec.fields)], path);
  const wrongAfter = afterMs.check(step['afterMs']);
  if (wrongAfter !== undefined) fail(`${path}.afterMs`, wrongAfter);
  for (const [name, field] of Object.entries(spec.fields)) {
    const wrong = field.check(step[name]);
    if (wrong !== undefined) fail(`${path}.${name}`, wrong);
  }
  const wrong = spec.check?.(step as Step);
  if (wrong !== undefined) fail(`${path}.${wrong.field}`, wrong.message);
}

function checkClusters(value: unknown): void {
  const clusters = list(value, '$.clusters', 3);
  if (clusters.length === 0) fail('$.clusters', 'must name at least one cluster');
  const seen = new Set<unknown>();
  clusters.forEach((one, i) => {
    const path = `$.clusters[${String(i)}]`;
    const cluster = object(one, path);
    onlyKeys(cluster, ['id', 'replicaServers', 'settings'], path);
    if (typeof cluster['id'] !== 'string' || !/^[a-z]{1,16}$/.test(cluster['id'])) fail(`${path}.id`, 'must be 1 to 16 lower-case letters');
    if (seen.has(cluster['id'])) fail(`${path}.id`, `"${cluster['id']}" is there twice`);
    seen.add(cluster['id']);
    const wrong = int(1, LARGEST_CLUSTER).check(cluster['replicaServers']);
    if (wrong !== undefined) fail(`${path}.replicaServers`, wrong);
    if (cluster['settings'] !== undefined) checkSettings(cluster['settings'], `${path}.settings`);
  });
}

function checkSettings(value: unknown, path: string): void {
  for (const [name, setting] of Object.entries(object(value, path))) {
    const wrong = checkSetting(name, setting);
    if (wrong !== undefined) fail(`${path}.${name}`, wrong);
  }
}

/** Every chance point with its largest value; microseconds for those that take time (at most ten minutes), else 1. */
const POINTS: Readonly<Record<ChancePoint, number>> = {
  'link.delay': 600_000_000,
  'link.reset': 1,
  'link.reply-lost': 1,
  'disk.slow': 600_000_000,
  'disk.read-error': 1,
  'disk.write-error': 1,
  'store.slow': 600_000_000,
  'store.timeout': 1,
  'store.timeout-after-effect': 1,
  'store.crash-after': 1,
  'pool.delay': 600_000_000,
};

function largestOf(point: string): number | undefined {
  return Object.hasOwn(POINTS, point) ? POINTS[point as ChancePoint] : undefined;
}

const POINT_NAMES = Object.keys(POINTS).join(', ');

function checkDeviation(value: unknown, path: string, seen: Set<string>): void {
  const deviation = object(value, path);
  onlyKeys(deviation, ['cause', 'value'], path);
  const cause = deviation['cause'];
  if (typeof cause !== 'string' || !/^[^|]*\|[^|]*\|[^|]*\|[^|]*\|-?\d{1,15}\|[1-9]\d{0,8}$/.test(cause)) {
    fail(`${path}.cause`, 'must read point|where|what|gpid|number|occurrence');
  }
  const point = cause.slice(0, cause.indexOf('|'));
  const largest = largestOf(point);
  if (largest === undefined) fail(`${path}.cause`, `names no chance point: "${point}" (known: ${POINT_NAMES})`);
  if (seen.has(cause)) fail(`${path}.cause`, 'is there twice');
  seen.add(cause);
  const wrong = int(1, largest).check(deviation['value']);
  if (wrong !== undefined) fail(`${path}.value`, wrong);
}

function checkExploring(chance: Plain): void {
  onlyKeys(chance, ['kind', 'seed', 'permille', 'budget'], '$.chance');
  if (typeof chance['seed'] !== 'string' || chance['seed'].length > 64) fail('$.chance.seed', 'must be a string of at most 64 characters');
  for (const [point, permille] of Object.entries(object(chance['permille'], '$.chance.permille'))) {
    const path = `$.chance.permille["${point}"]`;
    if (largestOf(point) === undefined) fail(path, `is no chance point (known: ${POINT_NAMES})`);
    const wrong = int(0, 1000).check(permille);
    if (wrong !== undefined) fail(path, wrong);
  }
  const wrong = int(0, 1_000_000).check(chance['budget']);
  if (wrong !== undefined) fail('$.chance.budget', wrong);
}

function checkChance(value: unknown): void {
  const chance = object(value, '$.chance');
  if (chance['kind'] === 'exploring') checkExploring(chance);
  else if (chance['kind'] === 'frozen') {
    onlyKeys(chance, ['kind', 'deviations'], '$.chance');
    const seen = new Set<string>();
    list(chance['deviations'], '$.chance.deviations', 1_000_000).forEach((one, i) => {
      checkDeviation(one, `$.chance.deviations[${String(i)}]`, seen);
    });
  } else fail('$.chance.kind', 'must be exploring or frozen');
}

/** `clusters`: what the plan has, checked. */
function checkPreload(value: unknown, clusters: readonly ClusterShape[]): void {
  const preload = object(value, '$.preload');
  onlyKeys(preload, ['cluster', 'table', 'gpid', 'partitionCount', 'files'], '$.preload');
  if (!clusters.some((c) => c.id === preload['cluster'])) fail('$.preload.cluster', `must be a cluster of the plan (${clusters.map((c) => c.id).join(', ')})`);
  if (typeof preload['table'] !== 'string' || !/^table#\d{1,4}$/.test(preload['table'])) fail('$.preload.table', 'must be a table reference such as table#1');
  const gpid = preload['gpid'];
  if (typeof gpid !== 'string' || !/^[1-9]\d{0,8}\.(0|[1-9]\d{0,3})$/.test(gpid)) fail('$.preload.gpid', 'must read <app_id>.<partition_index>');
  const wrong = int(1 + Number(gpid.slice(gpid.indexOf('.') + 1)), 1024).check(preload['partitionCount']);
  if (wrong !== undefined) fail('$.preload.partitionCount', `${wrong} (the partition is ${gpid})`);
  const names = new Set<string>();
  const bytes: { readonly name: string; readonly bytes: Buffer }[] = [];
  list(preload['files'], '$.preload.files', 1000).forEach((one, i) => {
    const path = `$.preload.files[${String(i)}]`;
    const file = object(one, path);
    onlyKeys(file, ['name', 'hex'], path);
    const { name, hex } = file;
    if (typeof name !== 'string' || !/^log\.[1-9]\d{0,8}\.(0|[1-9]\d{0,14})$/.test(name)) fail(`${path}.name`, 'must read log.<index>.<start>');
    if (names.has(name)) fail(`${path}.name`, `"${name}" is there twice`);
    names.add(name);
    if (typeof hex !== 'string' || hex.length % 2 !== 0 || !/^[0-9a-f]*$/.test(hex)) fail(`${path}.hex`, 'must be lower-case hex');
    bytes.push({ name, bytes: Buffer.from(hex, 'hex') });
  });
  const damage = logDamage(bytes, gpid);
  if (damage !== undefined) {
    const { file, byteOffset, what } = damage;
    fail(`$.preload.files[${String([...names].indexOf(file))}].hex`, `${file}: byte ${String(byteOffset)}: ${what}; take it anew with hunt --plog`);
  }
}

/** Checks a JSON value to be a plan of this version; throws BadInput. */
export function checkPlan(value: unknown): Plan {
  const plan = object(value, '$');
  if (plan['format'] !== PLAN_FORMAT) fail('$.format', `must be "${PLAN_FORMAT}": this is no plan of this tool`);
  if (plan['version'] !== PLAN_VERSION) {
    const newer = Number(plan['version']) > PLAN_VERSION ? ', which a newer one wrote' : '';
    fail('$.version', `is ${JSON.stringify(plan['version'])}${newer}; this tool reads versions ${String(OLDEST_PLAN_VERSION)} to ${String(PLAN_VERSION)}`);
  }
  onlyKeys(plan, ['format', 'version', 'clusters', 'settings', 'preload', 'steps', 'chance'], '$');
  checkClusters(plan['clusters']);
  checkSettings(plan['settings'], '$.settings');
  if (plan['preload'] !== undefined) checkPreload(plan['preload'], plan['clusters'] as readonly ClusterShape[]);
  list(plan['steps'], '$.steps', LARGEST_PLAN_STEPS).forEach((step, i) => {
    checkStep(step, `$.steps[${String(i)}]`);
  });
  checkChance(plan['chance']);
  return value as Plan;
}

/** Parses the text of a plan file; `name` is the file's name, for the error. */
export function parsePlan(source: string, name: string): Plan {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new BadInput(`${name}: not JSON (${error.message}); give a plan file as a hunt writes it`);
  }
  try {
    return checkPlan(migrated(value));
  } catch (error) {
    if (error instanceof BadInput) throw new BadInput(`${name}: ${error.message}`);
    throw error;
  }
}

/** The text of a plan file: one step and one deviation a line, so that a diff reads well. */
export function printPlan(plan: Plan): string {
  const parts = [
    `  "format": ${JSON.stringify(plan.format)}`,
    `  "version": ${String(plan.version)}`,
    `  "clusters": ${JSON.stringify(plan.clusters)}`,
    `  "settings": ${JSON.stringify(plan.settings)}`,
  ];
  if (plan.preload !== undefined) parts.push(`  "preload": ${JSON.stringify(plan.preload)}`);
  parts.push(`  "steps": [${lines(plan.steps)}]`);
  if (plan.chance.kind === 'frozen') parts.push(`  "chance": {"kind": "frozen", "deviations": [${lines(plan.chance.deviations)}]}`);
  else parts.push(`  "chance": ${JSON.stringify(plan.chance)}`);
  return `{\n${parts.join(',\n')}\n}\n`;
}

function lines(items: readonly unknown[]): string {
  return items.length === 0 ? '' : `\n    ${items.map((item) => JSON.stringify(item)).join(',\n    ')}\n  `;
}
