/** A gate with a wide margin: a tenth of what an ordinary machine does, so that only a real loss of speed fails. */
import { expect, it } from 'vitest';
import { bareKernelPerSecond } from '../../properties/bench/kernel.ts';
import { benchPingPong } from './kernel.ts';

it('dispatches fast enough, bare and through pools and links', () => {
  // The first run of each warms up the compiler.
  bareKernelPerSecond(200_000);
  benchPingPong(100_000);
  expect(bareKernelPerSecond(1_000_000)).toBeGreaterThan(1_000_000);
  expect(benchPingPong(500_000)).toBeGreaterThan(500_000);
});
