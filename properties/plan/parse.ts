/**
 * A plan from a file: every malformed, truncated or foreign value ends in one line that says what is wrong, where (a JSON
 * path), and what would be right. What was printed can be read back, byte for byte.
 */
import { LARGEST_CLUSTER, LARGEST_PLAN_STEPS } from './limits.ts';
import { checkSetting } from './settings.ts';
import { int } from './spec.ts';
import { specOf, STEP_SPECS } from './steps/index.ts';
import { PLAN_FORMAT, PLAN_VERSION, type Plan } from './types.ts';

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
}

function checkClusters(value: unknown): void {
  const clusters = list(value, '$.clusters', 3);
  if (clusters.length === 0) fail('$.clusters', 'must name at least one cluster');
  const seen = new Set<unknown>();
  clusters.forEach((one, i) => {
    const path = `$.clusters[${String(i)}]`;
    const cluster = object(one, path);
    onlyKeys(cluster, ['id', 'replicaServers'], path);
    if (typeof cluster['id'] !== 'string' || !/^[a-z]{1,16}$/.test(cluster['id'])) fail(`${path}.id`, 'must be 1 to 16 lower-case letters');
    if (seen.has(cluster['id'])) fail(`${path}.id`, `"${cluster['id']}" is there twice`);
    seen.add(cluster['id']);
    const wrong = int(1, LARGEST_CLUSTER).check(cluster['replicaServers']);
    if (wrong !== undefined) fail(`${path}.replicaServers`, wrong);
  });
}

function checkChance(value: unknown): void {
  const chance = object(value, '$.chance');
  if (chance['kind'] === 'exploring') {
    onlyKeys(chance, ['kind', 'seed', 'permille', 'budget'], '$.chance');
    if (typeof chance['seed'] !== 'string') fail('$.chance.seed', 'must be a string');
    for (const [point, permille] of Object.entries(object(chance['permille'], '$.chance.permille'))) {
      const wrong = int(0, 1000).check(permille);
      if (wrong !== undefined) fail(`$.chance.permille["${point}"]`, wrong);
    }
    const wrong = int(0, 1_000_000).check(chance['budget']);
    if (wrong !== undefined) fail('$.chance.budget', wrong);
  } else if (chance['kind'] === 'frozen') {
    onlyKeys(chance, ['kind', 'deviations'], '$.chance');
    list(chance['deviations'], '$.chance.deviations', 1_000_000).forEach((one, i) => {
      const path = `$.chance.deviations[${String(i)}]`;
      const deviation = object(one, path);
      onlyKeys(deviation, ['cause', 'value'], path);
      if (typeof deviation['cause'] !== 'string' || deviation['cause'].split('|').length !== 6) {
        fail(`${path}.cause`, 'must read point|where|what|gpid|number|occurrence');
      }
      if (typeof deviation['value'] !== 'number' || !Number.isSafeInteger(deviation['value'])) fail(`${path}.value`, 'must be an integer');
    });
  } else fail('$.chance.kind', 'must be exploring or frozen');
}

function checkPreload(value: unknown): void {
  const preload = object(value, '$.preload');
  onlyKeys(preload, ['cluster', 'table', 'gpid', 'partitionCount', 'files'], '$.preload');
  if (typeof preload['cluster'] !== 'string') fail('$.preload.cluster', 'must be a string');
  if (typeof preload['table'] !== 'string' || !/^table#\d{1,4}$/.test(preload['table'])) fail('$.preload.table', 'must be a table reference such as table#1');
  if (typeof preload['gpid'] !== 'string' || !/^\d{1,9}\.\d{1,4}$/.test(preload['gpid'])) fail('$.preload.gpid', 'must read <app_id>.<partition_index>');
  const wrong = int(1, 1024).check(preload['partitionCount']);
  if (wrong !== undefined) fail('$.preload.partitionCount', wrong);
  list(preload['files'], '$.preload.files', 1000).forEach((one, i) => {
    const path = `$.preload.files[${String(i)}]`;
    const file = object(one, path);
    onlyKeys(file, ['name', 'hex'], path);
    if (typeof file['name'] !== 'string' || !/^log\.\d+\.\d+$/.test(file['name'])) fail(`${path}.name`, 'must read log.<index>.<start>');
    if (typeof file['hex'] !== 'string' || !/^([0-9a-f]{2})*$/.test(file['hex'])) fail(`${path}.hex`, 'must be lower-case hex');
  });
}

/** Checks a JSON value to be a plan of this version; throws BadInput. */
export function checkPlan(value: unknown): Plan {
  const plan = object(value, '$');
  if (plan['format'] !== PLAN_FORMAT) fail('$.format', `must be "${PLAN_FORMAT}": this is no plan of this tool`);
  if (plan['version'] !== PLAN_VERSION) fail('$.version', `is ${JSON.stringify(plan['version'])}; this tool reads version ${String(PLAN_VERSION)}`);
  onlyKeys(plan, ['format', 'version', 'clusters', 'settings', 'preload', 'steps', 'chance'], '$');
  checkClusters(plan['clusters']);
  for (const [name, setting] of Object.entries(object(plan['settings'], '$.settings'))) {
    const wrong = checkSetting(name, setting);
    if (wrong !== undefined) fail(`$.settings.${name}`, wrong);
  }
  if (plan['preload'] !== undefined) checkPreload(plan['preload']);
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
    return checkPlan(value);
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
