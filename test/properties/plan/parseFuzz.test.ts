/** Mutated plans: each is refused with BadInput or runs to a verdict; nothing else is ever thrown. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadInput, parsePlan, printPlan } from '../../../properties/plan/parse.ts';
import { freeze, runPlan } from '../../../properties/run/runPlan.ts';
import type { Plan } from '../../../properties/plan/types.ts';
import { samplePlans } from '../samples.ts';

const PLANS = samplePlans(30, 71).map((plan, i) => printPlan(i % 2 === 0 ? plan : freeze(plan, runPlan(plan).deviations)));

/** Values that are wrong in most places, and some that are right in a few. */
const NASTY = [
  null, true, 0, -1, 1, 1.5, 1e308, 2 ** 53, -(2 ** 31), '', 'source', 'x'.repeat(100), '__proto__', 'constructor', 'table#0', 'table#9999',
  'node(source,999)', 'meta(moon,0)', 'node(source,0)', '\u0000', '\ud800', 'a\nb', [], [[]], {}, { kind: 'wait' }, { a: 'b' },
  JSON.parse('{"__proto__": "x", "constructor": "y", "toString": "z"}') as unknown, 'link.delay|a|b|c|1|1', 64, 1000,
] as const;

interface Edit {
  readonly at: number;
  readonly how: 'replace' | 'remove' | 'add' | 'twice' | 'borrow';
  readonly value: unknown;
}
const edits = fc.array(
  fc.record<Edit>({ at: fc.nat(), how: fc.constantFrom('borrow', 'borrow', 'borrow', 'borrow', 'replace', 'remove', 'add', 'twice'), value: fc.oneof(fc.constantFrom(...NASTY), fc.jsonValue({ maxDepth: 2 })) }),
  { minLength: 1, maxLength: 2 },
);

type Holder = Record<string, unknown>;

/** Every place of a value: what holds it, and its key. */
function places(value: unknown, into: [Holder, string][]): [Holder, string][] {
  if (typeof value !== 'object' || value === null) return into;
  for (const key of Object.keys(value)) {
    into.push([value as Holder, key]);
    places((value as Holder)[key], into);
  }
  return into;
}

/** Something of the same type from elsewhere in the plan: often accepted, seldom sensible. */
function borrowed(own: unknown, all: readonly [Holder, string][], at: number): unknown {
  const alike = all.map(([h, k]) => h[k]).filter((v) => typeof v === typeof own);
  return structuredClone(alike[(at * 31 + 7) % alike.length]);
}

function apply(plan: unknown, edit: Edit): void {
  const all = places(plan, []);
  const [holder, key] = all[edit.at % all.length] ?? [{}, ''];
  const keyToo = ['__proto__', 'constructor', 'node', 'forMs', 'extra'][edit.at % 5] ?? '';
  if (edit.how === 'borrow') holder[key] = borrowed(holder[key], all, edit.at);
  else if (edit.how === 'replace') holder[key] = edit.value;
  else if (edit.how === 'remove') delete holder[key];
  else if (Array.isArray(holder)) holder.push(edit.how === 'twice' ? holder[Number(key)] : edit.value);
  else Object.defineProperty(holder, keyToo, { value: edit.value, enumerable: true, configurable: true, writable: true });
}

function outcome(text: string): Plan | undefined {
  try {
    return parsePlan(text, 'fuzz.json');
  } catch (error) {
    if (error instanceof BadInput) return undefined;
    throw error;
  }
}

/** A plan may ask for thousands of partitions and weeks of waiting; a test does not run those. */
function modest(plan: Plan): boolean {
  const partitions = plan.steps.reduce((sum, s) => sum + (typeof s['partitionCount'] === 'number' ? s['partitionCount'] : 0), 0);
  const servers = plan.clusters.reduce((sum, c) => sum + c.replicaServers, 0);
  return partitions < 40 && servers < 10 && plan.steps.reduce((sum, s) => sum + s.afterMs, 0) < 30_000;
}

describe('parsePlan under mutation', () => {
  it('refuses with BadInput, or accepts what runs to a verdict and reads back', () => {
    let accepted = 0;
    let refused = 0;
    fc.assert(
      fc.property(fc.constantFrom(...PLANS), edits, (text, changes) => {
        const value: unknown = JSON.parse(text);
        for (const change of changes) apply(value, change);
        const plan = outcome(JSON.stringify(value));
        if (plan === undefined) refused += 1;
        else {
          accepted += 1;
          expect(outcome(printPlan(plan))).toEqual(plan);
          if (modest(plan)) expect(['pass', 'violation', 'stuck', 'limit']).toContain(runPlan(plan).verdict.kind);
        }
      }),
      { seed: 7, numRuns: Number(process.env['FUZZ_RUNS'] ?? 1500) },
    );
    expect(accepted).toBeGreaterThan(50);
    expect(refused).toBeGreaterThan(50);
  });

  it('refuses every cut of a plan, and cut bytes of another kind', () => {
    const text = PLANS[0] ?? '';
    for (let at = 0; at < text.length - 2; at += Math.ceil(text.length / 200)) expect(outcome(text.slice(0, at)), `cut at ${String(at)}`).toBeUndefined();
    for (const foreign of ['\ufeff{}', '[]', '"x"', 'null', '7', '[['.repeat(100_000), '{"a":'.repeat(100_000)]) expect(outcome(foreign)).toBeUndefined();
  });
});
