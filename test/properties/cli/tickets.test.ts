/** Tickets: one for each cause over all shards, found again by its mark; a stand-in for `gh` keeps them. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ran, type Ran } from './ran.ts';

let dir = '';
const PATH = process.env['PATH'] ?? '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tickets-'));
  mkdirSync(join(dir, 'bin'));
  // Tickets are lines of JSON: a list answers all that are open, whatever is looked for.
  const gh = `#!/usr/bin/env node
const fs = require('fs');
const file = ${JSON.stringify(join(dir, 'tickets'))};
const all = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim().split('\\n').map((l) => JSON.parse(l)) : [];
const args = process.argv.slice(2);
const input = args.includes('--body-file') ? fs.readFileSync(0, 'utf8') : '';
fs.appendFileSync(file + '.log', args.slice(0, 2).join(' ') + '\\n');
if (process.env.GH_FAILS) { console.error('no rights'); process.exit(1); }
if (args[1] === 'list') console.log(JSON.stringify(all));
if (args[1] === 'create') { fs.appendFileSync(file, JSON.stringify({ number: all.length + 1, title: args[args.indexOf('--title') + 1], body: input }) + '\\n'); console.log('issues/' + (all.length + 1)); }
if (args[1] === 'comment') fs.appendFileSync(file + '.comments', args[2] + '\\n');
`;
  writeFileSync(join(dir, 'bin', 'gh'), gh, { mode: 0o755 });
  writeFileSync(join(dir, 'bin', 'package.json'), '{"type": "commonjs"}');
  process.env['PATH'] = `${join(dir, 'bin')}${delimiter}${PATH}`;
});
afterEach(() => {
  process.env['PATH'] = PATH;
  delete process.env['GH_FAILS'];
  rmSync(dir, { recursive: true });
});

function shard(name: string, causes: readonly string[]): void {
  mkdirSync(join(dir, 'shards', name), { recursive: true });
  const findings = causes.map((cause) => ({ cause, headline: `${cause} broke`, repeat: 'npx pegasus-check replay out/x.json', markdown: 'out/elsewhere/x.md' }));
  writeFileSync(join(dir, 'shards', name, 'campaign.json'), JSON.stringify({ findings }));
  writeFileSync(join(dir, 'shards', name, 'x.md'), `## report of ${name}\n`);
}

function tickets(...more: readonly string[]): Promise<Ran> {
  return ran('tickets', join(dir, 'shards'), ...more);
}

function kept(): readonly { readonly number: number; readonly title: string; readonly body: string }[] {
  return readFileSync(join(dir, 'tickets'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { readonly number: number; readonly title: string; readonly body: string });
}

it('are one for each cause, with its report, whoever found it', async () => {
  shard('hunt-1', ['S1/answers/read', 'L1/ends']);
  shard('hunt-2', ['L1/ends']);
  const ran = await tickets();
  expect(ran).toEqual({ code: 0, err: '', out: '2 causes\nopened issues/1 (S1/answers/read)\nopened issues/2 (L1/ends)' });
  expect(kept().map(({ title }) => title)).toEqual(['S1/answers/read: S1/answers/read broke', 'L1/ends: L1/ends broke']);
  expect(kept()[0]?.body).toMatch(/^## report of hunt-1\n[\s\S]*replay out\/x\.json[\s\S]*<!-- pegasus-check-cause: S1\/answers\/read -->\n$/);
});

it('get a comment when they are there, and no cause is taken for one that begins like it', async () => {
  shard('hunt-1', ['S1/answers/read-more']);
  await tickets();
  shard('hunt-1', ['S1/answers/read', 'S1/answers/read-more']);
  expect((await tickets()).out).toBe('2 causes\nopened issues/2 (S1/answers/read)\ncommented on #1 (S1/answers/read-more)');
  expect(readFileSync(join(dir, 'tickets.comments'), 'utf8')).toBe('1\n');
});

it('are only told with --dry-run', async () => {
  shard('hunt-1', ['S1/answers/read']);
  const ran = await tickets('--dry-run');
  expect(ran.out).toMatch(/^1 cause\nwould look for an open ticket of S1\/answers\/read, .*open "S1\/answers\/read: S1\/answers\/read broke"/);
  expect(() => readFileSync(join(dir, 'tickets.log'))).toThrow(/ENOENT/);
});

it('go on past a file that is damaged and a gh that refuses, each one line', async () => {
  shard('hunt-1', ['S1/answers/read']);
  shard('hunt-2', []);
  writeFileSync(join(dir, 'shards', 'hunt-2', 'campaign.json'), '{"findings": [{}]}');
  const damaged = await tickets();
  expect(damaged.code).toBe(2);
  expect(damaged.out).toBe('1 cause\nopened issues/1 (S1/answers/read)');
  expect(damaged.err).toMatch(/hunt-2\/campaign\.json: findings\[0\]\.cause is missing/);
  process.env['GH_FAILS'] = '1';
  shard('hunt-2', ['L1/ends']);
  const refused = await tickets();
  expect(refused.err.split('\n')).toEqual([expect.stringMatching(/gh issue list: no rights; is gh installed/), expect.stringMatching(/gh issue list: no rights/)]);
});

it('of nothing are none', async () => {
  shard('hunt-1', []);
  expect(await tickets()).toEqual({ code: 0, err: '', out: 'no findings, no tickets' });
});
