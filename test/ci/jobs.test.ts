/**
 * What can be tested of CI jobs without a CI: the workflow files parse and use known actions only; each of their `run` lines, and each
 * command of the container file, runs here, with stand-ins for `node`, `npm` and `gh` that write down what they are asked.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { main } from '../../properties/cli/main.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const WORKFLOWS = readdirSync(join(ROOT, '.github/workflows')).sort();

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}
interface Workflow {
  readonly name: string;
  readonly on: object;
  readonly permissions: object;
  readonly jobs: Readonly<Record<string, { readonly 'runs-on': string; readonly needs?: string; readonly 'timeout-minutes'?: number; readonly steps: readonly Step[] }>>;
}

/** With what each of them must be given. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  'actions/checkout@v4': [],
  'actions/setup-node@v4': ['node-version'],
  'actions/cache@v4': ['path', 'key'],
  'actions/upload-artifact@v4': ['path'],
  'actions/download-artifact@v4': ['path'],
};

/** What GitHub puts in the place of expressions. */
const VALUES: Readonly<Record<string, string>> = { 'matrix.shard': '2', 'github.run_number': '77', 'github.sha': 'abcdef0123456789abcdef0123456789abcdef01' };

function workflow(name: string): Workflow {
  return parse(readFileSync(join(ROOT, '.github/workflows', name), 'utf8'), { strict: true, uniqueKeys: true }) as Workflow;
}

function filledIn(line: string): string {
  return line.replaceAll(/\$\{\{ *([\w.]+) *\}\}/g, (_, name: string) => {
    const value = VALUES[name];
    if (value === undefined) throw new Error(`no value for ${name}`);
    return value;
  });
}

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ci-'));
  for (const name of ['.ci', 'bin', 'package.json']) symlinkSync(join(ROOT, name), join(dir, name));
  mkdirSync(join(dir, 'fake'));
  const ask = `printf '%s' "$(basename "$0")" >> "$ASKED"; printf ' %s' "$@" >> "$ASKED"; echo >> "$ASKED"\n`;
  // Of `node` only hunts are asked; the canary's answers what CANARY says. A hunt for CI leaves its summary.
  const node = `#!/bin/bash\n${ask}case "$*" in\n  *"--defect canary"*) exit "\${CANARY:-1}" ;;\n  *--ci*) out="\${!#}"; mkdir -p "$out"; echo "# summary" > "$out/summary.md" ;;\nesac\n`;
  for (const [name, text] of [['node', node], ['npm', `#!/bin/bash\n${ask}`], ['gh', `#!/bin/bash\n${ask}`]] as const) writeFileSync(join(dir, 'fake', name), text, { mode: 0o755 });
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** One line for each call of a stand-in. */
  readonly asked: readonly string[];
}

function run(line: string, env: Readonly<Record<string, string>> = {}): Ran {
  const asked = join(dir, 'asked');
  const path = `${join(dir, 'fake')}${delimiter}${process.env['PATH'] ?? ''}`;
  const ran = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', line], { cwd: dir, encoding: 'utf8', env: { ...process.env, PATH: path, ASKED: asked, GITHUB_STEP_SUMMARY: join(dir, 'step-summary'), ...env } });
  const lines = existsSync(asked) ? readFileSync(asked, 'utf8').trimEnd().split('\n') : [];
  rmSync(asked, { force: true });
  return { code: ran.status, out: ran.stdout, err: ran.stderr, asked: lines };
}

const steps = WORKFLOWS.flatMap((name) => Object.values(workflow(name).jobs).flatMap((job) => job.steps.map((step) => [name, step] as const)));

describe('workflows', () => {
  it('are there, with a trigger, least rights, and jobs that exist', () => {
    expect(WORKFLOWS).toEqual(['nightly.yml', 'pull-request.yml']);
    for (const name of WORKFLOWS) {
      const { on, permissions, jobs } = workflow(name);
      expect(Object.keys(on).length).toBeGreaterThan(0);
      expect(permissions).toEqual({ contents: 'read' });
      for (const job of Object.values(jobs)) {
        expect(job['runs-on']).toBe('ubuntu-latest');
        if (job.needs !== undefined) expect(Object.keys(jobs)).toContain(job.needs);
      }
    }
  });

  it('use known actions, each with what it must be given', () => {
    const used = steps.flatMap(([, step]) => (step.uses === undefined ? [] : [step]));
    expect(used.length).toBeGreaterThan(8);
    for (const step of used) {
      expect(Object.keys(ACTIONS)).toContain(step.uses);
      for (const name of ACTIONS[step.uses ?? ''] ?? []) expect(Object.keys(step.with ?? {}), step.uses).toContain(name);
    }
  });

  it('every step does one thing', () => {
    for (const [, step] of steps) expect([step.run, step.uses].filter((one) => one !== undefined)).toHaveLength(1);
  });

  it.each(steps.flatMap(([name, step]) => (step.run === undefined ? [] : [[name, step.run] as const])))('%s: %s', (name, line) => {
    const summaries = workflow(name).jobs['hunt'] === undefined ? 'out/new-seeds' : 'out/hunt';
    mkdirSync(join(dir, summaries), { recursive: true });
    writeFileSync(join(dir, summaries, 'summary.md'), '# summary\n');
    const ran = run(filledIn(line));
    expect(ran.err).toBe('');
    expect(ran.code).toBe(0);
    if (line.startsWith('cat ')) expect(readFileSync(join(dir, 'step-summary'), 'utf8')).toBe('# summary\n');
    else expect(ran.asked.length).toBeGreaterThan(0);
  });
});

describe('.ci/defects', () => {
  it('compares the whole bench with the table, and a part of it with nothing', () => {
    expect(run('.ci/defects').asked).toEqual(['node bin/pegasus-check.js defects --check']);
    for (const words of ['--only canary clean', '--runs 3000', '--seeds 2']) expect(run(`.ci/defects ${words}`).asked).toEqual([`node bin/pegasus-check.js defects ${words}`]);
  });

  it('is asked every night, by a job of its own that may fail', () => {
    const jobs = Object.values(workflow('nightly.yml').jobs).filter((job) => job.steps.some(({ run: line }) => line === '.ci/defects'));
    expect(jobs).toHaveLength(1);
    expect(jobs[0]?.needs).toBeUndefined();
    expect(jobs[0]?.steps.every((step) => step.if === undefined && !('continue-on-error' in step))).toBe(true);
  });
});

describe('.ci/run', () => {
  it('holds lint, the 1-minimality of the corpus, tests and the hunt, and says how many of them failed', () => {
    const ran = run('.ci/run');
    const asked = ran.asked.map((line) => line.split(' ').filter((word) => !word.startsWith('-')).slice(0, 3).join(' '));
    for (const line of ['npm ci', 'npm run lint', 'npm run test:minimal', 'npm test']) expect(asked).toContain(line);
    expect(asked.filter((line) => line === 'node bin/pegasus-check.js hunt')).toHaveLength(2);
    expect([ran.code, ran.out.trimEnd().split('\n').at(-1)]).toEqual([0, expect.stringMatching(/^\d+ passed, 0 failed/)]);
    expect(run('.ci/run', { CANARY: '0' }), 'a hunt that finds no canary').toMatchObject({ code: 1, out: expect.stringMatching(/\n\d+ passed, 1 failed[^\n]*\n$/) as string });
  });
});

describe('.ci/hunt', () => {
  it('hunts the canary, then with all it was told', () => {
    const { asked } = run('.ci/hunt --shard 2/4 --minutes 50 --seed 77 --threads 3 --out o');
    expect(asked).toEqual([
      'node bin/pegasus-check.js hunt --runs 2000 --seconds 60 --defect canary --report none --out o/canary',
      'node bin/pegasus-check.js hunt --seconds 3000 --seed 77 --shard 2/4 --threads 3 --ci --out o',
    ]);
  });

  it('takes its seed from a commit', () => {
    expect(run('.ci/hunt --runs 5 --commit abcdef0123').asked[1]).toBe(`node bin/pegasus-check.js hunt --runs 5 --seed ${String(0xabcdef0)} --ci --out out/hunt`);
  });

  it.each([['0', 1, /canary was not found \(exit 0\): the hunt is broken/], ['2', 2, /^$/]] as const)('ends when the hunt for the canary exits with %s', (canary, code, message) => {
    const ran = run('.ci/hunt --runs 5', { CANARY: canary });
    expect([ran.code, ran.asked.length]).toEqual([code, 1]);
    expect(ran.err).toMatch(message);
  });

  it.each([['--fast', /unknown option --fast/], ['--seed', /--seed wants a value/], ['--minutes x', /--minutes x: must be/], ['--commit xyz', /--commit xyz: must be/]])('refuses %s in one line', (words, message) => {
    const ran = run(`.ci/hunt ${words}`);
    expect([ran.code, ran.asked]).toEqual([2, []]);
    expect(ran.err).toMatch(message);
    expect(ran.err.trimEnd().split('\n')).toHaveLength(1);
  });

  it('asks for what the command line takes', async () => {
    for (const line of run('.ci/hunt --shard 2/4 --minutes 50 --seed 77 --threads 1').asked) {
      const words = line.split(' ').slice(2);
      // Only whether the words are understood: an unknown subsystem is found after all others.
      const err: string[] = [];
      const code = await main([...words, '--subsystem', 'moon', '--out', dir], { out: () => undefined, err: (text) => err.push(text), interactive: false });
      expect([code, ...err]).toEqual([2, expect.stringMatching(/no such subsystem/)]);
    }
  });
});

it('scripts are programs that bash reads', () => {
  for (const name of readdirSync(join(ROOT, '.ci'))) {
    accessSync(join(ROOT, '.ci', name), constants.X_OK);
    expect(spawnSync('bash', ['-n', join(ROOT, '.ci', name)], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  }
});

describe('the container file', () => {
  const lines = readFileSync(join(ROOT, 'Containerfile'), 'utf8').split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line): readonly [string, string] => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]);
  const of = (instruction: string): readonly string[] => lines.filter(([one]) => one === instruction).map(([, rest]) => rest);

  it('begins with a Node that runs us, and copies what is there', () => {
    expect(lines[0]).toEqual(['FROM', expect.stringMatching(/^node:24-/)]);
    expect(lines.map(([one]) => one).filter((one) => !['FROM', 'WORKDIR', 'COPY', 'RUN', 'ENTRYPOINT', 'CMD'].includes(one))).toEqual([]);
    for (const source of of('COPY').flatMap((rest) => rest.split(' ').slice(0, -1))) expect(existsSync(join(ROOT, source)), source).toBe(true);
  });

  it('each command runs', () => {
    const entry = (of('ENTRYPOINT')[0] ?? '[]').concat(of('CMD')[0] ?? '[]');
    const words = (JSON.parse(entry.replace('][', ',')) as readonly string[]).map((word) => (word === '/out' ? join(dir, 'o') : word));
    for (const line of [...of('RUN'), words.join(' ')]) {
      const ran = run(line);
      expect([ran.code, ran.err]).toEqual([0, '']);
      expect(ran.asked.length).toBeGreaterThan(0);
    }
  });
});
