/** Plainer keys and values: the same few keys everywhere, values counted from one. They stay as different as rules need them. */
import { keyOfRow } from '../plan/loadRows.ts';
import { strings, textSize } from '../plan/spec.ts';
import type { Plan, Step } from '../plan/types.ts';
import type { Pass, Tries } from './minimize.ts';
import { valuesRenumbered } from './names.ts';

/** What stands for a key, given what it is. */
type Rekey = (hashKey: string, sortKey: string) => readonly [string, string];

/** The step with other keys; undefined when rows would fall together. */
function rekeyed(step: Step, rekey: Rekey): Step | undefined {
  const { hashKey, sortKey } = step;
  if (typeof hashKey === 'string' && typeof sortKey === 'string') {
    const [hash, sort] = rekey(hashKey, sortKey);
    return hash === hashKey && sort === sortKey ? step : { ...step, hashKey: hash, sortKey: sort };
  }
  if (typeof hashKey === 'string') {
    const sortKeys = strings(step, 'sortKeys').map((sort) => rekey(hashKey, sort)[1]);
    return new Set(sortKeys).size < sortKeys.length ? undefined : { ...step, hashKey: rekey(hashKey, '')[0], sortKeys };
  }
  if (step['rows'] === undefined) return step;
  const rows = strings(step, 'rows').map((row) => {
    const [hash = '', sort = ''] = row.split('|');
    return rekey(hash, sort).join('|') + row.slice(keyOfRow(row).length);
  });
  return new Set(rows.map(keyOfRow)).size < rows.length ? undefined : { ...step, rows };
}

function allRekeyed(plan: Plan, rekey: Rekey): Plan | undefined {
  const steps = plan.steps.map((step) => rekeyed(step, rekey));
  return steps.some((step) => step === undefined) ? undefined : { ...plan, steps: steps.filter((step) => step !== undefined) };
}

interface Keys {
  readonly hash: readonly string[];
  readonly sort: readonly string[];
}

/** The keys of some steps, each once, the plainest first; and the plainest that there are. */
function keysOf(steps: readonly Step[]): Keys {
  const hash = new Set(['a']);
  const sort = new Set(['']);
  for (const step of steps) {
    rekeyed(step, (h, s) => {
      hash.add(h);
      sort.add(s);
      return [h, s];
    });
  }
  const bySize = (a: string, b: string): number => textSize(a) - textSize(b);
  return { hash: [...hash].sort(bySize), sort: [...sort].sort(bySize) };
}

function* others(keys: Keys, within: Keys): Generator<Rekey> {
  for (const one of keys.hash) for (const other of within.hash) if (textSize(other) < textSize(one)) yield (h, s) => [h === one ? other : h, s];
  for (const one of keys.sort) for (const other of within.sort) if (textSize(other) < textSize(one)) yield (h, s) => [h, s === one ? other : s];
}

/** All keys alike; else one key in the place of another, everywhere and then in one step after the other. */
export const plainerKeys: Pass<Plan> = {
  name: 'keys',
  *tries(start): Tries<Plan> {
    let plan = start;
    const attempt = function* (rekey: Rekey): Generator<Plan, void, Plan | undefined> {
      const other = allRekeyed(plan, rekey);
      if (other !== undefined && JSON.stringify(other) !== JSON.stringify(plan)) plan = (yield other) ?? plan;
    };
    yield* attempt(() => ['a', '']);
    yield* attempt((_, s) => ['a', s]);
    yield* attempt((h) => [h, '']);
    const all = keysOf(plan.steps);
    for (const rekey of others(all, all)) yield* attempt(rekey);
    for (let at = 0; at < plan.steps.length; at += 1) {
      const step = plan.steps[at];
      if (step === undefined) continue;
      for (const rekey of others(keysOf([step]), keysOf(plan.steps))) {
        const now = plan.steps[at];
        const other = now === undefined ? undefined : rekeyed(now, rekey);
        if (other === undefined || JSON.stringify(other) === JSON.stringify(now)) continue;
        plan = (yield { ...plan, steps: plan.steps.map((one, i) => (i === at ? other : one)) }) ?? plan;
      }
    }
  },
};

export const plainerValues: Pass<Plan> = {
  name: 'values',
  *tries(plan): Tries<Plan> {
    const steps = valuesRenumbered(plan.steps);
    if (steps.some((step, i) => step !== plan.steps[i])) yield { ...plan, steps };
  },
};
