/** The process of a cluster's users: a key-value client and an admin client, driven by the plan's commands. */
import type { Answer, BulkLoadCommand, Command, DuplicationCommand } from '../../model/commands.ts';
import { unreachable, type BulkLoadControlType, type DupId, type DuplicationFailMode, type DuplicationStatus, type NodeId } from '../../model/vocabulary.ts';
import { reply } from '../../impl/env/contract.ts';
import type { Context } from '../../impl/context.ts';
import type { AdminClient } from '../../impl/client/adminClient.ts';
import type { KvClient } from '../../impl/client/kvClient.ts';
import type { AdminAnswer, TablesAnswer } from '../../impl/client/adminClient.ts';
import type { LoadChangedAnswer, LoadStatusAnswer } from '../../impl/client/bulkLoadAnswers.ts';
import type { DupAddedAnswer, DupModifiedAnswer, DupsAnswer } from '../../impl/client/duplicationAnswers.ts';
import type { CheckpointAnswer, MetricsAnswer, ProgressAnswer, TriggeredAnswer } from '../../impl/client/remoteCommands.ts';
import type { BalanceType, ReadResponse, WriteResponse } from '../../impl/protocol/messages.ts';

/** Of a replica that changes places. */
interface Place {
  readonly table: string;
  readonly partitionIndex: number;
  readonly to: NodeId;
}

export class ClientHost {
  private readonly kv: KvClient;
  private readonly admin: AdminClient;
  private readonly answered: (id: number, answer: Answer) => void;

  constructor(ctx: Context, metaServers: readonly NodeId[], answered: (id: number, answer: Answer) => void) {
    this.kv = new ctx.parts.KvClient(ctx, { metaServers });
    this.admin = new ctx.parts.AdminClient(ctx, { metaServers });
    this.answered = answered;
  }

  invoke(id: number, c: Command): void {
    switch (c.kind) {
      case 'put':
        this.kv.put(id, c.table, c.hashKey, c.sortKey, c.value, c.ttlSeconds, reply(this, 'onWritten', id));
        break;
      case 'multiPut':
        this.kv.multiPut(id, c.table, c.hashKey, c.rows, c.ttlSeconds, reply(this, 'onWritten', id));
        break;
      case 'remove':
        this.kv.remove(id, c.table, c.hashKey, c.sortKey, reply(this, 'onWritten', id));
        break;
      case 'get':
        this.kv.get(id, c.table, c.hashKey, c.sortKey, reply(this, 'onRead', id));
        break;
      case 'createTable':
        this.admin.createTable(
          { appName: c.name, partitionCount: c.partitionCount, replicaCount: c.replicaCount, successIfExist: c.successIfExist, envs: c.envs },
          reply(this, 'onAdmin', id),
        );
        break;
      case 'dropTable':
        this.admin.dropTable(c.name, reply(this, 'onAdmin', id));
        break;
      case 'recallTable':
        this.admin.recallTable(c.appId, c.newName, reply(this, 'onAdmin', id));
        break;
      case 'renameTable':
        this.admin.renameTable(c.name, c.newName, reply(this, 'onAdmin', id));
        break;
      case 'setEnvs':
        this.admin.setEnvs(c.name, c.envs, reply(this, 'onAdmin', id));
        break;
      case 'manualCompact':
        this.admin.manualCompact(c.table, reply(this, 'onAdmin', id));
        break;
      case 'listTables':
        this.admin.listTables(reply(this, 'onTables', id));
        break;
      case 'triggerCheckpoint':
        this.admin.remote.triggerCheckpoint(c.table, c.partitionIndex, reply(this, 'onTriggered', id));
        break;
      case 'emergencyCheckpoint':
        this.admin.remote.emergencyCheckpoint(c.table, c.partitionIndex, c.minDecree, reply(this, 'onCheckpoint', id));
        break;
      case 'queryCheckpoint':
        this.admin.remote.queryCheckpoint(c.table, c.partitionIndex, c.minDecree, reply(this, 'onCheckpoint', id));
        break;
      case 'queryMetrics':
        this.admin.remote.queryMetrics(c.table, c.partitionIndex, reply(this, 'onMetrics', id));
        break;
      case 'queryProgress':
        this.admin.remote.queryProgress(c.table, c.partitionIndex, reply(this, 'onProgress', id));
        break;
      case 'movePrimary':
        this.balance(id, c, 'move_pri', '');
        break;
      case 'copyReplica':
        this.balance(id, c, c.place === 'primary' ? 'copy_pri' : 'copy_sec', c.from);
        break;
      case 'startBulkLoad':
      case 'pauseBulkLoad':
      case 'restartBulkLoad':
      case 'cancelBulkLoad':
      case 'clearBulkLoad':
      case 'queryBulkLoad':
        this.bulkLoad(id, c);
        break;
      default:
        this.duplicate(id, c);
    }
  }

  private bulkLoad(id: number, c: BulkLoadCommand): void {
    switch (c.kind) {
      case 'startBulkLoad': {
        const { table, clusterName, provider, root, ingestBehind } = c;
        this.admin.startBulkLoad(
          { appName: table, clusterName, fileProviderType: provider, remoteRootPath: root, ingestBehind },
          reply(this, 'onLoadChanged', id),
        );
        break;
      }
      case 'pauseBulkLoad':
        this.control(id, c.table, 'BLC_PAUSE');
        break;
      case 'restartBulkLoad':
        this.control(id, c.table, 'BLC_RESTART');
        break;
      case 'cancelBulkLoad':
        this.control(id, c.table, c.forced ? 'BLC_FORCE_CANCEL' : 'BLC_CANCEL');
        break;
      case 'clearBulkLoad':
        this.admin.clearBulkLoad(c.table, reply(this, 'onLoadChanged', id));
        break;
      case 'queryBulkLoad':
        this.admin.queryBulkLoad(c.table, reply(this, 'onLoadStatus', id));
        break;
      default:
        unreachable(c);
    }
  }

  private control(id: number, appName: string, type: BulkLoadControlType): void {
    this.admin.controlBulkLoad({ appName, type }, reply(this, 'onLoadChanged', id));
  }

  private duplicate(id: number, c: DuplicationCommand): void {
    switch (c.kind) {
      case 'addDup': {
        const { table, remoteCluster, checkpoint, remoteTable, remoteReplicaCount } = c;
        this.admin.addDuplication(
          { appName: table, remoteClusterName: remoteCluster, isDuplicatingCheckpoint: checkpoint, remoteAppName: remoteTable, remoteReplicaCount },
          reply(this, 'onDupAdded', id),
        );
        break;
      }
      case 'removeDup':
        this.modify(id, c.table, c.dupId, 'DS_REMOVED', undefined);
        break;
      case 'startDup':
        this.modify(id, c.table, c.dupId, 'DS_LOG', undefined);
        break;
      case 'pauseDup':
        this.modify(id, c.table, c.dupId, 'DS_PAUSE', undefined);
        break;
      case 'setDupFailMode':
        this.modify(id, c.table, c.dupId, undefined, c.failMode);
        break;
      case 'queryDup':
        this.admin.queryDuplication(c.table, reply(this, 'onDups', id));
        break;
      case 'listDups':
        this.admin.listDuplications(c.pattern, c.matchType, reply(this, 'onDups', id));
        break;
      default:
        unreachable(c);
    }
  }

  private modify(id: number, appName: string, dupId: DupId, status: DuplicationStatus | undefined, failMode: DuplicationFailMode | undefined): void {
    this.admin.modifyDuplication({ appName, dupId, status, failMode }, reply(this, 'onDupModified', id));
  }

  private balance(id: number, { table, partitionIndex, to }: Place, type: BalanceType, from: NodeId | ''): void {
    this.admin.proposeBalancer({ appName: table, partitionIndex, type, from, to }, reply(this, 'onAdmin', id));
  }

  onWritten(response: WriteResponse, id: number): void {
    this.answered(id, { kind: 'write', error: response.error });
  }
  onRead(response: ReadResponse, id: number): void {
    this.answered(id, { kind: 'read', error: response.error, found: response.found, value: response.value });
  }
  onAdmin(answer: AdminAnswer, id: number): void {
    this.answered(id, { kind: 'admin', ...answer });
  }
  onTables(answer: TablesAnswer, id: number): void {
    this.answered(id, { kind: 'tables', ...answer });
  }
  onTriggered(answer: TriggeredAnswer, id: number): void {
    this.answered(id, { kind: 'triggered', ...answer });
  }
  onCheckpoint(answer: CheckpointAnswer, id: number): void {
    this.answered(id, { kind: 'checkpoint', ...answer });
  }
  onMetrics(answer: MetricsAnswer, id: number): void {
    this.answered(id, { kind: 'metrics', ...answer });
  }
  onProgress(answer: ProgressAnswer, id: number): void {
    this.answered(id, { kind: 'progress', ...answer });
  }
  onDupAdded(answer: DupAddedAnswer, id: number): void {
    this.answered(id, { kind: 'dupAdded', ...answer });
  }
  onDupModified(answer: DupModifiedAnswer, id: number): void {
    this.answered(id, { kind: 'dupModified', ...answer });
  }
  onDups(answer: DupsAnswer, id: number): void {
    this.answered(id, { kind: 'dups', ...answer });
  }
  onLoadChanged(answer: LoadChangedAnswer, id: number): void {
    this.answered(id, { kind: 'bulkLoad', ...answer });
  }
  onLoadStatus(answer: LoadStatusAnswer, id: number): void {
    this.answered(id, { kind: 'bulkLoadStatus', ...answer });
  }
}
