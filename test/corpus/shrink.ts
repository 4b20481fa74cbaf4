/**
 * Makes the plans of `defects/` minimal as the minimizer has it now: `node test/corpus/shrink.ts [ID...]`. Each goes on failing for the same
 * cause with its defect, and passing without; what is minimal is left as it is. `regenerate.ts` searches anew instead.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFECTS } from '../../properties/defects/index.ts';
import { partsWith } from '../../properties/defects/types.ts';
import { CORPUS_DIR, corpusPlans } from '../../properties/hunt/corpus.ts';
import { failsAlike } from '../../properties/minimize/alike.ts';
import { minimizePlan } from '../../properties/minimize/plan.ts';
import { printPlan } from '../../properties/plan/parse.ts';
import { runPlan } from '../../properties/run/runPlan.ts';
import { causeOf, isFinding } from '../../properties/run/verdict.ts';

const MAX_RUNS = 20_000;

const wanted = process.argv.slice(2);
for (const { name, path, plan } of corpusPlans(join(CORPUS_DIR, 'defects'))) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const defects = DEFECTS.filter((defect) => defect.id === name);
  const { verdict } = runPlan(plan, { parts: partsWith(defects) });
  if (!isFinding(verdict) || runPlan(plan).verdict.kind !== 'pass') {
    process.stdout.write(`${name}: shows nothing (${causeOf(verdict)}); regenerate.ts makes it anew\n`);
    process.exitCode = 1;
    continue;
  }
  const alike = failsAlike(plan, verdict, defects);
  const began = performance.now();
  const { value, runs, minimal } = minimizePlan(plan, (candidate) => alike(candidate)?.plan, MAX_RUNS);
  const took = `${String(runs)} runs, ${((performance.now() - began) / 1000).toFixed(1)} s`;
  if (value === plan) process.stdout.write(`${name}: minimal (${took})\n`);
  else {
    writeFileSync(path, printPlan(value));
    process.stdout.write(`${name}: ${String(plan.steps.length)} -> ${String(value.steps.length)} steps, ${minimal ? 'minimal' : 'not fully shrunk'} (${took})\n`);
  }
}
