/**
 * Learning as the replica server sees it (repl 1.8 to 1.10; upstream's replica_stub.cpp): whom a request is for, a replica
 * that is opened because a primary wants this node to learn, and how many checkpoints the server learns at a time.
 */
import type { Gpid } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { task } from '../../env/contract.ts';
import type { Replier } from '../../env/contract.ts';
import { threadHash } from '../../protocol/gpid.ts';
import type * as learn from '../../protocol/learnMessages.ts';
import type { GroupCheckRequest, GroupCheckResponse } from '../../protocol/messages.ts';
import type { Replica } from '../replica.ts';
import type { ReplicaServer } from '../replicaStub.ts';

export class LearningServer {
  readonly ctx: Context;
  readonly server: ReplicaServer;

  constructor(ctx: Context, server: ReplicaServer) {
    this.ctx = ctx;
    this.server = server;
  }

  openService(): void {
    const { rpc } = this.ctx.env;
    rpc.serve('RPC_LEARN_ADD_LEARNER', this, 'onAddLearner');
    rpc.serve('RPC_LEARN', this, 'onLearn');
    rpc.serve('RPC_LEARN_COMPLETION_NOTIFY', this, 'onLearnCompletionNotification');
    rpc.serve('RPC_REMOVE_REPLICA', this, 'onRemove');
  }

  // ------------------------------------------------------------------ of a replica that is there

  onLearn(request: learn.LearnRequest, replier: Replier<learn.LearnResponse>): void {
    const replica = this.server.replicas.get(request.gpid);
    if (replica === undefined) replier.refuse('ERR_OBJECT_NOT_FOUND');
    else replica.learnee.onLearn(request, replier);
  }

  onLearnCompletionNotification(
    request: learn.LearnCompletionRequest,
    replier: Replier<learn.LearnCompletionResponse>,
  ): void {
    const replica = this.server.replicas.get(request.gpid);
    const error = replica?.learnerGroup.onLearnCompletionNotification(request) ?? 'ERR_OBJECT_NOT_FOUND';
    replier.reply({ error });
  }

  onRemove(request: learn.RemoveReplicaRequest): void {
    this.server.replicas.get(request.gpid)?.members.onRemove(request);
  }

  // ------------------------------------------------------------------ the offer

  /** A server that has lost the meta server takes none; the next group check offers again. */
  onAddLearner(request: learn.AddLearnerRequest): void {
    if (!this.server.isConnected()) return;
    const { config } = request;
    const replica = this.server.replicas.get(config.gpid);
    if (replica === undefined) this.openForLearner(request);
    else if (config.ballot >= replica.ballot()) this.offer(replica, request);
  }

  private offer(replica: Replica, request: learn.AddLearnerRequest): void {
    if (replica.groupChecker.adoptConfig(request)) replica.learner.onLearnerOffered(request.config, request.app);
  }

  /** The primary takes this node for a member, and there is no replica: a learner is opened (repl 1.8). */
  onGroupCheckOfAbsent(request: GroupCheckRequest, replier: Replier<GroupCheckResponse>): void {
    const { app, config } = request;
    const connected = this.server.isConnected();
    const isLearner = config.status === 'PS_POTENTIAL_SECONDARY';
    if (connected && isLearner) this.openForLearner({ app, config });
    // Not connected: upstream's default reply, which reads as OK (repl.Q16).
    const error = connected && !isLearner ? 'ERR_OBJECT_NOT_FOUND' : 'ERR_OK';
    const none = { lastCommittedInApp: 0, lastCommittedInPrepareList: 0, diskStatus: 'NORMAL' } as const;
    replier.reply({ gpid: config.gpid, error, node: this.ctx.env.self, ...none });
  }

  // ------------------------------------------------------------------ opening

  openForLearner(request: learn.AddLearnerRequest): void {
    const { gpid } = request.config;
    if (this.takeBack(gpid)) {
      this.sendToSelf(request);
      return;
    }
    if (this.server.isBusy(gpid) || !this.server.mayOpen(gpid)) return;
    this.server.openingReplicas.add(gpid);
    this.ctx.env.tasks.post('LPC_OPEN_REPLICA', threadHash(gpid), 0, task(this, 'onOpenForLearner', request));
  }

  /** An INACTIVE replica that only waits to be closed is as good as one that would be opened. */
  takeBack(gpid: Gpid): boolean {
    const closing = this.server.closingReplicas.get(gpid);
    if (closing === undefined || closing.replica.closed || closing.replica.status() !== 'PS_INACTIVE') return false;
    if (!this.server.mayOpen(gpid) || !closing.timer.cancel()) return false;
    this.server.closingReplicas.delete(gpid);
    this.server.replicas.set(gpid, closing.replica);
    return true;
  }

  onOpenForLearner(request: learn.AddLearnerRequest): void {
    const { gpid } = request.config;
    const replica = this.server.mayOpen(gpid) ? this.openOrCreate(request) : undefined;
    this.server.openingReplicas.delete(gpid);
    if (replica === undefined) return;
    this.server.addReplica(replica);
    this.sendToSelf(request);
  }

  /** Whatever could not be loaded is set aside: a learner may begin with nothing. */
  openOrCreate({ app, config }: learn.AddLearnerRequest): Replica | undefined {
    const { opener } = this.server;
    const replica = this.server.openOrCreate(config.gpid, app);
    return replica ?? (opener.hasData(config.gpid) ? undefined : opener.newReplica(config.gpid, app));
  }

  private sendToSelf(request: learn.AddLearnerRequest): void {
    const hash = threadHash(request.config.gpid);
    this.ctx.env.tasks.post('RPC_LEARN_ADD_LEARNER', hash, 0, task(this, 'onAddLearner', request));
  }
}
