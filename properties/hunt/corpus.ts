/**
 * The corpus: frozen plans that once failed, or that reach what is rare; they are replayed first and must pass on the right
 * implementation. A plan in `test/corpus` may carry a companion name `<defect id>.json` in `test/corpus/defects`, which must
 * fail with that defect.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parsePlan } from '../plan/parse.ts';
import type { Plan } from '../plan/types.ts';
import { runPlan, type RunResult } from '../run/runPlan.ts';
import { isFinding } from '../run/verdict.ts';

export const CORPUS_DIR = fileURLToPath(new URL('../../test/corpus', import.meta.url));

export interface CorpusPlan {
  /** The file's name without `.json`. */
  readonly name: string;
  readonly path: string;
  readonly plan: Plan;
}

/** The plans of one folder, in name order. */
export function corpusPlans(dir: string): readonly CorpusPlan[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => {
      const path = join(dir, name);
      return { name: name.slice(0, -'.json'.length), path, plan: parsePlan(readFileSync(path, 'utf8'), path) };
    });
}

/** Runs every corpus plan on the right implementation; answers the first that finds something. */
export function replayCorpus(): { readonly path: string; readonly result: RunResult } | undefined {
  for (const dir of [CORPUS_DIR, join(CORPUS_DIR, 'defects')]) {
    for (const { path, plan } of corpusPlans(dir)) {
      const result = runPlan(plan);
      if (isFinding(result.verdict)) return { path, result };
    }
  }
  return undefined;
}
