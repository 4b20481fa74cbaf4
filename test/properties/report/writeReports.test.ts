/** Reports on a disk: beside one another, never over another file, and one clear line when they cannot be written. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { BadInput } from '../../../properties/plan/parse.ts';
import { checkFormats, FORMATS } from '../../../properties/report/formats.ts';
import { writeReports } from '../../../properties/report/writeReports.ts';
import { sampleOf } from './samples.ts';

/** Names that end so cannot be written: the disk is full. */
const full = vi.hoisted((): { ending: string } => ({ ending: 'nothing' }));
vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  const writeFileSync: typeof real.writeFileSync = (path, data, options) => {
    real.writeFileSync(path, data, options);
    if (typeof data === 'string' && data.startsWith(full.ending)) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
  };
  return { ...real, default: { ...real, writeFileSync }, writeFileSync };
});

const { record, tape } = sampleOf('canary', 4);
let root = '';
beforeAll(() => {
  root = fs.mkdtempSync(join(tmpdir(), 'pegasus-check-reports-'));
});
beforeEach(() => {
  full.ending = 'nothing';
});
afterAll(() => {
  fs.rmSync(root, { recursive: true });
});

describe('writeReports', () => {
  it('writes one file for each format, in folders that it makes', async () => {
    const dir = join(root, 'a', 'b');
    const paths = await writeReports(record, tape, dir, FORMATS, { planFile: 'x.json' });
    expect(paths.map((path) => path.slice(path.indexOf(record.digest) + 17))).toEqual(['html', 'txt', 'md', 'finding.json', 'itf.json', 'junit.xml', 'sarif', 'test.ts']);
    expect(fs.readdirSync(dir).sort()).toEqual(paths.map((path) => path.slice(dir.length + 1)).sort());
    for (const path of paths) expect(fs.readFileSync(path, 'utf8').length, path).toBeGreaterThan(500);
    expect(fs.readFileSync(paths[6] ?? '', 'utf8')).toContain('"uri": "x.json"');
  }, 30_000);

  it('never replaces a file', async () => {
    const dir = join(root, 'twice');
    const [first = ''] = await writeReports(record, tape, dir, ['markdown']);
    fs.writeFileSync(first, 'mine');
    const [second = ''] = await writeReports(record, tape, dir, ['markdown']);
    expect(second).toBe(first.replace('.md', '-2.md'));
    expect(fs.readFileSync(first, 'utf8')).toBe('mine');
    expect(fs.readFileSync(second, 'utf8')).toContain(record.digest);
  });

  it('says in one line that the disk is full, leaves nothing half-written, and keeps what was written before', async () => {
    const dir = join(root, 'full');
    full.ending = '##';
    const writing = writeReports(record, tape, dir, ['json', 'markdown', 'text']);
    await expect(writing).rejects.toThrow(BadInput);
    await expect(writing).rejects.toThrow(/^[^\n]*\.md: cannot write \(no space left, ENOSPC\); give another folder with --out$/);
    expect(fs.readdirSync(dir).map((name) => name.slice(name.indexOf(record.digest) + 17))).toEqual(['finding.json']);
  });

  it('says in one line that the folder is no folder', async () => {
    const dir = join(root, 'file');
    fs.writeFileSync(dir, '');
    await expect(writeReports(record, tape, dir, ['json'])).rejects.toThrow(/^[^\n]*finding\.json: cannot write \([^\n]*E(?:EXIST|NOTDIR)\); give another folder with --out$/);
  });
});

describe('checkFormats', () => {
  it('takes every format and refuses others by name', () => {
    expect(checkFormats(FORMATS)).toEqual(FORMATS);
    expect(() => checkFormats(['html', 'pdf'])).toThrow(new BadInput('--format pdf: no such format; give one of html, text, markdown, json, itf, junit, sarif, vitest'));
  });
});
