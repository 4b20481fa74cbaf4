/**
 * Remote commands of a replica server (repl 2.2, 2.3): words in, JSON out. A command arrives in THREAD_POOL_DEFAULT and
 * is carried out on the replica's own thread (LPC_EXEC_COMMAND_ON_REPLICA).
 */
import type { Decree, ErrorCode, Gpid } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { task } from '../env/contract.ts';
import type { Replier } from '../env/contract.ts';
import { parseGpid, threadHash } from '../protocol/gpid.ts';
import type { CliRequest, CliResponse } from '../protocol/messages.ts';
import type { CheckpointRequester } from './checkpointTriggers.ts';
import type { ReplicaDuplicator } from './duplication/replicaDuplicator.ts';
import type { Replica } from './replica.ts';
import type { ReplicaServer } from './replicaStub.ts';

function answer(replier: Replier<CliResponse>, output: object): void {
  replier.reply({ error: 'ERR_OK', output: JSON.stringify(output) });
}

/** dup 3.2; the decrees by upstream's names. */
function progressOf(duplicator: ReplicaDuplicator): object {
  return {
    dupId: duplicator.dupId,
    status: duplicator.status(),
    failMode: duplicator.failMode(),
    replica_confirmed_decree: duplicator.lastDecree(),
    meta_persisted_decree: duplicator.confirmedDecree(),
    checkpointPrepared: duplicator.hasPreparedCheckpoint(),
  };
}

/** Answers an emergency checkpoint's caller when the trigger has run. */
class EmergencyAnswer implements CheckpointRequester {
  readonly replier: Replier<CliResponse>;

  constructor(replier: Replier<CliResponse>) {
    this.replier = replier;
  }

  onTriggered(error: ErrorCode, minDecree: Decree, durable: Decree): void {
    answer(this.replier, { error, minDecree, durable });
  }
}

export class ReplicaCommands {
  readonly ctx: Context;
  readonly server: ReplicaServer;

  constructor(ctx: Context, server: ReplicaServer) {
    this.ctx = ctx;
    this.server = server;
  }

  /** ERR_HANDLER_NOT_FOUND for an unknown command, ERR_INVALID_PARAMETERS for a first word that is no gpid. */
  onCliCall(request: CliRequest, replier: Replier<CliResponse>): void {
    const { command, args } = request;
    const gpid = args[0] ?? '';
    if (!this.isKnown(command)) {
      replier.reply({ error: 'ERR_HANDLER_NOT_FOUND', output: '' });
    } else if (parseGpid(gpid) === undefined) {
      replier.reply({ error: 'ERR_INVALID_PARAMETERS', output: '' });
    } else {
      const then = task(this, 'onCommandOnReplica', command, gpid, args[1] ?? '', replier);
      this.ctx.env.tasks.post('LPC_EXEC_COMMAND_ON_REPLICA', threadHash(gpid), 0, then);
    }
  }

  isKnown(command: string): boolean {
    switch (command) {
      case 'replica.trigger-checkpoint':
      case 'replica.emergency-checkpoint':
      case 'replica.query-checkpoint':
      case 'replica.query-progress':
      case 'replica.metrics':
        return true;
      default:
        return false;
    }
  }

  onCommandOnReplica(command: string, gpid: Gpid, word: string, replier: Replier<CliResponse>): void {
    const replica = this.server.replicas.get(gpid);
    switch (command) {
      case 'replica.trigger-checkpoint':
        answer(replier, { triggered: replica?.checkpoints.initCheckpoint(true, 'remote-command') ?? false });
        break;
      case 'replica.emergency-checkpoint':
        this.emergencyCheckpoint(replica, word, replier);
        break;
      case 'replica.query-checkpoint':
        this.queryCheckpoint(replica, word, replier);
        break;
      case 'replica.query-progress':
        this.queryProgress(replica, replier);
        break;
      case 'replica.metrics':
        answer(replier, { error: 'ERR_OK', metrics: this.server.metrics.of(gpid) });
        break;
    }
  }

  /** repl 2.3; the smallest decree is 1, also of an empty replica (#2054). */
  emergencyCheckpoint(replica: Replica | undefined, word: string, replier: Replier<CliResponse>): void {
    const minDecree = this.minDecreeOf(replica, word);
    if (!Number.isSafeInteger(minDecree) || minDecree < 1) {
      answer(replier, { error: 'ERR_INVALID_PARAMETERS', minDecree: 0, durable: 0 });
    } else if (replica === undefined) {
      answer(replier, { error: 'ERR_OBJECT_NOT_FOUND', minDecree, durable: 0 });
    } else {
      replica.checkpoints.asyncTriggerManualEmergencyCheckpoint(minDecree, 0, new EmergencyAnswer(replier));
    }
  }

  minDecreeOf(replica: Replica | undefined, word: string): Decree {
    if (word === '') return Number.NaN;
    return word === 'last-applied' ? this.minCheckpointDecree(replica) : Number(word);
  }

  minCheckpointDecree(replica: Replica | undefined): Decree {
    return Math.max(replica?.lastAppliedDecree() ?? 0, 1);
  }

  /** What the primary says of its checkpoints. */
  queryCheckpoint(replica: Replica | undefined, word: string, replier: Replier<CliResponse>): void {
    const minDecree = word === '' ? Number.NaN : Number(word);
    if (!Number.isSafeInteger(minDecree) || minDecree < 1) {
      answer(replier, { error: 'ERR_INVALID_PARAMETERS', durable: 0, prepared: false, minDecree: 0 });
      return;
    }
    if (replica === undefined || !replica.isPrimary()) {
      const error: ErrorCode = replica === undefined ? 'ERR_OBJECT_NOT_FOUND' : 'ERR_INVALID_STATE';
      answer(replier, { error, durable: 0, prepared: false, minDecree });
      return;
    }
    const prepared = replica.checkpoints.isCovered(minDecree);
    answer(replier, { error: 'ERR_OK', durable: replica.lastDurableDecree(), prepared, minDecree });
  }

  /** For tests and reports. */
  queryProgress(replica: Replica | undefined, replier: Replier<CliResponse>): void {
    if (replica === undefined) {
      answer(replier, { error: 'ERR_OBJECT_NOT_FOUND' });
      return;
    }
    answer(replier, {
      error: 'ERR_OK',
      status: replica.status(),
      ballot: replica.ballot(),
      lastDurable: replica.lastDurableDecree(),
      lastApplied: replica.lastAppliedDecree(),
      lastCommitted: replica.lastCommittedDecree(),
      maxPrepared: replica.maxPreparedDecree(),
      duplicating: replica.app.duplicating,
      minConfirmed: replica.duplicatorManager.minConfirmedDecree(),
      duplications: replica.duplicatorManager.duplicators().map(progressOf),
    });
  }
}
