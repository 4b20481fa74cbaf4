/**
 * What defect modules may do to the log: each mixin below is a small override of one decision, and each is seen by one of
 * the questions that the other tests ask. So neither the seams nor the questions are idle.
 */
import { describe, expect, it } from 'vitest';
import type { Decree, ErrorCode } from '../../../../model/vocabulary.ts';
import type { Parts } from '../../../../impl/parts.ts';
import type { LogBatch } from '../../../../impl/storage/plog/batch.ts';
import { LogFile } from '../../../../impl/storage/plog/logFile.ts';
import { PrivateLog } from '../../../../impl/storage/plog/privateLog.ts';
import { LogReplayer } from '../../../../impl/storage/plog/replayer.ts';
import type { ReplayCallback } from '../../../../impl/storage/plog/replayer.ts';
import type { LogMutation } from '../../../../impl/storage/plog/types.ts';
import { inspectDirectory } from '../../../../impl/storage/plog/inspect.ts';
import { FakeDisk, makeContext } from './fakeEnv.ts';
import { DIR, mutation, openLog } from './helpers.ts';
import type { Opened } from './helpers.ts';

const NO_RESERVE = { logPrivateReserveMaxSizeBytes: 0, logPrivateReserveMaxTimeSeconds: 0 };

type Question = (parts: Partial<Parts>) => unknown;

/** Four files of one record, written with the parts. */
function fourFiles(parts: Partial<Parts>, settings: object = NO_RESERVE): Opened {
  const log = openLog(makeContext(new FakeDisk(), settings, parts));
  for (let decree = 1; decree <= 4; decree++) {
    log.log.demandSwitchFile();
    log.append(mutation(decree));
    log.ctx.env.tasks.run();
  }
  return log;
}

function decrees(log: Opened): readonly number[] {
  return log.replayed.map((mu) => mu.decree);
}

const deletedByGc: Question = (parts) => fourFiles(parts).log.garbageCollection(2, 0);
const deletedWithReserve: Question = (parts) => fourFiles(parts, {}).log.garbageCollection(99, 0);
const deletedAfterRestart: Question = (parts) => {
  const disk = fourFiles(parts).ctx.env.disk;
  return openLog(makeContext(disk, NO_RESERVE, parts)).log.garbageCollection(99, 9999);
};
const written: Question = (parts) => {
  const { disk } = fourFiles(parts).ctx.env;
  const files = disk.list(DIR).map((name) => ({ name, bytes: disk.bytes(`${DIR}/${name}`) }));
  return inspectDirectory(files).map((file) => [file.tail, file.mutations.map((mu) => Number(mu.decree))]);
};
const replayedByAll: Question = (parts) => decrees(openLog(makeContext(fourFiles({}).ctx.env.disk, {}, parts)));
const replayedAbove2: Question = (parts) => decrees(openLog(makeContext(fourFiles({}).ctx.env.disk, {}, parts), 2));
const knownMaxAfterRestart: Question = (parts) => {
  const disk = fourFiles({}).ctx.env.disk;
  return openLog(makeContext(disk, {}, parts), 0, 10_000).log.maxDecree();
};
const zeroTail: Question = (parts) => {
  const disk = fourFiles({}).ctx.env.disk;
  const path = `${DIR}/log.4.525`;
  disk.put(path, new Uint8Array([...disk.bytes(path), ...new Uint8Array(99)]));
  return openLog(makeContext(disk, {}, parts)).error;
};
const flippedBody: Question = (parts) => {
  const disk = fourFiles({}).ctx.env.disk;
  const path = `${DIR}/log.4.525`;
  const bytes = disk.bytes(path);
  bytes[170] = (bytes[170] ?? 0) ^ 1;
  return openLog(makeContext(disk, {}, parts)).error;
};
const secondHeader: Question = (parts) => {
  const bytes = fourFiles(parts).ctx.env.disk.bytes(`${DIR}/log.2.175`);
  return Number(Buffer.from(bytes).readBigInt64LE(44));
};
/** Steps of the world until the first acknowledgement, and what is on disk then, the replica's pool going first. */
const onDiskAtFirstAck: Question = (parts) => {
  const log = openLog(makeContext(new FakeDisk(), { plogForceFlush: true }, parts));
  log.append(mutation(1));
  while (log.listener.acks.length === 0 && log.ctx.env.tasks.step((ready) => ready - 1));
  const file = log.ctx.env.disk.files.get(`${DIR}/log.1.0`);
  return [file?.bytes.length, file?.synced];
};
const ackOrder: Question = (parts) => {
  const log = openLog(makeContext(new FakeDisk(), {}, parts));
  for (const decree of [1, 2, 3]) log.append(mutation(decree));
  log.ctx.env.tasks.run();
  return log.listener.acks.map((ack) => ack.decree);
};
const writesBeforeHeader: Question = (parts) => {
  const log = openLog(makeContext(new FakeDisk(), {}, parts));
  log.append(mutation(1));
  log.ctx.env.tasks.run((ready) => ready - 1);
  return log.ctx.env.disk.journal.map((line) => line.split(' ')[2] ?? 'create');
};

/** A crash when the new file has its header, with the old file's last batch still in flight if the log allows it. */
const loadedAfterCrash: Question = (parts) => {
  const log = openLog(makeContext(new FakeDisk(), {}, parts));
  log.append(mutation(1));
  log.ctx.env.tasks.run();
  log.append(mutation(2));
  log.log.demandSwitchFile();
  log.append(mutation(3));
  const { disk, tasks } = log.ctx.env;
  while (disk.files.get(`${DIR}/log.2.290`)?.bytes.length === 0 && tasks.step());
  return openLog(makeContext(disk, {}, {})).error;
};

class OneTooMany extends PrivateLog {
  override countDeletable(cleanable: Decree, valid: number): number {
    return super.countDeletable(cleanable + 1, valid);
  }
}
class IgnoresReserve extends PrivateLog {
  override isReserved(): boolean {
    return false;
  }
}
class DeletesNewest extends PrivateLog {
  override mustKeep(file: LogFile): boolean {
    return file === this.currentFile;
  }
}
class WritesTwice extends PrivateLog {
  override appendToBatch(batch: LogBatch, mu: LogMutation): number {
    super.appendToBatch(batch, mu);
    return super.appendToBatch(batch, mu);
  }
}
class AcksBeforeWrite extends PrivateLog {
  override writePendingMutations(): void {
    const batch = this.pending;
    super.writePendingMutations();
    if (batch === undefined) return;
    this.ackBatch(batch, 'ERR_OK');
    batch.callbacks.length = 0;
  }
}
class AcksBeforeSync extends PrivateLog {
  override commitLogBlocks(batch: LogBatch): ErrorCode {
    batch.file.writeBatch(batch);
    return 'ERR_OK';
  }
}
class AcksBackwards extends PrivateLog {
  override ackBatch(batch: LogBatch, error: ErrorCode): void {
    batch.callbacks.reverse();
    super.ackBatch(batch, error);
  }
}
class HeaderUnordered extends PrivateLog {
  override canIssue(): boolean {
    return this.issued === undefined;
  }
}
class HeaderTooEarly extends PrivateLog {
  override canWriteHeader(): boolean {
    return true;
  }
}
class WrongPreviousMax extends PrivateLog {
  override previousLogMaxDecree(): Decree {
    return 0;
  }
}
class IgnoresHeaders extends PrivateLog {
  override countFileHeaders(): void {}
}
class StartsTooLate extends PrivateLog {
  override chooseFirstFileToReplay(files: readonly LogFile[], replayDecree: Decree): number {
    return Math.min(files.length - 1, super.chooseFirstFileToReplay(files, replayDecree) + 1);
  }
}
class BlockShort extends LogReplayer {
  override replayBlock(file: LogFile, callback: ReplayCallback, localOffset: number): ErrorCode {
    const held: LogMutation[] = [];
    const error = super.replayBlock(file, (_length, mu) => held.push(mu), localOffset);
    if (this.endOffset < file.endOffset) for (const mu of held) callback(0, mu);
    return error;
  }
}
class ToleratesDamage extends LogReplayer {
  override isEndOfFile(error: ErrorCode): boolean {
    return super.isEndOfFile(error) || error === 'ERR_INVALID_DATA';
  }
}
class WrongSeed extends LogFile {
  override crcSeed(): number {
    return 0;
  }
}
class TrustsBodies extends LogFile {
  override verifyBody(): boolean {
    return true;
  }
}

describe.each<[string, Partial<Parts>, Question, unknown, unknown]>([
  ['removes a file one decree too early', { PrivateLog: OneTooMany }, deletedByGc, 2, 3],
  ['ignores the reserve', { PrivateLog: IgnoresReserve }, deletedWithReserve, 0, 3],
  ['deletes the newest file', { PrivateLog: DeletesNewest }, deletedAfterRestart, 3, 4],
  [
    'writes a record twice',
    { PrivateLog: WritesTwice },
    written,
    [1, 2, 3, 4].map((d) => ['clean', [d]]),
    [1, 2, 3, 4].map((d) => ['clean', [d, d]]),
  ],
  ['acknowledges before the write', { PrivateLog: AcksBeforeWrite }, onDiskAtFirstAck, [175, 175], [60, 0]],
  ['acknowledges before the sync', { PrivateLog: AcksBeforeSync }, onDiskAtFirstAck, [175, 175], [175, 0]],
  ['acknowledges backwards', { PrivateLog: AcksBackwards }, ackOrder, [1, 2, 3], [3, 2, 1]],
  [
    'does not order the header first',
    { PrivateLog: HeaderUnordered },
    writesBeforeHeader,
    ['create', '0+60', '60+115'],
    ['create', '60+115', '0+60'],
  ],
  ['writes a header too early', { PrivateLog: HeaderTooEarly }, loadedAfterCrash, 'ERR_OK', 'ERR_INVALID_DATA'],
  ['writes a wrong previous max decree', { PrivateLog: WrongPreviousMax }, secondHeader, 1, 0],
  ['ignores headers at open', { PrivateLog: IgnoresHeaders }, knownMaxAfterRestart, 3, 0],
  ['starts the replay too late', { PrivateLog: StartsTooLate }, replayedAbove2, [3, 4], [4]],
  ['stops the replay a block short', { LogReplayer: BlockShort }, replayedByAll, [1, 2, 3, 4], []],
  ['tolerates damage', { LogReplayer: ToleratesDamage }, zeroTail, 'ERR_INVALID_DATA', 'ERR_OK'],
  [
    'seeds the CRC wrongly',
    { LogFile: WrongSeed },
    written,
    [1, 2, 3, 4].map((d) => ['clean', [d]]),
    [1, 2, 3, 4].map(() => ['corrupt', []]),
  ],
  ['trusts bodies', { LogFile: TrustsBodies }, flippedBody, 'ERR_INVALID_DATA', 'ERR_OK'],
])('a log that %s', (_name, parts, question, right, wrong) => {
  it('is told apart', () => {
    expect(question({})).toEqual(right);
    expect(question(parts)).toEqual(wrong);
  });
});
