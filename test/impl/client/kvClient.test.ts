import { describe, expect, it } from 'vitest';
import { KvClient } from '../../../impl/client/kvClient.ts';
import { decodeKey, decodeMultiPut, decodePut, partitionIndexOf, storedKey } from '../../../impl/protocol/rrdb.ts';
import type { ClientRequest, ReadResponse, WriteResponse } from '../../../impl/protocol/messages.ts';
import type { ErrorCode } from '../../../model/vocabulary.ts';
import { FakeWorld, Inbox } from '../meta/fakeWorld.ts';
import type { FakeProcess, SentRpc } from '../meta/fakeWorld.ts';

const META = 'source/meta-0';
const [A, B] = ['source/replica-0', 'source/replica-1'] as const;
type Reply = ErrorCode | 'silence' | { readonly refuse: Exclude<ErrorCode, 'ERR_OK'> };

/** A client, a meta server that tells `primaries` by partition, and replica servers that answer by a script. */
class Bench {
  readonly world = new FakeWorld();
  readonly client: KvClient;
  readonly queries: number[] = [];
  readonly meta: FakeProcess;
  primaries: readonly string[] = [A];
  metaError: ErrorCode = 'ERR_OK';
  appId = 1;
  /** What the replica servers say to each attempt in turn; the last one for ever. */
  script: readonly Reply[] = ['ERR_OK'];
  attempts = 0;

  constructor() {
    this.meta = this.world.process(META);
    this.meta.answer('RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX', (_request, replier) => {
      this.queries.push(this.world.nowUs / 1000);
      const partitions = this.primaries.map((primary, index) => {
        return {
          gpid: `${this.appId}.${index}`,
          ballot: 1,
          maxReplicaCount: 3,
          primary,
          secondaries: [],
          lastDrops: [],
          lastCommittedDecree: 0,
        };
      });
      replier.reply({ error: this.metaError, appId: this.appId, partitionCount: partitions.length, partitions });
    });
    for (const server of [A, B]) {
      const process = this.world.process(server);
      for (const code of ['RPC_RRDB_RRDB_PUT', 'RPC_RRDB_RRDB_REMOVE', 'RPC_RRDB_RRDB_MULTI_PUT'] as const) {
        process.answer(code, (_request, replier) => {
          const said = this.next();
          if (typeof said === 'object') replier.refuse(said.refuse);
          else if (said !== 'silence') replier.reply({ error: said, decree: 5, server });
        });
      }
      process.answer('RPC_RRDB_RRDB_GET', (_request, replier) => {
        const said = this.next();
        if (typeof said === 'object') replier.refuse(said.refuse);
        else if (said !== 'silence') replier.reply({ error: said, found: true, value: 'v' });
      });
    }
    this.client = new KvClient(this.world.process('source/client-0').ctx, { metaServers: [META] });
  }

  private next(): Reply {
    return this.script[Math.min(this.attempts++, this.script.length - 1)] ?? 'ERR_OK';
  }

  put(): Inbox<WriteResponse> {
    const inbox = new Inbox<WriteResponse>();
    this.client.put(7, 't1', 'h', 's', 'v', 0, inbox.then());
    return inbox;
  }

  get(): Inbox<ReadResponse> {
    const inbox = new Inbox<ReadResponse>();
    this.client.get(8, 't1', 'h', 's', inbox.then());
    return inbox;
  }

  sentTo(code: SentRpc['code']): readonly SentRpc[] {
    return this.world.sent.filter((rpc) => rpc.code === code);
  }
}

describe('requests', () => {
  it('go to the primary of the partition that the hash key picks, with the body that the log will hold', () => {
    const bench = new Bench();
    bench.primaries = [A, B, A, B, A];
    const { client, world } = bench;
    const inbox = new Inbox<WriteResponse>();
    const keys = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'];
    for (const key of keys) client.put(1, 't1', key, 's', 'v', 0, inbox.then());
    world.run(100);
    const puts = bench.sentTo('RPC_RRDB_RRDB_PUT');
    expect(inbox.answers).toHaveLength(keys.length);
    expect(puts.map(({ options }) => options.gpid)).toEqual(keys.map((key) => `1.${partitionIndexOf(key, 5)}`));
    expect(puts.map(({ to }) => to)).toEqual(keys.map((key) => (partitionIndexOf(key, 5) % 2 === 0 ? A : B)));
    const first = puts[0]?.request as ClientRequest;
    expect(decodePut(first.body)).toMatchObject({ key: storedKey('h1', 's'), value: 'v', expireTsSeconds: 0 });
    // One query serves them all.
    expect(bench.queries).toHaveLength(1);
  });

  it('carry the command, the rows and the remaining time', () => {
    const bench = new Bench();
    const inbox = new Inbox<WriteResponse>();
    const rows = [
      { sortKey: 'a', value: '1' },
      { sortKey: 'b', value: '2' },
    ];
    bench.client.multiPut(42, 't1', 'h', rows, 0, inbox.then());
    bench.client.remove(43, 't1', 'h', 's', inbox.then());
    bench.world.run(100);
    const multi = bench.sentTo('RPC_RRDB_RRDB_MULTI_PUT')[0]?.request as ClientRequest;
    expect(multi).toMatchObject({ commandId: 42, gpid: '1.0', clientTimeoutMs: 4999 });
    expect(decodeMultiPut(multi.body)).toEqual({ hashKey: 'h', kvs: rows, expireTsSeconds: 0 });
    const removed = bench.sentTo('RPC_RRDB_RRDB_REMOVE')[0]?.request as ClientRequest;
    expect(decodeKey(removed.body)).toBe(storedKey('h', 's'));
    expect(inbox.answers).toEqual([
      { error: 'ERR_OK', decree: 5, server: A },
      { error: 'ERR_OK', decree: 5, server: A },
    ]);
  });

  it('count expiry from 2016 by the wall clock', () => {
    const bench = new Bench();
    expect(bench.client.expireTs(0)).toBe(0);
    expect(bench.client.expireTs(10)).toBe(1_700_000_000 - 1_451_606_400 + 10);
  });

  it('read', () => {
    const bench = new Bench();
    const inbox = bench.get();
    bench.world.run(100);
    expect(inbox.answers).toEqual([{ error: 'ERR_OK', found: true, value: 'v' }]);
  });
});

describe('a failed attempt', () => {
  const refreshes = ['ERR_INVALID_STATE', 'ERR_INACTIVE_STATE', 'ERR_OBJECT_NOT_FOUND'] as const;

  it.each([...refreshes, { refuse: 'ERR_NETWORK_FAILURE' }, { refuse: 'ERR_SESSION_RESET' }] as const)(
    '%j asks the meta server anew and tries again after the pause',
    (said) => {
      const bench = new Bench();
      bench.script = [said, 'ERR_OK'];
      const inbox = bench.put();
      bench.world.run(1000);
      expect(inbox.answers).toEqual([{ error: 'ERR_OK', decree: 5, server: A }]);
      expect(bench.attempts).toBe(2);
      expect(bench.queries).toHaveLength(2);
      const [first, second] = bench.sentTo('RPC_RRDB_RRDB_PUT').map(({ atMs }) => atMs);
      expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(100);
    },
  );

  it.each(['ERR_NOT_ENOUGH_MEMBER', 'ERR_CAPACITY_EXCEEDED'] as const)(
    '%s tries again at the same server',
    (said) => {
      const bench = new Bench();
      bench.script = [said, said, 'ERR_OK'];
      const inbox = bench.put();
      bench.world.run(1000);
      expect(inbox.last?.error).toBe('ERR_OK');
      expect([bench.attempts, bench.queries.length]).toEqual([3, 1]);
    },
  );

  it.each(['ERR_BUSY', 'ERR_INVALID_DATA', 'ERR_DISK_INSUFFICIENT', 'ERR_OPERATION_DISABLED', 'ERR_INVALID_PARAMETERS'] as const)(
    '%s is the answer',
    (said) => {
      const bench = new Bench();
      bench.script = [said];
      const inbox = bench.put();
      bench.world.run(1000);
      expect(inbox.answers).toEqual([{ error: said, decree: 5, server: A }]);
      expect(bench.attempts).toBe(1);
    },
  );

  it('moves on to a new primary, also of a table that was made anew', () => {
    const bench = new Bench();
    bench.script = ['ERR_INVALID_STATE', 'ERR_OK'];
    const inbox = bench.put();
    bench.world.run(50);
    bench.primaries = [B, B];
    bench.appId = 2;
    bench.world.run(1000);
    expect(inbox.last).toMatchObject({ error: 'ERR_OK', server: B });
    expect(bench.sentTo('RPC_RRDB_RRDB_PUT').map(({ options }) => options.gpid)).toEqual([
      '1.0',
      `2.${partitionIndexOf('h', 2)}`,
    ]);
  });

  it('without an answer ends with ERR_TIMEOUT at the deadline', () => {
    const bench = new Bench();
    bench.script = ['silence'];
    const inbox = bench.put();
    bench.world.run(4990);
    expect(inbox.answers).toEqual([]);
    bench.world.run(20);
    expect(inbox.answers).toEqual([{ error: 'ERR_TIMEOUT', decree: -1, server: '' }]);
    expect(bench.attempts).toBe(1);
  });

  it('that says ERR_TIMEOUT early is followed by another', () => {
    const bench = new Bench();
    bench.script = ['ERR_TIMEOUT', 'ERR_OK'];
    const inbox = bench.put();
    bench.world.run(1000);
    expect(inbox.last?.error).toBe('ERR_OK');
  });

  it('repeated to the end: the reason of a refusal, ERR_TIMEOUT otherwise', () => {
    const outcomes = (['ERR_CAPACITY_EXCEEDED', 'ERR_INVALID_STATE', 'ERR_TIMEOUT'] as const).map((said) => {
      const bench = new Bench();
      bench.script = [said];
      const inbox = bench.put();
      bench.world.run(6000);
      expect(bench.attempts).toBeGreaterThan(40);
      expect(bench.attempts).toBeLessThanOrEqual(50);
      return inbox.answers.map(({ error }) => error);
    });
    expect(outcomes).toEqual([['ERR_CAPACITY_EXCEEDED'], ['ERR_TIMEOUT'], ['ERR_TIMEOUT']]);
  });

  it('of unknown outcome is not denied by a later error of a write; a read has nothing to deny', () => {
    const bench = new Bench();
    bench.script = [{ refuse: 'ERR_SESSION_RESET' }, 'ERR_DISK_INSUFFICIENT'];
    const write = bench.put();
    bench.world.run(1000);
    expect(write.answers.map(({ error }) => error)).toEqual(['ERR_TIMEOUT']);
    bench.attempts = 0;
    const read = bench.get();
    bench.world.run(1000);
    expect(read.answers.map(({ error }) => error)).toEqual(['ERR_DISK_INSUFFICIENT']);
  });
});

describe('the meta server', () => {
  it('that does not know the table gives the answer', () => {
    const bench = new Bench();
    bench.metaError = 'ERR_OBJECT_NOT_FOUND';
    const inbox = bench.put();
    bench.world.run(1000);
    expect(inbox.answers).toEqual([{ error: 'ERR_APP_NOT_EXIST', decree: -1, server: '' }]);
  });

  it('is asked again while the table is being created, or has no primary', () => {
    const bench = new Bench();
    bench.metaError = 'ERR_BUSY_CREATING';
    bench.primaries = [''];
    const inbox = bench.put();
    bench.world.run(500);
    bench.metaError = 'ERR_OK';
    bench.world.run(500);
    expect(inbox.answers).toEqual([]);
    bench.primaries = [A];
    bench.world.run(500);
    expect(inbox.last?.error).toBe('ERR_OK');
  });

  it('that does not answer is asked again, until the deadline', () => {
    const bench = new Bench();
    bench.world.loses = ({ to }) => to === META;
    const inbox = bench.put();
    bench.world.run(4500);
    expect(bench.sentTo('RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX')).toHaveLength(3);
    bench.world.run(1000);
    expect(inbox.answers).toEqual([{ error: 'ERR_TIMEOUT', decree: -1, server: '' }]);
  });

  it('that is starting is asked again after a second', () => {
    const bench = new Bench();
    bench.metaError = 'ERR_SERVICE_NOT_ACTIVE';
    const inbox = bench.put();
    bench.world.run(1500);
    bench.metaError = 'ERR_OK';
    bench.world.run(1000);
    expect(inbox.last?.error).toBe('ERR_OK');
    const [first, second] = bench.queries;
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(1000);
  });

  it('that forwards makes the client ask the next one at once, and keep to it', () => {
    const bench = new Bench();
    const other = bench.world.process('source/meta-1');
    other.answer('RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX', (_request, replier) => {
      replier.reply({ error: 'ERR_FORWARD_TO_OTHERS', appId: 0, partitionCount: 0, partitions: [] });
    });
    const client = new KvClient(bench.world.process('source/client-1').ctx, { metaServers: ['source/meta-1', META] });
    const inbox = new Inbox<WriteResponse>();
    client.put(1, 't1', 'h', 's', 'v', 0, inbox.then());
    bench.world.run(10);
    client.put(2, 't2', 'h', 's', 'v', 0, inbox.then());
    bench.world.run(10);
    expect(inbox.answers.map(({ error }) => error)).toEqual(['ERR_OK', 'ERR_OK']);
    expect(bench.sentTo('RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX').map(({ to }) => to)).toEqual([
      'source/meta-1',
      META,
      META,
    ]);
  });
});
