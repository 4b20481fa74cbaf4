/**
 * The primary's learners: who they are, under which signature, and from which decree on they are sent prepares; how one
 * joins, is upgraded to SECONDARY, or is given up (repl 1.9 start and completion; upstream's primary_context::learners,
 * replica::add_potential_secondary, handle_learning_succeeded_on_primary).
 *
 * Departures (docs/departures.md): signatures never repeat within a ballot (repl.R17); a learner is upgraded only when it
 * knows from where on it gets prepares, and that is not below what it was told (repl.R17); the table ends with the
 * primaryship, except for a primary that changes its own configuration (repl.Q17).
 */
import type { Decree, ErrorCode, NodeId, PartitionConfig } from '../../../model/vocabulary.ts';
import { INVALID_DECREE } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import type { LearnCompletionRequest, LearnerReport } from '../../protocol/learnMessages.ts';
import type { AppInfo, ReplicaConfig } from '../../protocol/messages.ts';
import { ENV_ALLOW_INGEST_BEHIND, allowsIngestBehind } from '../../storage/app/names.ts';
import type { Replica } from '../replica.ts';

/** Upstream keeps the ballot in the upper half of 64 bits; below 2^21 ballots it fits a number as well. */
const SIGNATURES_PER_BALLOT = 2 ** 32;

const NOBODY: readonly NodeId[] = [];

/** What the primary knows of one learner (upstream's remote_learner_state). */
export interface RemoteLearner {
  readonly signature: number;
  /** Prepares of this decree and of all later ones are sent to it; -1: none are. */
  prepareStartDecree: Decree;
  /** The newest log file that it was sent to last; '' before that. */
  lastLearnLogFile: string;
}

export class LearnerGroup {
  readonly ctx: Context;
  readonly replica: Replica;
  readonly learners = new Map<NodeId, RemoteLearner>();
  private lastSignature = 0;

  constructor(ctx: Context, replica: Replica) {
    this.ctx = ctx;
    this.replica = replica;
  }

  nodes(): readonly NodeId[] {
    return [...this.learners.keys()];
  }

  /** 0, which no learner has, when the node is none. */
  signatureOf(node: NodeId): number {
    return this.learners.get(node)?.signature ?? 0;
  }

  /** Whom a prepare of this decree is sent to beside the secondaries (repl 1.4 step 7). */
  nodesToPrepare(decree: Decree): readonly NodeId[] {
    if (this.learners.size === 0) return NOBODY;
    const nodes: NodeId[] = [];
    for (const [node, { prepareStartDecree }] of this.learners) {
      if (prepareStartDecree !== INVALID_DECREE && decree >= prepareStartDecree) nodes.push(node);
    }
    return nodes;
  }

  /** Some learner is sent prepares already. */
  isPreparing(): boolean {
    for (const { prepareStartDecree } of this.learners.values()) if (prepareStartDecree !== INVALID_DECREE) return true;
    return false;
  }

  // ------------------------------------------------------------------ start

  /** CT_ADD_SECONDARY and CT_ADD_SECONDARY_FOR_LB. A learner keeps its place and its signature. */
  addPotentialSecondary(node: NodeId, forLoadBalance: boolean, app: AppInfo): ErrorCode {
    const { replica } = this;
    if (!replica.isPrimary()) return 'ERR_INVALID_STATE';
    const { primary, secondaries } = replica.primaryStates.membership;
    if (node === primary || secondaries.includes(node)) return 'ERR_OK';
    if (!this.hasRoomFor(node, forLoadBalance)) return 'ERR_INVALID_STATE';
    replica.configurator.learnDuplicating(app.duplicating);
    if (!this.learners.has(node)) this.register(node);
    this.sendAddLearner(node);
    return 'ERR_OK';
  }

  /** The group has a free place; for load balance one more, since another member goes afterwards. */
  hasRoomFor(node: NodeId, forLoadBalance: boolean): boolean {
    const { membership } = this.replica.primaryStates;
    const others = membership.secondaries.length + this.learners.size;
    // Who learns already has its place: the proposal is only sent again.
    if (this.learners.has(node) || others < membership.maxReplicaCount - 1) return true;
    return forLoadBalance && others < membership.maxReplicaCount;
  }

  private register(node: NodeId): void {
    const signature = this.nextSignature();
    this.learners.set(node, { signature, prepareStartDecree: INVALID_DECREE, lastLearnLogFile: '' });
  }

  /**
   * The first of a ballot is `(ballot << 32) + 2`, as upstream. The counter rises only: PRIMARY may come back in the same
   * ballot, and a learner that was given up meanwhile must not meet its old signature (repl.R17).
   */
  nextSignature(): number {
    this.lastSignature = Math.max(this.lastSignature, this.firstSignature()) + 1;
    return this.lastSignature;
  }

  firstSignature(): number {
    return this.replica.ballot() * SIGNATURES_PER_BALLOT + 1;
  }

  /** One way; the next group check says the same. */
  sendAddLearner(node: NodeId): void {
    const { gpid, hash } = this.replica;
    const request = { app: this.learnerAppInfo(), config: this.configOf(node) };
    this.ctx.env.rpc.tell(node, 'RPC_LEARN_ADD_LEARNER', request, { hash, gpid });
  }

  /**
   * With `duplicating`: what it learns goes into its own log too, from the first round on (#740). An empty database that is
   * made for it allows what this one does, whatever the table's envs say by now (docs/departures.md, bl.19).
   */
  learnerAppInfo(): AppInfo {
    const { app, storage } = this.replica;
    const allows = storage?.allowsIngestBehind() ?? allowsIngestBehind(app.envs);
    if (allows === allowsIngestBehind(app.envs)) return app;
    return { ...app, envs: { ...app.envs, [ENV_ALLOW_INGEST_BEHIND]: String(allows) } };
  }

  /** The learner as this primary sees it. */
  configOf(node: NodeId): ReplicaConfig {
    const { replica } = this;
    const config = replica.makeConfig(replica.ballot(), replica.self(), 'PS_POTENTIAL_SECONDARY');
    return { ...config, learnerSignature: this.signatureOf(node) };
  }

  // ------------------------------------------------------------------ end

  onLearnCompletionNotification({ node, report }: LearnCompletionRequest): ErrorCode {
    const { replica } = this;
    if (!replica.isPrimary()) return this.refusalWhenNotPrimary();
    if (report.status !== 'LearningSucceeded') return 'ERR_INVALID_STATE';
    return this.handleLearningSucceeded(node, report);
  }

  /** A primary that changes its configuration is soon one again. */
  refusalWhenNotPrimary(): ErrorCode {
    const { replica } = this;
    const isBetween = replica.status() === 'PS_INACTIVE' && replica.inactiveIsTransient;
    return isBetween ? 'ERR_INACTIVE_STATE' : 'ERR_INVALID_STATE';
  }

  /** It says that it holds everything: the meta server is asked to make it a SECONDARY. */
  handleLearningSucceeded(node: NodeId, report: LearnerReport): ErrorCode {
    const learner = this.learners.get(node);
    if (learner === undefined) return 'ERR_LEARNER_NOT_FOUND';
    if (!this.mayUpgrade(learner, report)) return 'ERR_LEARNER_NOT_FOUND';
    this.replica.members.upgradeToSecondaryOnPrimary(node);
    return 'ERR_OK';
  }

  /** Everything from where its prepares began was sent to this learner, under this signature. */
  mayUpgrade(learner: RemoteLearner, report: LearnerReport): boolean {
    if (report.signature !== learner.signature) return false;
    return learner.prepareStartDecree !== INVALID_DECREE && learner.prepareStartDecree <= report.prepareStartDecree;
  }

  /** A prepare or a group check failed; it is not told. */
  removeLearner(node: NodeId): void {
    this.learners.delete(node);
  }

  // ------------------------------------------------------------------ changes of the own role

  onRoleChanged(old: ReplicaConfig, config: ReplicaConfig): void {
    if (config.status === 'PS_PRIMARY') this.removeMembers(this.replica.primaryStates.membership);
    else if (this.isPrimaryshipOver(old, config)) this.learners.clear();
  }

  /** Another member is in charge, or this one has failed. INACTIVE in the same ballot is a pause. */
  isPrimaryshipOver(old: ReplicaConfig, config: ReplicaConfig): boolean {
    return config.status !== 'PS_INACTIVE' || config.ballot > old.ballot;
  }

  /** Who is a member by now learns no more. */
  removeMembers({ secondaries }: PartitionConfig): void {
    for (const node of secondaries) this.learners.delete(node);
  }
}
