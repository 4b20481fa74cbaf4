/**
 * Opens replicas of follower tables (dup 5.5): a partition that has no data here begins with a download, which takes
 * many tasks; proposals that come meanwhile get ERR_BUSY. A failed download leaves its files for the next proposal, and
 * a crash at any point leaves either such files or a whole replica.
 *
 * Only the first primary downloads; the others learn from it. Departures (docs/departures.md, dup.5.5): a download that did
 * not become the partition's first primary is given up; a list of meta servers that cannot be read refuses the opening
 * (upstream aborts).
 */
import type { ErrorCode, Gpid } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { reply, task } from '../../env/contract.ts';
import type { Continuation, Replier } from '../../env/contract.ts';
import { threadHash } from '../../protocol/gpid.ts';
import { isDuplicationFollower, parseMasterInfo } from '../../protocol/masterInfo.ts';
import type { AppInfo, ConfigProposal, ConfigProposalAck } from '../../protocol/messages.ts';
import type { Replica } from '../replica.ts';
import { replicaDir } from '../replicaOpener.ts';
import type { ReplicaServer } from '../replicaStub.ts';
import type { FollowerOptions, ReplicaFollower } from './replicaFollower.ts';

export class FollowerOpener {
  readonly ctx: Context;
  readonly server: ReplicaServer;
  private readonly followers = new Map<Gpid, ReplicaFollower>();
  /** Closing, and their directories are set aside then. */
  private readonly discarded = new Set<Gpid>();

  constructor(ctx: Context, server: ReplicaServer) {
    this.ctx = ctx;
    this.server = server;
  }

  // ------------------------------------------------------------------ download

  mustDownload(gpid: Gpid, app: AppInfo): boolean {
    return isDuplicationFollower(app) && !this.server.opener.hasData(gpid);
  }

  /** The server counts the replica as being opened until the end of this. */
  download(request: ConfigProposal, replier: Replier<ConfigProposalAck>): void {
    const { gpid } = request.config;
    const master = parseMasterInfo(request.app);
    if (master === undefined) {
      this.server.finishOpening(request, replier, undefined, 'ERR_INVALID_PARAMETERS');
      return;
    }
    const options: FollowerOptions = { gpid, app: request.app, dir: replicaDir(gpid), master };
    const then: Continuation<ErrorCode> = reply(this, 'onDownloaded', request, replier);
    const follower = new this.ctx.parts.ReplicaFollower(this.ctx, options, then);
    this.followers.set(gpid, follower);
    this.server.noteDownload(gpid);
    follower.duplicateCheckpoint();
  }

  onDownloaded(error: ErrorCode, request: ConfigProposal, replier: Replier<ConfigProposalAck>): void {
    const { gpid } = request.config;
    this.followers.delete(gpid);
    if (error !== 'ERR_OK') {
      this.server.finishOpening(request, replier, undefined, error);
      return;
    }
    const then = task(this, 'onOpenDownloaded', request, replier);
    this.ctx.env.tasks.post('LPC_OPEN_REPLICA', threadHash(gpid), 0, then);
  }

  onOpenDownloaded(request: ConfigProposal, replier: Replier<ConfigProposalAck>): void {
    const { gpid } = request.config;
    const wanted = this.server.mayOpen(gpid);
    const replica = wanted ? this.server.opener.newFollower(gpid, request.app) : undefined;
    this.server.finishOpening(request, replier, replica, 'ERR_TRY_AGAIN');
  }

  /** The server stops. */
  cancelDownloads(): void {
    for (const follower of this.followers.values()) follower.cancel();
    this.followers.clear();
  }

  // ------------------------------------------------------------------ a download that nobody serves (dup.5.5.start)

  /**
   * The partition begins with another server's download: what this one has of it is not what that server has in the same
   * decrees. The replica is given up, and learns from nothing if it is asked to.
   */
  discard(replica: Replica): void {
    this.discarded.add(replica.gpid);
    replica.configurator.updateLocalConfigurationWithNoBallotChange('PS_ERROR');
  }

  isDiscarded(gpid: Gpid): boolean {
    return this.discarded.has(gpid);
  }

  /** Whether the closed replica's directory is to be set aside; asked once. */
  takeDiscarded(gpid: Gpid): boolean {
    return this.discarded.delete(gpid);
  }
}
