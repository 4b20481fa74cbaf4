/** Bulk load on a replica server: its requests, by replica (bl 13.1, 13.3, 15.1). */
import type { Gpid } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import type { Replier } from '../../env/contract.ts';
import type {
  BulkLoadRequest,
  BulkLoadResponse,
  GroupBulkLoadRequest,
  GroupBulkLoadResponse,
} from '../../protocol/bulkLoadMessages.ts';
import type { ClientRequest, IngestionWriteResponse } from '../../protocol/messages.ts';
import type { Replica } from '../replica.ts';
import { refusalOf, RESET_STATE } from './types.ts';

const NO_REPLICA = 'ERR_OBJECT_NOT_FOUND';

export class BulkLoadServer {
  readonly ctx: Context;
  private readonly replicas: ReadonlyMap<Gpid, Replica>;

  constructor(ctx: Context, replicas: ReadonlyMap<Gpid, Replica>) {
    this.ctx = ctx;
    this.replicas = replicas;
  }

  openService(): void {
    this.ctx.env.rpc.serve('RPC_BULK_LOAD', this, 'onBulkLoad');
    this.ctx.env.rpc.serve('RPC_GROUP_BULK_LOAD', this, 'onGroupBulkLoad');
    this.ctx.env.rpc.serve('RPC_RRDB_RRDB_BULK_LOAD', this, 'onIngestionWrite');
  }

  onBulkLoad(request: BulkLoadRequest, replier: Replier<BulkLoadResponse>): void {
    const replica = this.replicas.get(request.gpid);
    replier.reply(replica?.bulkLoader.onBulkLoad(request) ?? refusalOf(request, NO_REPLICA, 'BLS_INVALID'));
  }

  onGroupBulkLoad(request: GroupBulkLoadRequest, replier: Replier<GroupBulkLoadResponse>): void {
    const replica = this.replicas.get(request.config.gpid);
    const none: GroupBulkLoadResponse = { error: NO_REPLICA, status: 'BLS_INVALID', state: RESET_STATE };
    replier.reply(replica?.bulkLoader.onGroupBulkLoad(request) ?? none);
  }

  onIngestionWrite(request: ClientRequest, replier: Replier<IngestionWriteResponse>): void {
    const replica = this.replicas.get(request.gpid);
    if (replica === undefined) replier.refuse(NO_REPLICA);
    else replica.twoPc.onIngestionWrite(request, replier);
  }
}
