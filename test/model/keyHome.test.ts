/** Which partition serves a key: as the clients of the implementation, and those of Pegasus, compute it. */
import { expect, it } from 'vitest';
import { partitionIndexOf, storedKey } from '../../impl/protocol/rrdb.ts';
import { servingIndex } from '../../model/keyHome.ts';

it.each([1, 2, 3, 8, 1024])('of %i partitions is the one that a client asks', (count) => {
  for (const hashKey of ['', 'a', 'b', 'user', 'k17', '\xff\x00']) {
    for (const sortKey of ['', 'x', 'ab']) expect(servingIndex(storedKey(hashKey, sortKey), count)).toBe(partitionIndexOf(hashKey, count, sortKey));
  }
});

it('is not the same for all', () => {
  expect(new Set(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((hashKey) => servingIndex(storedKey(hashKey, ''), 2))).size).toBe(2);
});
