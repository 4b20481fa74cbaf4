/**
 * One replica of one partition: its state, its committer, its failures and its end (repl 1.1, 1.6, 1.11; upstream's
 * replica.cpp). What it does as a member stands in the parts that it is made of.
 *
 * All protocol steps run on the worker of THREAD_POOL_REPLICATION that the gpid's thread hash chooses.
 */
import type { Ballot, Decree, DupId, ErrorCode, Gpid, NodeId, PartitionStatus } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { reply, task } from '../env/contract.ts';
import type { Replier } from '../env/contract.ts';
import { newestTimestampUs } from '../protocol/duplicate.ts';
import { threadHash } from '../protocol/gpid.ts';
import type { AppInfo, ReplicaConfig, ReadResponse, ClientRequest } from '../protocol/messages.ts';
import { allowsIngestBehind } from '../storage/app/names.ts';
import type { PrivateLogContract, StorageAppContract } from '../storage/contracts.ts';
import type { LogMutation } from '../storage/plog/types.ts';
import type { ReplicaBulkLoader } from './bulkLoad/replicaBulkLoader.ts';
import type { CheckpointTriggers } from './checkpointTriggers.ts';
import type { ReplicaDuplicatorManager } from './duplication/replicaDuplicatorManager.ts';
import type { GroupChecker } from './groupCheck.ts';
import type { ReplicaHost } from './host.ts';
import type { Learnee } from './learning/learnee.ts';
import type { Learner } from './learning/learner.ts';
import type { LearnerGroup } from './learning/learnerGroup.ts';
import type { MemberChanges } from './learning/memberChanges.ts';
import type { MetaRequester } from './metaRequester.ts';
import { holdsIngestion } from './mutation.ts';
import type { Mutation } from './mutation.ts';
import type { PrepareList } from './prepareList.ts';
import { PrimaryContext } from './primaryContext.ts';
import type { ReplicaConfigurator } from './replicaConfig.ts';
import type { Replica2pc } from './replica2pc.ts';
import type { ReplicaReads } from './replicaReads.ts';
import type { ReplicaLoader } from './replicaInit.ts';
import type { SecondaryPrepare } from './secondaryPrepare.ts';
import type { ReplicaThrottle } from './throttling/replicaThrottle.ts';

export interface ReplicaOptions {
  readonly app: AppInfo;
  readonly gpid: Gpid;
  /** Directory of the replica: `<app_id>.<partition_index>.pegasus`. */
  readonly dir: string;
}

export class Replica {
  readonly ctx: Context;
  readonly host: ReplicaHost;
  readonly gpid: Gpid;
  readonly hash: number;
  readonly dir: string;
  readonly createTimeUs: number;
  readonly primaryStates: PrimaryContext = new PrimaryContext();
  readonly prepareList: PrepareList;
  readonly twoPc: Replica2pc;
  readonly secondary: SecondaryPrepare;
  readonly groupChecker: GroupChecker;
  readonly configurator: ReplicaConfigurator;
  readonly metaRequester: MetaRequester;
  readonly members: MemberChanges;
  readonly learnerGroup: LearnerGroup;
  readonly learnee: Learnee;
  readonly learner: Learner;
  readonly checkpoints: CheckpointTriggers;
  readonly loader: ReplicaLoader;
  readonly reads: ReplicaReads;
  readonly throttle: ReplicaThrottle;
  readonly duplicatorManager: ReplicaDuplicatorManager;
  readonly bulkLoader: ReplicaBulkLoader;
  app: AppInfo;
  config: ReplicaConfig;
  inactiveIsTransient = false;
  /** Loaded from disk, and the meta server has not said yet what this replica is. */
  isInitializing = false;
  storage: StorageAppContract | undefined;
  privateLog: PrivateLogContract | undefined;
  /** Set aside as `.err` when it is closed: its data cannot be trusted. */
  dataCorrupted = false;
  closed = false;
  /** While the log is replayed: a failure fails the load, and nothing else. */
  loading = false;
  /** Duplications that are choosing a log file at this moment (dup 6.4). */
  private readonly plogCheckers = new Set<DupId>();
  private lastTimestampUs = 0;
  private storageFailed = false;
  private logFailed = false;

  constructor(ctx: Context, host: ReplicaHost, options: ReplicaOptions) {
    const { parts } = ctx;
    this.ctx = ctx;
    this.host = host;
    this.gpid = options.gpid;
    this.hash = threadHash(options.gpid);
    this.dir = options.dir;
    this.app = options.app;
    this.createTimeUs = ctx.env.clock.monotonicUs();
    this.config = this.makeConfig(0, '', 'PS_INACTIVE');
    this.prepareList = new parts.PrepareList(ctx, { gpid: options.gpid, initDecree: 0, committer: this });
    this.twoPc = new parts.Replica2pc(ctx, this);
    this.secondary = new parts.SecondaryPrepare(ctx, this);
    this.groupChecker = new parts.GroupChecker(ctx, this);
    this.configurator = new parts.ReplicaConfigurator(ctx, this);
    this.metaRequester = new parts.MetaRequester(ctx, this);
    this.members = new parts.MemberChanges(ctx, this);
    this.learnerGroup = new parts.LearnerGroup(ctx, this);
    this.learnee = new parts.Learnee(ctx, this);
    this.learner = new parts.Learner(ctx, this);
    this.checkpoints = new parts.CheckpointTriggers(ctx, this);
    this.loader = new parts.ReplicaLoader(ctx, this);
    this.reads = new parts.ReplicaReads(ctx, this);
    this.throttle = new parts.ReplicaThrottle(ctx, this);
    this.duplicatorManager = new parts.ReplicaDuplicatorManager(ctx, this);
    this.bulkLoader = new parts.ReplicaBulkLoader(ctx, this, host.downloadSlots);
  }

  status(): PartitionStatus {
    return this.config.status;
  }

  ballot(): Ballot {
    return this.config.ballot;
  }

  self(): NodeId {
    return this.ctx.env.self;
  }

  isPrimary(): boolean {
    return this.config.status === 'PS_PRIMARY';
  }

  lastCommittedDecree(): Decree {
    return this.prepareList.lastCommittedDecree();
  }

  maxPreparedDecree(): Decree {
    return this.prepareList.maxDecree();
  }

  /** As far as what is prepared can be committed without anybody else's help: no hole, logged, ballots in order. */
  lastPreparedDecree(): Decree {
    let last = this.lastCommittedDecree();
    let ballot: Ballot = 0;
    for (;;) {
      const next = this.prepareList.getMutationByDecree(last + 1);
      if (next === undefined || !next.isLogged() || next.ballot < ballot) return last;
      ({ ballot } = next);
      last++;
    }
  }

  lastAppliedDecree(): Decree {
    return this.storage?.lastCommittedDecree() ?? 0;
  }

  lastDurableDecree(): Decree {
    return this.storage?.lastDurableDecree() ?? 0;
  }

  makeConfig(ballot: Ballot, primary: NodeId | '', status: PartitionStatus): ReplicaConfig {
    return { gpid: this.gpid, ballot, primary, status, learnerSignature: 0, popAll: false };
  }

  // ------------------------------------------------------------------ timestamps

  /**
   * A new mutation's timestamp: strictly increasing, the wall clock where that is ahead; later than whatever this
   * partition holds or is about to, also of another cluster whose clock is ahead, so that it wins there too (dup 7.3).
   */
  nextTimestampUs(): number {
    const lastUs = Math.max(this.lastTimestampUs, this.newestRowUs());
    this.lastTimestampUs = Math.max(this.ctx.env.clock.wallUs(), lastUs + 1);
    return this.lastTimestampUs;
  }

  /** Of what is applied: another cluster's checkpoint came without a log. */
  newestRowUs(): number {
    return this.storage?.newestTimestampUs() ?? 0;
  }

  /** A mutation of somebody else, or of an earlier life, carried these timestamps. */
  noteTimestamps(mutation: LogMutation): void {
    this.lastTimestampUs = Math.max(this.lastTimestampUs, newestTimestampUs(mutation));
  }

  // ------------------------------------------------------------------ committer (repl 1.6)

  executeMutation(mutation: Mutation): void {
    switch (this.status()) {
      case 'PS_INACTIVE':
        if (this.lastAppliedDecree() + 1 === mutation.decree) this.apply(mutation);
        break;
      case 'PS_PRIMARY':
        this.checkStateCompleteness();
        this.checkNextDecree(mutation);
        if (this.apply(mutation)) this.twoPc.onMutationApplied(mutation);
        break;
      case 'PS_SECONDARY':
        this.checkStateCompleteness();
        this.checkNextDecree(mutation);
        this.apply(mutation);
        break;
      case 'PS_POTENTIAL_SECONDARY':
        this.learner.executeMutation(mutation);
        break;
      case 'PS_ERROR':
        break;
    }
  }

  /** S11: prepared, committed and durable follow one another. */
  checkStateCompleteness(): void {
    const committed = this.lastCommittedDecree();
    const holds = this.maxPreparedDecree() >= committed && committed >= this.lastDurableDecree();
    this.ctx.env.check(holds, 'check_state_completeness', () => {
      return `prepared ${this.maxPreparedDecree()}, committed ${committed}, durable ${this.lastDurableDecree()}`;
    });
  }

  checkNextDecree(mutation: Mutation): void {
    const applied = this.lastAppliedDecree();
    const isNext = applied + 1 === mutation.decree;
    this.ctx.env.check(isNext, 'execute_mutation', () => `${applied} + 1 != ${mutation.decree}`);
  }

  /** False when storage refused; the replica is in ERROR then, or its load fails by the decrees that it ends with. */
  apply(mutation: Mutation): boolean {
    const error = this.storage?.applyMutation(mutation.data) ?? 'ERR_LOCAL_APP_FAILURE';
    const isIngestion = holdsIngestion(mutation.data);
    if (error === 'ERR_OK') {
      if (isIngestion) this.onIngestionApplied(mutation);
      return true;
    }
    this.storageFailed = true;
    if (isIngestion) this.twoPc.onIngestionNotApplied(mutation, error);
    if (!this.loading) this.handleLocalFailure(error);
    return false;
  }

  private onIngestionApplied({ decree }: Mutation): void {
    this.learnee.noteIngestion(decree);
    this.bulkLoader.onIngestionApplied();
  }

  // ------------------------------------------------------------------ reads

  onClientRead(request: ClientRequest, replier: Replier<ReadResponse>): void {
    this.reads.onClientRead(request, replier);
  }

  // ------------------------------------------------------------------ failures (repl 1.11)

  /** Something of this node failed: ERROR, after which the replica is closed. */
  handleLocalFailure(error: ErrorCode): void {
    if (error === 'ERR_DISK_IO_ERROR') this.host.reportDiskError();
    if (error === 'ERR_RDB_CORRUPTION') this.dataCorrupted = true;
    if (this.isPrimary()) this.host.removeReplicaOnMetaServer(this.primaryStates.membership);
    this.configurator.updateLocalConfigurationWithNoBallotChange('PS_ERROR');
  }

  /** Storage could not take what is committed: all of it is read back from disk. Resumes in LPC_REPLICATION_ERROR. */
  onStorageIoError(error: ErrorCode): void {
    if (this.closed) return;
    this.storageFailed = true;
    this.handleLocalFailure(error);
  }

  /** The private log could not write; resumes in LPC_REPLICATION_ERROR (upstream aborts the process). */
  onLogIoError(error: ErrorCode): void {
    if (this.closed) return;
    this.logFailed = true;
    this.handleLocalFailure(error);
  }

  /**
   * Another one did not do its part. A learner is given up; without a member the group goes on under a new ballot.
   */
  handleRemoteFailure(status: PartitionStatus, node: NodeId, _error: ErrorCode): void {
    if (!this.isPrimary()) return;
    if (status === 'PS_POTENTIAL_SECONDARY') {
      this.learnerGroup.removeLearner(node);
      return;
    }
    this.members.downgradeToInactiveOnPrimary(node);
  }

  // ------------------------------------------------------------------ close (repl 1.11, end)

  /** No protocol step runs any more; log and storage are given up one after the other. `then` gets this replica. */
  close(owner: { onReplicaClosed(replica: Replica): void }): void {
    if (this.closed) return;
    this.closed = true;
    this.cancelAllTasks();
    const log = this.privateLog;
    if (log !== undefined && !this.logFailed) {
      log.close(task(this, 'onLogClosed', owner));
      return;
    }
    log?.abandon();
    this.onLogClosed(owner);
  }

  /** Duplicators go first: they read the log and ask for the storage's decrees (dup.B33). */
  cancelAllTasks(): void {
    this.duplicatorManager.removeAllDuplications();
    this.bulkLoader.close();
    this.learner.cleanup();
    this.checkpoints.cancelTimer();
    this.checkpoints.giveBackManualCheckpoint();
    this.groupChecker.stopGroupCheck();
    this.metaRequester.cancelPendingRequest();
    this.twoPc.cancelOutstandingPrepares();
    this.twoPc.clearWriteQueue();
  }

  onLogClosed(owner: { onReplicaClosed(replica: Replica): void }): void {
    const { storage } = this;
    if (storage !== undefined && storage.isOpen() && !this.storageFailed) {
      storage.close(true, task(this, 'onStorageClosed', owner));
      return;
    }
    storage?.abandon();
    this.onStorageClosed(owner);
  }

  onStorageClosed(owner: { onReplicaClosed(replica: Replica): void }): void {
    this.ctx.env.emit({ kind: 'replica.closed', gpid: this.gpid });
    owner.onReplicaClosed(this);
  }

  /** Drops a replica whose load failed: nothing is written any more. */
  abandon(): void {
    this.closed = true;
    this.cancelAllTasks();
    this.privateLog?.abandon();
    this.storage?.abandon();
  }

  // ------------------------------------------------------------------ storage and log

  /** While a duplication chooses its log file, the checkpoint timer deletes none (dup 6.4). */
  setDuplicationPlogChecking(dupId: DupId, checking: boolean): void {
    if (checking) this.plogCheckers.add(dupId);
    else this.plogCheckers.delete(dupId);
  }

  isDuplicationPlogChecking(): boolean {
    return this.plogCheckers.size > 0;
  }

  createStorageAndLog(): void {
    const { ctx, gpid, hash, dir } = this;
    const { clusterNumber, metrics } = this.host;
    const { partitionCount, envs } = this.app;
    this.storage = new ctx.parts.StorageApp(ctx, {
      gpid,
      dataDir: `${dir}/data`,
      hash,
      clusterNumber,
      partitionCount,
      metrics,
      allowIngestBehind: allowsIngestBehind(envs),
    });
    this.privateLog = new ctx.parts.PrivateLog(ctx, {
      gpid,
      dir: `${dir}/plog`,
      hash,
      onIoError: reply(this, 'onLogIoError'),
    });
  }
}
