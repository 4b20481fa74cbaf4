/**
 * Replacing a log by the files of another directory (plog 13.3; the disk's part of upstream's reset_from): a learner of a
 * duplicated table, whose learn start stepped back, takes the primary's log for its own.
 *
 * Whatever step is the last before a crash, the next opening finds the old log or the new one, whole. The new files are
 * read from end to end and synced before anything moves. Then the old directory gets a temporary name and the new one
 * takes its place: between the two renames there is only the old log, under that name, and it is put back
 * (`restoreOldLog`); from the second on the new log counts, and the old one is removed when the new one has been opened
 * (`removeReplaced`).
 *
 * Departures: a failed second rename is an error and undone (plog.P11); the offset that the replica has stored is of the
 * old numbering, and a marker says what it means in the new one (plog.P12); a newest file that is cut in its first block
 * holds nothing yet and is left out (upstream refuses the directory).
 */
import type { ErrorCode, Gpid } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { DiskError } from '../../env/contract.ts';
import { appIdOf, partitionIndexOfGpid } from '../../protocol/gpid.ts';
import type { LogFile } from './logFile.ts';
import {
  formatResetMarker,
  isMarker,
  isOldLogDirectory,
  oldLogDirectory,
  parseResetMarker,
  ValidMarkers,
} from './logMarkers.ts';

export class LogReset {
  protected readonly ctx: Context;
  protected readonly gpid: Gpid;
  /** Of the log; others with temporary names stand beside it. */
  protected readonly dir: string;
  /** The files that come in, by index. */
  protected files: LogFile[] = [];
  /** A newest file of which the copy ends inside the first block. */
  protected cut: LogFile | undefined;

  constructor(ctx: Context, dir: string, gpid: Gpid) {
    this.ctx = ctx;
    this.dir = dir;
    this.gpid = gpid;
  }

  /**
   * The files of `source` take the place of the log's. `stored`: the offsets of the old numbering that `.init-info` may
   * have. Files that are no whole log are deleted with their directory. After an error the old log is there, or will be
   * with the next opening.
   */
  replaceLog(source: string, stored: readonly number[]): ErrorCode {
    const error = this.checkLogFiles(source);
    if (error !== 'ERR_OK') return this.deleteSource(source, error);
    const stamp = this.makeStamp();
    const prepared = this.guarded(() => {
      this.makeDurable();
      this.removeOldLogs();
      this.writeMarkers(source, stamp, stored);
    });
    return prepared === 'ERR_OK' ? this.moveIn(source, oldLogDirectory(this.dir, stamp)) : prepared;
  }

  // -------------------------------------------------------------- before anything moves

  /** Consecutive indexes (upstream's check_log_files_continuity), and everything in them can be replayed. */
  checkLogFiles(source: string): ErrorCode {
    const listed = this.openLogFiles(source);
    if (listed !== 'ERR_OK') return listed;
    const newest = this.files.at(-1);
    if (this.cut !== undefined && newest !== undefined && this.cut.index !== newest.index + 1) {
      return 'ERR_OBJECT_NOT_FOUND';
    }
    return this.replayAll();
  }

  /** Upstream refuses a directory with any file that is no readable log file. */
  private openLogFiles(source: string): ErrorCode {
    const names: string[] = [];
    const listed = this.guarded(() => {
      for (const name of this.ctx.env.disk.list(source)) {
        const path = `${source}/${name}`;
        if (isMarker(name)) this.ctx.env.disk.remove(path);
        else if (this.ctx.env.disk.info(path).kind === 'file') names.push(name);
      }
    });
    if (listed !== 'ERR_OK') return listed;
    for (const name of names) {
      const file = new this.ctx.parts.LogFile(this.ctx, `${source}/${name}`);
      const error = file.openRead();
      if (error === 'ERR_OK') this.files.push(file);
      else if (this.isCutShort(error) && this.cut === undefined) this.cut = file;
      else return error;
    }
    this.files.sort((a, b) => a.index - b.index);
    return 'ERR_OK';
  }

  private isCutShort(error: ErrorCode): boolean {
    return error === 'ERR_HANDLE_EOF' || error === 'ERR_INCOMPLETE_DATA';
  }

  private replayAll(): ErrorCode {
    const replayer = new this.ctx.parts.LogReplayer(this.ctx);
    let foreign = false;
    const error = replayer.replayFiles(this.files, (_lengthBytes, mutation) => {
      if (mutation.gpid !== this.gpid) foreign = true;
    });
    return error === 'ERR_OK' && foreign ? 'ERR_INVALID_DATA' : error;
  }

  deleteSource(source: string, error: ErrorCode): ErrorCode {
    const deleted = this.guarded(() => {
      this.ctx.env.disk.remove(source, { recursive: true });
    });
    return deleted === 'ERR_OK' ? error : deleted;
  }

  /** The old log may be durable to its end; what takes its place must not lose its tail with the power. */
  makeDurable(): void {
    for (const file of this.files) this.ctx.env.disk.sync(file.path);
    if (this.cut !== undefined) this.ctx.env.disk.remove(this.cut.path);
  }

  /** There is never more than one. */
  removeOldLogs(): void {
    for (const path of this.oldLogs()) this.ctx.env.disk.remove(path, { recursive: true });
  }

  writeMarkers(source: string, stamp: string, stored: readonly number[]): void {
    this.ctx.env.disk.create(`${source}/${formatResetMarker(stamp)}`);
    new ValidMarkers(this.ctx.env.disk, source, stored).write(this.validStartOffset());
  }

  /** As the primary had it: it begins a new file whenever its offset rises, so the newest header that has it knows. */
  validStartOffset(): number {
    const appId = appIdOf(this.gpid);
    const partitionIndex = partitionIndexOfGpid(this.gpid);
    return Math.max(0, ...this.files.map((file) => file.validStartOffset(appId, partitionIndex)));
  }

  /** Nanoseconds of the wall clock; more digits than a number holds. */
  private makeStamp(): string {
    return `${this.ctx.env.clock.wallUs()}000`;
  }

  // -------------------------------------------------------------- the two renames

  moveIn(source: string, old: string): ErrorCode {
    const aside = this.rename(this.dir, old);
    if (aside !== 'ERR_OK') return aside;
    const moved = this.rename(source, this.dir);
    if (moved !== 'ERR_OK') this.rename(old, this.dir);
    return moved;
  }

  private rename(from: string, to: string): ErrorCode {
    return this.guarded(() => {
      this.ctx.env.disk.rename(from, to);
    });
  }

  // -------------------------------------------------------------- at the next opening

  /**
   * For a log directory that is empty: answers whether a log was put back that a crash between the renames had left
   * under its temporary name. Throws `DiskError`.
   */
  restoreOldLog(): boolean {
    const old = this.oldLogs().at(-1);
    if (old !== undefined) this.ctx.env.disk.rename(old, this.dir);
    return old !== undefined;
  }

  /** `names` of the log directory. Removes what the log replaced; what the disk refuses stays until the next opening. */
  removeReplaced(names: readonly string[]): void {
    const { disk } = this.ctx.env;
    for (const name of names) {
      const stamp = parseResetMarker(name);
      if (stamp === undefined) continue;
      const old = oldLogDirectory(this.dir, stamp);
      this.guarded(() => {
        if (disk.exists(old)) disk.remove(old, { recursive: true });
        disk.remove(`${this.dir}/${name}`);
      });
    }
  }

  private oldLogs(): readonly string[] {
    const slash = this.dir.lastIndexOf('/');
    const base = this.dir.slice(slash + 1);
    const names = this.ctx.env.disk.list(this.dir.slice(0, Math.max(0, slash)));
    return names.filter((name) => isOldLogDirectory(base, name)).map((name) => this.dir.slice(0, slash + 1) + name);
  }

  private guarded(act: () => void): ErrorCode {
    try {
      act();
      return 'ERR_OK';
    } catch (error) {
      if (error instanceof DiskError) return 'ERR_FILE_OPERATION_FAILED';
      throw error;
    }
  }
}
