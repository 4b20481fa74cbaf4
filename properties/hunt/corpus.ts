/**
 * Corpora: folders of frozen plans that once failed, or that reach what is rare; they are replayed before anything is drawn. A plan
 * in `test/corpus` must pass on the right implementation; its companion `<defect id>.json` in `test/corpus/defects` must fail with
 * that defect. A corpus that a campaign keeps (`--corpus`) has one plan, the smallest, for each cause and set of defects.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { orBadInput, readText, replaceFile } from '../cli/files.ts';
import { BadInput, parsePlan, printPlan } from '../plan/parse.ts';
import type { Plan } from '../plan/types.ts';
import { isSmaller } from './causes.ts';
import type { PlainFinding } from './job.ts';

export const CORPUS_DIR = fileURLToPath(new URL('../../test/corpus', import.meta.url));

/** The folders that every hunt of the right implementation replays. */
export const OWN_CORPUS: readonly string[] = [CORPUS_DIR, join(CORPUS_DIR, 'defects')];

/** How many plans a kept corpus holds: a few minutes of replaying at most. */
const LARGEST_CORPUS = 200;

export interface CorpusPlan {
  /** The file's name without `.json`. */
  readonly name: string;
  readonly path: string;
  readonly plan: Plan;
}

function namesIn(dir: string): readonly string[] {
  if (!existsSync(dir)) return [];
  return orBadInput(
    () => readdirSync(dir).filter((name) => name.endsWith('.json') && statSync(join(dir, name)).isFile()).sort(),
    (reason) => `${dir}: cannot read this corpus (${reason}); give a folder of plans`,
  );
}

/** The plans of one folder, in name order. Throws BadInput for one that is damaged. */
export function corpusPlans(dir: string): readonly CorpusPlan[] {
  return namesIn(dir).map((name) => {
    const path = join(dir, name);
    return { name: basename(name, '.json'), path, plan: parsePlan(readFileSync(path, 'utf8'), path) };
  });
}

export interface ReadCorpus {
  readonly plans: readonly CorpusPlan[];
  /** One line for each file that cannot be used; it is left as it is. */
  readonly problems: readonly string[];
}

/** The same, for folders whose files come from elsewhere: what is damaged costs itself alone. */
export function readCorpus(dir: string): ReadCorpus {
  const plans: CorpusPlan[] = [];
  const problems: string[] = [];
  for (const name of namesIn(dir)) {
    const path = join(dir, name);
    try {
      const plan = parsePlan(readText(path, 'plan'), path);
      if (plan.chance.kind !== 'frozen') throw new BadInput(`${path}: plan $.chance.kind: is not frozen; a corpus holds what a hunt wrote`);
      plans.push({ name: basename(name, '.json'), path, plan });
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      problems.push(`corpus: ${error.message}; the file is left as it is, and not replayed`);
    }
  }
  return { plans, problems };
}

/** A file name says cause and defects in words, and exactly by its last part. */
const OURS = /-[0-9a-f]{8}(?:-\d+)?\.json$/;

function baseOf({ cause, defects }: PlainFinding): string {
  const key = createHash('sha256').update(JSON.stringify([cause, [...defects].sort()])).digest('hex').slice(0, 8);
  return `${[cause, ...defects].join('-').replaceAll(/[^A-Za-z0-9.]+/g, '-').slice(0, 100)}-${key}`;
}

/**
 * Keeps the plan of a finding, unless a smaller one of its cause is there; answers the path of the file that holds the cause now.
 * Throws BadInput when it cannot be written; what was there is then there still.
 */
export function keepInCorpus(dir: string, finding: PlainFinding): string {
  const base = baseOf(finding);
  for (let n = 1; ; n += 1) {
    const path = join(dir, n === 1 ? `${base}.json` : `${base}-${String(n)}.json`);
    const there = planAt(path);
    if (there === 'unusable') continue;
    if (there !== undefined && !isSmaller(finding.plan, there)) return path;
    replaceFile(path, printPlan(finding.plan));
    removeBeyond(dir, path);
    return path;
  }
}

/** What is there under a name: a file that cannot be read as a plan is somebody's still. */
function planAt(path: string): Plan | 'unusable' | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return parsePlan(readText(path, 'plan'), path);
  } catch (error) {
    if (error instanceof BadInput) return 'unusable';
    throw error;
  }
}

/** A corpus that grows beyond its bound loses its longest plans; what no campaign wrote stays. */
function removeBeyond(dir: string, newest: string): void {
  const ours = namesIn(dir).filter((name) => OURS.test(name)).map((name) => join(dir, name));
  const longest = ours.filter((path) => path !== newest).sort((a, b) => statSync(b).size - statSync(a).size || (a < b ? -1 : 1));
  for (const path of longest.slice(0, Math.max(0, ours.length - LARGEST_CORPUS))) unlinkSync(path);
}
