/**
 * Properties 2, 3, 6, 8, 9 and 10 of plog 18 over generated histories of appends, switches, task orders and restarts.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { crc32c } from '../../../../impl/protocol/crc32c.ts';
import { readBlockHeader, readFileHeader } from '../../../../impl/storage/plog/format.ts';
import { inspectDirectory } from '../../../../impl/storage/plog/inspect.ts';
import type { LogMutation } from '../../../../impl/storage/plog/types.ts';
import { acts, live, SMALL_FILES } from './arbitraries.ts';
import { FakeDisk, makeContext } from './fakeEnv.ts';
import { DIR, mutation, openLog } from './helpers.ts';

interface RawFile {
  readonly name: string;
  readonly start: number;
  readonly bytes: Uint8Array;
}

function filesOf(disk: FakeDisk): readonly RawFile[] {
  return disk
    .list(DIR)
    .map((name) => ({ name, start: Number(name.split('.')[2]), bytes: disk.bytes(`${DIR}/${name}`) }))
    .sort((a, b) => a.start - b.start || Number(a.name.split('.')[1]) - Number(b.name.split('.')[1]));
}

function withoutIdentity(mutations: readonly LogMutation[]): readonly string[] {
  return mutations.map((mu) => `${mu.decree} ${mu.ballot} ${mu.logOffset} ${mu.updates[0]?.data.length}`);
}

it('whatever is appended comes back, in order, at the offsets that append answered', () => {
  fc.assert(
    fc.property(acts, (history) => {
      const disk = new FakeDisk();
      const { last, appended } = live(disk, history);
      expect(last.listener.ioErrors).toEqual([]);
      const again = openLog(makeContext(disk, SMALL_FILES));
      expect(again.error).toBe('ERR_OK');
      expect(again.replayed).toEqual(appended);
      expect(again.log.globalEndOffset()).toBe(last.log.globalEndOffset());
    }),
    { numRuns: 150 },
  );
});

it('bytes: chained CRCs, no gaps of offsets, previous max decrees that only grow', () => {
  fc.assert(
    fc.property(acts, (history) => {
      const disk = new FakeDisk();
      const { appended } = live(disk, history);
      let end: number | undefined;
      let previousMax = 0;
      for (const [i, file] of filesOf(disk).entries()) {
        expect(file.start).toBe(end ?? 0);
        expect(file.name).toBe(`log.${i + 1}.${file.start}`);
        const bodies: Uint8Array[] = [];
        for (let at = 0; at < file.bytes.length;) {
          const header = readBlockHeader(file.bytes, at);
          expect(header).toMatchObject({ magic: 0xdeadbeef, localOffset: at });
          bodies.push(file.bytes.slice(at + 16, at + 16 + header.length));
          expect(header.bodyCrc).toBe(crc32c(Buffer.concat(bodies)));
          at += 16 + header.length;
        }
        const decreesBefore = appended.filter((mu) => mu.logOffset < file.start).map((mu) => mu.decree);
        const previous = readFileHeader(file.bytes.slice(16))?.previous ?? [];
        expect(previous.map((entry) => entry.maxDecree)).toEqual([Math.max(0, ...decreesBefore)]);
        expect(previous[0]?.maxDecree).toBeGreaterThanOrEqual(previousMax);
        previousMax = previous[0]?.maxDecree ?? 0;
        end = file.start + file.bytes.length;
      }
    }),
    { numRuns: 150 },
  );
});

it('replay is prefix-stable: appending more keeps the earlier sequence in front', () => {
  fc.assert(
    fc.property(acts, acts, (first, second) => {
      const disk = new FakeDisk();
      live(disk, first);
      const before = openLog(makeContext(disk)).replayed;
      live(disk, second);
      expect(withoutIdentity(openLog(makeContext(disk)).replayed).slice(0, before.length)).toEqual(
        withoutIdentity(before),
      );
    }),
    { numRuns: 80 },
  );
});

it('replaying the files that a start decree chooses yields every record above it that a full replay yields', () => {
  fc.assert(
    fc.property(acts, fc.nat(30), (history, replayDecree) => {
      const disk = new FakeDisk();
      live(disk, history);
      const above = (mutations: readonly LogMutation[]): readonly LogMutation[] =>
        mutations.filter((mu) => mu.decree > replayDecree);
      const chosen = openLog(makeContext(disk), replayDecree);
      expect(chosen.error).toBe('ERR_OK');
      expect(above(chosen.replayed)).toEqual(above(openLog(makeContext(disk), -1).replayed));
      if (chosen.log.maxDecreeOnDisk() > 0)
        expect(chosen.log.maxCommitOnDisk()).toBeLessThan(chosen.log.maxDecreeOnDisk());
    }),
    { numRuns: 150 },
  );
});

it('cut anywhere and lived on: nothing before the cut is lost, and the rest replays with it', () => {
  fc.assert(
    fc.property(acts, fc.nat(), acts, (first, cut, second) => {
      const disk = new FakeDisk();
      live(disk, first);
      const newest = filesOf(disk).at(-1);
      if (newest !== undefined)
        disk.put(`${DIR}/${newest.name}`, newest.bytes.slice(0, cut % (newest.bytes.length + 1)));
      const survived = openLog(makeContext(disk)).replayed;
      const { appended } = live(disk, second);
      const again = openLog(makeContext(disk));
      expect(again.error).toBe('ERR_OK');
      expect(withoutIdentity(again.replayed)).toEqual([...withoutIdentity(survived), ...withoutIdentity(appended)]);
    }),
    { numRuns: 150 },
  );
});

it('a crash at any moment leaves a log that opens and holds every acknowledged record', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(6), { maxLength: 60 }), (picks) => {
      const disk = new FakeDisk();
      const log = openLog(makeContext(disk, { logPrivateFileSizeBytes: 700 }));
      let decree = 0;
      for (const pick of picks) {
        if (pick < 3) log.append(mutation(++decree));
        else log.ctx.env.tasks.step(() => pick);
      }
      const again = openLog(makeContext(disk));
      expect(again.error).toBe('ERR_OK');
      const survived = again.replayed.map((mu) => mu.decree);
      expect(survived).toEqual(survived.map((_, i) => i + 1));
      expect(survived.length).toBeGreaterThanOrEqual(log.listener.acks.length);
    }),
    { numRuns: 200 },
  );
});

it('the inspector and the log agree', () => {
  fc.assert(
    fc.property(acts, fc.nat(), fc.nat(7), fc.boolean(), (history, at, bit, flip) => {
      const disk = new FakeDisk();
      live(disk, history);
      const newest = filesOf(disk).at(-1);
      if (newest !== undefined) {
        const bytes = newest.bytes.slice(0, flip ? undefined : at % (newest.bytes.length + 1));
        if (flip) bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ (1 << bit);
        disk.put(`${DIR}/${newest.name}`, bytes);
      }
      const shown = inspectDirectory(filesOf(disk));
      const log = openLog(makeContext(disk));
      const corrupt = shown.some((file) => file.tail === 'corrupt');
      expect(log.error).toBe(corrupt ? 'ERR_INVALID_DATA' : 'ERR_OK');
      const listed = shown.flatMap((file) => file.mutations).map((mu) => Number(mu.decree));
      const block0Damaged = corrupt && shown.at(-1)?.blocks === 0;
      if (!block0Damaged) expect(log.replayed.map((mu) => mu.decree)).toEqual(listed);
    }),
    { numRuns: 200 },
  );
});

/** Ends the process at its n-th write or sync, before or after the effect. */
class PowerLoss extends Error {}

it('with plog_force_flush a power loss that cuts what was not synced takes no acknowledged record', () => {
  const moments = fc.record({ at: fc.nat(30), keepPermille: fc.nat(1000) });
  fc.assert(
    fc.property(fc.array(fc.nat(6), { minLength: 5, maxLength: 60 }), moments, (picks, { at, keepPermille }) => {
      const disk = new FakeDisk();
      const log = openLog(makeContext(disk, { logPrivateFileSizeBytes: 500, plogForceFlush: true }));
      let calls = 0;
      disk.fault = (doing) => {
        if ((doing === 'write' || doing === 'sync') && calls++ === at) throw new PowerLoss();
        return undefined;
      };
      let decree = 0;
      try {
        for (const pick of picks) {
          if (pick < 3) log.append(mutation(++decree));
          else log.ctx.env.tasks.step(() => pick);
        }
      } catch (error) {
        if (!(error instanceof PowerLoss)) throw error;
      }
      disk.fault = () => undefined;
      for (const file of disk.files.values()) {
        const kept = file.synced + Math.floor(((file.bytes.length - file.synced) * keepPermille) / 1000);
        file.bytes = file.bytes.slice(0, kept);
      }
      const again = openLog(makeContext(disk));
      expect(again.error).toBe('ERR_OK');
      const survived = again.replayed.map((mu) => mu.decree);
      expect(survived).toEqual(survived.map((_, i) => i + 1));
      expect(survived.length).toBeGreaterThanOrEqual(log.listener.acks.length);
    }),
    { numRuns: 300 },
  );
});
