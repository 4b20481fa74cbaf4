/** The process of a cluster's users: a key-value client and an admin client, driven by the plan's commands. */
import type { Answer, Command } from '../../model/commands.ts';
import { unreachable } from '../../model/vocabulary.ts';
import { reply } from '../../impl/env/contract.ts';
import type { Context } from '../../impl/context.ts';
import type { AdminClient } from '../../impl/client/adminClient.ts';
import type { KvClient } from '../../impl/client/kvClient.ts';
import type { AdminAnswer, CheckpointAnswer, TablesAnswer, TriggeredAnswer } from '../../impl/client/adminClient.ts';
import type { ReadResponse, WriteResponse } from '../../impl/protocol/messages.ts';
import type { NodeId } from '../../model/vocabulary.ts';

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
        this.admin.triggerCheckpoint(c.table, c.partitionIndex, reply(this, 'onTriggered', id));
        break;
      case 'emergencyCheckpoint':
        this.admin.emergencyCheckpoint(c.table, c.partitionIndex, c.minDecree, reply(this, 'onCheckpoint', id));
        break;
      case 'queryCheckpoint':
        this.admin.queryCheckpoint(c.table, c.partitionIndex, c.minDecree, reply(this, 'onCheckpoint', id));
        break;
      case 'addDup':
      case 'removeDup':
      case 'startDup':
      case 'pauseDup':
      case 'setDupFailMode':
      case 'queryDup':
      case 'listDups':
        this.answered(id, { kind: 'dupModified', error: 'ERR_HANDLER_NOT_FOUND', appId: 0 });
        break;
      default:
        unreachable(c);
    }
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
}
