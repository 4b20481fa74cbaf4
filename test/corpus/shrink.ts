/**
 * Makes the plans of `defects/` minimal as the minimizer has it now: `node test/corpus/shrink.ts [--check] [ID...]`. Each goes on failing for
 * the same cause with its defect, and passing without; what is minimal is left as it is. `--check` (`npm run test:minimal`)
 * writes nothing: it exits 1 when some plan is not minimal. `regenerate.ts` searches anew instead.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFECTS } from '../../properties/defects/index.ts';
import { partsWith, type Defect } from '../../properties/defects/types.ts';
import { CORPUS_DIR, corpusPlans } from '../../properties/hunt/corpus.ts';
import { failsAlike } from '../../properties/minimize/alike.ts';
import { minimizePlan } from '../../properties/minimize/plan.ts';
import { proveMinimal } from '../../properties/minimize/proof.ts';
import { printPlan } from '../../properties/plan/parse.ts';
import type { Plan } from '../../properties/plan/types.ts';
import { runPlan } from '../../properties/run/runPlan.ts';
import { causeOf, isFinding, type Verdict } from '../../properties/run/verdict.ts';

const MAX_RUNS = 20_000;

interface Shown {
  readonly name: string;
  readonly path: string;
  readonly plan: Plan;
  readonly defects: readonly Defect[];
  /** How it ends with the defect. */
  readonly verdict: Verdict;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function check({ name, plan, verdict, defects }: Shown): boolean {
  const { simpler, tried } = proveMinimal(plan, verdict, defects);
  say(`${name}: ${simpler === undefined ? `minimal (${String(tried)} simpler plans do not fail alike)` : `NOT minimal:\n${printPlan(simpler)}`}`);
  return simpler === undefined;
}

function shrink({ name, path, plan, verdict, defects }: Shown): boolean {
  const alike = failsAlike(plan, verdict, defects);
  const began = performance.now();
  const { value, runs, minimal } = minimizePlan(plan, (candidate) => alike(candidate)?.plan, MAX_RUNS);
  if (value !== plan) writeFileSync(path, printPlan(value));
  const steps = value === plan ? '' : `${String(plan.steps.length)} -> ${String(value.steps.length)} steps, `;
  say(`${name}: ${steps}${minimal ? 'minimal' : 'not fully shrunk'} (${String(runs)} runs, ${((performance.now() - began) / 1000).toFixed(1)} s)`);
  return minimal;
}

const words = process.argv.slice(2);
const wanted = words.filter((word) => word !== '--check');
for (const { name, path, plan } of corpusPlans(join(CORPUS_DIR, 'defects'))) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const defects = DEFECTS.filter((defect) => defect.id === name);
  const { verdict } = runPlan(plan, { parts: partsWith(defects) });
  const shows = isFinding(verdict) && runPlan(plan).verdict.kind === 'pass';
  if (!shows) say(`${name}: shows nothing (${causeOf(verdict)}); regenerate.ts makes it anew`);
  const isFine = shows && (words.includes('--check') ? check : shrink)({ name, path, plan, defects, verdict });
  if (!isFine) process.exitCode = 1;
}
