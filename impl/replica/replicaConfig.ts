/**
 * Configuration of one replica: adopting the meta server's, local status changes, proposals, config sync, and the
 * re-proposal of what is prepared (repl 1.10, 1.11; upstream's replica_config.cpp).
 *
 * Departures (docs/departures.md): FM5 a barrier follows the suffix of a primary that may have lost log; FM12 only a
 * replica that holds what was committed takes over. The write queue is refused whenever PRIMARY is left (repl.R5).
 */
import type { ErrorCode, PartitionConfig, PartitionStatus } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import type { AppInfo, ConfigProposal, ReplicaConfig } from '../protocol/messages.ts';
import { copyForReproposal, newEmptyMutation } from './mutation.ts';
import type { Replica } from './replica.ts';

export class ReplicaConfigurator {
  readonly ctx: Context;
  readonly replica: Replica;

  constructor(ctx: Context, replica: Replica) {
    this.ctx = ctx;
    this.replica = replica;
  }

  // ------------------------------------------------------------------ local status changes (repl 1.11)

  /** A configuration from a message, as a local one. */
  fromMessage(config: ReplicaConfig): ReplicaConfig {
    return this.replica.makeConfig(config.ballot, config.primary, config.status);
  }

  /** This node's part in a partition configuration. */
  replicaConfigOf(config: PartitionConfig): ReplicaConfig {
    return this.replica.makeConfig(config.ballot, config.primary, this.roleIn(config));
  }

  roleIn(config: PartitionConfig): PartitionStatus {
    const self = this.replica.self();
    if (config.primary === self) return 'PS_PRIMARY';
    return config.secondaries.includes(self) ? 'PS_SECONDARY' : 'PS_INACTIVE';
  }

  updateLocalConfigurationWithNoBallotChange(status: PartitionStatus): boolean {
    const { ballot, primary } = this.replica.config;
    return this.updateLocalConfiguration(this.replica.makeConfig(ballot, primary, status), true);
  }

  /** False: refused, or the replica is to be closed. */
  updateLocalConfiguration(config: ReplicaConfig, sameBallot = false): boolean {
    const { replica } = this;
    const old = replica.config;
    const allowed = config.ballot > old.ballot || (sameBallot && config.ballot === old.ballot);
    this.ctx.env.check(allowed, 'update_local_configuration', () => `${config.ballot} after ${old.ballot}`);
    if (old.status === config.status && old.ballot === config.ballot) return true;
    if (this.isRefused(old.status, config.status)) return false;
    if (this.isUnserved() && config.ballot > 0) {
      if (this.beganElsewhere(config)) replica.host.discardReplica(replica);
      if (config.status !== 'PS_PRIMARY' && config.status !== 'PS_ERROR') return false;
    }
    if (old.status === 'PS_PRIMARY') replica.twoPc.cancelOutstandingPrepares();
    replica.config = config;
    if (config.ballot > old.ballot) replica.loader.storeInitInfo();
    this.checkPreparedDecree();
    const { gpid } = replica;
    this.ctx.env.emit({ kind: 'replica.status', gpid, from: old.status, to: config.status, ballot: config.ballot });
    this.onStatusChanged(old, config);
    return this.finishStatusChange(old, config);
  }

  /** S11: the commit point is never ahead of the list. */
  checkPreparedDecree(): void {
    const prepared = this.replica.maxPreparedDecree();
    const committed = this.replica.lastCommittedDecree();
    const name = 'update_local_configuration prepared >= committed';
    this.ctx.env.check(prepared >= committed, name, () => `${prepared} < ${committed}`);
  }

  isRefused(from: PartitionStatus, to: PartitionStatus): boolean {
    if (from === 'PS_ERROR') return true;
    const isMember = to === 'PS_PRIMARY' || to === 'PS_SECONDARY';
    if (from === 'PS_POTENTIAL_SECONDARY') return !this.replica.learner.mayBecome(to);
    return from === 'PS_INACTIVE' && isMember && !this.replica.inactiveIsTransient;
  }

  /**
   * A download of a follower table with which nobody has served, as far as this replica knows. Its ballot stays 0 until it
   * serves: whether the partition has begun with it only the meta server can tell (dup.5.5).
   */
  isUnserved(): boolean {
    return this.replica.ballot() === 0 && this.replica.lastCommittedDecree() > 0;
  }

  /** Another one serves, and has begun with a download of its own. */
  beganElsewhere({ status }: ReplicaConfig): boolean {
    return status === 'PS_POTENTIAL_SECONDARY' || status === 'PS_SECONDARY';
  }

  /** The action table of 1.11. */
  onStatusChanged(old: ReplicaConfig, config: ReplicaConfig): void {
    const from = old.status;
    const to = config.status;
    if (from === 'PS_PRIMARY' && to !== 'PS_PRIMARY') this.onLeftPrimary();
    this.replica.learner.onRoleChanged(old, config);
    this.replica.learnerGroup.onRoleChanged(old, config);
    if (from === 'PS_POTENTIAL_SECONDARY' && to === 'PS_SECONDARY') this.replica.checkStateCompleteness();
    if (from === 'PS_INACTIVE' && to === 'PS_ERROR') this.onInactiveFailed();
    if (from === 'PS_INACTIVE' && to !== 'PS_INACTIVE') this.setInactiveStateTransient(false);
    if (to === 'PS_SECONDARY' && from !== 'PS_SECONDARY') this.onBecameSecondary();
    if (to !== 'PS_PRIMARY' && to !== 'PS_SECONDARY') this.replica.checkpoints.giveBackManualCheckpoint();
    this.replica.bulkLoader.onRoleChanged(from, to);
    if (to === 'PS_PRIMARY') this.onPrimary(from);
  }

  onLeftPrimary(): void {
    const { replica } = this;
    replica.groupChecker.stopGroupCheck();
    replica.metaRequester.cancelPendingRequest();
    replica.primaryStates.cleanup();
    replica.twoPc.clearWriteQueue();
  }

  /** Another member is asked for now, or was; it duplicates from what is confirmed. */
  onBecameSecondary(): void {
    this.replica.metaRequester.cancelPendingRequest();
    this.replica.duplicatorManager.removeAllDuplications();
  }

  onInactiveFailed(): void {
    this.replica.metaRequester.cancelPendingRequest();
    this.replica.twoPc.clearWriteQueue();
    this.replica.primaryStates.cleanup();
  }

  onPrimary(from: PartitionStatus): void {
    const { replica } = this;
    replica.isInitializing = false;
    replica.metaRequester.cancelPendingRequest();
    this.ctx.env.check(from !== 'PS_POTENTIAL_SECONDARY', 'update_local_configuration', () => 'learner to primary');
    if (from !== 'PS_PRIMARY') replica.groupChecker.initGroupCheck();
    this.replayPrepareList();
    if (replica.primaryStates.barrierWanted) replica.twoPc.startBarrier();
    else replica.twoPc.proposePendingBarrier();
  }

  setInactiveStateTransient(transient: boolean): void {
    this.replica.inactiveIsTransient = transient;
  }

  /** Closing, or the queue goes on. */
  finishStatusChange(old: ReplicaConfig, config: ReplicaConfig): boolean {
    const { replica } = this;
    // An action may have failed meanwhile: the newer change has done the rest.
    if (replica.config !== config) return replica.status() === config.status;
    if (old.status !== config.status && config.status === 'PS_ERROR') {
      replica.host.beginCloseReplica(replica, 0);
      return false;
    }
    if (old.status !== config.status && config.status === 'PS_INACTIVE' && config.ballot > old.ballot) {
      replica.host.beginCloseReplica(replica, this.ctx.settings.gcMemoryReplicaIntervalMs);
      return false;
    }
    if (config.status === 'PS_PRIMARY') this.resumeWriteQueue();
    return true;
  }

  resumeWriteQueue(): void {
    const { replica } = this;
    replica.twoPc.prepareNextWork(replica.maxPreparedDecree() - replica.lastCommittedDecree());
    if (replica.twoPc.hasTooFewMembers()) replica.twoPc.clearWriteQueue('ERR_NOT_ENOUGH_MEMBER');
  }

  // ------------------------------------------------------------------ reconciliation (repl 1.10)

  /** Everything prepared and not committed is proposed again under the new ballot; holes become empty writes. */
  replayPrepareList(): void {
    const { replica } = this;
    const start = replica.lastCommittedDecree() + 1;
    const end = replica.maxPreparedDecree();
    for (let decree = start; decree <= end && replica.isPrimary(); decree++) {
      const old = replica.prepareList.getMutationByDecree(decree);
      const mutation = old === undefined ? newEmptyMutation(replica.gpid, decree) : copyForReproposal(old);
      replica.twoPc.initPrepare(mutation, true);
    }
  }

  // ------------------------------------------------------------------ the meta server's configuration (repl 1.10)

  /** Equal-ballot changes that may come from outside (1.11). */
  isSameBallotStatusChangeAllowed(from: PartitionStatus, to: PartitionStatus): boolean {
    if (from === to) return true;
    if (from === 'PS_INACTIVE') {
      if (to === 'PS_POTENTIAL_SECONDARY') return true;
      return this.replica.inactiveIsTransient && (to === 'PS_SECONDARY' || to === 'PS_PRIMARY');
    }
    return from === 'PS_POTENTIAL_SECONDARY' && to === 'PS_SECONDARY';
  }

  /** Adopts a configuration of a ballot that is not older than the own; false when it is refused. */
  updateConfiguration(config: PartitionConfig): boolean {
    const { replica } = this;
    this.ctx.env.check(config.ballot >= replica.ballot(), 'update_configuration', () => `ballot ${config.ballot}`);
    const own = this.replicaConfigOf(config);
    if (own.status === 'PS_PRIMARY' && (own.ballot > replica.ballot() || !replica.isPrimary())) {
      replica.primaryStates.membership = config;
    }
    if (own.status !== 'PS_PRIMARY') replica.primaryStates.barrierWanted = false;
    if (config.ballot > replica.ballot() || this.isSameBallotStatusChangeAllowed(replica.status(), own.status)) {
      return this.updateLocalConfiguration(own, true);
    }
    return false;
  }

  /** The answer tells whether the proposal was taken. */
  onConfigProposal(proposal: ConfigProposal): ErrorCode {
    const { replica } = this;
    const { config, type } = proposal;
    if (config.ballot < replica.ballot()) return 'ERR_VERSION_OUTDATED';
    if (replica.metaRequester.pendingRequest() !== undefined) return 'ERR_OK';
    // It may be PRIMARY, and clean its log, before a config sync tells it (dup.B37).
    this.learnDuplicating(proposal.app.duplicating);
    // It was PRIMARY in an earlier life: config sync renews the ballot first (FM5).
    const wasPrimary = replica.isInitializing && config.ballot > 0 && this.isRestartedPrimary(config);
    if (wasPrimary) return 'ERR_INVALID_STATE';
    const begins = type === 'CT_ASSIGN_PRIMARY' && this.isUnserved();
    if (!begins && config.ballot > replica.ballot() && !this.updateConfiguration(config)) return 'ERR_INVALID_STATE';
    switch (type) {
      case 'CT_ASSIGN_PRIMARY':
        return this.assignPrimary(proposal);
      case 'CT_DOWNGRADE_TO_SECONDARY':
        return this.downgradeToSecondaryOnPrimary(proposal);
      case 'CT_UPGRADE_TO_PRIMARY':
        return this.upgradeToPrimary(proposal);
      default:
        return replica.members.onProposal(proposal);
    }
  }

  /** In any status but PRIMARY. Of a partition that others have served, only with what is known to be committed. */
  assignPrimary(proposal: ConfigProposal): ErrorCode {
    const { replica } = this;
    if (replica.isPrimary()) return 'ERR_OK';
    if (replica.status() === 'PS_ERROR') return 'ERR_INVALID_STATE';
    if (!this.holdsWhatIsCommitted(proposal.config)) return 'ERR_INCOMPLETE_DATA';
    const self = replica.self();
    // A new replica has nothing that could be missing; one that was loaded may have lost a part of its log (FM5).
    replica.primaryStates.barrierWanted = replica.maxPreparedDecree() > 0;
    replica.primaryStates.lastPrepareDecreeOnNewPrimary = 0;
    const config = { ...proposal.config, primary: self };
    replica.metaRequester.updateConfigurationOnMetaServer('CT_ASSIGN_PRIMARY', self, config);
    return 'ERR_OK';
  }

  // ------------------------------------------------------------------ a primary that is moved (FM12)

  /** INACTIVE while it asks; what is queued is refused, what is prepared stays in the list. */
  downgradeToSecondaryOnPrimary({ config }: ConfigProposal): ErrorCode {
    const { replica } = this;
    if (!replica.isPrimary()) return 'ERR_INVALID_STATE';
    const self = replica.self();
    const isOwn = config.primary === self;
    this.ctx.env.check(isOwn, 'downgrade_to_secondary_on_primary', () => `${config.primary} is primary`);
    const without: PartitionConfig = { ...config, primary: '', secondaries: [...config.secondaries, self] };
    replica.metaRequester.updateConfigurationOnMetaServer('CT_DOWNGRADE_TO_SECONDARY', self, without);
    return 'ERR_OK';
  }

  upgradeToPrimary({ config }: ConfigProposal): ErrorCode {
    const { replica } = this;
    if (replica.isPrimary()) return 'ERR_OK';
    if (replica.status() !== 'PS_SECONDARY' || config.primary !== '') return 'ERR_INVALID_STATE';
    if (!this.holdsWhatIsCommitted(config)) return 'ERR_INCOMPLETE_DATA';
    const self = replica.self();
    const secondaries = config.secondaries.filter((node) => node !== self);
    this.prepareToTakeOver();
    const next = { ...config, primary: self, secondaries };
    replica.metaRequester.updateConfigurationOnMetaServer('CT_UPGRADE_TO_PRIMARY', self, next);
    return 'ERR_OK';
  }

  /** A member that lost a part of its log does not take over; the configuration tells how far the last primary was. */
  holdsWhatIsCommitted({ lastCommittedDecree }: PartitionConfig): boolean {
    return this.replica.lastPreparedDecree() >= lastCommittedDecree;
  }

  /** What is prepared does not change any more: INACTIVE takes no prepare. */
  prepareToTakeOver(): void {
    const { replica } = this;
    const { primaryStates } = replica;
    const maxPrepared = replica.maxPreparedDecree();
    replica.isInitializing = false;
    primaryStates.lastPrepareDecreeOnNewPrimary = maxPrepared;
    primaryStates.recoveredMaxPrepared = maxPrepared;
    primaryStates.barrierPending = false;
    primaryStates.barrierWanted = primaryStates.barrierDue;
  }

  // ------------------------------------------------------------------ the lease (repl 1.10)

  /** Who was a member may be one again at once, under the same ballot; what is asked of the meta server stays asked. */
  onMetaServerDisconnected(): void {
    const from = this.replica.status();
    if (!this.updateLocalConfigurationWithNoBallotChange('PS_INACTIVE')) return;
    if (from === 'PS_PRIMARY' || from === 'PS_SECONDARY') this.setInactiveStateTransient(true);
  }

  // ------------------------------------------------------------------ config sync (repl 1.10)

  onConfigSync(app: AppInfo, config: PartitionConfig): void {
    const { replica } = this;
    if (replica.closed || config.ballot < replica.ballot()) return;
    this.updateAppInfo(app);
    if (replica.isPrimary() || this.isUnderReconfiguration(config)) return;
    if (replica.isInitializing) {
      if (this.isRestartedPrimary(config)) {
        this.forceUpdateBallot(config);
        return;
      }
      replica.isInitializing = false;
    }
    this.updateConfiguration(config);
    if (this.isWithoutPart(config)) replica.host.removeReplicaOnMetaServer(config);
  }

  /** It is a member by that configuration, cannot take its part, and has no primary that would see it. */
  isWithoutPart({ primary }: PartitionConfig): boolean {
    const { replica } = this;
    if (replica.status() !== 'PS_INACTIVE' || replica.inactiveIsTransient) return false;
    return primary === '' || primary === replica.self();
  }

  /** A request of ours is on its way, and this configuration is not its outcome or newer. */
  isUnderReconfiguration(config: PartitionConfig): boolean {
    const request = this.replica.metaRequester.pendingRequest();
    return request !== undefined && config.ballot < request.config.ballot;
  }

  isRestartedPrimary(config: PartitionConfig): boolean {
    const { replica } = this;
    return config.primary === replica.self() && replica.status() === 'PS_INACTIVE' && replica.inactiveIsTransient;
  }

  /** A primary of an earlier life must not go on under its old ballot. */
  forceUpdateBallot(config: PartitionConfig): void {
    const { replica } = this;
    replica.primaryStates.barrierWanted = true;
    replica.metaRequester.updateConfigurationOnMetaServer('CT_PRIMARY_FORCE_UPDATE_BALLOT', replica.self(), config);
  }

  updateAppInfo(told: AppInfo): void {
    const { replica } = this;
    const app = this.withDuplicating(told, this.isDuplicatingBy(told));
    const stale = this.isStoredAppInfoStale(app);
    replica.app = app;
    if (stale) replica.loader.storeAppInfo();
    replica.throttle.updateThrottleEnvs(app.envs);
    replica.storage?.updateAppEnvs(app.envs);
  }

  /** A sync answer may have told more than this configuration's writer knew. */
  isDuplicatingBy(told: AppInfo): boolean {
    return told.duplicating || this.replica.duplicatorManager.duplications.size > 0;
  }

  withDuplicating(app: AppInfo, duplicating: boolean): AppInfo {
    return app.duplicating === duplicating ? app : { ...app, duplicating };
  }

  /** A restart must know it before the meta server answers (#1608): stored when it changes. */
  updateDuplicating(duplicating: boolean): void {
    const { replica } = this;
    if (replica.app.duplicating === duplicating) return;
    replica.app = this.withDuplicating(replica.app, duplicating);
    replica.loader.storeAppInfo();
  }

  /** dup.B37: a member hears of its table's first duplication from its primary; of the last one's end by config sync. */
  learnDuplicating(duplicating: boolean): void {
    if (duplicating) this.updateDuplicating(true);
  }

  /** What a restart must know before the meta server answers; the envs of the table's creation do until then. */
  isStoredAppInfoStale(app: AppInfo): boolean {
    const { appName, maxReplicaCount, duplicating } = this.replica.app;
    return app.appName !== appName || app.maxReplicaCount !== maxReplicaCount || app.duplicating !== duplicating;
  }

  /**
   * The meta server did not list this replica for this node when it had `ballot`; `garbage`: its table is dropped. A
   * young INACTIVE one may be a new one, and a learner is not listed yet.
   */
  onNotListed(ballot: number, garbage: boolean): void {
    const { replica } = this;
    if (replica.closed || (replica.ballot() !== ballot && !garbage)) return;
    const ageMs = (this.ctx.env.clock.monotonicUs() - replica.createTimeUs) / 1000;
    const isYoung = replica.status() === 'PS_INACTIVE' && ageMs < this.ctx.settings.gcMemoryReplicaIntervalMs;
    const isKept = isYoung || replica.status() === 'PS_POTENTIAL_SECONDARY';
    if (!isKept || garbage) this.updateLocalConfigurationWithNoBallotChange('PS_ERROR');
  }
}
