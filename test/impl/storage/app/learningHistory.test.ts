/**
 * A learner through random histories: it writes, flushes, checkpoints, brings loads in, learns, discards, and its process
 * ends at any disk call of any of these, and of the opening that follows. Whatever it finds is the state after exactly one
 * decree of the log, no older than what was durable, unless it was told to discard.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LogMutation } from '../../../../impl/storage/plog/types.ts';
import { FakeDisk, Killed } from '../engine/fakeEnv.ts';
import { appOver, checkpointDirs, decrees, mutation, put, remove } from './appWorld.ts';
import type { AppWorld } from './appWorld.ts';
import { LEARN, copyCheckpoint } from './learnFixture.ts';
import { bulkLoad, download, loadFile, valuesOf } from './loads.ts';

const LAST = 40;
const LOAD_EVERY = 6;
const KEYS = ['a', 'b', 'c', 'd', 'e'];
const keyOf = (i: number): string => KEYS[i % KEYS.length] ?? '';
const filesOf = (decree: number): Record<string, Uint8Array> => ({
  [`f${decree}.sst`]: loadFile({ [keyOf(decree)]: `L${decree}`, [keyOf(decree + 2)]: `L${decree}` }),
});
const isLoad = (decree: number): boolean => decree % LOAD_EVERY === 0;

/** The log of the partition: it is the same for everybody. */
function recordOf(decree: number): LogMutation {
  if (isLoad(decree)) return mutation(decree, bulkLoad(filesOf(decree)));
  return mutation(decree, put(keyOf(decree), `v${decree}`), ...(decree % 4 === 0 ? [remove(keyOf(decree + 1))] : []));
}

const ROWS: readonly string[] = Array.from({ length: LAST + 1 }, (_, upTo) => {
  const rows = new Map<string, string>();
  for (let decree = 1; decree <= upTo; decree++) {
    rows.set(keyOf(decree), isLoad(decree) ? `L${decree}` : `v${decree}`);
    if (isLoad(decree)) rows.set(keyOf(decree + 2), `L${decree}`);
    else if (decree % 4 === 0) rows.delete(keyOf(decree + 1));
  }
  return KEYS.map((name) => rows.get(name) ?? '-').join(' ');
});

const TORN = [0, 1] as const;
const SETTINGS = { memtableSizeBytes: 200, checkpointReserveMinCount: 2, checkpointReserveTimeSeconds: 0 };
const host = (disk: FakeDisk): AppWorld => appOver(disk, SETTINGS);

function bringIn(world: AppWorld): void {
  const decree = world.app.pendingIngestion()?.decree;
  if (decree !== undefined) assert.equal(world.app.finishIngestion(download(world.disk, filesOf(decree))), 'ERR_OK');
}

function applyNext(world: AppWorld): void {
  const decree = world.app.lastCommittedDecree() + 1;
  if (decree <= LAST) assert.equal(world.app.applyMutation(recordOf(decree)), 'ERR_OK');
}

/** Replicas with a checkpoint at each decree. */
const learnees: readonly AppWorld[] = Array.from({ length: LAST + 1 }, (_, upTo) => {
  const world = host(new FakeDisk());
  world.app.openNew();
  while (world.app.lastCommittedDecree() < upTo) {
    applyNext(world);
    bringIn(world);
    if (world.app.lastCommittedDecree() % 5 === 0) world.app.flushAllFamilyColumns();
  }
  world.app.syncCheckpoint('start-up');
  return world;
});

const KINDS = ['write', 'write', 'write', 'flush', 'checkpoint', 'sync', 'tasks', 'bringIn', 'learn', 'discard'] as const;
interface Step {
  readonly kind: (typeof KINDS)[number];
  readonly more: number;
  /** Disk calls until the process ends; too many: it lives. */
  readonly lives: number;
  readonly power: boolean;
}

class Learner {
  readonly disk = new FakeDisk();
  world: AppWorld = host(this.disk);
  crashes = 0;

  constructor() {
    this.world.app.openNew();
  }

  take(step: Step): void {
    const { app } = this.world;
    const [, flushed, applied] = decrees(this.world);
    const wanted = this.wanted(step);
    this.disk.killAt = this.disk.calls + step.lives;
    // Garbage collection may leave a half removed checkpoint behind, as upstream's (repl 2.6).
    const removes = step.kind === 'learn' || step.kind === 'discard';
    this.disk.tornRemoval = removes ? TORN[step.more % 2] : undefined;
    const lived = this.lives(() => {
      this.act(step, wanted);
    });
    this.disk.killAt = Infinity;
    if (lived) this.look();
    else this.comeBack(step, (found) => found === wanted || (found >= flushed && found <= Math.max(applied, app.lastCommittedDecree())));
  }

  /** The decree that the step would bring the storage to, beside what is applied. */
  private wanted({ kind, more }: Step): number | undefined {
    if (kind === 'discard') return 0;
    if (kind !== 'learn') return undefined;
    return Math.min(LAST, this.world.app.lastCommittedDecree() + 1 + (more % 8));
  }

  private act({ kind, more }: Step, wanted: number | undefined): void {
    const { app, process } = this.world;
    switch (kind) {
      case 'write':
        for (let i = 0; i <= more % 4; i++) applyNext(this.world);
        return;
      case 'flush':
        app.flushAllFamilyColumns();
        return;
      case 'checkpoint':
        app.asyncCheckpoint(more % 2 === 0, 'periodic');
        return;
      case 'sync':
        app.syncCheckpoint('start-up');
        return;
      case 'tasks':
        process.run();
        return;
      case 'bringIn':
        bringIn(this.world);
        return;
      case 'learn':
        this.learn(wanted ?? 0);
        return;
      case 'discard':
        assert.equal(app.discardAndOpenNew(), 'ERR_OK');
    }
  }

  private learn(decree: number): void {
    const learnee = learnees[decree];
    if (learnee === undefined || decree <= this.world.app.lastCommittedDecree()) return;
    const { files } = copyCheckpoint(learnee, this.disk);
    assert.equal(this.world.app.applyCheckpoint(LEARN, files, decree), 'ERR_OK');
    assert.deepEqual([decrees(this.world), this.world.app.pendingIngestion()], [[decree, decree, decree], undefined]);
  }

  private lives(body: () => void): boolean {
    try {
      body();
      return true;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      return false;
    }
  }

  /** Its opening may end as well, once. */
  private comeBack(step: Step, allowed: (found: number) => boolean): void {
    for (const lives of [step.more * 2, Infinity]) {
      this.crashes++;
      if (step.power) this.disk.losePower(false);
      this.world = host(this.disk);
      this.disk.killAt = this.disk.calls + 1 + lives;
      const opened = this.lives(() => {
        assert.equal(this.world.app.openExisting(), 'ERR_OK');
      });
      this.disk.killAt = Infinity;
      if (opened) break;
    }
    const [durable, flushed, applied] = decrees(this.world);
    assert.deepEqual([durable, applied], [flushed, flushed]);
    assert.ok(allowed(flushed), `${step.kind}: found ${flushed}`);
    this.look();
  }

  private look(): void {
    const { app } = this.world;
    if (app.pendingIngestion() === undefined) assert.equal(valuesOf(this.world, ...KEYS), ROWS[app.lastCommittedDecree()]);
    const listed = app.listCheckpoints();
    assert.deepEqual(checkpointDirs(this.disk), listed.map((decree) => `checkpoint.${decree}`).sort());
    for (const decree of listed) assert.deepEqual(app.labelOf(app.checkpointDir(decree)), { error: 'ERR_OK', decree });
    assert.equal(app.lastDurableDecree(), listed.at(-1) ?? 0);
  }
}

test('any history', () => {
  const step: fc.Arbitrary<Step> = fc.record({
    kind: fc.constantFrom(...KINDS),
    more: fc.nat(19),
    lives: fc.integer({ min: 1, max: 150 }),
    power: fc.boolean(),
  });
  let crashes = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      const learner = new Learner();
      for (const next of steps) learner.take(next);
      crashes += learner.crashes;
    }),
    { numRuns: 300, seed: 7 },
  );
  expect(crashes).toBeGreaterThan(500);
});
