/** Which records a batch delivers, in which order, and what it calls missing (dup 6.5, 15; traces T3, T5, T7 of 16). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MutationBatch } from '../../../../../impl/replica/duplication/pipeline/mutationBatch.ts';
import type { LogMutation, Update } from '../../../../../impl/storage/plog/types.ts';
import type { Decree } from '../../../../../model/vocabulary.ts';
import { PipelineWorld, putUpdate, record, valueOf } from './pipelineWorld.ts';

interface Tested {
  readonly world: PipelineWorld;
  readonly batch: MutationBatch;
}

function makeBatch(start: Decree): Tested {
  const world = new PipelineWorld({ last: start - 1 });
  const batch = new MutationBatch(world.ctx, world);
  batch.reset(start - 1);
  batch.setStartDecree(start);
  return { world, batch };
}

function values(batch: MutationBatch): string[] {
  return batch.moveAllMutations().map((write) => valueOf(write.body));
}

const other = (decree: Decree, ballot: number, value: string): Partial<LogMutation> => ({
  ballot,
  updates: [putUpdate(`k${decree}`, value)],
});

describe('what is committed', () => {
  it('upstream: read while applied or not, read twice, and the first of equal ballots wins', () => {
    const { batch } = makeBatch(1);
    const lasts: Decree[] = [];
    const add = (mutation: LogMutation, applied: Decree): void => {
      batch.add(mutation);
      batch.commitApplied(applied);
      lasts.push(batch.lastDecree());
    };
    add(record(1, { lastCommittedDecree: 0 }), 1);
    add(record(2, { lastCommittedDecree: 1 }), 2);
    add(record(3, { lastCommittedDecree: 2 }), 2);
    add(record(4, { lastCommittedDecree: 2 }), 2);
    add(record(2, other(2, 3, 'again')), 2);
    add(record(3, { lastCommittedDecree: 2, ...other(3, 3, 'again') }), 2);
    add(record(5, { lastCommittedDecree: 2 }), 5);
    expect(lasts).toEqual([1, 2, 2, 2, 2, 2, 5]);
    expect(values(batch)).toEqual(['v1', 'v2', 'v3', 'v4', 'v5']);
  });

  it('a record tells what is committed before it, not itself', () => {
    const { batch } = makeBatch(4);
    batch.add(record(4, { lastCommittedDecree: 3 }));
    expect(batch.lastDecree()).toBe(3);
    batch.add(record(5, { lastCommittedDecree: 4 }));
    expect(batch.lastDecree()).toBe(4);
    expect(values(batch)).toEqual(['v4']);
    expect(values(batch)).toEqual([]);
  });

  it('a slot that is taken is committed by the commit point of the record that is read again (B25)', () => {
    const { batch } = makeBatch(8);
    batch.add(record(8, { lastCommittedDecree: 7 }));
    batch.add(record(9, { lastCommittedDecree: 7 }));
    batch.add(record(9, { ballot: 3, lastCommittedDecree: 8 }));
    expect(batch.lastDecree()).toBe(8);
  });

  it('T3: of several records of a decree the newest ballot counts, also when all of them are applied (B24)', () => {
    const { batch } = makeBatch(7);
    batch.add(record(7, { lastCommittedDecree: 6, ...other(7, 3, 'X') }));
    batch.add(record(7, { lastCommittedDecree: 6, ...other(7, 4, 'Y') }));
    batch.commitApplied(7);
    expect(batch.lastDecree()).toBe(7);
    expect(values(batch)).toEqual(['Y']);
  });

  it('an older ballot that is read later changes nothing', () => {
    const { batch } = makeBatch(7);
    batch.add(record(7, { lastCommittedDecree: 6, ...other(7, 4, 'Y') }));
    batch.add(record(7, { lastCommittedDecree: 6, ...other(7, 3, 'X') }));
    batch.commitApplied(7);
    expect(values(batch)).toEqual(['Y']);
  });
});

describe('what is delivered', () => {
  it('in the order of decrees and of updates, whatever the timestamps are (B22, B23, B35)', () => {
    const { batch } = makeBatch(1);
    const updates = [putUpdate('k', 'a'), putUpdate('k', 'b'), putUpdate('k', 'c')];
    batch.add(record(1, { timestampUs: 50, updates }));
    batch.add(record(2, { timestampUs: 0, updates: [putUpdate('k', 'd')] }));
    batch.add(record(3, { timestampUs: 10, updates: [putUpdate('k', 'e'), putUpdate('k', 'f')] }));
    batch.commitApplied(3);
    const writes = batch.moveAllMutations();
    expect(writes.map((w) => valueOf(w.body))).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(writes.map((w) => w.decree)).toEqual([1, 1, 1, 2, 3, 3]);
    expect(writes.map((w) => w.timestampUs)).toEqual([50, 50, 50, 0, 10, 10]);
  });

  it('nothing below the start; empty and atomic writes carry nothing', () => {
    const { batch } = makeBatch(3);
    batch.setStartDecree(5);
    const bare = (code: string): Update => ({ code, serializationType: 0, data: new Uint8Array(9) });
    for (let decree = 3; decree <= 5; decree++) batch.add(record(decree));
    const codes = ['RPC_REPLICATION_WRITE_EMPTY', 'RPC_RRDB_RRDB_INCR', 'RPC_RRDB_RRDB_CHECK_AND_SET'];
    batch.add(record(6, { updates: [...codes, 'RPC_RRDB_RRDB_CHECK_AND_MUTATE'].map(bare) }));
    batch.add(record(7, { updates: [bare('RPC_RRDB_RRDB_DUPLICATE'), bare('RPC_RRDB_RRDB_BULK_LOAD')] }));
    batch.commitApplied(7);
    expect(batch.lastDecree()).toBe(7);
    expect(batch.bytes()).toBe((record(5).updates[0]?.data.length ?? 0) + 18);
    const codesLoaded = batch.moveAllMutations().map((write) => write.code);
    expect(codesLoaded).toEqual(['RPC_RRDB_RRDB_PUT', 'RPC_RRDB_RRDB_DUPLICATE', 'RPC_RRDB_RRDB_BULK_LOAD']);
    expect(batch.bytes()).toBe(0);
  });
});

describe('holes', () => {
  it('T7: a small hole is claimed and passed over; nothing is delivered twice, and nothing goes back (B26)', () => {
    const { world, batch } = makeBatch(5);
    for (let decree = 5; decree <= 10; decree++) batch.add(record(decree));
    batch.commitApplied(10);
    batch.add(record(12, { lastCommittedDecree: 10 }));
    batch.commitApplied(12);
    expect(batch.lastDecree()).toBe(12);
    batch.add(record(13, { lastCommittedDecree: 12 }));
    batch.commitApplied(13);
    expect(values(batch)).toEqual(['v5', 'v6', 'v7', 'v8', 'v9', 'v10', 'v12', 'v13']);
    expect(world.skipped()).toEqual(['11-11']);
    expect(world.metrics.get('7.2', 'dup_recent_lost_mutations')).toBe(1);
  });

  it('a large hole: what is buffered is delivered, the rest is claimed, and the record goes on', () => {
    const { world, batch } = makeBatch(5);
    batch.add(record(5));
    batch.add(record(6));
    batch.add(record(600, { lastCommittedDecree: 598 }));
    batch.commitApplied(600);
    expect(values(batch)).toEqual(['v5', 'v6', 'v600']);
    expect(batch.lastDecree()).toBe(600);
    expect(world.skipped()).toEqual(['7-598', '599-599']);
    expect(world.claims[0]).toEqual({ kind: 'dup.skipped', gpid: '7.2', dupId: 5, from: 7, to: 598 });
  });

  it('what is missing at the end may still come', () => {
    const { world, batch } = makeBatch(5);
    batch.add(record(5));
    batch.commitApplied(9);
    expect(batch.lastDecree()).toBe(5);
    batch.add(record(6));
    batch.commitApplied(9);
    expect(batch.lastDecree()).toBe(6);
    expect(world.skipped()).toEqual([]);
  });

  it('below the start nothing is missed', () => {
    const { world, batch } = makeBatch(5);
    batch.setStartDecree(9);
    batch.add(record(11, { lastCommittedDecree: 9 }));
    expect(world.skipped()).toEqual(['9-9']);
    batch.add(record(12, { lastCommittedDecree: 11 }));
    expect(world.skipped()).toEqual(['9-9', '10-10']);
  });

  it('a record of a smaller ballot than the one before it was superseded by a lost one', () => {
    const { world, batch } = makeBatch(8);
    batch.add(record(8, { lastCommittedDecree: 7, ...other(8, 4, 'eight') }));
    batch.add(record(9, { lastCommittedDecree: 7, ...other(9, 3, 'superseded') }));
    batch.add(record(10, { lastCommittedDecree: 9, ...other(10, 5, 'ten') }));
    batch.commitApplied(10);
    expect(values(batch)).toEqual(['eight', 'ten']);
    expect(world.skipped()).toEqual(['9-9']);
  });

  it('a span that no prepare list allows ends the process', () => {
    const { batch } = makeBatch(1);
    batch.add(record(1, { lastCommittedDecree: 0 }));
    expect(() => {
      batch.add(record(201, { lastCommittedDecree: 0 }));
    }).toThrow('mutation_buffer::prepare');
  });
});

describe('any log', () => {
  interface Slot {
    readonly superseded: number;
    readonly lag: number;
    readonly lost: boolean;
    readonly commitAfter: boolean;
    readonly move: boolean;
  }
  const slot: fc.Arbitrary<Slot> = fc.record({
    superseded: fc.nat({ max: 2 }),
    lag: fc.nat({ max: 20 }),
    lost: fc.boolean().map((b) => b),
    commitAfter: fc.boolean(),
    move: fc.boolean(),
  });

  it('each decree once, in its newest ballot, in order; what is not delivered is claimed', () => {
    fc.assert(
      fc.property(fc.array(slot, { minLength: 1, maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (slots, start) => {
        const { world, batch } = makeBatch(start);
        const delivered: string[] = [];
        const expected: string[] = [];
        let committed = 0;
        slots.forEach((at, i) => {
          const decree = i + 1;
          committed = Math.max(committed, decree - 1 - at.lag);
          for (let ballot = 1; ballot <= at.superseded; ballot++) {
            batch.add(record(decree, { lastCommittedDecree: committed, ...other(decree, ballot, `old${decree}`) }));
          }
          if (at.lost && at.superseded === 0) return;
          batch.add(record(decree, { ballot: 9, lastCommittedDecree: committed }));
          if (decree >= start) expected.push(`v${decree}`);
          if (at.commitAfter) {
            committed = decree;
            batch.commitApplied(decree);
          }
          if (at.move) delivered.push(...values(batch));
        });
        batch.commitApplied(slots.length);
        delivered.push(...values(batch));
        expect(delivered).toEqual(expected);
        const claimed = world.claims.flatMap((c) => (c.kind === 'dup.skipped' ? [c.from, c.to] : []));
        for (let i = 1; i < claimed.length; i++) expect(claimed[i]).toBeGreaterThanOrEqual(claimed[i - 1] ?? 0);
        const missing = world.claims.reduce((n, c) => n + (c.kind === 'dup.skipped' ? c.to - c.from + 1 : 0), 0);
        expect(expected.length + missing).toBe(Math.max(0, batch.lastDecree() - start + 1));
      }),
      { numRuns: 300 },
    );
  });
});
