/**
 * Makes the shrunk plan of each defect anew: `node test/corpus/regenerate.ts [ID...]`. Searches from scratch with the common profile
 * until one of the defect's expected properties catches it, shrinks, and writes `defects/<id>.json`.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFECTS } from '../../properties/defects/index.ts';
import { partsWith, type Defect } from '../../properties/defects/types.ts';
import { CORPUS_DIR } from '../../properties/hunt/corpus.ts';
import { search, type Finding } from '../../properties/hunt/search.ts';
import { parsePlan, printPlan } from '../../properties/plan/parse.ts';
import { runPlan } from '../../properties/run/runPlan.ts';
import { causeOf, isFinding } from '../../properties/run/verdict.ts';

const DIR = join(CORPUS_DIR, 'defects');
/** Seeds tried for each defect; the shortest plan counts, and one of a few steps ends the search. */
const SEEDS = 6;
const SHORT_STEPS = 5;

function isExpected(defect: Defect, finding: Finding): boolean {
  const { verdict } = finding.result;
  const property = verdict.kind === 'violation' || verdict.kind === 'stuck' ? verdict.property : '';
  return defect.expected.length === 0 || defect.expected.includes(property);
}

function best(defect: Defect): Finding | undefined {
  let found: Finding | undefined;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { finding } = search({ seed, runs: 4000, forMs: 20_000, defects: [defect], maxShrinkRuns: 20_000, maxShrinkMs: 8000 });
    if (finding === undefined || !isExpected(defect, finding) || runPlan(finding.plan).verdict.kind !== 'pass') continue;
    if (found === undefined || finding.plan.steps.length < found.plan.steps.length) found = finding;
    if (found.minimal && found.plan.steps.length <= SHORT_STEPS) return found;
  }
  return found;
}

/** Is there a plan that still shows the defect? */
function keeps(defect: Defect): boolean {
  const path = join(DIR, `${defect.id}.json`);
  if (!existsSync(path)) return false;
  const plan = parsePlan(readFileSync(path, 'utf8'), path);
  return isFinding(runPlan(plan, { parts: partsWith([defect]) }).verdict) && runPlan(plan).verdict.kind === 'pass';
}

const wanted = process.argv.slice(2);
mkdirSync(DIR, { recursive: true });
for (const defect of DEFECTS) {
  if (wanted.length > 0 && !wanted.includes(defect.id)) continue;
  const finding = best(defect);
  if (finding === undefined) {
    // Some plans were made by hand: a search reaches them seldom, and they show their defect all the same.
    const kept = keeps(defect);
    process.stdout.write(`${defect.id}: ${kept ? 'not found, the plan that is there is kept' : 'MISSED'}\n`);
    if (!kept) process.exitCode = 1;
    continue;
  }
  writeFileSync(join(DIR, `${defect.id}.json`), printPlan(finding.plan));
  process.stdout.write(`${defect.id}: ${causeOf(finding.result.verdict)}, ${String(finding.plan.steps.length)} steps, ${finding.minimal ? '1-minimal' : 'not fully shrunk'}\n`);
}
