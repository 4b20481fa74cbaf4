/** What every part of a process is built from: its env, its settings and the table of parts (classes by name). */
import type { Env } from './env/contract.ts';
import type { Parts } from './parts.ts';
import type { Settings } from './settings.ts';

export interface Context {
  readonly env: Env;
  readonly settings: Settings;
  readonly parts: Parts;
}
