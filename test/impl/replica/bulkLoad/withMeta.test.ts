/** The meta server's and the replicas' sides together, up to the ingestion write (bl 6 to 17). */
import { describe, expect, it } from 'vitest';
import type { QueryBulkLoadResponse } from '../../../../impl/protocol/bulkLoadMessages.ts';
import type { BulkLoadControlType, BulkLoadStatus } from '../../../../model/vocabulary.ts';
import { appIdOf } from '../../../../impl/protocol/gpid.ts';
import { sidecarPath } from '../../../../impl/provider/paths.ts';
import { encodeBulkLoadInfo, encodeSidecar } from '../../../../impl/provider/records.ts';
import { md5Hex } from '../../../../impl/protocol/md5.ts';
import { META, NODES } from '../cluster.ts';
import { LoadCluster } from './loadCluster.ts';

class MetaCluster extends LoadCluster {
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
}

describe('a load that the meta server runs', () => {
  it('is downloaded by all, and the replicas hear of INGESTING', () => {
    const c = new MetaCluster();
    c.fill();
    expect(c.start()).toBe('ERR_OK');
    c.runToStatus('BLS_INGESTING');
    for (const node of NODES) expect(c.loader(node).downloader.progress).toBe(100);
    c.runUntil(() => NODES.every((node) => c.loader(node).localStatus === 'BLS_INGESTING'));
    expect(c.checks()).toEqual([]);
  });

  it('fails with what a replica found, and leaves nothing behind', () => {
    const c = new MetaCluster();
    c.fill();
    c.putFile('a.sst', Buffer.from('other bytes'));
    expect(c.start()).toBe('ERR_OK');
    c.runToStatus('BLS_FAILED');
    c.runToEnd();
    for (const node of NODES) expect(c.loader(node).isCleanedUp()).toBe(true);
    expect(c.checks()).toEqual([]);
  });

  it('is canceled on the way, and can be started again with other files', () => {
    const c = new MetaCluster();
    c.fill();
    expect(c.start()).toBe('ERR_OK');
    c.run(500);
    expect(c.control('BLC_CANCEL')).toBe('ERR_OK');
    c.runToEnd();
    expect(c.query().appStatus).toBe('BLS_CANCELED');
    for (const node of NODES) expect([c.localFiles(node), c.loader(node).isCleanedUp()]).toEqual([[], true]);
    c.fill(['z.sst']);
    expect(c.start()).toBe('ERR_OK');
    c.runToStatus('BLS_DOWNLOADED');
    for (const node of NODES) expect(c.localFiles(node)).toEqual(['bulk_load_metadata', 'z.sst']);
    expect(c.checks()).toEqual([]);
  });

  it('is paused, and goes on', () => {
    const c = new MetaCluster();
    c.fill();
    expect(c.start()).toBe('ERR_OK');
    c.run(500);
    expect(c.control('BLC_PAUSE')).toBe('ERR_OK');
    c.runToStatus('BLS_PAUSED');
    for (const node of NODES) expect(c.loader(node).localStatus).toBe('BLS_PAUSED');
    expect(c.control('BLC_RESTART')).toBe('ERR_OK');
    c.runToStatus('BLS_INGESTING');
    expect(c.query().partitionsStatus).toEqual(['BLS_INGESTING']);
    expect(c.checks()).toEqual([]);
  });
});
