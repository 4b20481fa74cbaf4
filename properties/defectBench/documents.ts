/**
 * The documents that the bench writes: the page of each suspect that upstream has not mended (docs/findings), their index, and the
 * tables of README.md and docs/defects.md. All of them are functions of the committed measurement, the corpus and the code.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFECTS } from '../defects/index.ts';
import { kindsOf } from './chapterKinds.ts';
import { corpusPlanOf, MEASURED_PATH, readMeasured, type Measured } from './expectations.ts';
import { indexOf } from './findingsIndex.ts';
import { pageOf } from './page.ts';
import { ROOT, Sources } from './sources.ts';
import { storyOf } from './story.ts';
import { CHAPTERS } from './suspects/index.ts';
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
  const defect = DEFECTS.find(({ id }) => id === suspect.id);
  const plan = corpusPlanOf(suspect.id);
  if (defect === undefined || plan === undefined) throw new Error(`${suspect.id} has no defect module or no plan in the corpus`);
  return pageOf({
    suspect,
    defect,
    plan,
    story: storyOf(plan, defect, kindsOf(heading)),
    moduleFile: sources.moduleFile(suspect.id),
    seams: sources.seams(defect),
    departures: sources.departuresOf(defect.issue),
    row: measured.rows.find(({ id }) => id === suspect.id),
  });
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

export function writeMeasured(measured: Measured): void {
  const rows = measured.rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n');
  writeFileSync(MEASURED_PATH, `{\n  "seeds": ${String(measured.seeds)},\n  "runs": ${String(measured.runs)},\n  "rows": [\n${rows}\n  ]\n}\n`);
}
