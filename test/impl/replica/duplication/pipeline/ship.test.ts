/** What is sent, in which requests and queues, and what happens to answers (dup 6.6, 15; traces T4, T5 of 16). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reply } from '../../../../../impl/env/contract.ts';
import { decodeDuplicate } from '../../../../../impl/protocol/duplicate.ts';
import { encodeKey, encodeMultiPut, partitionHashOf, storedKey } from '../../../../../impl/protocol/rrdb.ts';
import { DuplicationPipeline } from '../../../../../impl/replica/duplication/pipeline/duplicationPipeline.ts';
import { MutationDuplicator } from '../../../../../impl/replica/duplication/pipeline/mutationDuplicator.ts';
import type { LoadedWrite } from '../../../../../impl/replica/duplication/pipeline/types.ts';
import type { Update } from '../../../../../impl/storage/plog/types.ts';
import { ok, PipelineWorld, putUpdate, record, refusal, valueOf } from './pipelineWorld.ts';
import type { SentDuplicate, WorldOptions } from './pipelineWorld.ts';

class Ship {
  readonly world: PipelineWorld;
  readonly duplicator: MutationDuplicator;
  readonly done: number[] = [];

  constructor(options: WorldOptions = {}) {
    this.world = new PipelineWorld(options);
    this.world.answer = undefined;
    this.duplicator = new MutationDuplicator(this.world.ctx, this.world);
  }

  onDone(bytes: number): void {
    this.done.push(bytes);
  }

  duplicate(...writes: readonly LoadedWrite[]): void {
    this.duplicator.duplicate(writes, reply(this, 'onDone'));
    this.world.settle();
  }

  call(i: number): SentDuplicate {
    const call = this.world.sent[i];
    if (call === undefined) throw new Error(`nothing was sent as number ${i}`);
    return call;
  }

  values(i: number): string[] {
    return (decodeDuplicate(this.call(i).request.body) ?? []).map((entry) => valueOf(entry.rawMessage));
  }

  answer(i: number, answer = ok()): void {
    this.world.reply(this.call(i), answer);
    this.world.settle();
  }
}

function write(update: Update, decree = 1, timestampUs = 77): LoadedWrite {
  return { decree, timestampUs, code: update.code, body: update.data };
}
function put(key: string, value: string, sortKey = ''): LoadedWrite {
  return write(putUpdate(key, value, sortKey));
}
const skippedCode = (code: string): LoadedWrite => write({ code, serializationType: 1, data: new Uint8Array(5) });
const DUPLICATE = skippedCode('RPC_RRDB_RRDB_DUPLICATE');
const BULK_LOAD = skippedCode('RPC_RRDB_RRDB_BULK_LOAD');

describe('requests', () => {
  it('carry the body as it was logged, its timestamp, and the id of this cluster', () => {
    const ship = new Ship();
    ship.duplicate(write(putUpdate('k', 'v', 's'), 3, 1234));
    const { request, to, timeoutMs } = ship.call(0);
    expect(decodeDuplicate(request.body)).toEqual([
      {
        timestampUs: 1234,
        code: 'RPC_RRDB_RRDB_PUT',
        rawMessage: putUpdate('k', 'v', 's').data,
        clusterId: 1,
        verifyTimetag: true,
      },
    ]);
    const index = Number(partitionHashOf('k') % 4n);
    expect([to, request.gpid, timeoutMs]).toEqual([`follower/replica-${index}`, `9.${index}`, 100_000]);
    expect(request.partitionHash).toBe(partitionHashOf('k'));
    ship.answer(0);
    expect(ship.done).toEqual([request.body.length]);
    expect(ship.world.metrics.of('7.2')).toEqual({ dup_shipped_successful_requests: 1 });
  });

  it('T4: writes before a skipped one are sent all the same (B21)', () => {
    const ship = new Ship();
    ship.duplicate(put('k1', 'a'), put('k1', 'b'), DUPLICATE);
    expect(ship.world.sentValues()).toEqual(['a', 'b']);
    const second = new Ship();
    second.duplicate(put('k1', 'a'), BULK_LOAD);
    expect(second.world.sentValues()).toEqual(['a']);
  });

  it('nothing to send: done with 0 at once', () => {
    const ship = new Ship();
    ship.duplicate(DUPLICATE);
    expect([ship.done, ship.world.sent]).toEqual([[0], []]);
  });

  it('a body that does not decode changed nothing here and is left out', () => {
    const ship = new Ship();
    const broken = { code: 'RPC_RRDB_RRDB_PUT', serializationType: 1, data: new Uint8Array(0) };
    ship.duplicate(write(broken), put('k', 'v'), write({ ...broken, code: 'RPC_RRDB_RRDB_MULTI_REMOVE' }));
    expect(ship.world.sentValues()).toEqual(['v']);
  });

  it('are cut before they would exceed a limit; a single write may', () => {
    const value = 'x'.repeat(60);
    for (const settings of [{ duplicateLogBatchBytes: 250 }, { dupMaxAllowedWriteSizeBytes: 250 }]) {
      const ship = new Ship({ settings });
      ship.duplicate(put('k', `1${value}`), put('k', `2${value}`), put('k', `3${'x'.repeat(400)}`), put('k', '4'));
      expect(ship.duplicator.queueCount()).toBe(1);
      for (let i = 0; i < 4; i++) ship.answer(i);
      const sizes = ship.world.sent.map((call) => [call.request.body.length <= 250, ship.world.sent.indexOf(call)]);
      expect(sizes.map(([fits]) => fits)).toEqual([true, true, false, true]);
      expect(ship.world.sentValues().map((v) => v[0])).toEqual(['1', '2', '3', '4']);
      expect(ship.done.length).toBe(1);
    }
  });
});

describe('queues', () => {
  it('T5: writes of one key are never on their way at once, also in requests of other keys (B22)', () => {
    const ship = new Ship();
    const [v1, v2] = ['1'.repeat(2048), '2'.repeat(2048)];
    ship.duplicate(put('K', v1), put('Q', 'q'.repeat(3072)), put('K', v2), put('R', 'r'.repeat(3072)));
    const keys = ship.world.sent.map((call) => call.request.partitionHash);
    expect(keys).toEqual([partitionHashOf('K'), partitionHashOf('Q'), partitionHashOf('R')]);
    ship.answer(0, refusal('ERR_TIMEOUT'));
    ship.world.advance(1000);
    ship.answer(3);
    expect(ship.world.sent.length).toBe(5);
    expect(ship.world.sentValues().map((v) => v[0])).toEqual(['1', 'q', 'r', '1', '2']);
  });

  it('400 large writes of one key: one queue, strictly one request on its way', () => {
    const ship = new Ship();
    ship.duplicate(...Array.from({ length: 400 }, (_, i) => put('K', `${i}:${'x'.repeat(3900)}`, `s${i}`)));
    expect(ship.duplicator.queueCount()).toBe(1);
    for (let i = 0; i < 400; i++) {
      expect(ship.world.sent.length).toBe(i + 1);
      expect(ship.values(i)[0]?.startsWith(`${i}:`)).toBe(true);
      ship.answer(i);
    }
    expect([ship.done.length, ship.duplicator.queueCount()]).toEqual([1, 0]);
  });

  it('writes of different keys: a queue each, all on their way at once', () => {
    const ship = new Ship();
    ship.duplicate(...Array.from({ length: 300 }, (_, i) => put(`key${i}`, 'v')));
    expect([ship.duplicator.queueCount(), ship.world.sent.length]).toEqual([300, 300]);
    for (let i = 299; i >= 0; i--) {
      expect(ship.done).toEqual([]);
      ship.answer(i);
    }
    expect(ship.done.length).toBe(1);
  });

  it('sort keys, removes and multi puts of a hash key share its queue; without one the sort key counts', () => {
    const ship = new Ship();
    const remove = { code: 'RPC_RRDB_RRDB_REMOVE', serializationType: 1, data: encodeKey(storedKey('h', 's')) };
    const multi = {
      code: 'RPC_RRDB_RRDB_MULTI_PUT',
      serializationType: 1,
      data: encodeMultiPut('h', [{ sortKey: 'a', value: 'b' }], 0),
    };
    ship.duplicate(put('h', 'v', 's'), write(remove), write(multi), put('', 'x', 'a'), put('', 'y', 'b'));
    expect(ship.world.sent.map((call) => decodeDuplicate(call.request.body)?.length)).toEqual([3, 1, 1]);
    const codes = (decodeDuplicate(ship.call(0).request.body) ?? []).map((entry) => entry.code);
    expect(codes).toEqual(['RPC_RRDB_RRDB_PUT', remove.code, multi.code]);
  });

  it('one set at a time', () => {
    const ship = new Ship();
    ship.duplicate(put('k', 'v'));
    expect(() => {
      ship.duplicate(put('k', 'v'));
    }).toThrow('duplicate one set at a time');
  });
});

describe('answers', () => {
  const refusals = {
    'invalid argument': ok(4),
    busy: refusal('ERR_BUSY'),
    'no such table': refusal('ERR_APP_NOT_EXIST'),
    'a full disk': refusal('ERR_DISK_INSUFFICIENT'),
    'a denied code': refusal('ERR_OPERATION_DISABLED'),
    'an unknown code': refusal('ERR_HANDLER_NOT_FOUND'),
  };
  for (const [name, answer] of Object.entries(refusals)) {
    it(`${name}: the same request again after a second, with the whole timeout, for ever (B42, B44)`, () => {
      const ship = new Ship();
      ship.duplicate(put('k', '1'), put('k', '2'));
      for (let i = 0; i < 200; i++) {
        ship.answer(i, answer);
        ship.world.advance(999);
        expect(ship.world.sent.length).toBe(i + 1);
        ship.world.advance(1);
        expect(ship.world.sent.length).toBe(i + 2);
        expect(ship.call(i + 1).request.body).toBe(ship.call(0).request.body);
        expect(ship.call(i + 1).timeoutMs).toBe(100_000);
      }
      expect(ship.done).toEqual([]);
      ship.answer(200);
      expect(ship.done).toEqual([ship.call(0).request.body.length]);
      expect(ship.world.metrics.of('7.2')).toEqual({
        dup_shipped_failed_requests: 200,
        dup_shipped_successful_requests: 1,
      });
    });
  }

  const passing = ['ERR_TIMEOUT', 'ERR_INVALID_DATA', 'ERR_NOT_ENOUGH_MEMBER', 'ERR_INVALID_STATE', 'ERR_SESSION_RESET'] as const;
  it.each(passing)('%s: the same request after pauses that double up to a second, within the attempt’s time (6.6)', (error) => {
    const ship = new Ship();
    ship.duplicate(put('k', '1'), put('k', '2'));
    let left = 100_000;
    let sent = 1;
    for (let pause = 8; left > pause; pause = Math.min(1000, pause * 2)) {
      expect([ship.world.sent.length, ship.call(sent - 1).timeoutMs]).toEqual([sent, left]);
      ship.answer(sent - 1, refusal(error));
      ship.world.advance(pause - 1);
      expect(ship.world.sent.length).toBe(sent);
      ship.world.advance(1);
      sent++;
      left -= pause;
    }
    // No time for another pause: the attempt has failed, and the next one has all its time again.
    expect(ship.world.metrics.of('7.2')).toEqual({});
    ship.answer(sent - 1, refusal(error));
    expect(ship.world.metrics.of('7.2')).toEqual({ dup_shipped_failed_requests: 1 });
    ship.world.advance(999);
    expect(ship.world.sent.length).toBe(sent);
    ship.world.advance(1);
    expect(ship.call(sent).timeoutMs).toBe(100_000);
    expect(ship.call(sent).request.body).toBe(ship.call(0).request.body);
    // Pauses go on where they were: the request is the same.
    ship.answer(sent, refusal(error));
    ship.world.advance(999);
    expect(ship.world.sent.length).toBe(sent + 1);
    ship.world.advance(1);
    ship.answer(sent + 1);
    expect(ship.done).toEqual([ship.call(0).request.body.length]);
  });

  it('each request of a queue has pauses of its own', () => {
    const ship = new Ship({ settings: { duplicateLogBatchBytes: 10 } });
    ship.duplicate(put('k', '1'), put('k', '2'));
    for (let i = 0; i < 4; i++) {
      ship.answer(i, refusal('ERR_TIMEOUT'));
      ship.world.advance(8 * 2 ** i);
    }
    ship.answer(4);
    ship.answer(5, refusal('ERR_TIMEOUT'));
    ship.world.advance(8);
    expect([ship.world.sent.length, ship.values(6), ship.call(6).timeoutMs]).toEqual([7, ['2'], 99_992]);
  });

  it('an answer of a wrong server makes the route be asked for again, one of a busy server does not', () => {
    const ship = new Ship();
    ship.duplicate(put('k', 'v'));
    expect(ship.world.tableQueries).toBe(1);
    ship.answer(0, refusal('ERR_NOT_ENOUGH_MEMBER'));
    ship.world.advance(8);
    expect(ship.world.tableQueries).toBe(1);
    ship.world.partitionCount = 1;
    ship.answer(1, refusal('ERR_OBJECT_NOT_FOUND'));
    ship.world.advance(16);
    expect(ship.world.tableQueries).toBe(2);
    expect(ship.call(2).to).toBe('follower/replica-0');
  });

  it('a table that is not there is asked for again every second', () => {
    const ship = new Ship();
    ship.world.tableError = 'ERR_OBJECT_NOT_FOUND';
    ship.duplicate(put('k', 'v'));
    ship.world.advance(3000);
    expect([ship.world.tableQueries, ship.world.sent.length]).toEqual([4, 0]);
    ship.world.tableError = 'ERR_OK';
    ship.world.advance(1000);
    expect(ship.world.sent.length).toBe(1);
  });

  it('a cluster that the config file does not name is no end of the process', () => {
    const world = new PipelineWorld();
    const elsewhere = new Proxy(world, {
      get: (target, name) => (name === 'remoteCluster' ? 'nowhere' : Reflect.get(target, name, target)),
    });
    const done = new Ship();
    new MutationDuplicator(world.ctx, elsewhere).duplicate([put('k', 'v')], reply(done, 'onDone'));
    world.advance(3500);
    expect(world.metrics.get('7.2', 'dup_shipped_failed_requests')).toBe(4);
    expect(world.sent).toEqual([]);
  });

  it('after the end answers and timers do nothing', () => {
    const ship = new Ship();
    ship.duplicate(put('a', '1'), put('b', '2'));
    ship.answer(0, refusal('ERR_BUSY'));
    ship.duplicator.cancel();
    expect(ship.call(1).cancelled).toBe(true);
    ship.world.advance(10_000);
    expect([ship.world.sent.length, ship.done]).toEqual([2, []]);
    expect(ship.world.metrics.get('7.2', 'dup_shipped_failed_requests')).toBe(1);
  });
});

describe('with whatever answers', () => {
  it('every key is written in its order, each write at least once, and done is told once', () => {
    const key = fc.constantFrom('a', 'b', 'c');
    fc.assert(
      fc.property(fc.array(key, { maxLength: 20 }), fc.infiniteStream(fc.nat({ max: 3 })), (keys, fates) => {
        const ship = new Ship({ settings: { duplicateLogBatchBytes: 150 } });
        ship.duplicate(...keys.map((k, i) => put(k, `${k}${i}`)));
        const acknowledged: string[] = [];
        for (let i = 0; i < ship.world.sent.length; i++) {
          const { value: fate } = fates.next() as { value: number };
          if (fate === 0) {
            ship.answer(i, refusal('ERR_TIMEOUT'));
            ship.world.advance(1000);
          } else {
            acknowledged.push(...ship.values(i));
            ship.answer(i);
          }
        }
        for (const one of ['a', 'b', 'c']) {
          const expected = keys.flatMap((k, i) => (k === one ? [`${k}${i}`] : []));
          expect(acknowledged.filter((v) => v.startsWith(one))).toEqual(expected);
        }
        expect(ship.done.length).toBe(1);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the whole ring', () => {
  it('progress rises when all of a set is acknowledged, and only then is more loaded', () => {
    const world = new PipelineWorld();
    world.answer = undefined;
    world.append(record(1), record(2));
    world.applied = 2;
    new DuplicationPipeline(world.ctx, world).start();
    world.settle();
    expect([world.sent.length, world.last]).toEqual([2, 0]);
    world.append(record(3));
    world.applied = 3;
    const [first, second] = world.sent;
    if (first === undefined || second === undefined) throw new Error('nothing was sent');
    world.reply(second, ok());
    world.advance(5000);
    expect([world.sent.length, world.last]).toEqual([2, 0]);
    world.reply(first, ok());
    world.settle();
    expect([world.sentValues(), world.last]).toEqual([['v1', 'v2', 'v3'], 2]);
    const bytes = first.request.body.length + second.request.body.length;
    expect(world.metrics.get('7.2', 'dup_shipped_bytes')).toBe(bytes);
  });
});
