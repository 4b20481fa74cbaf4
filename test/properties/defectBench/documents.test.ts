/** What the bench writes is what stands there, complete, and says of upstream what the fact sheets and docs/suspects.md say. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { documents, FINDINGS, textAt, type Document } from '../../../properties/defectBench/documents.ts';
import { corpusPlanOf } from '../../../properties/defectBench/expectations.ts';
import { planDigest, readExplained } from '../../../properties/defectBench/explained.ts';
import { ROOT } from '../../../properties/defectBench/sources.ts';
import { SUSPECTS } from '../../../properties/defectBench/suspects/index.ts';
import { DEFECTS } from '../../../properties/defects/index.ts';
import { UPSTREAM_FILES } from './upstreamFiles.ts';

const OPEN = DEFECTS.filter(({ family, upstream }) => family === 'upstream' && upstream === 'open');

/** Real time for some hundred short runs, on a machine that does other things beside. */
const MADE_WITHIN_MS = 120_000;

let made: readonly Document[] = [];
beforeAll(() => {
  made = documents();
}, MADE_WITHIN_MS);

describe('the documents of the bench', () => {
  it('are up to date', () => {
    const stale = made.filter(({ path, text }) => textAt(path) !== text).map(({ path }) => path);
    expect(stale, 'write them anew: pegasus-check defects --write-docs').toEqual([]);
  });

  it('are all that there is', () => {
    const there = readdirSync(join(ROOT, FINDINGS)).map((name) => `${FINDINGS}/${name}`);
    expect(there.sort()).toEqual(made.map(({ path }) => path).filter((path) => path.startsWith(FINDINGS)).sort());
  });

  it('have a page for each suspect that upstream has not mended', () => {
    expect(OPEN.length).toBeGreaterThan(50);
    expect(SUSPECTS.map(({ id }) => id).sort()).toEqual(OPEN.map(({ id }) => id).sort());
    for (const { id } of OPEN) expect(made.map(({ path }) => path)).toContain(`${FINDINGS}/${id}.md`);
  });
});

describe('an explanation', () => {
  it('is there for each suspect, of the plan that the corpus has', () => {
    const explained = readExplained();
    const stale = OPEN.filter(({ id }) => {
      const plan = corpusPlanOf(id);
      return plan === undefined || explained[id]?.digest !== planDigest(plan);
    });
    expect(stale.map(({ id }) => id), 'make it anew: pegasus-check defects --write-docs').toEqual([]);
  });
});

describe('a page', () => {
  it.each(OPEN.map(({ id }) => [id] as const))('%s shows the failure, and where the mended implementation does something else', (id) => {
    const text = made.find(({ path }) => path === `${FINDINGS}/${id}.md`)?.text ?? '';
    expect(text).toMatch(/^Property \*\*\S+\*\* is (broken|not kept in time): .+\.$/m);
    expect(text).toMatch(/^ +1 +\+\d+ ms {2}(?:source> )?create /m);
    expect(text).toMatch(/^=> /m);
    expect(text).not.toMatch(/undefined|NaN/);
  });

  it('links only to files that are there', () => {
    let links = 0;
    for (const { path, text } of made) {
      for (const [, target = ''] of text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
        expect(existsSync(join(ROOT, path, '..', target)), `${path}: ${target}`).toBe(true);
        links += 1;
      }
    }
    expect(links).toBeGreaterThan(300);
  });
});

describe('what is told of a suspect', () => {
  it('names files of upstream that the fact sheets name', () => {
    for (const { id, files } of SUSPECTS) {
      expect(files.length, id).toBeGreaterThan(0);
      for (const file of files) expect(UPSTREAM_FILES, id).toContain(file);
    }
  });

  it('has the confidence that docs/suspects.md has', () => {
    const rows = readFileSync(join(ROOT, 'docs/suspects.md'), 'utf8').matchAll(/^\| [BPRT]\d+ \| ([HML]) \|.*\| ([^|]+) \|$/gm);
    const confidences = new Map([...rows].flatMap(([, confidence = '', shown = '']) => [...shown.matchAll(/`([\w-]+)`/g)].map(([, id = '']) => [id, confidence] as const)));
    let compared = 0;
    for (const { id, confidence } of SUSPECTS) {
      const there = confidences.get(id);
      if (there === undefined) continue;
      expect([id, confidence]).toEqual([id, there]);
      compared += 1;
    }
    expect(compared).toBeGreaterThan(45);
  });

  it('is said in whole sentences', () => {
    for (const { id, cause, when, consequence, mending, title } of SUSPECTS) {
      for (const text of [cause, when, consequence, mending]) expect(text, id).toMatch(/^[A-Z`#0-9].{25,}[.)]$/s);
      expect(title.length, id).toBeLessThan(150);
      expect(title, id).not.toMatch(/\.$/);
    }
  });
});
