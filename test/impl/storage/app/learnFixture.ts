/** A checkpoint of one replica, copied to another one's disk as a learner's file copy leaves it; for the tests of this folder. */
import type { LearnCheckpoint } from '../../../../impl/storage/contracts.ts';
import type { StorageApp } from '../../../../impl/storage/app/storageApp.ts';
import type { LogMutation } from '../../../../impl/storage/plog/types.ts';
import { FakeDisk } from '../engine/fakeEnv.ts';
import { appOver, key, mutation, put, remove } from './appWorld.ts';
import type { AppWorld } from './appWorld.ts';

const KEYS = 5;

/** Decree d writes key d mod 5 and removes the next one at each fourth: each decree has rows of its own. */
export function mutationOf(decree: number): LogMutation {
  const written = put(`k${decree % KEYS}`, `v${decree}`);
  return mutation(decree, ...(decree % 4 === 0 ? [written, remove(`k${(decree + 1) % KEYS}`)] : [written]));
}

export function rowsAt(decree: number): string {
  const rows = new Array<string>(KEYS).fill('-');
  for (let d = 1; d <= decree; d++) {
    rows[d % KEYS] = `v${d}`;
    if (d % 4 === 0) rows[(d + 1) % KEYS] = '-';
  }
  return rows.join(' ');
}

export function rowsOf(app: StorageApp): string {
  return Array.from({ length: KEYS }, (_, i) => app.get(key(`k${i}`), 0)?.value ?? '-').join(' ');
}

export function applyUpTo(app: StorageApp, decree: number): void {
  while (app.lastCommittedDecree() < decree) {
    const error = app.applyMutation(mutationOf(app.lastCommittedDecree() + 1));
    if (error !== 'ERR_OK') throw new Error(error);
  }
}

export const LEARN = '1.0.pegasus/learn';

/** What the learnee says, and its files under `LEARN` of the learner's disk, whole and synced. */
export function copyCheckpoint(learnee: AppWorld, disk: FakeDisk): LearnCheckpoint {
  const state = learnee.app.getLearnCheckpoint();
  if (disk.names.has(LEARN)) disk.remove(LEARN, { recursive: true });
  for (const file of state.files) {
    const path = `${LEARN}/${file}`;
    disk.mkdir(path.slice(0, path.lastIndexOf('/')));
    disk.create(path);
    disk.write(path, 0, learnee.disk.bytesOf(`${state.baseDir}/${file}`));
    disk.sync(path);
  }
  return state;
}

/** What a learner does with an answer of type LT_APP. */
export function learn(learner: AppWorld, learnee: AppWorld): string {
  const { files, decree } = copyCheckpoint(learnee, learner.disk);
  return learner.app.applyCheckpoint(LEARN, files, decree);
}

/** The same bytes under the same names, so that a scenario can be tried again and again. */
export function clone(disk: FakeDisk): FakeDisk {
  const copy = new FakeDisk();
  const inodes = new Map<object, string>();
  for (const [path, inode] of disk.names) {
    const first = inode === undefined ? undefined : inodes.get(inode);
    if (inode === undefined) copy.mkdir(path);
    else if (first !== undefined) copy.link(first, path);
    else {
      copy.create(path);
      copy.write(path, 0, inode.bytes);
      if (inode.syncedBytes === inode.bytes.length) copy.sync(path);
      inodes.set(inode, path);
    }
  }
  copy.calls = 0;
  copy.trace.length = 0;
  return copy;
}

/** A new process over a copy of the disk as it is now, opened. */
export function openedOver(disk: FakeDisk): AppWorld {
  const world = appOver(clone(disk));
  const error = world.app.openExisting();
  if (error !== 'ERR_OK') throw new Error(error);
  return world;
}
