/** The house rules hold, they scanned the house, and each of them is seen to fail. */
import { describe, expect, it } from 'vitest';
import { lint, ROOT, sources } from './rules.ts';

const files = sources(ROOT);

function findingsOf(path: string, text: string): readonly string[] {
  return lint([{ path, text }]).map((f) => f.rule);
}

describe('the house rules', () => {
  it('hold over every file', () => {
    expect(lint(files)).toEqual([]);
  });

  it('scanned every room', () => {
    for (const [room, least] of [['model', 12], ['impl', 80], ['properties', 70], ['test', 40]] as const) {
      expect(files.filter((f) => f.path.startsWith(`${room}/`)).length, room).toBeGreaterThan(least);
    }
  });

  it.each([
    ['model/x.ts', "import { a } from '../impl/settings.ts';", 'imports'],
    ['impl/x.ts', "import { a } from '../model/next.ts';", 'imports'],
    ['impl/x.ts', "import { a } from '../properties/plan/types.ts';", 'imports'],
    ['impl/x.ts', "import { a } from '../model/events.ts';", 'imports'],
    ['impl/x.ts', "import { readFileSync } from 'node:fs';", 'imports'],
    ['properties/run/audit/x.ts', "import { crc32c } from '../../../impl/protocol/crc32c.ts';", 'imports'],
    ['impl/x.ts', 'const t = Date.now();', 'determinism'],
    ['model/x.ts', 'const r = Math.random();', 'determinism'],
    ['properties/run/x.ts', 'const t = performance.now();', 'determinism'],
    ['impl/x.ts', 'async function f() {}', 'determinism'],
    ['impl/x.ts', 'try { f(); } catch { g(); }', 'bare-catch'],
    ['impl/x.ts', 'try { f(); } catch (error) { g(); }', 'bare-catch'],
    ['properties/x.ts', 'const x: any = 1;', 'loose'],
    ['properties/x.ts', '// @ts-ignore', 'loose'],
    ['model/x.ts', 'x\n'.repeat(401), 'size'],
  ])('in %s refuse %j', (path, text, rule) => {
    expect(findingsOf(path, text)).toContain(rule);
  });

  it.each([
    ['impl/x.ts', "import type { ModelEvent } from '../model/events.ts';"],
    ['impl/x.ts', "import { unreachable } from '../model/vocabulary.ts';"],
    ['impl/env/node/x.ts', "import { readFileSync } from 'node:fs';\nconst t = Date.now();"],
    ['impl/x.ts', '// Date.now() is refused here'],
    ['impl/x.ts', 'try { f(); } catch (error) { if (!(error instanceof DiskError)) throw error; }'],
  ])('in %s accept %j', (path, text) => {
    expect(findingsOf(path, text)).toEqual([]);
  });
});
