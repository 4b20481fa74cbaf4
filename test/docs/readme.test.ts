/** The documents execute: every `npx pegasus-check` line of the README's shell blocks runs, and its counterexample is what the tool prints. */
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

  it('shows a counterexample as the tool prints it', async () => {
    const shown = (blocks('console')[0] ?? '').split('\n').filter((l) => l !== '');
    const ran = await run((shown[0] ?? '').replace(/^\$ /, ''));
    for (const line of shown.slice(1)) {
      if (line.startsWith('  repeat:')) continue; // names the folder
      expect(ran.out.split('\n').map((l) => l.trimEnd())).toContain(line.trimEnd());
    }
  });
});
