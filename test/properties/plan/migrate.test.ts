/** Plans of older versions are read as what they meant; those of newer ones are refused in one line. */
import { describe, expect, it } from 'vitest';
import { migrated, OLDEST_PLAN_VERSION } from '../../../properties/plan/migrate.ts';
import { BadInput, parsePlan, printPlan } from '../../../properties/plan/parse.ts';
import { PLAN_FORMAT, PLAN_VERSION } from '../../../properties/plan/types.ts';

const create = { kind: 'createTable', afterMs: 0, cluster: 'source', as: 'table#1', name: 'table#1', partitionCount: 1, replicaCount: 2, envs: {}, successIfExist: false };
const oldCrash = { kind: 'crash', afterMs: 5, node: 'node(source,0)', downMs: 100 };
const old = {
  format: PLAN_FORMAT,
  version: 1,
  clusters: [{ id: 'source', replicaServers: 2 }],
  settings: {},
  steps: [create, oldCrash],
  chance: { kind: 'frozen', deviations: [] },
};

describe('a plan of version 1', () => {
  it('crashes between two tasks, as it did', () => {
    const plan = parsePlan(JSON.stringify(old), 'old.json');
    expect(plan.version).toBe(PLAN_VERSION);
    expect(plan.steps).toEqual([create, { ...oldCrash, insideCall: 0 }]);
    expect(parsePlan(printPlan(plan), 'new.json')).toEqual(plan);
  });

  it('keeps what it already says', () => {
    const steps = [create, { ...oldCrash, insideCall: 7 }];
    expect(parsePlan(JSON.stringify({ ...old, steps }), 'old.json').steps).toEqual(steps);
  });

  it('that is damaged is refused for its damage', () => {
    for (const steps of [5, [null], [[oldCrash]]]) expect(() => parsePlan(JSON.stringify({ ...old, steps }), 'old.json')).toThrow(/^old\.json: plan \$\.steps/);
  });
});

it('is not taken for older than it is: the field is missed in this version', () => {
  expect(() => parsePlan(JSON.stringify({ ...old, version: PLAN_VERSION }), 'new.json')).toThrow(/\$\.steps\[1\]\.insideCall/);
});

it.each([PLAN_VERSION + 1, OLDEST_PLAN_VERSION - 1, 1.5, '1', null])('version %s is refused in one line that says which are read', (version) => {
  const read = (): unknown => parsePlan(JSON.stringify({ ...old, version }), 'other.json');
  expect(read).toThrow(BadInput);
  expect(read).toThrow(new RegExp(`^other\\.json: plan \\$\\.version: is .*this tool reads versions ${String(OLDEST_PLAN_VERSION)} to ${String(PLAN_VERSION)}$`));
});

it('says that a newer tool wrote it', () => {
  expect(() => parsePlan(JSON.stringify({ ...old, version: PLAN_VERSION + 1 }), 'other.json')).toThrow(/a newer one wrote/);
});

it('leaves what is no plan of ours alone', () => {
  const foreign = { format: 'other', version: 1, steps: [oldCrash] };
  expect(migrated(foreign)).toBe(foreign);
});
