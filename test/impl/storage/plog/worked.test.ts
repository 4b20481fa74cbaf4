/** plog 16 and 17: the worked example byte for byte through the real writer, and the file that a real server wrote. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodePut } from '../../../../impl/protocol/rrdb.ts';
import { FakeDisk, makeContext } from './fakeEnv.ts';
import { DIR, openLog, WORKED_EXAMPLE, WORKED_MUTATION } from './helpers.ts';
import { LogReplayer } from '../../../../impl/storage/plog/replayer.ts';
import { LogFile } from '../../../../impl/storage/plog/logFile.ts';
import { mutationOfSize } from './helpers.ts';
import type { LogMutation } from '../../../../impl/storage/plog/types.ts';

const REAL_FILE = resolve(import.meta.dirname, '../../../../../shared/pegasus/data/plog/log.1.0');

/** Two files that end at 1000, whose largest decree is 41. */
function diskBeforeExample(): FakeDisk {
  const disk = new FakeDisk();
  const before = openLog(makeContext(disk));
  before.append(mutationOfSize(40, 324));
  before.ctx.env.tasks.run();
  before.log.demandSwitchFile();
  before.append(mutationOfSize(41, 524));
  before.ctx.env.tasks.run();
  expect(before.log.globalEndOffset()).toBe(1000);
  return disk;
}

describe('the worked example (plog 17)', () => {
  it('is what the writer writes', () => {
    const disk = diskBeforeExample();
    const log = openLog(makeContext(disk));
    expect(log.error).toBe('ERR_OK');
    expect(log.append(WORKED_MUTATION)).toBe(1076);
    log.ctx.env.tasks.run();
    expect(disk.list(DIR)).toEqual(['log.1.0', 'log.2.400', 'log.3.1000']);
    expect(Buffer.from(disk.bytes(`${DIR}/log.3.1000`)).toString('hex')).toBe(
      Buffer.from(WORKED_EXAMPLE).toString('hex'),
    );
    expect(log.log.globalEndOffset()).toBe(1210);
  });

  it('reads back as the mutation', () => {
    const disk = new FakeDisk();
    disk.put(`${DIR}/log.3.1000`, WORKED_EXAMPLE);
    const log = openLog(makeContext(disk));
    expect(log.error).toBe('ERR_OK');
    expect(log.replayed).toEqual([{ ...WORKED_MUTATION, logOffset: 1076 }]);
    expect([
      log.log.maxDecree(),
      log.log.maxDecreeOnDisk(),
      log.log.maxCommitOnDisk(),
      log.log.maxGcedDecree(),
    ]).toEqual([42, 42, 41, 41]);
  });

  it('continues at 1210 in a new file after a crash left 50 bytes of the next block', () => {
    const disk = new FakeDisk();
    const torn = new Uint8Array(260);
    torn.set(WORKED_EXAMPLE);
    torn.set(hexOfNextBlock(), 210);
    disk.put(`${DIR}/log.3.1000`, torn);
    const log = openLog(makeContext(disk));
    expect(log.error).toBe('ERR_OK');
    expect(log.log.globalEndOffset()).toBe(1210);
    expect(log.append({ ...WORKED_MUTATION, decree: 43 })).toBe(1286);
    log.ctx.env.tasks.run();
    expect(disk.list(DIR)).toEqual(['log.3.1000', 'log.4.1210']);
    expect(disk.bytes(`${DIR}/log.3.1000`)).toEqual(torn);
    const again = openLog(makeContext(disk));
    expect(again.error).toBe('ERR_OK');
    expect(again.replayed.map((mu) => mu.decree)).toEqual([42, 43]);
  });

  it('does not load when the tail is zero-filled instead', () => {
    const disk = new FakeDisk();
    const zeros = new Uint8Array(260);
    zeros.set(WORKED_EXAMPLE);
    disk.put(`${DIR}/log.3.1000`, zeros);
    expect(openLog(makeContext(disk)).error).toBe('ERR_INVALID_DATA');
  });
});

/** 50 bytes of a block of 99 bytes. */
function hexOfNextBlock(): Uint8Array {
  const bytes = new Uint8Array(50).fill(7);
  bytes.set([0xef, 0xbe, 0xad, 0xde, 99, 0, 0, 0]);
  return bytes;
}

describe('a file of a real server (plog 16)', () => {
  it.skipIf(!existsSync(REAL_FILE))('decodes completely', () => {
    const disk = new FakeDisk();
    disk.put('foreign/log.1.0', readFileSync(REAL_FILE));
    const ctx = makeContext(disk);
    const file = new LogFile(ctx, 'foreign/log.1.0');
    expect(file.openRead()).toBe('ERR_OK');
    expect(file.header).toMatchObject({ version: 1, startGlobalOffset: 0, sizeBytes: 44 });
    expect(file.header?.previous).toEqual([{ appId: 1, partitionIndex: 4, maxDecree: 0, validStartOffset: 0 }]);
    const seen: LogMutation[] = [];
    const replayer = new LogReplayer(ctx);
    expect(replayer.replayFile(file, (_length, mu) => seen.push(mu))).toBe('ERR_HANDLE_EOF');
    expect(replayer.endOffset).toBe(426);
    expect(seen.map((mu) => [mu.gpid, mu.ballot, mu.decree, mu.lastCommittedDecree, mu.timestampUs])).toEqual([
      ['1.4', 3, 1, 0, 1528799166332891],
      ['1.4', 3, 2, 1, 1528799206967074],
      ['1.4', 3, 3, 2, 1528799366334207],
    ]);
    expect(seen.map((mu) => mu.updates.map((u) => `${u.code} ${u.serializationType} ${u.data.length}`))).toEqual([
      ['RPC_REPLICATION_WRITE_EMPTY 0 0'],
      ['RPC_RRDB_RRDB_PUT 1 31'],
      ['RPC_REPLICATION_WRITE_EMPTY 0 0'],
    ]);
    const body = seen[1]?.updates[0]?.data ?? new Uint8Array(0);
    expect(decodePut(body)).toEqual({ key: '\0\x01aa', value: 'a', expireTsSeconds: 0, updateType: 0 });
    expect(disk.journal).toEqual([]);
  });
});
