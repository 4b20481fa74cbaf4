/** Plans that fail with a defect, as a search once shrank them (the corpus moves on), and the seeds; explained with their defects. */
import { fileURLToPath } from 'node:url';
import { DEFECTS } from '../../../properties/defects/index.ts';
import type { Defect } from '../../../properties/defects/types.ts';
import { partsWith } from '../../../properties/defects/types.ts';
import { explain, type ExplainOptions } from '../../../properties/explain/explain.ts';
import type { Explanation, Mark } from '../../../properties/explain/explanation.ts';
import { corpusPlans } from '../../../properties/hunt/corpus.ts';
import type { Plan } from '../../../properties/plan/types.ts';
import { runPlan } from '../../../properties/run/runPlan.ts';

const DIRS = { shrunk: fileURLToPath(new URL('plans', import.meta.url)), seeds: fileURLToPath(new URL('../../seeds', import.meta.url)) };

export function defect(id: string): Defect {
  const found = DEFECTS.find((d) => d.id === id);
  if (found === undefined) throw new Error(`no defect ${id}`);
  return found;
}

export function planIn(dir: keyof typeof DIRS, name: string): Plan {
  const found = corpusPlans(DIRS[dir]).find((p) => p.name === name);
  if (found === undefined) throw new Error(`no plan ${name}`);
  return found.plan;
}

/** Explains a plan that fails with the defects. */
export function explained(plan: Plan, ids: string, options: ExplainOptions = {}): Explanation {
  const defects = ids.split(' + ').map(defect);
  const { property } = options;
  const result = runPlan(plan, { parts: partsWith(defects), ...(property === undefined ? {} : { property }) });
  if (result.verdict.kind === 'pass') throw new Error(`passes with ${ids}`);
  return explain(plan, result, { defects, ...options });
}

const SIGN = { necessary: '*', free: '·', untried: '?' } as const;

/** One line a mark. */
export function markLines(marks: readonly Mark[]): readonly string[] {
  return marks.map(({ mark, text, passesWith, breaksWith }) => [SIGN[mark], text, passesWith === '' ? '' : `(${passesWith})`, breaksWith === '' ? '' : `[${breaksWith}]`].filter((s) => s !== '').join(' '));
}
