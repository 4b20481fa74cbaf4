/** The documents execute: every `npx pegasus-check` line of the README's shell blocks runs, and its samples are what the tool prints. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../properties/cli/main.ts';

const README = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');

function blocks(language: string): readonly string[] {
  return [...README.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map((m) => m[1] ?? '');
}

function commandLines(): readonly string[] {
  return blocks('sh').flatMap((block) => block.split('\n')).map((line) => line.replace(/#.*/, '').trim()).filter((line) => line.startsWith('npx pegasus-check '));
}

/** The commands of the console blocks, each with the lines that are shown below it. */
function samples(): readonly (readonly [line: string, shown: readonly string[]])[] {
  const found: (readonly [line: string, shown: string[]])[] = [];
  for (const line of blocks('console').flatMap((block) => block.split('\n')).map((l) => l.trimEnd())) {
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

async function run(line: string): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const words = line.split(/\s+/).slice(2);
  const printed: string[] = [];
  const errors: string[] = [];
  const code = await main(words[0] === 'hunt' ? [...words, '--out', out] : words, { out: (t) => printed.push(t), err: (t) => errors.push(t), interactive: false });
  return { code, out: printed.join('\n'), err: errors.join('\n') };
}

describe('the README', () => {
  it('has commands', () => {
    expect(commandLines().length).toBeGreaterThan(6);
  });

  it.each(commandLines())('%s', async (line) => {
    const ran = await run(line);
    expect(ran.err).toBe('');
    expect(ran.code).toBe(line.includes('--defect') ? 1 : 0);
  });

  it('has samples', () => {
    expect(samples().length).toBeGreaterThan(0);
  });

  it.each(samples())('shows what the tool prints: %s', async (line, shown) => {
    expect(shown.length).toBeGreaterThan(0);
    const printed = (await run(line)).out.split('\n').map((l) => l.trimEnd());
    for (const one of shown) expect(printed).toContain(one);
  });
});
