/**
 * Loads defects by name, or one of somebody else's from a file. All of ours are read only when one of them is named: a replay without
 * them, or with the canary alone, starts without.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DEFAULT_PARTS } from '../../impl/parts.ts';
import { BadInput } from '../plan/parse.ts';
import { CANARY } from './canary.ts';
import { partsWith, type Defect } from './types.ts';

/** Resolves `--defect` words: an id of ours, or the path of a module whose default export is a defect. */
export async function loadDefects(words: readonly string[]): Promise<readonly Defect[]> {
  const loaded: Defect[] = [];
  for (const word of words) loaded.push((await ours(word)) ?? (await loadFile(word)));
  return loaded;
}

async function ours(id: string): Promise<Defect | undefined> {
  if (id === CANARY.id) return CANARY;
  const { DEFECTS } = await import('./index.ts');
  return DEFECTS.find((d) => d.id === id);
}

async function loadFile(word: string): Promise<Defect> {
  if (!existsSync(word)) {
    throw new BadInput(`--defect ${word}: neither a defect nor a file; "pegasus-check defects --list" lists them`);
  }
  let loaded: { readonly default?: unknown };
  try {
    loaded = (await import(pathToFileURL(resolve(word)).href)) as { readonly default?: unknown };
  } catch (error) {
    throw new BadInput(`--defect ${word}: cannot be loaded (${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)})`);
  }
  return checked(loaded.default, word);
}

function checked(value: unknown, word: string): Defect {
  const fail = (what: string): never => {
    throw new BadInput(`--defect ${word}: ${what}; see properties/defects/types.ts`);
  };
  if (typeof value !== 'object' || value === null) return fail('its default export must be a defect object');
  const defect = value as Partial<Defect>;
  if (typeof defect.id !== 'string' || !/^[\w.-]{1,64}$/.test(defect.id)) return fail('its default export lacks an id (at most 64 letters, digits, dots, dashes)');
  if (!Array.isArray(defect.changes) || defect.changes.length === 0) return fail('its default export lacks changes');
  for (const change of defect.changes as readonly (Partial<Defect['changes'][number]> | null)[]) {
    if (typeof change !== 'object' || change === null) return fail('each of its changes must be { part, mend }');
    if (typeof change.part !== 'string' || !Object.hasOwn(DEFAULT_PARTS, change.part)) return fail(`"${String(change.part)}" is no part ("pegasus-check seams" lists them)`);
    if (typeof change.mend !== 'function') return fail(`the change of ${change.part} lacks mend(Base)`);
  }
  const made: Defect = {
    id: defect.id,
    issue: defect.issue ?? '',
    symptom: defect.symptom ?? '',
    expected: defect.expected ?? [],
    family: defect.family ?? 'classic',
    upstream: defect.upstream ?? 'never had it',
    changes: defect.changes,
  };
  // Somebody else's mixin runs here for the first time: whatever it throws is about that file.
  try {
    const parts = partsWith([made]);
    for (const change of made.changes) if (typeof parts[change.part] !== 'function') return fail(`mend(Base) of ${change.part} must answer a class`);
  } catch (error) {
    if (error instanceof BadInput) throw error;
    return fail(`its mend(Base) throws (${error instanceof Error ? error.message : String(error)})`);
  }
  return made;
}
