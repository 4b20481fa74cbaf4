/** The contract suite on the real side: a temporary directory, the machine's clocks, real waiting. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterAll } from 'vitest';
import { RealClock } from '../../../impl/env/node/clock.ts';
import { RealDisk } from '../../../impl/env/node/disk.ts';
import { RealTasks } from '../../../impl/env/node/tasks.ts';
import { contractSuite } from './contract.ts';

const roots: string[] = [];

afterAll(() => {
  for (const root of roots) fs.rmSync(root, { recursive: true, force: true });
});

contractSuite('real', () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'pegasus-check-'));
  roots.push(root);
  const clock = new RealClock();
  const tasks = new RealTasks(clock);
  return {
    disk: new RealDisk(root),
    clock,
    tasks,
    inside: (act) => act(),
    runUntilIdle: () => tasks.runUntilIdle(),
  };
});
