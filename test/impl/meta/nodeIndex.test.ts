/** Partitions by server: what was there goes, what comes is found, in the order of the partitions, and of each table by itself. */
import { expect, it } from 'vitest';
import { NodeIndex } from '../../../impl/meta/nodeIndex.ts';
import { configOf } from './cure/views.ts';

it('finds partitions by the servers that their configurations name now', () => {
  const index = new NodeIndex(({ primary, secondaries }) => [primary, ...secondaries]);
  const none = configOf({ primary: '', secondaries: [] });
  const first = configOf({ primary: 'a', secondaries: ['b'] });
  for (const partition of [10, 2, 1]) index.replace(1, partition, none, first);
  index.replace(2, 7, none, configOf({ primary: 'b', secondaries: [] }));
  expect([index.of(1, 'a'), index.of(1, 'b'), index.of(2, 'a'), index.of(2, 'b'), index.of(3, 'a')]).toEqual([[1, 2, 10], [1, 2, 10], [], [7], []]);
  // Roles change, and one that stays is still found.
  index.replace(1, 2, first, configOf({ primary: 'b', secondaries: ['c'] }));
  expect([index.of(1, 'a'), index.of(1, 'b'), index.of(1, 'c')]).toEqual([[1, 10], [1, 2, 10], [2]]);
});
