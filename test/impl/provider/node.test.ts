/** The provider's suite over directories of the real disk. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterAll } from 'vitest';
import type { Env } from '../../../impl/env/contract.ts';
import { RealClock } from '../../../impl/env/node/clock.ts';
import { RealDisk } from '../../../impl/env/node/disk.ts';
import { RealProviders } from '../../../impl/env/node/provider.ts';
import { RealTasks } from '../../../impl/env/node/tasks.ts';
import { DEFAULT_PARTS } from '../../../impl/parts.ts';
import { DEFAULT_SETTINGS } from '../../../impl/settings.ts';
import { providerSuite } from './suite.ts';

const roots: string[] = [];

afterAll(() => {
  for (const root of roots) fs.rmSync(root, { recursive: true, force: true });
});

function unused(): never {
  throw new Error('not of a provider');
}

providerSuite('real', () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'pegasus-check-'));
  roots.push(root);
  const files = path.join(root, 'files');
  const local = path.join(root, 'local');
  fs.mkdirSync(files);
  fs.mkdirSync(local);
  const clock = new RealClock();
  const env: Env = {
    self: 'a',
    clock,
    tasks: new RealTasks(clock),
    rpc: { call: unused, tell: unused, serve: unused },
    disk: new RealDisk(local),
    store: { create: unused, set: unused, get: unused, children: unused, remove: unused },
    provider: new RealProviders(new Map([['files', files]])),
    random: unused,
    emit: unused,
    check: unused,
  };
  return {
    put: (at, bytes) => {
      fs.mkdirSync(path.dirname(path.join(files, at)), { recursive: true });
      fs.writeFileSync(path.join(files, at), bytes);
    },
    remove: (at) => fs.rmSync(path.join(files, at)),
    inside: (act) => act({ env, settings: DEFAULT_SETTINGS, parts: DEFAULT_PARTS }),
  };
});
