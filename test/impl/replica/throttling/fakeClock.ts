/** A context of which only the clocks work. */
import type { Context } from '../../../../impl/context.ts';
import type { Env } from '../../../../impl/env/contract.ts';
import { DEFAULT_PARTS } from '../../../../impl/parts.ts';
import { DEFAULT_SETTINGS } from '../../../../impl/settings.ts';

function unused(): never {
  throw new Error('only the clocks of this environment work');
}

export class FakeClock {
  wallSeconds = 0;
  monotonicSeconds = 0;

  context(): Context {
    const env: Env = {
      self: 'c/replica-0',
      clock: { wallUs: () => this.wallSeconds * 1e6, monotonicUs: () => this.monotonicSeconds * 1e6 },
      tasks: { post: unused, charge: unused },
      rpc: { call: unused, tell: unused, serve: unused },
      disk: {
        list: unused, exists: unused, info: unused, mkdir: unused, create: unused, write: unused, read: unused,
        sync: unused, rename: unused, link: unused, remove: unused,
      },
      store: { create: unused, set: unused, get: unused, children: unused, remove: unused },
      provider: { tree: unused },
      random: unused,
      emit: unused,
      check: unused,
    };
    return { env, settings: DEFAULT_SETTINGS, parts: DEFAULT_PARTS };
  }
}
