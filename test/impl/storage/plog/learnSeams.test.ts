/** Mistakes that one overridden method of the learning parts makes, and a question that tells each from the real one. */
import { describe, expect, it } from 'vitest';
import type { Parts } from '../../../../impl/parts.ts';
import type { LogFile } from '../../../../impl/storage/plog/logFile.ts';
import { LogReset } from '../../../../impl/storage/plog/logReset.ts';
import { PrivateLog } from '../../../../impl/storage/plog/privateLog.ts';
import type { LogMutation } from '../../../../impl/storage/plog/types.ts';
import type { Decree, ErrorCode } from '../../../../model/vocabulary.ts';
import { FakeDisk, Killed } from '../engine/fakeEnv.ts';
import { DIR, mutation } from './helpers.ts';
import { append, beforeReset, copyTo, LEARN, liveOver, primaryLog, writeFiles, writeOldLog } from './resetWorld.ts';
import type { Life } from './resetWorld.ts';

type Question = (parts: Partial<Parts>) => unknown;

/** What a learner that stepped back is told, and what its next start finds. */
const afterReset: Question = (parts) => {
  const { disk, stored } = beforeReset();
  const error = liveOver(disk, { stored, parts }).log.resetFrom(LEARN);
  return [error, liveOver(disk, { stored }).valid.length];
};
/** Records that each next start finds when the reset ends at some disk call. */
const afterCrashes: Question = (parts) => {
  const found = new Set<number>();
  for (let n = 1; n <= 60; n++) {
    const { disk, stored } = beforeReset();
    const life = liveOver(disk, { stored, parts });
    disk.killAt = disk.calls + n;
    try {
      life.log.resetFrom(LEARN);
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
    disk.calm();
    found.add(liveOver(disk, { stored }).valid.length);
  }
  return [...found].sort((a, b) => a - b);
};
const afterPowerLoss: Question = (parts) => {
  const { disk, stored } = beforeReset();
  liveOver(disk, { stored, parts }).log.resetFrom(LEARN);
  disk.losePower(false);
  return liveOver(disk, { stored }).valid.length;
};
/** Of the primary's records 3 to 11, those below 10 are void. */
const voidAfterReset: Question = (parts) => {
  const primary = primaryLog();
  primary.log.onPartitionReset(9);
  for (const decree of [10, 11]) primary.append(mutation(decree));
  primary.ctx.env.tasks.run();
  const disk = new FakeDisk();
  const stored = writeOldLog(disk);
  copyTo(disk, primary, primary.log.getLearnState(3, 'all').files);
  liveOver(disk, { stored, parts }).log.resetFrom(LEARN);
  return liveOver(disk, { stored }).valid;
};

function written(parts: Partial<Parts>, ...files: readonly (readonly number[])[]): Life {
  const life = liveOver(new FakeDisk(), { parts });
  writeFiles(life, ...files);
  return life;
}

const coversFrom1: Question = (parts) => written(parts, [1, 2], [3]).log.getLearnState(1).covers;
const checkpointCoversFrom1: Question = (parts) => written(parts, [101]).log.getLearnState(1).covers;
const inMemory: Question = (parts) => {
  const life = written(parts, [1]);
  for (const decree of [2, 3, 4]) life.log.append(mutation(decree), undefined);
  return life.log.getLearnState(2).inMemory.map((mu) => mu.decree);
};
const filesBehindReset: Question = (parts) => {
  const life = written(parts, [1], [2, 3]);
  life.log.onPartitionReset(3);
  append(life, [mutation(4)]);
  return life.log.getLearnState(3).files.length;
};
const afterReadError: Question = (parts) => {
  const { disk } = written({}, [1], [2], [3]);
  disk.failMatching = 'read replica/plog/log.1.0';
  liveOver(disk, { parts });
  disk.calm();
  return liveOver(disk).valid;
};
const loadedAfterHeaderError: Question = (parts) => {
  const { disk, stored } = beforeReset();
  const life = liveOver(disk, { stored, parts });
  disk.remove(`${LEARN}/log.3.465`);
  return [life.log.resetFrom(LEARN), liveOver(disk, { stored }).valid.length];
};

class NotImplemented extends PrivateLog {
  override resetFrom(): ErrorCode {
    return 'ERR_NOT_IMPLEMENTED';
  }
}
class KeepsTheOldLog extends PrivateLog {
  override resetFrom(): ErrorCode {
    return 'ERR_OK';
  }
}
class DeletesFirst extends LogReset {
  override moveIn(source: string, old: string): ErrorCode {
    this.ctx.env.disk.remove(this.dir, { recursive: true });
    this.ctx.env.disk.mkdir(this.dir);
    return super.moveIn(source, old);
  }
}
class NothingDurable extends LogReset {
  override makeDurable(): void {}
}
class OldNumbering extends LogReset {
  override writeMarkers(): void {}
}
class NothingVoid extends LogReset {
  override validStartOffset(): number {
    return 0;
  }
}
class TrustsTheCopy extends LogReset {
  override checkLogFiles(): ErrorCode {
    return 'ERR_OK';
  }
}
class NeverFromDecree1 extends PrivateLog {
  override reachesBackTo(file: LogFile, start: Decree): boolean {
    return this.previousMaxOf(file) > 0 && super.reachesBackTo(file, start);
  }
}
class BeginsAtDecree1 extends PrivateLog {
  override beginsAfter(): Decree {
    return 0;
  }
}
class ForgetsWhatWaits extends PrivateLog {
  override recordsInMemory(start: Decree): readonly LogMutation[] {
    return super.recordsInMemory(start).slice(0, 1);
  }
}
class NoFileVoid extends PrivateLog {
  override isVoid(): boolean {
    return false;
  }
}
class SetsAsideWhatItCannotRead extends PrivateLog {
  override isUnusable(): boolean {
    return true;
  }
}

describe.each<[string, Partial<Parts>, Question, unknown, unknown]>([
  ['refuses to be replaced', { PrivateLog: NotImplemented }, afterReset, ['ERR_OK', 7], ['ERR_NOT_IMPLEMENTED', 3]],
  ['says that it was replaced', { PrivateLog: KeepsTheOldLog }, afterReset, ['ERR_OK', 7], ['ERR_OK', 3]],
  ['deletes the old log first', { LogReset: DeletesFirst }, afterCrashes, [3, 7], [0, 3, 7]],
  ['leaves its new files to the power', { LogReset: NothingDurable }, afterPowerLoss, 7, 0],
  ['reads the new files with the old offset', { LogReset: OldNumbering }, voidAfterReset, [10, 11], [3, 4, 5, 6, 7, 8, 9, 10, 11]],
  ['takes all new files for valid', { LogReset: NothingVoid }, voidAfterReset, [10, 11], [3, 4, 5, 6, 7, 8, 9, 10, 11]],
  ['trusts the copy', { LogReset: TrustsTheCopy }, loadedAfterHeaderError, ['ERR_OBJECT_NOT_FOUND', 3], ['ERR_OBJECT_NOT_FOUND', 0]],
  ['does not cover decree 1 (P10)', { PrivateLog: NeverFromDecree1 }, coversFrom1, true, false],
  ['covers what it never had', { PrivateLog: BeginsAtDecree1 }, checkpointCoversFrom1, false, true],
  ['forgets the batch that waits', { PrivateLog: ForgetsWhatWaits }, inMemory, [2, 3, 4], [2]],
  ['hands out void files', { PrivateLog: NoFileVoid }, filesBehindReset, 1, 2],
  ['sets aside what it cannot read', { PrivateLog: SetsAsideWhatItCannotRead }, afterReadError, [1, 2, 3], [2, 3]],
])('a log that %s', (_name, parts, question, right, wrong) => {
  it('is told apart', () => {
    expect(question({})).toEqual(right);
    expect(question(parts)).toEqual(wrong);
  });
});

it('the old directory is the only other one, between the renames', () => {
  const { disk, stored } = beforeReset();
  const life = liveOver(disk, { stored });
  const { rename } = disk;
  const seen: string[][] = [];
  disk.rename = (from, to) => {
    rename.call(disk, from, to);
    seen.push(disk.directories('replica').map((name) => name.replace(/\d+/, 'N')));
  };
  expect(life.log.resetFrom(LEARN)).toBe('ERR_OK');
  expect(seen.map((names) => names.sort())).toEqual([
    ['learn', 'plog.N'],
    ['plog', 'plog.N'],
  ]);
  expect(DIR.endsWith('plog')).toBe(true);
});
