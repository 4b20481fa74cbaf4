/** Plans from files: what was printed is read back; what is wrong is told with its place. */
import { describe, expect, it } from 'vitest';
import { BadInput, parsePlan, printPlan } from '../../../properties/plan/parse.ts';
import { STEP_SPECS } from '../../../properties/plan/steps/index.ts';
import { runPlan, freeze } from '../../../properties/run/runPlan.ts';
import { samplePlans } from '../samples.ts';

function refused(change: (plan: Record<string, unknown>) => void): string {
  const plan = samplePlans(1, 3)[0];
  const value = JSON.parse(printPlan(plan ?? fail())) as Record<string, unknown>;
  change(value);
  try {
    parsePlan(JSON.stringify(value), 'p.json');
  } catch (error) {
    if (error instanceof BadInput) return error.message;
    throw error;
  }
  return 'accepted';
}

function load(fields: Record<string, unknown>): Record<string, unknown> {
  return { kind: 'prepareLoad', afterMs: 0, cluster: 'source', table: 'table#1', provider: 'local', root: 'r1', folder: 'source', rows: ['a|x|1'], files: 'one', variant: 'good', nth: 0, ...fields };
}

function fail(): never {
  throw new Error('no sample');
}

describe('a printed plan', () => {
  it('reads back as the same value, exploring and frozen', () => {
    for (const plan of samplePlans(100, 11)) {
      expect(parsePlan(printPlan(plan), 'p.json')).toEqual(plan);
      const frozen = freeze(plan, runPlan(plan).deviations);
      expect(parsePlan(printPlan(frozen), 'p.json')).toEqual(frozen);
    }
  });

  it('covers every kind of step', () => {
    const kinds = new Set(samplePlans(400, 12).flatMap((p) => p.steps.map((s) => s.kind)));
    expect(STEP_SPECS.map((s) => s.kind).filter((k) => !kinds.has(k))).toEqual([]);
  });
});

describe('a bad plan is refused in one line with its place', () => {
  it.each<[string, (p: Record<string, unknown>) => void, RegExp]>([
    ['another format', (p) => (p['format'] = 'x'), /\$\.format/],
    ['another version', (p) => (p['version'] = 99), /\$\.version: is 99/],
    ['an unknown key', (p) => (p['extra'] = 1), /\$\.extra/],
    ['no clusters', (p) => (p['clusters'] = []), /\$\.clusters/],
    ['too many servers', (p) => (p['clusters'] = [{ id: 'source', replicaServers: 100 }]), /\$\.clusters\[0\]\.replicaServers: must be an integer from 1/],
    ['a cluster twice', (p) => (p['clusters'] = [{ id: 'a', replicaServers: 1 }, { id: 'a', replicaServers: 1 }]), /\$\.clusters\[1\]\.id/],
    ['a setting of a cluster out of range', (p) => (p['clusters'] = [{ id: 'a', replicaServers: 1, settings: { dupShipRetryMs: 0 } }]), /\$\.clusters\[0\]\.settings\.dupShipRetryMs: must be an integer/],
    ['settings of a cluster that are no object', (p) => (p['clusters'] = [{ id: 'a', replicaServers: 1, settings: 7 }]), /\$\.clusters\[0\]\.settings: must be an object/],
    ['a shell line that the shell refuses', (p) => (p['steps'] = [{ kind: 'shell', afterMs: 0, cluster: 'source', line: 'pause_dup t1 x' }]), /\$\.steps\[0\]\.line: the shell refuses it: dupid must be a whole number/],
    ['a shell line that adds a duplication to the own cluster', (p) => (p['steps'] = [{ kind: 'shell', afterMs: 0, cluster: 'source', line: 'add_dup t1 source' }]), /\$\.steps\[0\]\.line: .*source is this cluster/],
    ['a shell line of nothing', (p) => (p['steps'] = [{ kind: 'shell', afterMs: 0, cluster: 'source', line: 'load t1' }]), /\$\.steps\[0\]\.line: the shell refuses it: load is no command of duplication or of bulk load/],
    ['a shell line of bulk load that the shell refuses', (p) => (p['steps'] = [{ kind: 'shell', afterMs: 0, cluster: 'source', line: 'pause_bulk_load t1' }]), /\$\.steps\[0\]\.line: the shell refuses it: app_name should not be empty/],
    ['a load with one key twice', (p) => (p['steps'] = [load({ rows: ['a|x|1', 'b||2', 'a|x|3'] })]), /\$\.steps\[0\]\.rows: two of them have one key/],
    ['a load with a row of two parts', (p) => (p['steps'] = [load({ rows: ['a|x'] })]), /\$\.steps\[0\]\.rows: each item must be hash key\|sort key\|value/],
    ['a load that leads out of its provider', (p) => (p['steps'] = [load({ root: '..' })]), /\$\.steps\[0\]\.root: must be a folder/],
    ['a load on an unknown provider', (p) => (p['steps'] = [load({ provider: 'nowhere' })]), /\$\.steps\[0\]\.provider: must be one of local/],
    ['a load that is wrong in an unknown way', (p) => (p['steps'] = [load({ variant: 'odd' })]), /\$\.steps\[0\]\.variant: must be one of good, /],
    ['a shell line that is no text', (p) => (p['steps'] = [{ kind: 'shell', afterMs: 0, cluster: 'source', line: 7 }]), /\$\.steps\[0\]\.line: must be/],
    ['a duplication of a bad name', (p) => (p['steps'] = [{ kind: 'pauseDup', afterMs: 0, cluster: 'source', table: 'table#1', dup: 'dup' }]), /\$\.steps\[0\]\.dup: must be a duplication reference/],
    ['an unknown setting', (p) => (p['settings'] = { nope: 1 }), /\$\.settings\.nope: is no setting/],
    ['a setting out of range', (p) => (p['settings'] = { stalenessForCommit: 0 }), /\$\.settings\.stalenessForCommit: must be an integer/],
    ['an unknown step', (p) => (p['steps'] = [{ kind: 'fly', afterMs: 0 }]), /\$\.steps\[0\]\.kind/],
    ['a missing field', (p) => (p['steps'] = [{ kind: 'wait', afterMs: 0 }]), /\$\.steps\[0\]\.forMs/],
    ['a field of another step', (p) => (p['steps'] = [{ kind: 'wait', afterMs: 0, forMs: 1, node: 'x' }]), /\$\.steps\[0\]\.node/],
    ['a negative time', (p) => (p['steps'] = [{ kind: 'wait', afterMs: -1, forMs: 1 }]), /\$\.steps\[0\]\.afterMs/],
    ['a step that is no object', (p) => (p['steps'] = [7]), /\$\.steps\[0\]: must be an object/],
    ['no chance', (p) => delete p['chance'], /\$\.chance/],
    ['a setting of an inherited name', (p) => (p['settings'] = JSON.parse('{"__proto__": 1}') as unknown), /\$\.settings\.__proto__: is no setting/],
    ['a setting that is no number', (p) => (p['settings'] = { stalenessForCommit: null }), /stalenessForCommit: must be an integer/],
    ['a step of an inherited name', (p) => (p['steps'] = [{ kind: 'constructor', afterMs: 0 }]), /\$\.steps\[0\]\.kind/],
    ['an unknown chance point', (p) => (p['chance'] = { kind: 'exploring', seed: '1', permille: { 'moon.phase': 1 }, budget: 1 }), /permille\["moon\.phase"\]: is no chance point/],
    ['an inherited name as chance point', (p) => (p['chance'] = { kind: 'exploring', seed: '1', permille: { constructor: 1 }, budget: 1 }), /permille\["constructor"\]/],
    ['a frozen unknown chance point', (p) => (p['chance'] = { kind: 'frozen', deviations: [{ cause: 'moon|a|b||0|1', value: 1 }] }), /names no chance point: "moon"/],
    ['a negative deviation', (p) => (p['chance'] = { kind: 'frozen', deviations: [{ cause: 'link.delay|a|b||0|1', value: -5 }] }), /deviations\[0\]\.value: must be an integer from 1 to 600000000/],
    ['an absurd deviation', (p) => (p['chance'] = { kind: 'frozen', deviations: [{ cause: 'link.delay|a|b||0|1', value: 2 ** 52 }] }), /deviations\[0\]\.value/],
    ['a flag that is not 1', (p) => (p['chance'] = { kind: 'frozen', deviations: [{ cause: 'link.reset|a|b||0|1', value: 2 }] }), /must be an integer from 1 to 1/],
    ['a deviation twice', (p) => (p['chance'] = { kind: 'frozen', deviations: [1, 2].map((value) => ({ cause: 'link.delay|a|b||0|1', value })) }), /deviations\[1\]\.cause: is there twice/],
    ['a malformed cause', (p) => (p['chance'] = { kind: 'frozen', deviations: [{ cause: 'x', value: 1 }] }), /\$\.chance\.deviations\[0\]\.cause/],
  ])('%s', (_, change, where) => {
    const message = refused(change);
    expect(message).toMatch(where);
    expect(message).toMatch(/^p\.json: /);
    expect(message).not.toContain('\n');
  });

  it('text that is no JSON', () => {
    expect(() => parsePlan('{"format": ', 'cut.json')).toThrow(/cut\.json: not JSON/);
    expect(() => parsePlan('', 'empty.json')).toThrow(BadInput);
  });
});
