/**
 * The storage app in the simulated world: its own tasks on real pools, writes that go on meanwhile, and crashes and
 * power losses at any env call of any task. Whatever is found again is the state after exactly the flushed decrees.
 */
import { expect, test } from 'vitest';
import type { Env } from '../../../../impl/env/contract.ts';
import { task } from '../../../../impl/env/contract.ts';
import { CALM } from '../../../../impl/env/sim/chance.ts';
import { SimWorld } from '../../../../impl/env/sim/world.ts';
import { DEFAULT_SETTINGS } from '../../../../impl/settings.ts';
import type { Settings } from '../../../../impl/settings.ts';
import type { StorageApp } from '../../../../impl/storage/app/storageApp.ts';
import type { LogMutation } from '../../../../impl/storage/plog/types.ts';
import { TraceObserver } from '../../env/fixture.ts';
import { TEST_PARTS } from '../engine/fakeEnv.ts';
import { DATA, key, mutation, put, remove } from './appWorld.ts';

const NODE = 'c/replica-0';
const SETTINGS: Settings = {
  ...DEFAULT_SETTINGS,
  memtableSizeBytes: 250,
  checkpointReserveTimeSeconds: 0,
  manualCompactRetryMs: 50,
};
const KEYS = 5;

/** Decree d writes key d mod 5 and removes the next one at each seventh. */
function mutationOf(decree: number): LogMutation {
  const written = put(`k${decree % KEYS}`, `v${decree}`);
  return mutation(decree, ...(decree % 7 === 0 ? [written, remove(`k${(decree + 1) % KEYS}`)] : [written]));
}

function rowsAt(decree: number): string {
  const rows = new Array<string>(KEYS).fill('-');
  for (let d = 1; d <= decree; d++) {
    rows[d % KEYS] = `v${d}`;
    if (d % 7 === 0) rows[(d + 1) % KEYS] = '-';
  }
  return rows.join(' ');
}

/** A process that opens the app, writes on, and asks for everything a replica may ask for. */
class Root {
  readonly env: Env;
  readonly app: StorageApp;
  error = '';
  flushedWhenOpened = -1;
  rowsWhenOpened = '';

  constructor(env: Env) {
    this.env = env;
    const ctx = { env, settings: SETTINGS, parts: TEST_PARTS };
    this.app = new ctx.parts.StorageApp(ctx, { gpid: '1.0', dataDir: DATA, hash: 1, clusterNumber: 1 });
    env.tasks.post('LPC_OPEN_REPLICA', 1, 0, task(this, 'onOpen'));
  }

  onOpen(): void {
    this.error = this.env.disk.exists(DATA) ? this.app.openExisting() : this.app.openNew();
    if (this.error !== 'ERR_OK') return;
    this.flushedWhenOpened = this.app.lastFlushedDecree();
    this.rowsWhenOpened = this.rows();
    this.env.tasks.post('LPC_REPLICATION_HIGH', 1, 1, task(this, 'onWrite'));
    this.env.tasks.post('LPC_CHECKPOINT_REPLICA', 1, 7, task(this, 'onCheckpoint', 0));
  }

  rows(): string {
    return Array.from({ length: KEYS }, (_, i) => this.app.get(key(`k${i}`), 0)?.value ?? '-').join(' ');
  }

  onWrite(): void {
    this.error = this.app.applyMutation(mutationOf(this.app.lastCommittedDecree() + 1));
    this.env.tasks.post('LPC_REPLICATION_HIGH', 1, 1, task(this, 'onWrite'));
  }

  onCheckpoint(round: number): void {
    const { error } = this.app.asyncCheckpoint(round % 3 === 1, 'periodic');
    if (error !== 'ERR_OK' && error !== 'ERR_TRY_AGAIN') this.error = error;
    if (round % 4 === 2) this.app.updateAppEnvs({ 'manual_compact.once.trigger_time': String(2e9 + round) });
    this.env.tasks.post('LPC_CHECKPOINT_REPLICA', 1, 7, task(this, 'onCheckpoint', round + 1));
  }
}

function build(): { readonly world: SimWorld; readonly observer: TraceObserver; readonly root: () => Root } {
  const observer = new TraceObserver();
  const world = new SimWorld({ chance: CALM, observer, startWallUs: 1_700_000_000_000_000 });
  const { poolWorkers, taskOverrides } = SETTINGS;
  world.addNode(NODE, { cluster: 'c', poolWorkers, taskOverrides, boot: (env) => new Root(env) });
  const root = (): Root => {
    const now = world.rootOf(NODE);
    if (!(now instanceof Root)) throw new Error('no process');
    return now;
  };
  return { world, observer, root };
}

test('runs on without a fault', () => {
  const { world, root, observer } = build();
  world.startNode(NODE);
  world.run({ untilUs: 400_000 });
  const { app, error } = root();
  expect(error).toBe('ERR_OK');
  expect(app.lastCommittedDecree()).toBeGreaterThan(300);
  expect(app.lastDurableDecree()).toBeGreaterThan(200);
  expect(root().rows()).toBe(rowsAt(app.lastCommittedDecree()));
  expect(observer.lines.some((line) => line.includes(`renamed ${NODE} ${DATA}/checkpoint.tmp`))).toBe(true);
  expect(app.lastManualCompactFinishTime()).toBeGreaterThan(0);
});

test.each(['crash', 'power-loss'] as const)('%s at any call, again and again', (cause) => {
  const { world, root } = build();
  let flushed = 0;
  let unheard = 0;
  for (let round = 0; round < 120; round++) {
    world.startNode(NODE);
    world.run({ untilUs: world.nowUs() + 3000 });
    expect(root().error).toBe('ERR_OK');
    expect(root().flushedWhenOpened).toBeGreaterThanOrEqual(flushed);
    expect(root().rowsWhenOpened).toBe(rowsAt(root().flushedWhenOpened));
    // A flush that was real although the process did not live to hear of it.
    if (root().flushedWhenOpened > flushed) unheard++;
    const { app } = root();
    world.crashInside(NODE, 1 + ((round * 37) % 600));
    world.run({ untilUs: world.nowUs() + 100_000 });
    flushed = app.lastFlushedDecree();
    world.stopNode(NODE, cause, { mode: 'cut', keepPermille: (round * 331) % 1001 });
  }
  expect(unheard).toBeGreaterThan(0);
  expect(flushed).toBeGreaterThan(1000);
});
