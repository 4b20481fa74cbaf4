/**
 * Replica directories of one server: loading all at process start, opening one later, setting one aside (repl 5.1, 5.3;
 * upstream's replica_stub.cpp). A directory whose load fails is renamed `<dir>.<us>.err`, one
 * that is of no use any more `.gar`.
 *
 * Departure: a failed start-up checkpoint sends that replica to ERROR instead of aborting the server (repl.Q3).
 */
import type { ErrorCode, Gpid } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { DiskError, task } from '../env/contract.ts';
import { parseGpid } from '../protocol/gpid.ts';
import type { AppInfo } from '../protocol/messages.ts';
import { isDownload } from './duplication/checkpointDirectory.ts';
import { loadAppInfo } from './infoFiles.ts';
import type { Replica } from './replica.ts';
import type { ReplicaServer } from './replicaStub.ts';

const DIRECTORY_SUFFIX = '.pegasus';

/** `<app_id>.<partition_index>.pegasus` */
export function replicaDir(gpid: Gpid): string {
  return gpid + DIRECTORY_SUFFIX;
}

/** Undefined for any other name. */
export function gpidOfDir(name: string): Gpid | undefined {
  if (!name.endsWith(DIRECTORY_SUFFIX)) return undefined;
  const gpid = name.slice(0, -DIRECTORY_SUFFIX.length);
  return parseGpid(gpid) === undefined ? undefined : gpid;
}

export class ReplicaOpener {
  readonly ctx: Context;
  readonly server: ReplicaServer;
  private readonly loaded: Replica[] = [];
  private pendingLoads = 0;

  constructor(ctx: Context, server: ReplicaServer) {
    this.ctx = ctx;
    this.server = server;
  }

  // ------------------------------------------------------------------ process start

  /** Loads every replica directory in LOCAL_APP; the server hears when all have been loaded and checkpointed. */
  loadReplicas(): void {
    for (const name of this.replicaDirectories()) {
      const gpid = gpidOfDir(name);
      if (gpid === undefined) continue;
      this.pendingLoads++;
      this.ctx.env.tasks.post('LPC_REPLICATION_INIT_LOAD', 0, 0, task(this, 'onLoadReplica', gpid));
    }
    if (this.pendingLoads === 0) this.server.onReplicasLoaded();
  }

  replicaDirectories(): readonly string[] {
    try {
      return this.ctx.env.disk.list('');
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      return [];
    }
  }

  onLoadReplica(gpid: Gpid): void {
    const replica = this.loadReplica(gpid);
    if (replica !== undefined) this.loaded.push(replica);
    this.pendingLoads--;
    if (this.pendingLoads === 0) this.onAllLoaded();
  }

  /** Step 7 of 5.1, for all. */
  onAllLoaded(): void {
    for (const replica of this.loaded) {
      const error = replica.loader.checkpointAtStartup();
      this.server.addReplica(replica);
      if (error !== 'ERR_OK') replica.handleLocalFailure(error);
    }
    this.loaded.length = 0;
    this.server.onReplicasLoaded();
  }

  // ------------------------------------------------------------------ one replica

  /** Reads a replica back; undefined when there is none, or when it could not be read and was set aside. */
  loadReplica(gpid: Gpid): Replica | undefined {
    const dir = replicaDir(gpid);
    if (isDownload(this.ctx.env.disk, dir)) {
      this.server.noteDownload(gpid);
      return undefined;
    }
    const info = loadAppInfo(this.ctx.env.disk, dir);
    if (info.error !== 'ERR_OK') {
      this.onLoadFailed(gpid, dir, info.error);
      return undefined;
    }
    if (this.isBeyondTable(gpid, info.value)) return undefined;
    const replica = this.makeReplica(gpid, dir, info.value);
    const error = replica.loader.load();
    if (error === 'ERR_OK') return replica;
    this.giveUp(replica, error);
    return undefined;
  }

  /** Left behind by a partition split. */
  isBeyondTable(gpid: Gpid, app: AppInfo): boolean {
    return (parseGpid(gpid)?.partitionIndex ?? 0) >= app.partitionCount;
  }

  newReplica(gpid: Gpid, app: AppInfo): Replica | undefined {
    const replica = this.makeReplica(gpid, replicaDir(gpid), app);
    const error = replica.loader.newr();
    if (error === 'ERR_OK') return replica;
    this.giveUp(replica, error);
    return undefined;
  }

  /** Over a checkpoint that was downloaded whole (dup 5.5). What could not be put in force yet stays for another try. */
  newFollower(gpid: Gpid, app: AppInfo): Replica | undefined {
    const replica = this.makeReplica(gpid, replicaDir(gpid), app);
    const error = replica.loader.newFollower();
    if (error === 'ERR_OK') return replica;
    if (this.hasData(gpid)) this.giveUp(replica, error);
    else replica.abandon();
    return undefined;
  }

  private makeReplica(gpid: Gpid, dir: string, app: AppInfo): Replica {
    return new this.ctx.parts.Replica(this.ctx, this.server, { gpid, dir, app });
  }

  private giveUp(replica: Replica, error: ErrorCode): void {
    replica.abandon();
    this.onLoadFailed(replica.gpid, replica.dir, error);
  }

  onLoadFailed(gpid: Gpid, dir: string, error: ErrorCode): void {
    this.setAside(dir, 'err');
    this.ctx.env.emit({ kind: 'replica.load-failed', gpid, error });
  }

  hasDirectory(gpid: Gpid): boolean {
    return this.ctx.env.disk.exists(replicaDir(gpid));
  }

  /** A directory of nothing but a download is no replica yet. */
  hasData(gpid: Gpid): boolean {
    return this.hasDirectory(gpid) && !isDownload(this.ctx.env.disk, replicaDir(gpid));
  }

  /** `<dir>.<us>.err` or `.gar`. A directory that cannot be renamed stays. */
  setAside(dir: string, suffix: 'err' | 'gar'): void {
    const { disk, clock } = this.ctx.env;
    let us = clock.wallUs();
    try {
      if (!disk.exists(dir)) return;
      while (disk.exists(`${dir}.${us}.${suffix}`)) us++;
      disk.rename(dir, `${dir}.${us}.${suffix}`);
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
    }
  }
}
