/**
 * How long a user waits for a replay: what a start loads, and what it costs the first time and the second. The bounds are of processor
 * time, on a busy machine twice that of a quiet one; the quiet figures are a third of them.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { CANARY } from '../../../properties/defects/canary.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const COLD_CPU_MS = 1800;
const WARM_CPU_MS = 700;

/** Tells, as the process ends, what it loaded and how long its processor time was. */
const WITNESS = `import { registerHooks } from 'node:module'; import { writeSync } from 'node:fs';
const loaded = []; registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
process.on('exit', () => { const { user, system } = process.cpuUsage(); writeSync(2, JSON.stringify({ loaded, cpuMs: (user + system) / 1000 })); });`;

const dir = mkdtempSync(join(tmpdir(), 'pegasus-check-start-'));
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

interface Start {
  readonly verdict: string;
  readonly loaded: readonly string[];
  readonly cpuMs: number;
}

function replay(cache: string): Start {
  const args = [join(ROOT, 'bin/pegasus-check.js'), 'replay', 'test/corpus/defects/canary.json', '--defect', CANARY.id];
  const env = { ...process.env, NODE_COMPILE_CACHE: cache, NODE_DISABLE_COMPILE_CACHE: undefined };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(WITNESS)}`, ...args], { cwd: ROOT, env, encoding: 'utf8' });
  expect(status).toBe(1);
  const told = JSON.parse(stderr) as { readonly loaded: readonly string[]; readonly cpuMs: number };
  return { verdict: /^verdict: .*$/m.exec(stdout)?.[0] ?? '', ...told };
}

describe('a replay', () => {
  it('is soon there, and sooner the second time, since what was compiled is kept', () => {
    const cold = replay(dir);
    expect(readdirSync(dir)).not.toEqual([]);
    const warm = replay(dir);
    expect(warm.verdict).toBe(cold.verdict);
    expect(warm.verdict).toContain('broken');
    expect(cold.cpuMs).toBeLessThan(COLD_CPU_MS);
    expect(warm.cpuMs).toBeLessThan(WARM_CPU_MS);
    expect(warm.cpuMs).toBeLessThan(cold.cpuMs * 0.7);
  });

  it('starts where nothing can be kept', () => {
    expect(replay('/dev/null/nowhere').verdict).toContain('broken');
  });

  it('loads neither the search nor the reports, nor any defect but those that it is asked for', () => {
    const own = replay(dir).loaded.filter((url) => url.startsWith('file:')).map((url) => url.slice(url.indexOf(ROOT) + ROOT.length));
    expect(own.length).toBeGreaterThan(200);
    expect(own.filter((path) => /fast-check|preact|esbuild|piscina|properties\/(?:minimize|explore|report\/html|bench)\/|hunt\/search/.test(path))).toEqual([]);
    expect(own.filter((path) => /properties\/defects\/(?:bulkLoad|classic|duplication)\//.test(path))).toEqual([]);
  });
});
