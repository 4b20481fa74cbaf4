/** `pegasus-check sst`: the files it makes, and that bad rows name their line and leave nothing behind. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RealDisk } from '../../../impl/env/node/disk.ts';
import { partitionIndexOf, splitStoredKey } from '../../../impl/protocol/rrdb.ts';
import { decodeBulkLoadMetadata } from '../../../impl/provider/records.ts';
import { decodeValue } from '../../../impl/storage/app/valueSchema.ts';
import { openExternalRun, rowsOf } from '../../../impl/storage/engine/externalRun.ts';
import { ran, type Ran } from './ran.ts';

let dir = '';
let root = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pegasus-check-'));
  root = join(dir, 'deep', 'root');
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

async function sst(name: string, content: string | Uint8Array, partitions = 1, ...more: readonly string[]): Promise<Ran> {
  const path = join(dir, name);
  writeFileSync(path, content);
  return await run(path, '--app-id', '2', '--app', 't1', '--cluster', 'c1', '--partitions', String(partitions), '--root', root, ...more);
}

function run(...args: readonly string[]): Promise<Ran> {
  return ran('sst', ...args);
}

/** All rows that the metadata of the partitions lead to, as `partition hashKey/sortKey=value@expireTs`, proved on the way. */
function loaded(partitions = 1): string[] {
  const rows: string[] = [];
  for (let index = 0; index < partitions; index++) {
    const at = join(root, 'c1', 't1', String(index));
    const metadata = decodeBulkLoadMetadata(readFileSync(join(at, 'bulk_load_metadata')));
    if (metadata === undefined) throw new Error('no metadata');
    expect(metadata.files.reduce((sum, file) => sum + file.size, 0)).toBe(metadata.fileTotalSize);
    const listed = metadata.files.flatMap((file) => [file.name, `.${file.name}.meta`]);
    expect(readdirSync(at).sort()).toEqual([...listed, 'bulk_load_metadata', '.bulk_load_metadata.meta'].sort());
    for (const file of metadata.files) {
      for (const { key, value } of rowsOf(openExternalRun(new RealDisk(at), file.name, file))) {
        const parts = splitStoredKey(key) ?? { hashKey: '?', sortKey: '?' };
        const stored = decodeValue(value);
        const text = Buffer.from(`${parts.hashKey}/${parts.sortKey}=${stored.value}@${stored.expireTs}`, 'latin1').toString('utf8');
        rows.push(`${index} ${text}`);
      }
    }
  }
  return rows;
}

const line = (row: object): string => `${JSON.stringify(row)}\n`;

describe('good rows', () => {
  it('of JSON lines are found again, in their partitions, in key order', async () => {
    const keys = Array.from({ length: 60 }, (_, i) => `h${i}`);
    const ran = await sst('r.jsonl', keys.map((hashKey) => line({ hashKey, sortKey: 's', value: `v${hashKey}`, expireTs: 9 })).join(''), 4);
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect(ran.out).toContain('4 partitions, 60 rows, 4 sorted files of ');
    const rows = loaded(4);
    expect([...rows].sort()).toEqual(keys.map((key) => `${partitionIndexOf(key, 4)} ${key}/s=v${key}@9`).sort());
    const app = join(root, 'c1', 't1');
    expect(readFileSync(join(app, 'bulk_load_info'), 'utf8')).toBe('{"app_id":2,"app_name":"t1","partition_count":4}');
    expect(readdirSync(app).sort()).toEqual(['.bulk_load_info.meta', '0', '1', '2', '3', 'bulk_load_info']);
    expect(readdirSync(join(root, 'c1'))).toEqual(['t1']);
  });

  it('of CSV may be quoted, in any column order, over several lines, and need not be ASCII', async () => {
    const csv = 'value,hashKey,expireTs,sortKey\r\n"a, ""b""\nc",h,,s\r\n\r\nü,"é",12,\r\n,x,0,"y"';
    expect((await sst('R.CSV', csv)).code).toBe(0);
    expect(loaded().sort()).toEqual(['0 h/s=a, "b"\nc@0', '0 x/y=@0', '0 é/=ü@12'].sort());
  });

  it('fill as many files as asked for, one after the other', async () => {
    const text = Array.from({ length: 20 }, (_, i) => line({ hashKey: `h${i}`, value: 'v' })).join('');
    expect((await sst('r.jsonl', text, 1, '--file-bytes', '50')).code).toBe(0);
    expect(readdirSync(join(root, 'c1', 't1', '0')).filter((name) => name.endsWith('.sst')).length).toBeGreaterThan(3);
    const rows = loaded();
    expect(rows).toHaveLength(20);
  });

  it('give the same bytes whatever their order', async () => {
    const rows = Array.from({ length: 9 }, (_, i) => line({ hashKey: `h${i}`, value: 'v' }));
    const bytes: string[] = [];
    for (const text of [rows.join(''), rows.toReversed().join('\n')]) {
      expect((await sst('r.jsonl', text)).code).toBe(0);
      bytes.push(readFileSync(join(root, 'c1', 't1', '0', '00001.sst'), 'hex'));
      rmSync(root, { recursive: true });
    }
    expect(bytes[0]).toBe(bytes[1]);
  });
});

describe('bad rows name file and line, and nothing is written', () => {
  const good = line({ hashKey: 'h', value: 'v' });
  it.each<readonly [string, string | Uint8Array, string]>([
    ['r.jsonl', `${good}{"hashKey":`, 'r.jsonl:2: not JSON'],
    ['r.jsonl', `${good}\n[]`, 'r.jsonl:3: not a JSON object'],
    ['r.jsonl', `${good}${line({ hashKey: 'x' })}`, 'r.jsonl:2: value is missing'],
    ['r.jsonl', line({ value: 'x' }), 'r.jsonl:1: hashKey is missing'],
    ['r.jsonl', line({ hashKey: 1, value: 'x' }), 'r.jsonl:1: hashKey is not a string'],
    ['r.jsonl', line({ hashKey: 'h', sortkey: '', value: 'x' }), 'r.jsonl:1: unknown field "sortkey"'],
    ['r.jsonl', line({ hashKey: 'h', value: 'x', expireTs: -1 }), 'r.jsonl:1: expireTs is not a whole number from 0 to 4294967295'],
    ['r.jsonl', line({ hashKey: 'h', value: 'x', expireTs: '5' }), 'r.jsonl:1: expireTs is not a whole number from 0 to 4294967295'],
    ['r.jsonl', '{"hashKey":"\\ud800","value":""}', 'r.jsonl:1: hashKey holds half a character'],
    ['r.jsonl', line({ hashKey: 'é'.repeat(32_768), value: '' }), 'r.jsonl:1: hashKey of 65536 bytes, at most 65534'],
    ['r.jsonl', `${good}${line({ hashKey: 'h', sortKey: '', value: 'w' })}`, 'r.jsonl:2: the same key as line 1'],
    ['r.jsonl', Buffer.concat([Buffer.from(good), Buffer.from([0xff, 10])]), 'r.jsonl:2: not UTF-8'],
    ['r.jsonl', '\n\n', 'r.jsonl: no rows'],
    ['r.csv', '', 'r.csv: no rows'],
    ['r.csv', 'hashKey,value\n', 'r.csv: no rows'],
    ['r.csv', 'hashKey\nh', 'r.csv:1: no column value'],
    ['r.csv', 'hashKey,value,extra\nh,v,e', 'r.csv:1: unknown column "extra"'],
    ['r.csv', 'hashKey,value,value\nh,v,e', 'r.csv:1: a column stands twice'],
    ['r.csv', 'hashKey,value\nh,"a\nb"\nh2', 'r.csv:4: 1 fields, the first line names 2'],
    ['r.csv', 'hashKey,value\nh,"a', 'r.csv:2: a quote that is not closed'],
    ['r.csv', 'hashKey,value\nh,a"b"', 'r.csv:2: a quote inside a field that does not begin with one'],
    ['r.csv', 'hashKey,value\nh,"a"b', 'r.csv:2: text behind a closing quote'],
    ['r.csv', 'hashKey,value,expireTs\nh,v,1.5', 'r.csv:2: expireTs is not a whole number from 0 to 4294967295'],
  ])('%s with %j', async (name, content, message) => {
    const ran = await sst(name, content);
    expect([ran.code, ran.out, ran.err]).toEqual([2, '', `pegasus-check: ${join(dir, name).replace(name, message)}`]);
    expect(existsSync(join(dir, 'deep'))).toBe(false);
  });
});

describe('what cannot be loaded or written', () => {
  const five = Array.from({ length: 5 }, () => 'h').map((key, i) => line({ hashKey: key, sortKey: String(i), value: 'v' })).join('');

  it('a partition without rows is said in one line', async () => {
    const index = partitionIndexOf('h', 4);
    const ran = await sst('r.jsonl', five, 4);
    expect(ran.code).toBe(2);
    const others = [0, 1, 2, 3].filter((other) => other !== index).join(', ');
    expect(ran.err).toContain(`r.jsonl: no row for partitions ${others} of 4; a partition without rows cannot be loaded, so nothing was written`);
    expect((await sst('r.jsonl', five, 1_000_000_000)).err).toContain('5 rows for 1000000000 partitions; a partition without rows');
    expect(existsSync(join(dir, 'deep'))).toBe(false);
  });

  it('a load that is there already stays as it is', async () => {
    expect((await sst('r.jsonl', five)).code).toBe(0);
    const before = loaded();
    const ran = await sst('r.jsonl', line({ hashKey: 'other', value: '' }));
    expect([ran.code, ran.err]).toEqual([2, `pegasus-check: ${join(root, 'c1', 't1')}: is there already; remove it first`]);
    expect(loaded()).toEqual(before);
  });

  it.runIf(existsSync('/proc/self'))('a file system that makes no directories is one line, at once', async () => {
    root = '/proc/pegasus-check/root';
    const ran = await sst('r.jsonl', line({ hashKey: 'h', value: 'v' }));
    expect(ran.code).toBe(2);
    expect(ran.err).toContain(`pegasus-check: ${root}: cannot be written: mkdir `);
  });

  it('a file in the way of the root is one line, and what was made is taken back', async () => {
    mkdirSync(join(dir, 'deep'));
    writeFileSync(root, 'mine');
    const ran = await sst('r.jsonl', five);
    expect([ran.code, ran.err.split('\n').length]).toEqual([2, 1]);
    expect(ran.err).toContain(`pegasus-check: ${root}: cannot be written: `);
    expect(readFileSync(root, 'utf8')).toBe('mine');
  });

  it('a name too long for the file system is one line, and the directories above it are taken back', async () => {
    const ran = await sst('r.jsonl', five, 1, '--app', 't'.repeat(250));
    expect([ran.code, ran.err.split('\n').length]).toEqual([2, 1]);
    expect(ran.err).toContain(`pegasus-check: ${root}: cannot be written: mkdir `);
    expect(existsSync(join(dir, 'deep'))).toBe(false);
  });

  it('names that are no table, no cluster, no number, or no file', async () => {
    const args = (changed: Readonly<Record<string, string>>): string[] => {
      const all = { '--app-id': '2', '--app': 't', '--cluster': 'c', '--partitions': '1', '--root': root, ...changed };
      return Object.entries(all).flat();
    };
    const path = join(dir, 'r.jsonl');
    expect((await run(path, ...args({}))).err).toBe(`pegasus-check: ${path}: no such file`);
    writeFileSync(path, five);
    expect((await run(dir, ...args({}))).err).toBe(`pegasus-check: ${dir}: a directory, not a file`);
    for (const [option, value] of [['--app', '../t'], ['--app', '..'], ['--cluster', 'a/b'], ['--cluster', '.'], ['--partitions', '0'], ['--app-id', 'x']] as const) {
      const ran = await run(path, ...args({ [option]: value }));
      expect([option, value, ran.code]).toEqual([option, value, 2]);
      expect(ran.err).toContain(option);
    }
    expect((await run(path)).code).toBe(2);
    expect(existsSync(join(dir, 'deep'))).toBe(false);
  });
});
