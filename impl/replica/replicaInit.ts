/**
 * Opening a replica: a new one, or one that is read back from its directory (repl 5.1, plog 11; upstream's
 * replica_init.cpp). All decrees come from disk: storage first, then the log from there on.
 *
 * Departures: a commit point that passes a hole in the log, or a ballot that falls, fails the load instead of aborting
 * the server (FM4), and so does a log whose commit point lies beyond what it holds (repl.Q11: upstream goes on with
 * storage behind its commit point).
 */
import type { Decree, ErrorCode } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { DiskError } from '../env/contract.ts';
import type { AppInfo } from '../protocol/messages.ts';
import type { LogMutation } from '../storage/plog/types.ts';
import { FRESH_INIT_INFO, loadInitInfo, storeAppInfo, storeInitInfo } from './infoFiles.ts';
import type { InitInfo } from './infoFiles.ts';
import { replayedMutation } from './mutation.ts';
import type { Replica } from './replica.ts';

export class ReplicaLoader {
  readonly ctx: Context;
  readonly replica: Replica;
  private initInfo: InitInfo = FRESH_INIT_INFO;
  /** What went wrong in replay_mutation; the log itself knows nothing of it. */
  private replayError: ErrorCode = 'ERR_OK';
  private fresh = false;

  constructor(ctx: Context, replica: Replica) {
    this.ctx = ctx;
    this.replica = replica;
  }

  initOffsetInPrivateLog(): number {
    return this.initInfo.initOffsetInPrivateLog;
  }

  // ------------------------------------------------------------------ new

  /** An empty replica: ballot 0, decree 0, not transient. */
  newr(): ErrorCode {
    const { replica } = this;
    this.fresh = true;
    const directory = this.createDirectory();
    if (directory !== 'ERR_OK') return directory;
    replica.createStorageAndLog();
    const storage = replica.storage?.openNew() ?? 'ERR_LOCAL_APP_FAILURE';
    if (storage !== 'ERR_OK') return storage;
    this.initInfo = FRESH_INIT_INFO;
    const info = storeInitInfo(this.ctx.env.disk, replica.dir, this.initInfo);
    if (info !== 'ERR_OK') return info;
    replica.storage?.updateAppEnvs(replica.app.envs);
    return replica.privateLog?.open(0, () => true) ?? 'ERR_LOCAL_APP_FAILURE';
  }

  /**
   * Over a downloaded checkpoint (dup 5.5, repl 2.7): the files of a replica stand before the one rename that makes them
   * one, so that a crash leaves a download or a replica. Its decrees are the checkpoint's, its log is empty.
   */
  newFollower(): ErrorCode {
    const { replica } = this;
    this.fresh = true;
    this.initInfo = FRESH_INIT_INFO;
    const prepared = this.prepareAdoption();
    if (prepared !== 'ERR_OK') return prepared;
    const adopted = this.adoptCheckpoint();
    if (adopted !== 'ERR_OK') return adopted;
    replica.createStorageAndLog();
    const storage = replica.storage?.openExisting() ?? 'ERR_LOCAL_APP_FAILURE';
    if (storage !== 'ERR_OK') return storage;
    replica.storage?.updateAppEnvs(replica.app.envs);
    replica.prepareList.reset(replica.lastAppliedDecree());
    return replica.privateLog?.open(replica.lastAppliedDecree(), () => true) ?? 'ERR_LOCAL_APP_FAILURE';
  }

  prepareAdoption(): ErrorCode {
    const directory = this.createDirectory();
    return directory === 'ERR_OK' ? storeInitInfo(this.ctx.env.disk, this.replica.dir, this.initInfo) : directory;
  }

  adoptCheckpoint(): ErrorCode {
    return new this.ctx.parts.CheckpointDirectory(this.ctx, this.replica.dir).adopt();
  }

  /** A log that an earlier attempt left behind is no part of the new replica. */
  createDirectory(): ErrorCode {
    const { disk } = this.ctx.env;
    const { dir } = this.replica;
    try {
      disk.mkdir(dir);
      if (disk.exists(`${dir}/plog`)) disk.remove(`${dir}/plog`, { recursive: true });
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      return 'ERR_FILE_OPERATION_FAILED';
    }
    return storeAppInfo(disk, dir, this.appInfoToStore());
  }

  // ------------------------------------------------------------------ load

  /** Steps 2 to 6 of 5.1. The caller sets the directory aside when the answer is not ERR_OK. */
  load(): ErrorCode {
    this.replica.loading = true;
    const error = this.initAppAndPrepareList();
    this.replica.loading = false;
    if (error !== 'ERR_OK') return error;
    this.replica.inactiveIsTransient = true;
    this.replica.isInitializing = true;
    return 'ERR_OK';
  }

  initAppAndPrepareList(): ErrorCode {
    const { replica } = this;
    replica.createStorageAndLog();
    const storage = replica.storage?.openExisting() ?? 'ERR_LOCAL_APP_FAILURE';
    if (storage !== 'ERR_OK') return storage;
    replica.storage?.updateAppEnvs(replica.app.envs);
    const info = this.readInitInfo();
    if (info !== 'ERR_OK') return info;
    const durable = replica.lastDurableDecree();
    const applied = replica.lastAppliedDecree();
    this.ctx.env.check(applied === durable, 'init_app_and_prepare_list', () => `${applied} != ${durable}`);
    replica.config = replica.makeConfig(this.initInfo.initBallot, '', 'PS_INACTIVE');
    replica.prepareList.reset(applied);
    return this.openPrivateLog(applied);
  }

  /** ERR_INCOMPLETE_DATA: the log was reset for a checkpoint that never came to be. */
  readInitInfo(): ErrorCode {
    const loaded = loadInitInfo(this.ctx.env.disk, this.replica.dir);
    if (loaded.error !== 'ERR_OK') return loaded.error;
    this.initInfo = loaded.value;
    return this.replica.lastDurableDecree() < loaded.value.initDurableDecree ? 'ERR_INCOMPLETE_DATA' : 'ERR_OK';
  }

  openPrivateLog(applied: Decree): ErrorCode {
    const { replica } = this;
    const log = replica.privateLog;
    if (log === undefined) return 'ERR_LOCAL_APP_FAILURE';
    log.setValidStartOffsetOnOpen(this.initInfo.initOffsetInPrivateLog);
    const error = log.open(applied, (record, isValid) => this.replayMutation(record, isValid));
    if (error !== 'ERR_OK') return error;
    // The stored offset may be of a numbering that a learned log has ended; stored with the next change.
    this.initInfo = { ...this.initInfo, initOffsetInPrivateLog: log.validStartOffset() };
    if (this.replayError !== 'ERR_OK') return this.replayError;
    return this.checkCompleteness();
  }

  /** Every decree up to the commit point is in storage. */
  checkCompleteness(): ErrorCode {
    const { replica } = this;
    return replica.lastAppliedDecree() < replica.lastCommittedDecree() ? 'ERR_INCOMPLETE_DATA' : 'ERR_OK';
  }

  /** Step 5; answers whether the record counts for the log's largest decree. */
  replayMutation(record: LogMutation, isValid: boolean): boolean {
    const { replica } = this;
    this.raiseBallot(record);
    if (this.replayError !== 'ERR_OK') return true;
    if (!isValid) return false;
    if (record.decree <= replica.lastCommittedDecree()) return true;
    const old = replica.prepareList.getMutationByDecree(record.decree);
    if (old !== undefined && old.ballot >= record.ballot) return true;
    replica.noteTimestamps(record);
    this.replayError = replica.prepareList.prepare(replayedMutation(record), 'PS_INACTIVE');
    return true;
  }

  /** In memory only (repl.Q14); also for records that count for nothing else. */
  raiseBallot(record: LogMutation): void {
    const { replica } = this;
    if (record.ballot > replica.ballot()) replica.config = replica.makeConfig(record.ballot, '', 'PS_INACTIVE');
  }

  /**
   * Step 7, at process start only: a checkpoint of what was replayed; the list keeps the uncommitted suffix. With an
   * ingestion that was replayed there is nothing to be checkpointed before its files are in (bl 15.3).
   */
  checkpointAtStartup(): ErrorCode {
    const { replica } = this;
    const before = replica.lastDurableDecree();
    const result = replica.storage?.syncCheckpoint('start-up') ?? { error: 'ERR_LOCAL_APP_FAILURE', durable: 0 };
    if (result.error !== 'ERR_OK' && !this.waitsForIngestion(result.error)) return result.error;
    if (result.durable !== before) replica.checkpoints.updateIntervalClock();
    replica.prepareList.commit(replica.lastAppliedDecree(), 'COMMIT_TO_DECREE_SOFT');
    replica.prepareList.truncate(replica.lastAppliedDecree());
    return 'ERR_OK';
  }

  waitsForIngestion(error: ErrorCode): boolean {
    return error === 'ERR_WRONG_TIMING' && this.replica.storage?.pendingIngestion() !== undefined;
  }

  /** The replica is ready for a role. */
  onOpened(): void {
    const { replica } = this;
    this.ctx.env.emit({
      kind: 'replica.opened',
      gpid: replica.gpid,
      fresh: this.fresh,
      ballot: replica.ballot(),
      durable: replica.lastDurableDecree(),
      applied: replica.lastAppliedDecree(),
      committed: replica.lastCommittedDecree(),
      maxPrepared: replica.maxPreparedDecree(),
    });
    replica.primaryStates.barrierDue = replica.maxPreparedDecree() > 0;
    if (!this.fresh) replica.learnee.noteIngestion(replica.lastDurableDecree());
    replica.checkpoints.startTimer();
    replica.bulkLoader.ingestion.resumeIngestion();
  }

  // ------------------------------------------------------------------ .app-info, .init-info

  /** The table's properties changed. A file that cannot be replaced ends this replica; upstream aborts the server. */
  storeAppInfo(): void {
    const { replica } = this;
    const error = storeAppInfo(this.ctx.env.disk, replica.dir, this.appInfoToStore());
    if (error !== 'ERR_OK') replica.handleLocalFailure(error);
  }

  /** With `duplicating`: the log must be safe before the first sync of the next start (#1608). */
  appInfoToStore(): AppInfo {
    return this.replica.app;
  }

  /** On every ballot increase; a failure is only noticed by the next start (repl.Q2). */
  storeInitInfo(): void {
    const { replica } = this;
    const { initOffsetInPrivateLog } = this.initInfo;
    const initDurableDecree = this.neededDurableDecree();
    this.initInfo = { initBallot: replica.ballot(), initDurableDecree, initOffsetInPrivateLog };
    storeInitInfo(this.ctx.env.disk, replica.dir, this.initInfo);
  }

  /** What the log stands on; a ballot that rises before a learner's checkpoint is made lowers it not (repl.Q15). */
  neededDurableDecree(): Decree {
    return Math.max(this.replica.lastDurableDecree(), this.initInfo.initDurableDecree);
  }

  /**
   * Learning: what the log holds up to now counts for nothing; what follows stands on `durable` (repl 1.9). It is void once
   * `.init-info` says so, and not before: a disk that refuses that leaves everything as it was (docs/departures.md, repl.1.9).
   */
  resetPartition(durable: Decree): ErrorCode {
    const { privateLog } = this.replica;
    const written = privateLog?.flushNow() ?? 'ERR_OK';
    if (written !== 'ERR_OK') return written;
    const error = this.replaceInitInfo(durable, privateLog?.globalEndOffset() ?? 0);
    if (error === 'ERR_OK') privateLog?.onPartitionReset(durable);
    return error;
  }

  /** Learning: the log is another one, with offsets of its own (plog.P12). */
  adoptLog(): ErrorCode {
    return this.replaceInitInfo(this.neededDurableDecree(), this.replica.privateLog?.validStartOffset() ?? 0);
  }

  private replaceInitInfo(initDurableDecree: Decree, initOffsetInPrivateLog: number): ErrorCode {
    const { replica } = this;
    const initInfo = { initBallot: replica.ballot(), initDurableDecree, initOffsetInPrivateLog };
    const error = storeInitInfo(this.ctx.env.disk, replica.dir, initInfo);
    if (error === 'ERR_OK') this.initInfo = initInfo;
    return error;
  }
}
