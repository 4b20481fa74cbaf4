/**
 * A learner's replica directory on a disk that can die at any call: an old log with a history, and the files of a
 * primary's log beside it, in a numbering of their own.
 */
import type { Parts } from '../../../../impl/parts.ts';
import type { Settings } from '../../../../impl/settings.ts';
import { plogParts } from '../../../../impl/storage/plog/parts.ts';
import type { PrivateLog } from '../../../../impl/storage/plog/privateLog.ts';
import type { LogMutation } from '../../../../impl/storage/plog/types.ts';
import type { ErrorCode } from '../../../../model/vocabulary.ts';
import { FakeDisk, FakeProcess } from '../engine/fakeEnv.ts';
import { makeContext } from './fakeEnv.ts';
import { DIR, GPID, Listener, mutation, openLog } from './helpers.ts';
import type { Opened } from './helpers.ts';

export const LEARN = 'replica/learn';
/** Decrees that count in the old log, and in the new one. */
export const OLD: readonly number[] = [3, 4, 5];
export const NEW: readonly number[] = [3, 4, 5, 6, 7, 8, 9];

export interface Life {
  readonly disk: FakeDisk;
  readonly process: FakeProcess;
  readonly log: PrivateLog;
  readonly error: ErrorCode;
  /** Decrees of the records that count, and of those that are void. */
  readonly valid: readonly number[];
  readonly void: readonly number[];
}

export interface LifeOptions {
  /** What `.init-info` has; undefined: a new replica. */
  readonly stored?: number;
  readonly replayDecree?: number;
  readonly settings?: Partial<Settings>;
  readonly parts?: Partial<Parts>;
}

/** A process that opens the log over what is on the disk. */
export function liveOver(disk: FakeDisk, options: LifeOptions = {}): Life {
  const process = new FakeProcess(disk, options.settings, { ...plogParts, ...options.parts });
  const onIoError = { owner: new Listener(), method: 'onIoError', args: [] };
  const log = new process.ctx.parts.PrivateLog(process.ctx, { gpid: GPID, dir: DIR, hash: 1, onIoError });
  const valid: number[] = [];
  const voided: number[] = [];
  if (options.stored !== undefined) log.setValidStartOffsetOnOpen(options.stored);
  const error = log.open(options.replayDecree ?? 0, (mu, isValid) => {
    (isValid ? valid : voided).push(mu.decree);
    return isValid;
  });
  return { disk, process, log, error, valid, void: voided };
}

export function append(life: Life, mutations: readonly LogMutation[]): void {
  for (const mu of mutations) life.log.append(mu, undefined);
  life.process.run();
}

/** One file for each list of decrees. */
export function writeFiles(life: Life, ...files: readonly (readonly number[])[]): void {
  for (const decrees of files) {
    life.log.demandSwitchFile();
    append(
      life,
      decrees.map((decree) => mutation(decree)),
    );
  }
}

/** 1 and 2, which were void when 3, 4 and 5 were written; everything synced. Answers what `.init-info` has. */
export function writeOldLog(disk: FakeDisk): number {
  const life = liveOver(disk);
  writeFiles(life, [1, 2]);
  const stored = life.log.onPartitionReset(2);
  writeFiles(life, [3], [4, 5]);
  syncAll(disk);
  return stored;
}

export function syncAll(disk: FakeDisk): void {
  for (const name of disk.files(DIR)) disk.sync(`${DIR}/${name}`);
}

/** A primary's log of decrees 1 to 9, of which files from index 2 on are left: 3, then 4 to 6, then 7 to 9, each in a block of 115 bytes. */
export function primaryLog(): Opened {
  const log = openLog(makeContext(undefined, { logPrivateReserveMaxSizeBytes: 0 }));
  for (const decrees of [[1, 2], [3], [4, 5, 6], [7, 8, 9]]) {
    log.log.demandSwitchFile();
    for (const decree of decrees) {
      log.append(mutation(decree, { ballot: 7 }));
      log.ctx.env.tasks.run();
    }
  }
  log.log.garbageCollection(2, 0);
  return log;
}

/** Copies files of a primary's log, as a learner does: nothing is synced. The last one may be cut short. */
export function copyTo(disk: FakeDisk, primary: Opened, paths: readonly string[], lastBytes = Infinity, dir = LEARN): void {
  disk.mkdir(dir);
  paths.forEach((path, i) => {
    const bytes = primary.ctx.env.disk.bytes(path);
    const to = `${dir}/${path.slice(path.lastIndexOf('/') + 1)}`;
    disk.create(to);
    disk.write(to, 0, i === paths.length - 1 ? bytes.subarray(0, lastBytes) : bytes);
  });
}

/** A disk with the old log, and the primary's files in `learn`. */
export function beforeReset(primary: Opened = primaryLog()): { readonly disk: FakeDisk; readonly stored: number } {
  const disk = new FakeDisk();
  const stored = writeOldLog(disk);
  copyTo(disk, primary, primary.log.getLearnState(3).files);
  return { disk, stored };
}

