/**
 * The documents execute: every `npx pegasus-check` line of the README's shell blocks runs, the samples of README and docs are what the
 * tool prints, the README names every command and option that there is, and links lead somewhere.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT, documentAt, runLine, type Document } from './document.ts';

const README = documentAt('README.md');
const WITH_SAMPLES = [README, documentAt('docs/issues.md'), documentAt('docs/bulk-load.md')];
const ALL = ['README.md', 'ARCHITECTURE.md', ...readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];

/** The commands of the console blocks, each with the lines that are shown below it. */
function samples(document: Document): readonly (readonly [line: string, shown: readonly string[]])[] {
  const found: (readonly [line: string, shown: string[]])[] = [];
  for (const line of document.blocks('console').flatMap((block) => block.split('\n')).map((l) => l.trimEnd())) {
    if (line.startsWith('$ ')) found.push([line.slice(2), []]);
    // `repeat:` and `report:` name the folder; `...` stands for lines left out.
    else if (line !== '' && line !== '...' && !/^ {2}(?:repeat|report):/.test(line)) found.at(-1)?.[1].push(line);
  }
  return found;
}

let out = '';
beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'pegasus-check-readme-'));
});
afterAll(() => {
  rmSync(out, { recursive: true });
});

describe('the README', () => {
  it('has commands', () => {
    expect(README.commandLines().length).toBeGreaterThan(6);
  });

  it.each(README.commandLines())('%s', async (line) => {
    const ran = await runLine(line, out);
    expect(ran.err).toBe('');
    expect(ran.code).toBe(line.includes('--defect') ? 1 : 0);
  });

  it('names every command and every option that a command has', async () => {
    const help = async (...words: readonly string[]): Promise<string> => (await runLine(['npx', 'pegasus-check', ...words, '--help'].join(' '), out)).out;
    const commands = [...(await help()).matchAll(/^ {2}([a-z]+) .*$/gm)].map((m) => m[1] ?? '').filter((name) => name !== 'help');
    expect(commands).toContain('tickets');
    const options = await Promise.all(commands.map(async (name) => (await help(name)).matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)));
    const words = [...commands, ...options.flatMap((found) => [...found].map((m) => m[1] ?? ''))].filter((word) => word !== '--help');
    expect(words).toContain('--observations');
    const section = README.text.slice(README.text.indexOf('## Commands'));
    for (const word of words) expect(section, word).toMatch(new RegExp(`[\`[ ]${word}[\`\\] ]`));
  });

  it.each(ALL)('links to what is there: %s', (path) => {
    const links = [...documentAt(path).text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map((m) => m[1] ?? '').filter((link) => !/^https?:/.test(link));
    for (const link of links) expect(existsSync(join(ROOT, dirname(path), link)), link).toBe(true);
  });
});

describe('samples', () => {
  it('are in each document that is to have some', () => {
    for (const document of WITH_SAMPLES) expect(samples(document).length).toBeGreaterThan(0);
  });

  it.each(WITH_SAMPLES.flatMap(samples))('show what the tool prints: %s', async (line, shown) => {
    expect(shown.length).toBeGreaterThan(0);
    const printed = (await runLine(line, out)).out.split('\n').map((l) => l.trimEnd());
    for (const one of shown) expect(printed).toContain(one);
  });
});
