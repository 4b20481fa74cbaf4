import { describe, expect, it } from 'vitest';
import type { Settings } from '../../../impl/settings.ts';
import type { ClientWrite, ClientWriteCode, Mutation } from '../../../impl/replica/mutation.ts';
import { MutationQueue } from '../../../impl/replica/mutationQueue.ts';
import { bench } from './bench.ts';

function newQueue(settings: Partial<Settings> = {}): MutationQueue {
  return new MutationQueue(bench({ stalenessForCommit: 2, ...settings }).ctx, '1.0');
}

function write(code: ClientWriteCode = 'RPC_RRDB_RRDB_PUT', size = 1): ClientWrite {
  const request = { gpid: '1.0', partitionHash: 0n, body: new Uint8Array(size), clientTimeoutMs: 1, commandId: 0 };
  return { code, request, replier: { from: 'c/client-0', reply: () => undefined, refuse: () => undefined } };
}

function codes(mutation: Mutation | undefined): readonly string[] | undefined {
  return mutation?.data.updates.map((u) => u.code.slice('RPC_RRDB_RRDB_'.length));
}

describe('write queue (repl 1.4)', () => {
  it('gives work out at once until the limit, then batches', () => {
    const q = newQueue();
    expect(codes(q.addWork(write()))).toEqual(['PUT']);
    expect(codes(q.addWork(write()))).toEqual(['PUT']);
    expect(q.currentOps()).toBe(2);
    expect(q.addWork(write())).toBe(undefined);
    expect(q.addWork(write('RPC_RRDB_RRDB_REMOVE'))).toBe(undefined);
    expect(q.queuedCount()).toBe(1);
    expect(codes(q.nextWork(1))).toEqual(['PUT', 'REMOVE']);
    expect(q.currentOps()).toBe(2);
    expect(q.nextWork(0)).toBe(undefined);
  });

  it('a write that is not batchable is alone', () => {
    const q = newQueue({ stalenessForCommit: 1 });
    q.addWork(write());
    q.addWork(write());
    q.addWork(write('RPC_RRDB_RRDB_MULTI_PUT'));
    q.addWork(write());
    expect(q.queuedCount()).toBe(3);
    expect(codes(q.nextWork(0))).toEqual(['PUT']);
    expect(codes(q.nextWork(0))).toEqual(['MULTI_PUT']);
    expect(codes(q.nextWork(0))).toEqual(['PUT']);
  });

  it('keeps the order: the queue goes before what is pending and before the newcomer', () => {
    const q = newQueue({ stalenessForCommit: 1 });
    q.addWork(write());
    q.addWork(write('RPC_RRDB_RRDB_MULTI_PUT'));
    q.addWork(write('RPC_RRDB_RRDB_REMOVE'));
    q.nextWork(1);
    q.giveBack();
    expect(codes(q.addWork(write()))).toEqual(['MULTI_PUT']);
    expect(codes(q.nextWork(0))).toEqual(['REMOVE', 'PUT']);
  });

  it('does not batch when told so', () => {
    const q = newQueue({ stalenessForCommit: 1, batchWriteDisabled: true });
    q.addWork(write());
    q.addWork(write());
    q.addWork(write());
    expect(codes(q.nextWork(0))).toEqual(['PUT']);
    expect(codes(q.nextWork(0))).toEqual(['PUT']);
  });

  it('a pending mutation of 1 MiB is closed', () => {
    const q = newQueue({ stalenessForCommit: 1 });
    q.addWork(write());
    q.addWork(write('RPC_RRDB_RRDB_PUT', (1 << 20) - 64 - 36));
    q.addWork(write());
    expect(codes(q.nextWork(0))).toEqual(['PUT']);
    expect(codes(q.nextWork(0))).toEqual(['PUT']);
  });

  it('next gives nothing at the limit, and takes the count as it is told', () => {
    const q = newQueue();
    q.addWork(write());
    q.addWork(write());
    q.addWork(write());
    expect(q.nextWork(2)).toBe(undefined);
    expect(q.currentOps()).toBe(2);
    expect(codes(q.nextWork(1))).toEqual(['PUT']);
  });

  it('a unit given back is free again (repl.R4)', () => {
    const q = newQueue({ stalenessForCommit: 1 });
    q.addWork(write());
    expect(q.addWork(write())).toBe(undefined);
    q.giveBack();
    expect(q.currentOps()).toBe(0);
    expect(codes(q.addWork(write()))).toEqual(['PUT', 'PUT']);
  });

  it('clear hands everything out, oldest first', () => {
    const q = newQueue({ stalenessForCommit: 1 });
    q.addWork(write());
    q.addWork(write('RPC_RRDB_RRDB_MULTI_PUT'));
    q.addWork(write('RPC_RRDB_RRDB_REMOVE'));
    expect(q.clear().map(codes)).toEqual([['MULTI_PUT'], ['REMOVE']]);
    expect(q.queuedCount()).toBe(0);
    expect(q.nextWork(0)).toBe(undefined);
  });
});
