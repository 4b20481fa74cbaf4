/**
 * The search for the log file that the loader begins with (dup 6.4; plog 14): the newest one that had no decree from
 * `start` on before it. Files are opened from the newest back, each in a task of its own, so that whatever else the
 * server does can fall between, as it can upstream. Meanwhile the checkpoint timer collects no log files (#1597).
 *
 * Departures: the search ends at the file that holds `start`, wherever the log may be cleaned (dup.B29); a file that the
 * garbage collection took meanwhile means another search at once (#2373 only makes it rare); readers rename nothing
 * (plog.P6, dup.B28); the needed file being unreadable is a failure like any other, which the fail modes rule.
 */
import type { Decree, ErrorCode } from '../../../../model/vocabulary.ts';
import { task } from '../../../env/contract.ts';
import { appIdOf, partitionIndexOfGpid } from '../../../protocol/gpid.ts';
import type { LogFileInfo, PrivateLogContract } from '../../../storage/contracts.ts';
import type { LogFile } from '../../../storage/plog/logFile.ts';
import { PipelineStage } from './pipelineStage.ts';

export abstract class LogFileSearch extends PipelineStage {
  /** From here on decrees are to be shipped. */
  protected start: Decree = 0;
  private scan: readonly LogFileInfo[] = [];
  /** The oldest of the scan that could be opened. */
  private oldest: LogFile | undefined;
  private checking = false;

  /** Begins with a file; undefined when none can be read. */
  abstract onFileFound(file: LogFile | undefined): void;
  /** The file that is needed cannot be read. */
  abstract onFileUnreadable(file: LogFile, error: ErrorCode): void;

  log(): PrivateLogContract | undefined {
    return this.host.replica.privateLog;
  }

  findLogFileToStart(): void {
    this.setChecking(true);
    this.scan = this.filesToScan(this.log()?.logFiles() ?? []);
    this.oldest = undefined;
    this.scanLater(0);
  }

  /** In the order in which they are opened, from a list in the order of the log. */
  filesToScan(files: readonly LogFileInfo[]): readonly LogFileInfo[] {
    return files.toReversed();
  }

  private scanLater(next: number): void {
    const { dupLoadPlogTask } = this.ctx.settings;
    this.enqueue(dupLoadPlogTask, 0, 0, task(this, 'scanFile', next));
  }

  scanFile(at: number): void {
    if (this.pipeline.isStopped()) return;
    const info = this.scan[at];
    if (info === undefined) {
      this.endScan(this.oldest);
      return;
    }
    const file = new this.ctx.parts.LogFile(this.ctx, info.path);
    const error = file.openRead();
    if (error !== 'ERR_OK') {
      this.onScanFailed(at, info, file, error);
    } else if (this.isFileToStart(this.previousMaxOf(file))) {
      this.endScan(file);
    } else {
      this.oldest = file;
      this.scanLater(at + 1);
    }
  }

  /** Nothing that is to be shipped stands before the file. */
  isFileToStart(previousLogMaxDecree: Decree): boolean {
    return previousLogMaxDecree < this.start;
  }

  previousMaxOf(file: LogFile): Decree {
    const { gpid } = this.host.replica;
    return file.previousLogMaxDecree(appIdOf(gpid), partitionIndexOfGpid(gpid));
  }

  onScanFailed(at: number, info: LogFileInfo, file: LogFile, error: ErrorCode): void {
    if (this.isVanished(info.index)) {
      this.onFileVanished();
    } else if (this.isNotBegun(info, error) || !this.isFileToStart(info.previousLogMaxDecree)) {
      this.scanLater(at + 1);
    } else {
      this.setChecking(false);
      this.onFileUnreadable(file, error);
    }
  }

  /** The log does not know the file any more: it was collected. */
  isVanished(index: number): boolean {
    return this.log()?.logFiles().some((file) => file.index === index) !== true;
  }

  onFileVanished(): void {
    this.findLogFileToStart();
  }

  /** The log's newest file has no header on disk yet: everything that was written stands before it. */
  isNotBegun(info: LogFileInfo, error: ErrorCode): boolean {
    const newest = this.log()?.logFiles().at(-1);
    return info.index === newest?.index && (error === 'ERR_HANDLE_EOF' || error === 'ERR_INCOMPLETE_DATA');
  }

  private endScan(file: LogFile | undefined): void {
    this.setChecking(false);
    this.scan = [];
    this.oldest = undefined;
    this.onFileFound(file);
  }

  private setChecking(checking: boolean): void {
    if (checking === this.checking) return;
    this.checking = checking;
    this.host.replica.setDuplicationPlogChecking(this.host.dupId, checking);
  }

  override cancel(): void {
    super.cancel();
    this.setChecking(false);
  }
}
