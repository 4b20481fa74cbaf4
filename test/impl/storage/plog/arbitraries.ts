/** Generated mutations and log histories. */
import fc from 'fast-check';
import { WRITE_CODES } from '../../../../impl/storage/plog/record.ts';
import type { LogMutation } from '../../../../impl/storage/plog/types.ts';
import { makeContext } from './fakeEnv.ts';
import type { FakeDisk } from './fakeEnv.ts';
import { GPID, mutation, openLog } from './helpers.ts';
import type { Opened } from './helpers.ts';

export const update = fc.record({
  code: fc.constantFrom(...WRITE_CODES),
  serializationType: fc.integer({ min: 0, max: 6 }),
  data: fc.uint8Array({ maxLength: 40 }),
});

export const anyMutation: fc.Arbitrary<LogMutation> = fc.record({
  gpid: fc.tuple(fc.integer(), fc.integer()).map(([app, index]) => `${app}.${index}`),
  ballot: fc.maxSafeInteger(),
  decree: fc.maxSafeInteger(),
  logOffset: fc.maxSafeInteger(),
  lastCommittedDecree: fc.maxSafeInteger(),
  timestampUs: fc.maxSafeInteger(),
  updates: fc.array(update, { maxLength: 4 }),
});

/** What a replica does to its log. */
export type Act =
  | { readonly kind: 'append'; readonly repeats: number; readonly bytes: number }
  | { readonly kind: 'demand' | 'hint' | 'restart' | 'drain' }
  | { readonly kind: 'steps'; readonly picks: readonly number[] };

const append = fc.record({ kind: fc.constant('append' as const), repeats: fc.nat(2), bytes: fc.nat(120) });
const other = fc.record({
  kind: fc.constantFrom('demand' as const, 'hint' as const, 'restart' as const, 'drain' as const),
});
const steps = fc.record({
  kind: fc.constant('steps' as const),
  picks: fc.array(fc.nat(3), { minLength: 1, maxLength: 5 }),
});

export const acts: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.oneof({ weight: 5, arbitrary: append }, { weight: 2, arbitrary: other }, { weight: 3, arbitrary: steps }),
  { maxLength: 25 },
);

export const SMALL_FILES = { logPrivateFileSizeBytes: 1500 };

/** Lives through the acts over one disk; every append is drained before a restart, as after a graceful stop. */
export function live(
  disk: FakeDisk,
  history: readonly Act[],
): { readonly last: Opened; readonly appended: readonly LogMutation[] } {
  let log = openLog(makeContext(disk, SMALL_FILES));
  const appended: LogMutation[] = [];
  for (const act of history) {
    switch (act.kind) {
      case 'append': {
        const decree = Math.max(1, appended.length + 1 - act.repeats);
        const data = new Uint8Array(act.bytes).fill(appended.length);
        const mu = mutation(decree, {
          ballot: 1 + appended.length,
          updates: [{ code: 'RPC_RRDB_RRDB_PUT', serializationType: 1, data }],
        });
        appended.push({ ...mu, gpid: GPID, logOffset: log.append(mu) });
        break;
      }
      case 'demand':
        log.log.demandSwitchFile();
        break;
      case 'hint':
        log.log.hintSwitchFile();
        break;
      case 'restart':
        log.ctx.env.tasks.run();
        log = openLog(makeContext(disk, SMALL_FILES));
        break;
      case 'drain':
        log.ctx.env.tasks.run();
        break;
      case 'steps':
        for (const pick of act.picks) log.ctx.env.tasks.step(() => pick);
        break;
    }
  }
  log.ctx.env.tasks.run();
  return { last: log, appended };
}
