/** The command line as its users meet it: exit codes, one clear line for bad input, nothing overwritten, JSON that parses. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { printPlan } from '../../../properties/plan/parse.ts';
import { samplePlans } from '../samples.ts';
import { ran as run } from './ran.ts';

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'pegasus-check-'));
});
afterAll(() => {
  rmSync(dir, { recursive: true });
});

function file(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

describe('bad input is one line on stderr and exit code 2', () => {
  const bad: readonly (readonly [string, () => readonly string[], RegExp])[] = [
    ['an unknown command', () => ['fly'], /unknown command 'fly'/],
    ['an unknown option', () => ['hunt', '--fast'], /unknown option '--fast'/],
    ['a shard that is none', () => ['hunt', '--shard', '3/2'], /--shard .*must read i\/n/],
    ['threads that are none', () => ['hunt', '--threads', '0'], /--threads .*must be a positive whole number, at most 256/],
    ['a format that is none', () => ['hunt', '--report', 'pdf'], /no such format/],
    ['both ends of a campaign', () => ['hunt', '--stop-at-first', '--keep-going'], /cannot be used with/],
    ['seconds that are no number', () => ['hunt', '--seconds', 'x'], /--seconds .*must be a positive number/],
    ['runs that are not whole', () => ['hunt', '--runs', '1.5'], /--runs .*must be a positive whole number/],
    ['an unknown property', () => ['hunt', '--property', 'S99'], /--property S99: no such property/],
    ['an unknown subsystem', () => ['hunt', '--subsystem', 'moon'], /--subsystem moon: no such subsystem \(known: /],
    ['an unknown defect', () => ['hunt', '--defect', 'nope'], /--defect nope: neither a defect nor a file/],
    ['a defect file that is none', () => ['hunt', '--runs', '1', '--defect', file('d.mjs', 'export default { id: "x" }')], /lacks changes/],
    ['a defect file of an unknown part', () => ['hunt', '--defect', file('e.mjs', 'export default { id: "x", changes: [{ part: "Nope", mend: (B) => B }] }')], /"Nope" is no part/],
    ['a defect file that does not parse', () => ['hunt', '--defect', file('f.mjs', 'export default {')], /cannot be loaded/],
    ['a defect file of an inherited part', () => ['hunt', '--defect', file('g.mjs', 'export default { id: "x", changes: [{ part: "constructor", mend: (B) => B }] }')], /"constructor" is no part/],
    ['a defect file whose change is nothing', () => ['hunt', '--defect', file('h.mjs', 'export default { id: "x", changes: [null] }')], /must be \{ part, mend \}/],
    ['a defect file that mends to no class', () => ['hunt', '--defect', file('i.mjs', 'export default { id: "x", changes: [{ part: "Replica", mend: () => 5 }] }')], /must answer a class/],
    ['a defect file that throws', () => ['hunt', '--defect', file('j.mjs', 'export default { id: "x", changes: [{ part: "Replica", mend: () => { throw new Error("a\\nb"); } }] }')], /throws \(a b\)/],
    ['an inherited name as subsystem', () => ['hunt', '--subsystem', 'constructor'], /no such subsystem/],
    ['an inherited name as defect', () => ['hunt', '--defect', '__proto__'], /neither a defect nor a file/],
    ['a seed that is empty', () => ['hunt', '--seed', ''], /--seed .*must be a 32-bit whole number/],
    ['more runs than can be', () => ['hunt', '--runs', '1e99'], /--runs .*at most/],
    ['more seconds than can be', () => ['hunt', '--seconds', '99999999999'], /--seconds .*at most/],
    ['an out folder that is a file', () => ['hunt', '--runs', '1', '--out', file('plain', '')], /--out .*is no directory/],
    ['a corpus that is a file', () => ['hunt', '--runs', '1', '--corpus', file('plain3', '')], /--corpus .*is no directory/],
    ['observations below a file', () => ['hunt', '--runs', '1', '--observations', join(file('plain4', ''), 'x')], /--observations in .*is no directory/],
    ['an out folder below a file', () => ['start', '--out', join(file('plain2', ''), 'x')], /--out .*is no directory/],
    ['text with control characters', () => ['replay', file('control.json', 'a\nb\u001b[31m')], /not JSON .*\\x1b/],
    ['a device that never ends', () => ['replay', '/dev/zero'], /larger than any plan/],
    ['a plog file of another name', () => ['hunt', '--plog', file('some.bin', '')], /not named log/],
    ['a missing plan', () => ['replay', join(dir, 'nowhere.json')], /no such file/],
    ['a plan that is a folder', () => ['replay', dir], /EISDIR/],
    ['a truncated plan', () => ['replay', file('cut.json', '{"format": "pegasus-ch')], /not JSON/],
    ['a foreign plan', () => ['replay', file('foreign.json', '{"name": "x", "version": 3}')], /\$\.format/],
    ['a plog directory that is missing', () => ['hunt', '--plog', join(dir, 'nowhere')], /--plog .*ENOENT/],
    ['a plog directory without logs', () => ['hunt', '--plog', dir], /holds no log/],
    ['an unknown scope', () => ['explore', '--scope', 'galaxy'], /galaxy/],
    ['no scope', () => ['explore'], /--scope/],
  ];
  it.each(bad)('%s', async (_, args, message) => {
    const before = readdirSync(dir).length;
    const words = args();
    const made = readdirSync(dir).length - before;
    const ran = await run(...words);
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(message);
    expect(ran.err.split('\n')).toHaveLength(1);
    expect(ran.err).not.toMatch(/\bat .*\.ts:\d+/);
    expect(readdirSync(dir).length - before - made, 'files left behind').toBe(0);
  });
});

describe('hunt', () => {
  it('finds the canary, writes its plan, and the plan replays: fails with the defect, passes without', async () => {
    const out = join(dir, 'out');
    const ran = await run('hunt', '--runs', '200', '--seed', '5', '--defect', 'canary', '--out', out, '--json');
    expect(ran.code).toBe(1);
    const result = JSON.parse(ran.out) as { readonly seed: number; readonly digest: string; readonly finding: { readonly file: string; readonly steps: number; readonly repeat: string } };
    expect(result.seed).toBe(5);
    expect(result.digest).toMatch(/^[0-9a-f]{16}$/);
    expect(result.finding.steps).toBeLessThanOrEqual(5);
    expect(existsSync(result.finding.file)).toBe(true);
    expect(result.finding.repeat).toBe(`npx pegasus-check replay ${result.finding.file} --defect canary`);
    expect((await run('replay', result.finding.file, '--defect', 'canary')).code).toBe(1);
    expect((await run('replay', result.finding.file)).code).toBe(0);
    const text = readFileSync(result.finding.file, 'utf8');
    await run('hunt', '--runs', '200', '--seed', '5', '--defect', 'canary', '--out', out, '--report', 'none');
    expect(readFileSync(result.finding.file, 'utf8'), 'the first file is not replaced').toBe(text);
    expect(readdirSync(out).filter((name) => name.endsWith('.json'))).toHaveLength(2);
    expect(readdirSync(out).filter((name) => name.endsWith('.html'))).toHaveLength(1);
  });

  it('says the same for the same seed with one worker and with two, as JSON, and exits 0 when nothing is found', async () => {
    const words = ['hunt', '--runs', '52', '--seed', '77', '--subsystem', 'tables', '--property', 'S1', '--out', join(dir, 'none'), '--json'];
    const [first, second] = [await run(...words, '--threads', '1'), await run(...words, '--threads', '2')];
    expect(first.code).toBe(0);
    const digests = [first, second].map((r) => (JSON.parse(r.out) as { readonly digest: string; readonly runs: number; readonly finding: null }).digest);
    expect(digests[0]).toBe(digests[1]);
    expect(existsSync(join(dir, 'none'))).toBe(false);
  });

  it('prints seed first, verdict, shrunk plan, expectation, and the repeat command last', async () => {
    const ran = await run('hunt', '--runs', '200', '--seed', '5', '--defect', 'canary', '--out', join(dir, 'text'), '--report', 'none');
    const lines = ran.out.split('\n');
    expect(lines[0]).toBe('hunt: seed 5, with canary put back');
    expect(ran.out).toMatch(/model expected {2}/);
    expect(ran.out).toMatch(/what happened/);
    expect(ran.out).toMatch(/use t\d+ ; set /);
    expect(lines.at(-1)).toMatch(/^repeat the search: npx pegasus-check hunt --seed 5 --runs \d+ --defect canary$/);
  });
});

describe('replay', () => {
  it('tells digest and verdict as JSON', async () => {
    const plan = samplePlans(1, 21)[0];
    if (plan === undefined) throw new Error('no sample');
    const path = file('plan.json', printPlan(plan));
    const ran = await run('replay', path, '--json');
    const result = JSON.parse(ran.out) as { readonly digest: string; readonly verdict: { readonly kind: string } };
    expect(result.digest).toMatch(/^[0-9a-f]{16}$/);
    expect(ran.code).toBe(result.verdict.kind === 'pass' ? 0 : 1);
  });

  it('looks at one property alone: what breaks another does not end the run', async () => {
    const plan = ['replay', 'test/seeds/2069.json', '--defect', 'fulldup-empty-partition'];
    const verdicts: { readonly property?: string }[] = [];
    for (const only of [[], ['--property', 'L1'], ['--property', 'S1']]) {
      const { verdict } = JSON.parse((await run(...plan, ...only, '--json')).out) as { readonly verdict: { readonly property?: string } };
      verdicts.push(verdict);
    }
    expect(verdicts.map((v) => v.property)).toEqual(['dup.S15', 'L1', undefined]);
    expect((await run(...plan, '--property', 'L99')).err).toMatch(/no such property/);
  });
});

describe('lists', () => {
  it.each([['properties'], ['defects --list'], ['seams']])('%s prints text and a JSON array', async (command) => {
    const words = command.split(' ');
    const text = await run(...words);
    const json = await run(...words, '--json');
    expect(text.code).toBe(0);
    const rows = JSON.parse(json.out) as readonly unknown[];
    expect(rows.length).toBeGreaterThan(10);
    expect(text.out.split('\n').length).toBeGreaterThanOrEqual(rows.length);
  });
});
