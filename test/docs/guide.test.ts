/** docs/guide.md executes: its change does what the text says, and its table names every part once. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_PARTS } from '../../impl/parts.ts';
import { documentAt, runLine } from './document.ts';

const GUIDE = documentAt('docs/guide.md');

let dir = '';
let files: Readonly<Record<string, string>> = {};
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'pegasus-check-guide-'));
  const [change = ''] = GUIDE.blocks('js');
  const name = /^\/\/ (\S+\.mjs)/.exec(change)?.[1] ?? '';
  writeFileSync(join(dir, name), change);
  files = { [name]: join(dir, name) };
});
afterAll(() => {
  rmSync(dir, { recursive: true });
});

/** What each line of the guide finds: a pattern of what is printed. */
const SHOWN: Readonly<Record<string, readonly [code: number, shown: RegExp]>> = {
  'hunt --subsystem replication --seed 1 --runs 200 --defect majority.mjs': [1, /repl\.S8 broken: .*expected acknowledgements of all members[^]*rule replication\/commit-needs-all-acks/],
  'hunt --subsystem replication --seed 1 --runs 200 --defect majority.mjs --property S1': [0, /nothing found: 200 runs/],
  'explore --scope pair': [0, /complete\nevery state keeps every state predicate/],
};

describe('docs/guide.md', () => {
  it.each(GUIDE.commandLines())('%s', async (line) => {
    const [code, shown] = SHOWN[line.split(/\s+/).slice(2).join(' ')] ?? [-1, /^$/];
    const ran = await runLine(line, dir, files);
    expect(ran.err).toBe('');
    expect(ran.out).toMatch(shown);
    expect(ran.code).toBe(code);
  });

  it('has commands', () => {
    expect(GUIDE.commandLines().length).toBe(Object.keys(SHOWN).length);
  });

  it('tells of each part where upstream has it, once', () => {
    const rows = GUIDE.text.split('\n').filter((line) => line.startsWith('| `src/'));
    const named = rows.flatMap((row) => [...(row.split('|')[2] ?? '').matchAll(/`(\w+)`/g)].map((m) => m[1]));
    expect(named.toSorted((a = '', b = '') => (a < b ? -1 : 1))).toEqual(Object.keys(DEFAULT_PARTS).toSorted((a, b) => (a < b ? -1 : 1)));
  });
});
