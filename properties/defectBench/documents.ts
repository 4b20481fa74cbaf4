/**
 * The documents that the bench writes: the page of each suspect that upstream has not mended (docs/findings), their index, and the
 * tables of README.md and docs/defects.md. All of them are functions of the committed measurement, the corpus and the code.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFECTS } from '../defects/index.ts';
import type { Defect } from '../defects/types.ts';
import type { Plan } from '../plan/types.ts';
import { kindsOf } from './chapterKinds.ts';
import { corpusPlanOf, readMeasured, type Measured } from './expectations.ts';
import { explained, planDigest, readExplained, writeExplained, type Explained } from './explained.ts';
import { indexOf } from './findingsIndex.ts';
import { pageOf } from './page.ts';
import { ROOT, Sources } from './sources.ts';
import { storyOf } from './story.ts';
import { CHAPTERS, SUSPECTS } from './suspects/index.ts';
import type { Suspect } from './suspects/types.ts';
import { defectsDocument, README_MARKS, readmeTable, withTable } from './tables.ts';

export const FINDINGS = 'docs/findings';

export interface Document {
  /** From the repository's root. */
  readonly path: string;
  readonly text: string;
}

/** Every document as it should be, in the order in which they are written. */
export function documents(): readonly Document[] {
  const measured = readMeasured();
  const sources = new Sources();
  const pages = CHAPTERS.flatMap(({ heading, suspects }) => suspects.map((suspect) => ({ path: `${FINDINGS}/${suspect.id}.md`, text: findingPage(suspect, heading, measured, sources) })));
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  return [
    { path: 'README.md', text: withTable(readme, README_MARKS, readmeTable(measured)) },
    { path: 'docs/defects.md', text: defectsDocument(measured) },
    { path: `${FINDINGS}/README.md`, text: indexOf(measured) },
    ...pages,
  ];
}

function findingPage(suspect: Suspect, heading: string, measured: Measured, sources: Sources): string {
  const { defect, plan } = shown(suspect.id);
  const known = readExplained()[suspect.id];
  return pageOf({
    suspect,
    defect,
    plan,
    story: storyOf(plan, defect, kindsOf(heading)),
    moduleFile: sources.moduleFile(suspect.id),
    seams: sources.seams(defect),
    departures: sources.departuresOf(defect.issue),
    row: measured.rows.find(({ id }) => id === suspect.id),
    firstSeed: measured.seedOf[suspect.id] ?? 1,
    explained: known?.digest === planDigest(plan) ? known : undefined,
  });
}

/** Explains the plans that changed since they were explained last, or all of them; answers the ids. */
export function refreshExplained(all: boolean, onDone: (id: string) => void): void {
  const before = readExplained();
  const after: Record<string, Explained> = {};
  for (const { id } of SUSPECTS) {
    const { defect, plan } = shown(id);
    const known = before[id];
    const isKept = !all && known?.digest === planDigest(plan);
    after[id] = isKept ? known : explained(plan, defect);
    if (!isKept) onDone(id);
  }
  writeExplained(after);
}

function shown(id: string): { readonly defect: Defect; readonly plan: Plan } {
  const defect = DEFECTS.find((one) => one.id === id);
  const plan = corpusPlanOf(id);
  if (defect === undefined || plan === undefined) throw new Error(`${id} has no defect module or no plan in the corpus`);
  return { defect, plan };
}

/** Writes what differs, removes pages of suspects that are none any more; answers the paths of what was written. */
export function writeDocuments(): readonly string[] {
  const all = documents();
  mkdirSync(join(ROOT, FINDINGS), { recursive: true });
  for (const name of readdirSync(join(ROOT, FINDINGS))) {
    if (!all.some(({ path }) => path === `${FINDINGS}/${name}`)) rmSync(join(ROOT, FINDINGS, name));
  }
  const stale = all.filter(({ path, text }) => text !== textAt(path));
  for (const { path, text } of stale) writeFileSync(join(ROOT, path), text);
  return stale.map(({ path }) => path);
}

/** Undefined: there is no such file. */
export function textAt(path: string): string | undefined {
  try {
    return readFileSync(join(ROOT, path), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
