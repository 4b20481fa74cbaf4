/**
 * A learner in the simulated world, whose process ends inside any call of the task that installs a checkpoint or discards
 * the storage, with a loss of power behind it: the next process finds the old storage or the new one.
 */
import { expect, test } from 'vitest';
import type { Env } from '../../../../impl/env/contract.ts';
import { task } from '../../../../impl/env/contract.ts';
import { CALM } from '../../../../impl/env/sim/chance.ts';
import { SimWorld } from '../../../../impl/env/sim/world.ts';
import { DEFAULT_SETTINGS } from '../../../../impl/settings.ts';
import type { StorageApp } from '../../../../impl/storage/app/storageApp.ts';
import { TraceObserver } from '../../env/fixture.ts';
import { FakeDisk, TEST_PARTS } from '../engine/fakeEnv.ts';
import { DATA, appOver } from './appWorld.ts';
import { LEARN, applyUpTo, rowsAt, rowsOf } from './learnFixture.ts';

const NODE = 'c/replica-0';
const OLD = 7;
const NEW = 12;
const MOST_CALLS = 500;
const SETTINGS = { ...DEFAULT_SETTINGS, memtableSizeBytes: 150, checkpointReserveTimeSeconds: 0 };

const learnee = appOver(new FakeDisk());
learnee.app.openNew();
applyUpTo(learnee.app, NEW);
learnee.app.syncCheckpoint('start-up');
const { files } = learnee.app.getLearnCheckpoint();

/** A replica that comes to `OLD`, copies the checkpoint, and waits to be told what to do with it. */
class Root {
  readonly env: Env;
  readonly app: StorageApp;
  opened = '';
  answer = '';
  calls = 0;

  constructor(env: Env) {
    this.env = env;
    const ctx = { env, settings: SETTINGS, parts: TEST_PARTS };
    this.app = new ctx.parts.StorageApp(ctx, { gpid: '1.0', dataDir: DATA, hash: 1, clusterNumber: 1 });
    env.tasks.post('LPC_OPEN_REPLICA', 1, 0, task(this, 'onOpen'));
  }

  onOpen(): void {
    if (this.env.disk.exists(LEARN)) {
      this.opened = this.app.openExisting();
      return;
    }
    this.opened = this.app.openNew();
    applyUpTo(this.app, OLD);
    this.app.syncCheckpoint('start-up');
    for (const file of files) this.copy(file);
  }

  private copy(file: string): void {
    const { disk } = this.env;
    const path = `${LEARN}/${file}`;
    disk.mkdir(path.slice(0, path.lastIndexOf('/')));
    disk.create(path);
    disk.write(path, 0, learnee.disk.bytesOf(`${DATA}/${file}`));
    disk.sync(path);
  }

  onInstall(): void {
    this.answer = this.app.applyCheckpoint(LEARN, files, NEW);
  }

  onDiscard(): void {
    this.answer = this.app.discardAndOpenNew();
  }
}

function rootOf(world: SimWorld): Root {
  const root = world.rootOf(NODE);
  if (!(root instanceof Root)) throw new Error('no process');
  return root;
}

/** The decree that the next process finds, or its error; undefined when the step ended before the crash. */
function crashed(method: 'onInstall' | 'onDiscard', nth: number): number | string | undefined {
  const world = new SimWorld({ chance: CALM, observer: new TraceObserver(), startWallUs: 1_700_000_000_000_000 });
  const { poolWorkers, taskOverrides } = SETTINGS;
  world.addNode(NODE, { cluster: 'c', poolWorkers, taskOverrides, boot: (env) => new Root(env) });
  world.startNode(NODE);
  world.run({ untilUs: 100_000 });
  const learner = rootOf(world);
  expect(learner.opened).toBe('ERR_OK');
  world.crashInside(NODE, nth);
  world.post(NODE, 'LPC_OPEN_REPLICA', 1, task(learner, method));
  world.run({ untilUs: 200_000 });
  world.stopNode(NODE, 'power-loss', { mode: 'torn', keepPermille: (nth * 331) % 1001 });
  world.startNode(NODE);
  world.run({ untilUs: 300_000 });
  const { app, opened } = rootOf(world);
  if (opened !== 'ERR_OK') return opened;
  expect(rowsOf(app)).toBe(rowsAt(app.lastFlushedDecree()));
  expect([app.lastDurableDecree(), app.lastCommittedDecree()]).toEqual([app.lastFlushedDecree(), app.lastFlushedDecree()]);
  return learner.answer === '' ? app.lastFlushedDecree() : undefined;
}

test.each([
  ['onInstall', [OLD, NEW]],
  ['onDiscard', [OLD, 0]],
] as const)('%s', (method, expected) => {
  const states: (number | string)[] = [];
  for (let nth = 1; nth < MOST_CALLS; nth++) {
    const state = crashed(method, nth);
    if (state === undefined) break;
    states.push(state);
  }
  expect(states.length).toBeGreaterThan(20);
  expect(states.length).toBeLessThan(MOST_CALLS - 1);
  expect(states.filter((state, i) => state !== states[i - 1])).toEqual(expected);
});
