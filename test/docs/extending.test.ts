/** docs/extending.md executes: its patches apply to a copy of this repository, and its commands do what the text says. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TEXT = readFileSync(join(ROOT, 'docs/extending.md'), 'utf8');
/** What the tool needs of the repository. */
const COPIED: readonly string[] = ['bin', 'impl', 'model', 'properties', 'package.json', 'tsconfig.json', 'test/corpus'];

function blocks(language: string): readonly string[] {
  return [...TEXT.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map((m) => m[1] ?? '');
}

const COMMANDS = blocks('sh').flatMap((block) => block.trim().split('\n'));

/** Exit code and a line that must be printed; a command that is not here fails the test. */
const EXPECTED: Readonly<Record<string, readonly [code: number, shown: RegExp]>> = {
  'hunt --seed 1 --runs 20 --defect ack-before-log --property team.P1': [1, /team\.P1 broken: /],
  'replay set-at-once.json': [0, /use t1 ; set a "" v1 and v2 at once/],
  'hunt --seed 1 --runs 20': [0, /nothing found: 20 runs/],
  'replay stall.json --events': [0, /source\/replica-1: FAULT process\.pause 2000 ms/],
  'hunt --subsystem duplication --seed 1 --runs 60 --defect no-removals.mjs': [1, /(S3|S8|dup\.S11) broken|L2 not kept in time/],
};

let copy = '';
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'pegasus-check-extending-'));
  for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  for (const patch of blocks('diff')) execFileSync('git', ['apply', '-'], { cwd: copy, input: patch });
});
afterAll(() => {
  rmSync(copy, { recursive: true });
});

describe('docs/extending.md', () => {
  it('has a patch for each of the four', () => {
    expect(blocks('diff').length).toBe(4);
    for (const patch of blocks('diff')) expect(patch.split('\n').filter((line) => /^\+(?!\+\+)/.test(line)).length).toBeLessThan(32);
  });

  it('the patched copy still type-checks', () => {
    const compiled = spawnSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '--noEmit', '-p', copy], { encoding: 'utf8' });
    expect(compiled.stdout).toBe('');
  });

  it.each([...new Set(COMMANDS)])('%s', (line) => {
    const words = line.split(/\s+/).slice(2);
    const [code, shown] = EXPECTED[words.join(' ')] ?? [-1, /^$/];
    const ran = spawnSync(process.execPath, ['bin/pegasus-check.js', ...words], { cwd: copy, encoding: 'utf8' });
    expect(ran.stderr).toBe('');
    expect(ran.stdout).toMatch(shown);
    expect(ran.status).toBe(code);
  });
});
