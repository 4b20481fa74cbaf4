/** The append path (plog 7): order of hops, batches, blocks, file switches, failures, flush, close, abandon. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBlockHeader } from '../../../../impl/storage/plog/format.ts';
import { FakeDisk, makeContext } from './fakeEnv.ts';
import { DIR, mutation, mutationOfSize, openLog } from './helpers.ts';

const FILE = `${DIR}/log.1.0`;

describe('order', () => {
  it('header, then the batch, then the callbacks, each on its own pool', () => {
    const log = openLog(makeContext());
    expect([log.append(mutation(1)), log.append(mutation(2))]).toEqual([76, 175]);
    expect(log.ctx.env.disk.journal).toEqual([`create ${FILE}`]);
    log.ctx.env.tasks.run();
    expect(log.ctx.env.disk.journal).toEqual([`create ${FILE}`, `write ${FILE} 0+60`, `write ${FILE} 60+214`]);
    expect(log.ctx.env.tasks.ran).toEqual([
      'LPC_WRITE_REPLICATION_LOG_COMMON onWriteLogHeader',
      'LPC_WRITE_REPLICATION_LOG_PRIVATE onWriteBatch',
      'LPC_WRITE_REPLICATION_LOG onAppended',
      'LPC_WRITE_REPLICATION_LOG onAppended',
    ]);
    expect(log.listener.acks).toEqual([
      { decree: 1, error: 'ERR_OK' },
      { decree: 2, error: 'ERR_OK' },
    ]);
  });

  it('an idle log writes one record per batch; what arrives during a write is the next batch', () => {
    const log = openLog(makeContext());
    log.append(mutation(1));
    log.ctx.env.tasks.run();
    log.append(mutation(2));
    expect([log.append(mutation(3)), log.append(mutation(4))]).toEqual([306, 405]);
    expect([log.log.maxDecree(), log.log.maxDecreeOnDisk(), log.log.maxCommitOnDisk()]).toEqual([2, 1, 0]);
    log.ctx.env.tasks.run();
    expect(log.ctx.env.disk.journal.slice(2)).toEqual([
      `write ${FILE} 60+115`,
      `write ${FILE} 175+115`,
      `write ${FILE} 290+214`,
    ]);
    expect([log.log.maxDecree(), log.log.maxDecreeOnDisk(), log.log.maxCommitOnDisk()]).toEqual([4, 4, 3]);
    expect([log.log.globalEndOffset(), log.log.totalSizeBytes()]).toEqual([504, 504]);
  });

  it('with plog_force_flush acknowledges after the sync', () => {
    const log = openLog(makeContext(new FakeDisk(), { plogForceFlush: true }));
    log.append(mutation(1));
    while (log.listener.acks.length === 0 && log.ctx.env.tasks.step());
    expect(log.ctx.env.disk.journal).toEqual([
      `create ${FILE}`,
      `write ${FILE} 0+60`,
      `write ${FILE} 60+115`,
      `sync ${FILE}`,
    ]);
    expect(log.ctx.env.disk.files.get(FILE)?.synced).toBe(175);
  });

  it('whatever pool runs first: on disk before the callback, callbacks in append order, one batch at a time', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { minLength: 10, maxLength: 60 }), (picks) => {
        const log = openLog(makeContext(new FakeDisk(), { logPrivateFileSizeBytes: 600 }));
        let decree = 0;
        const ends = new Map<number, { readonly path: string; readonly end: number }>();
        for (const pick of picks) {
          if (pick < 2) {
            decree++;
            const offset = log.append(mutation(decree));
            const path = log.ctx.env.disk.list(DIR).at(-1) ?? '';
            ends.set(decree, { path: `${DIR}/${path}`, end: offset + 99 - Number(path.split('.')[2]) });
          } else log.ctx.env.tasks.step(() => pick);
          for (const ack of log.listener.acks) {
            const place = ends.get(ack.decree);
            expect(log.ctx.env.disk.bytes(place?.path ?? '').length).toBeGreaterThanOrEqual(place?.end ?? Infinity);
          }
        }
        log.ctx.env.tasks.run();
        expect(log.listener.acks.map((ack) => ack.decree)).toEqual(Array.from({ length: decree }, (_, i) => i + 1));
        for (const name of log.ctx.env.disk.list(DIR)) {
          const offsets = log.ctx.env.disk.journal
            .filter((line) => line.startsWith(`write ${DIR}/${name} `))
            .map((line) => Number(/ (\d+)\+/.exec(line)?.[1]));
          expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
        }
        expect(openLog(makeContext(log.ctx.env.disk)).replayed.map((mu) => mu.decree)).toEqual(
          Array.from({ length: decree }, (_, i) => i + 1),
        );
      }),
    );
  });

  it('freezes a record when it is appended', () => {
    const log = openLog(makeContext());
    const data = new Uint8Array([1, 2, 3]);
    log.append(mutation(1, { updates: [{ code: 'RPC_RRDB_RRDB_PUT', serializationType: 1, data }] }));
    data.fill(9);
    log.ctx.env.tasks.run();
    const again = openLog(makeContext(log.ctx.env.disk));
    expect(again.replayed[0]?.updates[0]?.data).toEqual(new Uint8Array([1, 2, 3]));
  });

  it('a record without a callback is written and not reported', () => {
    const log = openLog(makeContext());
    log.log.append(mutation(1), undefined);
    log.ctx.env.tasks.run();
    expect(log.listener.acks).toEqual([]);
    expect(openLog(makeContext(log.ctx.env.disk)).replayed.length).toBe(1);
  });
});

describe('blocks', () => {
  it('take no further record once they are over 1 MiB, header included', () => {
    const log = openLog(makeContext());
    const full = 1 << 20;
    const offsets = [mutationOfSize(1, full - 16), mutationOfSize(2, 100), mutationOfSize(3, 200)].map((mu) =>
      log.append(mu),
    );
    log.ctx.env.tasks.run();
    // The first block is exactly full, not over the limit, and takes the second record.
    expect(offsets).toEqual([76, 60 + full, 60 + full + 100 + 16]);
    const bytes = log.ctx.env.disk.bytes(FILE);
    expect(readBlockHeader(bytes, 60)).toMatchObject({ length: full - 16 + 100, localOffset: 60 });
    expect(readBlockHeader(bytes, 60 + full + 100)).toMatchObject({ length: 200, localOffset: 60 + full + 100 });
    expect(log.ctx.env.disk.journal.at(-1)).toBe(`write ${FILE} 60+${full + 316}`);
    expect(openLog(makeContext(log.ctx.env.disk)).replayed.map((mu) => mu.decree)).toEqual([1, 2, 3]);
  });
});

describe('file switches (plog 7.4)', () => {
  const settings = { logPrivateFileSizeBytes: 1000 };

  /** A log whose current file has the given size. */
  function logOfSize(size: number): ReturnType<typeof openLog> {
    const log = openLog(makeContext(new FakeDisk(), settings));
    log.append(mutationOfSize(1, size - 76));
    log.ctx.env.tasks.run();
    return log;
  }
  function namesAfterNext(log: ReturnType<typeof openLog>): readonly string[] {
    log.append(mutation(2));
    log.ctx.env.tasks.run();
    return log.ctx.env.disk.list(DIR);
  }

  it('limit: from the size on, not before', () => {
    expect(namesAfterNext(logOfSize(999))).toEqual(['log.1.0']);
    expect(namesAfterNext(logOfSize(1000))).toEqual(['log.1.0', 'log.2.1000']);
  });

  it('hint: from a tenth of the size on, kept until then and used up by a switch', () => {
    const small = openLog(makeContext(new FakeDisk(), { logPrivateFileSizeBytes: 2349 }));
    small.append(mutation(1));
    small.ctx.env.tasks.run();
    small.log.hintSwitchFile();
    // 175 bytes are below 234 (integer division); 290 are not.
    expect(namesAfterNext(small)).toEqual(['log.1.0']);
    expect(namesAfterNext(small)).toEqual(['log.1.0', 'log.2.290']);
    expect(namesAfterNext(small)).toEqual(['log.1.0', 'log.2.290']);
  });

  it('demand: at any size, once', () => {
    const log = logOfSize(175);
    log.log.demandSwitchFile();
    expect(namesAfterNext(log)).toEqual(['log.1.0', 'log.2.175']);
    expect(namesAfterNext(log)).toEqual(['log.1.0', 'log.2.175']);
  });

  it('between batches only: a batch that was begun before stays whole', () => {
    const log = logOfSize(999);
    log.append(mutation(2));
    log.append(mutation(3));
    log.log.demandSwitchFile();
    log.append(mutation(4));
    log.ctx.env.tasks.run();
    expect(log.ctx.env.disk.list(DIR)).toEqual(['log.1.0', 'log.2.1114']);
  });

  it('a new file starts at the end, knows the largest decree issued, and its first batch waits for both writes', () => {
    const log = logOfSize(1000);
    log.append(mutation(7));
    log.log.demandSwitchFile();
    log.append(mutation(8));
    log.append(mutation(6));
    log.ctx.env.tasks.run(() => 1);
    log.log.demandSwitchFile();
    log.append(mutation(9));
    log.ctx.env.tasks.run();
    expect(log.ctx.env.disk.list(DIR)).toEqual(['log.1.0', 'log.2.1000', 'log.3.1373']);
    const previous = log.ctx.env.disk
      .list(DIR)
      .map((name) => Buffer.from(log.ctx.env.disk.bytes(`${DIR}/${name}`)).readBigInt64LE(16 + 28));
    expect(previous).toEqual([0n, 1n, 8n]);
  });

  it('writes the valid start offset of the moment into the header', () => {
    const log = logOfSize(175);
    expect(log.log.onPartitionReset(70)).toBe(175);
    expect(log.log.maxDecree()).toBe(70);
    log.log.demandSwitchFile();
    namesAfterNext(log);
    const header = Buffer.from(log.ctx.env.disk.bytes(`${DIR}/log.2.175`));
    expect([header.readBigInt64LE(44), header.readBigInt64LE(52)]).toEqual([70n, 175n]);
  });
});
