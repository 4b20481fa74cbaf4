/** The documents execute: every `npx pegasus-check` line of the README's shell blocks runs, and its samples are what the tool prints. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentAt, runLine } from './document.ts';

const README = documentAt('README.md');

/** The commands of the console blocks, each with the lines that are shown below it. */
function samples(): readonly (readonly [line: string, shown: readonly string[]])[] {
  const found: (readonly [line: string, shown: string[]])[] = [];
  for (const line of README.blocks('console').flatMap((block) => block.split('\n')).map((l) => l.trimEnd())) {
    if (line.startsWith('$ ')) found.push([line.slice(2), []]);
    // `repeat:` names the folder; `...` stands for lines left out.
    else if (line !== '' && line !== '...' && !line.startsWith('  repeat:')) found.at(-1)?.[1].push(line);
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

  it('has samples', () => {
    expect(samples().length).toBeGreaterThan(0);
  });

  it.each(samples())('shows what the tool prints: %s', async (line, shown) => {
    expect(shown.length).toBeGreaterThan(0);
    const printed = (await runLine(line, out)).out.split('\n').map((l) => l.trimEnd());
    for (const one of shown) expect(printed).toContain(one);
  });
});
