/**
 * A replica's private log (upstream mutation_log and mutation_log_private): opening over the files of its directory
 * (plog 10), its replacement by another's files (plog 13.3), its state variables (plog 8) and closing (plog 7.5).
 * Appending is in logWriter.ts, what learners are given in learnState.ts, garbage collection in logCollection.ts,
 * replaying in replayer.ts.
 */
import type { Decree, ErrorCode } from '../../../model/vocabulary.ts';
import { task } from '../../env/contract.ts';
import type { Continuation } from '../../env/contract.ts';
import type { LogFileInfo, PrivateLogContract } from '../contracts.ts';
import type { LogFile } from './logFile.ts';
import type { LogReset } from './logReset.ts';
import { CollectableLog } from './logCollection.ts';
import { ValidMarkers } from './logMarkers.ts';
import { REMOVED_SUFFIX } from './names.ts';
import type { LogMutation } from './types.ts';

/** Answers whether a record counts. Those below the valid start offset are told too, as void. */
type Replay = (mutation: LogMutation, isValid: boolean) => boolean;

export class PrivateLog extends CollectableLog implements PrivateLogContract {
  private cleanable: Decree = 0;
  private markers = this.newMarkers([0]);
  /** There was a log here before: an empty directory is not its beginning. */
  private hasPast = false;

  // -------------------------------------------------------------- opening

  setValidStartOffsetOnOpen(offset: number): void {
    this.ctx.env.check(!this.opened, 'valid start offset is set before open');
    this.validStart = offset;
    this.markers = this.newMarkers([offset]);
    this.hasPast = true;
  }

  /** plog 10; see the contract. A file that it cannot use is set aside even when the opening fails. */
  open(replayDecree: Decree, replay: Replay): ErrorCode {
    this.ctx.env.check(!this.opened && !this.abandoned, 'log is opened once');
    const error = this.openAndReplay(replayDecree, replay);
    if (error === 'ERR_OK') this.opened = true;
    else this.reset();
    return error;
  }

  private openAndReplay(replayDecree: Decree, replay: Replay): ErrorCode {
    const names: string[] = [];
    const files: LogFile[] = [];
    const listed = this.listNames(names);
    if (listed !== 'ERR_OK') return listed;
    const opened = this.openFiles(names, files);
    if (opened !== 'ERR_OK') return opened;
    const replayed = this.replayOpened(files, replayDecree, replay);
    if (replayed !== 'ERR_OK') return replayed;
    const settled = this.settleValidStart();
    if (settled !== 'ERR_OK') return settled;
    this.countFileHeaders(files);
    this.newReset().removeReplaced(names);
    return 'ERR_OK';
  }

  private replayOpened(files: LogFile[], replayDecree: Decree, replay: Replay): ErrorCode {
    files.sort((a, b) => a.index - b.index);
    this.checkIndexes(files);
    this.files = files;
    const replayer = new this.ctx.parts.LogReplayer(this.ctx);
    const first = this.chooseFirstFileToReplay(files, replayDecree);
    for (const skipped of files.slice(0, first)) skipped.closeRead();
    const error = replayer.replayFiles(files.slice(first), (_lengthBytes, mutation) =>
      this.onReplayed(mutation, replay),
    );
    if (error !== 'ERR_OK') return error;
    this.globalStart = files[0]?.startOffset ?? 0;
    this.globalEnd = replayer.endOffset;
    this.lastFileIndex = files.at(-1)?.index ?? 0;
    return 'ERR_OK';
  }

  /** Fills `names` with the files of the directory. A reset that a crash interrupted is undone or taken as done. */
  private listNames(names: string[]): ErrorCode {
    const { disk } = this.ctx.env;
    return this.guarded(() => {
      disk.mkdir(this.dir);
      let listed = disk.list(this.dir);
      if (listed.length === 0 && this.hasPast && this.newReset().restoreOldLog()) listed = disk.list(this.dir);
      for (const name of listed) {
        if (disk.info(`${this.dir}/${name}`).kind === 'file') names.push(name);
      }
      this.validStart = this.markers.read(names) ?? this.validStart;
    });
  }

  /** Fills `files` with those whose block 0 is good. The first error that is not to be skipped ends it. */
  private openFiles(names: readonly string[], files: LogFile[]): ErrorCode {
    for (const name of names) {
      const file = new this.ctx.parts.LogFile(this.ctx, `${this.dir}/${name}`);
      const error = file.openRead();
      if (error === 'ERR_OK') files.push(file);
      else {
        const renamed = file.isOpen() && this.isUnusable(error) ? this.setAside(file) : 'ERR_OK';
        if (!this.isSkippedAtOpen(error)) return error;
        if (renamed !== 'ERR_OK') return renamed;
      }
    }
    return 'ERR_OK';
  }

  /** A foreign name, or a file that was never finished beyond its creation; it leaves no trace (plog 10 step 2). */
  isSkippedAtOpen(error: ErrorCode): boolean {
    return error === 'ERR_HANDLE_EOF' || error === 'ERR_INCOMPLETE_DATA' || error === 'ERR_INVALID_PARAMETERS';
  }

  /** What the disk refused to read may be good: it stays in its place (upstream sets it aside, and a log has a hole). */
  isUnusable(error: ErrorCode): boolean {
    return error !== 'ERR_FILE_OPERATION_FAILED';
  }

  /** Renames an unusable file so that no later scan takes it for a log file (plog 9.1). */
  setAside(file: LogFile): ErrorCode {
    return this.guarded(() => this.ctx.env.disk.rename(file.path, file.path + REMOVED_SUFFIX));
  }

  private checkIndexes(files: readonly LogFile[]): void {
    const repeated = files.find((file, i) => file.index === files[i + 1]?.index);
    this.ctx.env.check(repeated === undefined, 'log file indexes are unique', () => repeated?.path ?? '');
  }

  /**
   * Position of the last file, from the oldest on, all of whose predecessors' records are covered by `replayDecree`.
   */
  chooseFirstFileToReplay(files: readonly LogFile[], replayDecree: Decree): number {
    let first = 0;
    for (let i = 0; i < files.length && this.isCovered(files[i], replayDecree); i++) first = i;
    return first;
  }

  /** Whether no record before the file is newer than `replayDecree`. */
  isCovered(file: LogFile | undefined, replayDecree: Decree): boolean {
    return file !== undefined && this.previousMaxOf(file) <= replayDecree;
  }

  /** One record: what it raises counts only when the replica accepts it. */
  onReplayed(mutation: LogMutation, replay: Replay): void {
    if (!replay(mutation, mutation.logOffset >= this.validStart)) return;
    this.ctx.env.check(
      mutation.gpid === this.gpid,
      'record is of this replica',
      () => `${mutation.gpid} in ${this.dir}`,
    );
    if (mutation.decree > this.maxDecreeIssued) this.maxDecreeIssued = mutation.decree;
    if (mutation.decree > this.maxDecreeWritten) this.maxDecreeWritten = mutation.decree;
    if (mutation.lastCommittedDecree > this.maxCommitWritten) this.maxCommitWritten = mutation.lastCommittedDecree;
  }

  /**
   * A loss of power can take a log's end and leave the offset that the replica stored behind it. New records would stand
   * below that offset, and be void: everything that is there stays void, and what comes is valid (as plog.P9).
   */
  private settleValidStart(): ErrorCode {
    const end = this.globalEnd;
    return this.guarded(() => {
      if (this.validStart > end) this.markers.write(end);
      this.validStart = Math.min(this.validStart, end);
      this.markers.note(this.validStart);
    });
  }

  /**
   * Records that were not replayed still are in the log or were: the next file's header must know them (mends
   * plog.P8). What void files say counts only when there are no others.
   */
  countFileHeaders(files: readonly LogFile[]): void {
    const valid = files.filter((file) => this.isWhollyValid(file));
    for (const file of valid.length > 0 ? valid : files) {
      this.maxDecreeIssued = Math.max(this.maxDecreeIssued, this.previousMaxOf(file));
    }
  }

  // -------------------------------------------------------------- reset

  /** See the contract. */
  resetFrom(dir: string): ErrorCode {
    if (!this.opened) return 'ERR_INVALID_STATE';
    const stored = this.markers.stored();
    const written = this.flushNow();
    this.reset();
    if (written !== 'ERR_OK') return written;
    const replaced = this.newReset().replaceLog(dir, stored);
    if (replaced !== 'ERR_OK') return replaced;
    this.markers = this.newMarkers(stored);
    return this.open(-1, (_mutation, isValid) => isValid);
  }

  private newReset(): LogReset {
    return new this.ctx.parts.LogReset(this.ctx, this.dir, this.gpid);
  }

  private newMarkers(stored: readonly number[]): ValidMarkers {
    return new ValidMarkers(this.ctx.env.disk, this.dir, stored);
  }

  // -------------------------------------------------------------- state

  /** What waits to be written is void too; the next file's header says so of everything before it. */
  onPartitionReset(decree: Decree): number {
    this.flushNow();
    this.maxDecreeIssued = decree;
    this.validStart = this.globalEnd;
    this.demandSwitchFile();
    const noted = this.guarded(() => {
      this.markers.note(this.validStart);
    });
    if (noted !== 'ERR_OK') this.failLog(noted);
    return this.validStart;
  }

  validStartOffset(): number {
    return this.validStart;
  }

  updateCleanableDecree(decree: Decree): void {
    this.cleanable = decree;
  }

  cleanableDecree(): Decree {
    return this.cleanable;
  }

  logFiles(): readonly LogFileInfo[] {
    return this.files.map((file) => {
      const { index, path, startOffset } = file;
      return { index, path, startOffset, previousLogMaxDecree: this.previousMaxOf(file) };
    });
  }

  maxDecree(): Decree {
    return this.maxDecreeIssued;
  }

  maxDecreeOnDisk(): Decree {
    return this.maxDecreeWritten;
  }

  maxCommitOnDisk(): Decree {
    return this.maxCommitWritten;
  }

  globalEndOffset(): number {
    return this.globalEnd;
  }

  totalSizeBytes(): number {
    return this.files.length === 0 ? 0 : this.globalEnd - this.globalStart;
  }

  // -------------------------------------------------------------- closing

  /** Writes what is pending, then forgets everything; appending is over at once. */
  close(then: Continuation): void {
    this.opened = false;
    this.flush(task(this, 'onFlushedForClose', this.epoch, then));
  }

  onFlushedForClose(epoch: number, then: Continuation): void {
    if (epoch === this.epoch) this.reset();
    this.ctx.env.tasks.post('LPC_WRITE_REPLICATION_LOG', this.hash, 0, then);
  }

  protected override reset(): void {
    super.reset();
    this.cleanable = 0;
    this.markers = this.newMarkers([0]);
    this.hasPast = false;
  }
}
