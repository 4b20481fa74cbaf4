/** The meta server runs the loads: wishes, the ingestion write and what follows are its own. */
import type { QueryBulkLoadResponse } from '../../../../impl/protocol/bulkLoadMessages.ts';
import type { BulkLoadControlType, BulkLoadStatus, NodeId } from '../../../../model/vocabulary.ts';
import { appIdOf } from '../../../../impl/protocol/gpid.ts';
import { sidecarPath } from '../../../../impl/provider/paths.ts';
import { encodeBulkLoadInfo, encodeSidecar } from '../../../../impl/provider/records.ts';
import { md5Hex } from '../../../../impl/protocol/md5.ts';
import { META } from '../cluster.ts';
import { LoadCluster } from './loadCluster.ts';

export class MetaCluster extends LoadCluster {
  start(): string {
    const provider = this.world.provider('files');
    const info = Buffer.from(encodeBulkLoadInfo({ appId: appIdOf(this.gpid), appName: 't', partitionCount: 1 }));
    provider.put('root/far/t/bulk_load_info', info);
    const sidecar = encodeSidecar({ size: info.length, md5: md5Hex(info) });
    provider.put(sidecarPath('root/far/t/bulk_load_info'), Buffer.from(sidecar));
    const box = this.call(META, 'RPC_CM_START_BULK_LOAD', {
      appName: 't', clusterName: 'far', fileProviderType: 'files', remoteRootPath: 'root', ingestBehind: false,
    });
    this.runUntil(() => box.result !== undefined);
    return `${box.result?.body?.error} ${box.result?.body?.hint}`.trim();
  }

  control(type: BulkLoadControlType): string | undefined {
    const box = this.call(META, 'RPC_CM_CONTROL_BULK_LOAD', { appName: 't', type });
    this.runUntil(() => box.result !== undefined);
    return box.result?.body?.error;
  }

  query(): QueryBulkLoadResponse {
    const box = this.call(META, 'RPC_CM_QUERY_BULK_LOAD_STATUS', { appName: 't' });
    this.runUntil(() => box.result !== undefined);
    if (box.result?.error !== 'ERR_OK') throw new Error(`query: ${box.result?.error}`);
    return box.result.body;
  }

  runToStatus(status: BulkLoadStatus, seconds = 120): void {
    for (let i = 0; i < seconds && this.query().appStatus !== status; i++) this.run(1000);
    const { appStatus } = this.query();
    if (appStatus !== status) throw new Error(`${appStatus}, not ${status}`);
  }

  runToEnd(seconds = 120): void {
    for (let i = 0; i < seconds && this.query().isBulkLoading; i++) this.run(1000);
    if (this.query().isBulkLoading) throw new Error('still loading');
  }

  /** The operator's wish; whether and when it comes true is the meta server's matter. */
  movePrimary(to: NodeId): string | undefined {
    const box = this.call(META, 'RPC_CM_PROPOSE_BALANCER', { appName: 't', partitionIndex: 0, type: 'move_pri', from: '', to });
    this.runUntil(() => box.result !== undefined);
    return box.result?.body?.error;
  }
}
