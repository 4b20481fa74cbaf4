/** A context for parts that need no world: claims are kept, a failed check throws, everything else is absent. */
import type { Claim } from '../../../model/events.ts';
import { CheckFailed } from '../../../impl/env/contract.ts';
import type { Env } from '../../../impl/env/contract.ts';
import type { Context } from '../../../impl/context.ts';
import { DEFAULT_PARTS } from '../../../impl/parts.ts';
import { DEFAULT_SETTINGS } from '../../../impl/settings.ts';
import type { Settings } from '../../../impl/settings.ts';

export interface Bench {
  readonly ctx: Context;
  readonly claims: Claim[];
}

export function bench(settings: Partial<Settings> = {}): Bench {
  const claims: Claim[] = [];
  const env: Pick<Env, 'self' | 'emit' | 'check' | 'random'> = {
    self: 'c/replica-0',
    emit: (claim) => void claims.push(claim),
    check: (condition, name, detail) => {
      if (!condition) throw new CheckFailed(name, detail?.() ?? '');
    },
    random: () => 0.5,
  };
  return { ctx: { env: env as Env, settings: { ...DEFAULT_SETTINGS, ...settings }, parts: DEFAULT_PARTS }, claims };
}
