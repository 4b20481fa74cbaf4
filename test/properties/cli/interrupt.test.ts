/** Ctrl-C, as a terminal sends it: the search ends at once, says what it found so far, and leaves no file half-written. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const BIN = fileURLToPath(new URL('../../../bin/pegasus-check.js', import.meta.url));

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'interrupt-'));
});
afterAll(() => {
  rmSync(dir, { recursive: true });
});

/** Sends `signal` soon after the search has begun; answers how the process ended and what it printed. */
function interrupted(signal: NodeJS.Signals, ...args: readonly string[]): Promise<{ readonly code: number | null; readonly out: string; readonly afterMs: number }> {
  return new Promise((resolve) => {
    const child: ChildProcess = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    let sentAt = 0;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (sentAt > 0 || !out.includes('repeat: ')) return;
      sentAt = performance.now();
      setTimeout(() => child.kill(signal), 500);
    });
    child.on('exit', (code) => {
      resolve({ code, out, afterMs: performance.now() - sentAt });
    });
  });
}

describe.each<NodeJS.Signals>(['SIGINT', 'SIGTERM'])('%s', (signal) => {
  it('ends a hunt in good order', async () => {
    const out = join(dir, signal);
    const ran = await interrupted(signal, 'hunt', '--seconds', '60', '--subsystem', 'tables', '--out', out);
    expect(ran.out).toMatch(/interrupted: .* runs \(\d+\/s\)/);
    expect(ran.out).toMatch(/\nrepeat the search: npx pegasus-check hunt --seed \d+ --runs \d+ --subsystem tables\n$/);
    // Runs above the line, runs that a repeated search makes, and how many those are more.
    const [, made, more = '0', repeated] = /interrupted: .*? (\d+) runs \(.*?(?:the runs above, and (\d+) more\n)?repeat the search: .* --runs (\d+) /s.exec(ran.out) ?? [];
    expect(Number(repeated)).toBe(Math.max(1, Number(made) + Number(more)));
    expect(ran.code).toBe(ran.out.includes('nothing found') ? 0 : 1);
    expect(ran.afterMs).toBeLessThan(15_000);
    if (ran.code === 0) expect(existsSync(out)).toBe(false);
  });
});

/** Processes that a process has made; Linux tells. */
function childrenOf(pid: number): readonly number[] {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return stdout.split('\n').map(Number).filter((one) => one > 0);
}

function areGone(pids: readonly number[]): boolean {
  return pids.every((pid) => spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim() === '');
}

it.runIf(process.platform === 'linux')('a hunt that is killed leaves no worker behind, even while they begin', async () => {
  const hunt = spawn(process.execPath, [BIN, 'hunt', '--seconds', '60', '--threads', '2', '--subsystem', 'tables', '--property', 'S1', '--out', join(dir, 'killed')], { stdio: 'ignore' });
  let workers: readonly number[] = [];
  await expect.poll(() => (workers = childrenOf(hunt.pid ?? 0)).length, { timeout: 60_000 }).toBe(2);
  hunt.kill('SIGKILL');
  await expect.poll(() => areGone(workers), { timeout: 60_000, interval: 200 }).toBe(true);
});

it('two hunts that write into one folder at once replace nothing of each other', async () => {
  const out = join(dir, 'shared');
  const one = (): Promise<string> =>
    new Promise((resolve) => {
      let text = '';
      const child = spawn(process.execPath, [BIN, 'hunt', '--seed', '5', '--runs', '200', '--defect', 'canary', '--report', 'none', '--out', out, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
      child.stdout.setEncoding('utf8').on('data', (more: string) => {
        text += more;
      });
      child.on('close', () => {
        resolve(text);
      });
    });
  const files = (await Promise.all([one(), one()])).map((text) => (JSON.parse(text) as { readonly finding: { readonly file: string } }).finding.file);
  expect(new Set(files).size).toBe(2);
  for (const file of files) expect(existsSync(file)).toBe(true);
});
