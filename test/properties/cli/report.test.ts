/** `report`: what it prints, what it writes, how it ends. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ran, type Ran } from './ran.ts';

const CANARY = fileURLToPath(new URL('../../corpus/defects/canary.json', import.meta.url));

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'pegasus-check-report-'));
});
afterAll(() => {
  rmSync(dir, { recursive: true });
});

function run(...args: readonly string[]): Promise<Ran> {
  return ran('report', ...args);
}

describe('report', () => {
  it('prints a finding, writes what is asked for, names the files, and ends with 1', async () => {
    const out = join(dir, 'asked');
    const ran = await run(CANARY, '--defect', 'canary', '--out', out, '--format', 'json,markdown', '--format', 'junit');
    expect(ran.err).toBe('');
    expect(ran.code).toBe(1);
    const written = ran.out.split('\n').filter((line) => line.startsWith('  written: ')).map((line) => line.slice('  written: '.length));
    expect(written.map((path) => path.replace(/.*-[\da-f]{16}\./, ''))).toEqual(['finding.json', 'md', 'junit.xml']);
    expect(readdirSync(out).length).toBe(3);
    const record = JSON.parse(readFileSync(written[0] ?? '', 'utf8')) as { readonly headline: string; readonly repeat: string; readonly explanation: { readonly marks: readonly unknown[] } };
    expect(ran.out.split('\n')[0]).toBe(record.headline);
    expect(record.repeat).toBe(`npx pegasus-check replay ${CANARY} --defect canary`);
    expect(record.explanation.marks.length).toBeGreaterThan(0);
    expect(ran.out).toContain('what matters in the plan:');
  });

  it('explains nothing when it is told so, and prints alone when only text is asked for', async () => {
    const out = join(dir, 'nothing');
    const ran = await run(CANARY, '--defect', 'canary', '--out', out, '--format', 'text', '--no-explain');
    expect(ran.code).toBe(1);
    expect(ran.out).not.toContain('what matters in the plan:');
    expect(ran.out).not.toContain('written:');
    expect(existsSync(out)).toBe(false);
  });

  it('tells of a plan that passes, and ends with 0', async () => {
    const out = join(dir, 'passes');
    const ran = await run(CANARY, '--out', out, '--format', 'sarif,itf');
    expect(ran.code).toBe(0);
    expect(ran.out.split('\n')[0]).toBe('nothing found');
    const [itf = '', sarif = ''] = readdirSync(out).sort().map((name) => readFileSync(join(out, name), 'utf8'));
    expect(JSON.parse(itf)).toMatchObject({ '#meta': { status: 'ok' } });
    expect(JSON.parse(sarif)).toMatchObject({ runs: [{ results: [] }] });
  });

  it('looks at one property alone', async () => {
    const ran = await run(CANARY, '--defect', 'canary', '--property', 'L3', '--format', 'text');
    expect(ran.code).toBe(0);
    expect(ran.out).toContain('--defect canary --property L3');
  });

  it.each([
    ['an unknown format', ['--format', 'pdf'], /^pegasus-check: --format pdf: no such format; give one of html, text/],
    ['an unknown property', ['--property', 'S99'], /--property S99: no such property/],
    ['an unknown defect', ['--defect', 'nope'], /--defect nope: neither a defect nor a file/],
  ])('refuses %s in one line', async (_, options, line) => {
    const ran = await run(CANARY, ...options, '--out', join(dir, 'refused'));
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(line);
    expect(ran.err).not.toContain('\n');
    expect(existsSync(join(dir, 'refused'))).toBe(false);
  });

  it('refuses a folder that is none before it runs anything', async () => {
    const plain = join(dir, 'plain');
    writeFileSync(plain, '');
    const ran = await run(CANARY, '--out', plain);
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(/^pegasus-check: --out .*is no directory; give another folder$/);
    expect(ran.out).toBe('');
  });
});
