import { describe, expect, it } from 'vitest';
import { EMPTY, put, putBody, remove, removeBody, storedKey } from './bytes.ts';
import { DupScene, entryOf, honest, shipped } from './dupScene.ts';
import { DIR, GPID, made, P } from './scene.ts';

const SHIPPED = { claimed: 'audit/dup.shipped/claimed-implies-real', real: 'audit/dup.shipped/real-implies-claimed' };
const SKIPPED = { claimed: 'audit/dup.skipped/claimed-implies-real', real: 'audit/dup.skipped/real-implies-claimed' };

describe('dup.shipped', () => {
  it('claimed without a start, beyond the commit point, or without a rise', () => {
    const s = new DupScene().start();
    s.dup({ kind: 'dup.shipped', last: 1 });
    expect(s.rules()).toEqual([SHIPPED.claimed]);
    const t = new DupScene().shipping(1);
    t.send([shipped(1)]);
    t.dup({ kind: 'dup.shipped', last: 2 });
    expect(t.rules()).toEqual([SHIPPED.claimed]);
    const u = new DupScene().shipping(1);
    u.ship(1);
    u.dup({ kind: 'dup.shipped', last: 1 });
    expect(u.rules()).toEqual([SHIPPED.claimed]);
  });

  it('claimed and not reported, or less reported', () => {
    const s = honest();
    s.report([{ confirmedDecree: 2 }]);
    s.report([]);
    s.report([{ dupId: 78, confirmedDecree: 3 }, { gpid: '2.1', confirmedDecree: 3 }]);
    expect(s.rules()).toEqual([SHIPPED.claimed, SHIPPED.claimed, SHIPPED.claimed]);
  });

  it('a report that was written before the claim has what was claimed before it', () => {
    const s = honest();
    const writtenUs = s.nowUs;
    s.task();
    s.honestWrite(4);
    s.ship(4);
    s.report([{ confirmedDecree: 3 }], writtenUs);
    expect(s.rules()).toEqual([]);
    s.report([{ confirmedDecree: 2 }], writtenUs);
    s.report([{ confirmedDecree: 3 }]);
    expect(s.rules()).toEqual([SHIPPED.claimed, SHIPPED.claimed]);
  });

  it('nothing need be reported that is stored, or by a replica that is no primary', () => {
    const s = honest();
    s.told([entryOf('DS_LOG', 3)]);
    s.task();
    s.report([]);
    expect(s.rules()).toEqual([]);
    const t = honest();
    t.status(P, 'PS_INACTIVE', 1, 'PS_PRIMARY');
    t.task();
    t.report([]);
    expect(t.rules()).toEqual([]);
  });

  it('reported and not claimed', () => {
    const s = honest();
    s.report([{ confirmedDecree: 4 }]);
    expect(s.rules()).toEqual([SHIPPED.real]);
    const t = new DupScene().start();
    t.told([entryOf('DS_APP', 6)]);
    t.task();
    t.report([{ confirmedDecree: 7 }]);
    expect(t.rules()).toEqual([SHIPPED.real]);
  });
});

describe('dup.skipped', () => {
  /** Takes the records from `decree` on from the platter, as a flipped bit does. */
  function rot(s: DupScene, decree: number): void {
    const path = `${DIR}/plog/log.1.0`;
    const bytes = s.bytesOf(P, path);
    const at = bytes.indexOf(`v${decree}`);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    s.auditor.diskDamaged(P, path);
  }

  it('claimed of decrees that cannot be read, instead of sending them', () => {
    const s = new DupScene().shipping(3);
    s.ship(1);
    rot(s, 2);
    s.dup({ kind: 'dup.skipped', from: 2, to: 3 });
    s.task();
    s.dup({ kind: 'dup.shipped', last: 3 });
    s.task();
    expect(s.rules()).toEqual([]);
  });

  it('claimed of decrees that can be read', () => {
    const s = new DupScene().shipping(3);
    s.ship(1);
    s.dup({ kind: 'dup.skipped', from: 2, to: 2 });
    expect(s.rules()).toEqual([SKIPPED.claimed]);
    const t = new DupScene().shipping(3);
    t.ship(1);
    rot(t, 3);
    t.dup({ kind: 'dup.skipped', from: 2, to: 3 });
    expect(t.rules()).toEqual([SKIPPED.claimed]);
    t.dup({ kind: 'dup.skipped', from: 3, to: 3 });
    expect(t.rules()).toEqual([SKIPPED.claimed]);
  });

  it('a record that a later ballot superseded is none', () => {
    const claims = (ballot: number): readonly string[] => {
      const s = new DupScene().shipping(2);
      s.ship(1);
      // Decree 1 was proposed again; of decree 2 that ballot left nothing that can be read.
      s.log(P, made(1, 0, ballot));
      s.task();
      s.dup({ kind: 'dup.skipped', from: 2, to: 2 });
      return s.rules().filter((rule) => rule === SKIPPED.claimed);
    };
    expect(claims(2)).toEqual([]);
    expect(claims(1)).toEqual([SKIPPED.claimed]);
  });

  it('a disk that refused to read explains it', () => {
    const s = new DupScene().shipping(2);
    s.auditor.faultStruck('disk.read-error', P, GPID, '');
    s.task();
    s.dup({ kind: 'dup.skipped', from: 1, to: 2 });
    expect(s.rules()).toEqual([]);
  });

  it('claimed without a start, of nothing, or of what is shipped', () => {
    const s = new DupScene().start();
    s.dup({ kind: 'dup.skipped', from: 1, to: 1 });
    expect(s.rules()).toEqual([SKIPPED.claimed]);
    const t = new DupScene().shipping(1);
    t.ship(1);
    t.dup({ kind: 'dup.skipped', from: 3, to: 2 });
    t.dup({ kind: 'dup.skipped', from: 1, to: 2 });
    expect(t.rules()).toEqual([SKIPPED.claimed, SKIPPED.claimed]);
  });

  it('claimed and sent all the same', () => {
    const s = new DupScene().shipping(2);
    rot(s, 1);
    s.dup({ kind: 'dup.skipped', from: 1, to: 2 });
    s.send([shipped(2)]);
    expect(s.rules()).toEqual([SKIPPED.claimed]);
  });

  it('owed for a write that was never sent since the start', () => {
    const s = new DupScene().shipping(3);
    s.send([shipped(1), shipped(3)]);
    s.dup({ kind: 'dup.shipped', last: 3 });
    expect(s.rules()).toEqual([SKIPPED.real]);
    const t = new DupScene().shipping(2);
    t.send([shipped(1), shipped(2)]);
    t.told([entryOf('DS_PAUSE', -1)]);
    t.dup({ kind: 'dup.stopped' });
    t.task();
    t.told([entryOf('DS_LOG', 0)]);
    t.dup({ kind: 'dup.started', start: 1 });
    t.task();
    t.dup({ kind: 'dup.shipped', last: 1 });
    expect(t.rules()).toEqual([SKIPPED.real]);
  });

  it('owed for each write of a mutation, with its rows and code', () => {
    const first = put(storedKey('h', 'a'), '1');
    const second = put(storedKey('h', 'b'), '2');
    const entry = { timestampUs: 1_600_000_000_000_001, code: 'RPC_RRDB_RRDB_PUT', clusterId: 1 };
    const ship = (...raws: readonly Uint8Array[]): string[] => {
      const s = new DupScene().shipping(0);
      s.honestWrite(1, first, second);
      for (const raw of raws) s.send([{ ...entry, raw }]);
      s.dup({ kind: 'dup.shipped', last: 1 });
      return s.rules();
    };
    expect(ship(first.data, second.data)).toEqual([]);
    expect(ship(second.data, first.data, first.data)).toEqual([]);
    expect(ship(first.data)).toEqual([SKIPPED.real]);
    expect(ship(first.data, putBody(storedKey('h', 'b'), '3'))).toEqual([SKIPPED.real]);
    expect(ship(first.data, removeBody(storedKey('h', 'b')))).toEqual([SKIPPED.real]);
  });

  it('not owed for what is not to be shipped, or lies before the start', () => {
    const s = new DupScene().shipping(0);
    s.honestWrite(1, EMPTY);
    s.honestWrite(2, { name: 'RPC_RRDB_RRDB_DUPLICATE', type: 1, data: new Uint8Array(0) });
    s.honestWrite(3, { name: 'RPC_RRDB_RRDB_PUT', type: 1, data: new Uint8Array(3) });
    s.dup({ kind: 'dup.shipped', last: 3 });
    s.task();
    expect(s.rules()).toEqual([]);
    const t = new DupScene().start();
    t.honestWrite(1, remove(storedKey('h', 'a')));
    t.told([entryOf('DS_LOG', 1)]);
    t.dup({ kind: 'dup.started', start: 2 });
    t.task();
    t.honestWrite(2);
    t.ship(2);
    expect(t.rules()).toEqual([]);
  });

  it('of two records of a decree the one of the higher ballot is owed', () => {
    const s = new DupScene().start();
    const old = made(1, 0, 1, put(storedKey('h', 'k1'), 'old'));
    s.claimPrepared(P, 'primary', old);
    s.sendPrepare(old);
    s.log(P, old);
    s.task();
    s.status(P, 'PS_PRIMARY', 2, 'PS_PRIMARY');
    s.storeConfig(2);
    s.task();
    const next = { ...made(1, 0, 2), timestampUs: 1_600_000_000_000_009 };
    s.claimPrepared(P, 'primary', next);
    s.sendPrepare(next);
    s.log(P, next);
    s.task();
    s.told([entryOf('DS_LOG', 0)]);
    s.dup({ kind: 'dup.started', start: 1 });
    s.commit(P, 1);
    s.task();
    s.send([{ ...shipped(1), timestampUs: 1_600_000_000_000_009 }]);
    s.dup({ kind: 'dup.shipped', last: 1 });
    expect(s.rules()).toEqual([]);
  });
});
