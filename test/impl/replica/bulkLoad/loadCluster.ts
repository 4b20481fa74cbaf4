/** A cluster with one table, a provider with its files, and the meta server's wishes in the test's hand. */
import type { BulkLoadStatus, Gpid, NodeId } from '../../../../model/vocabulary.ts';
import type {
  BulkLoadRequest,
  BulkLoadResponse,
  FileMeta,
  GroupBulkLoadRequest,
} from '../../../../impl/protocol/bulkLoadMessages.ts';
import { threadHash } from '../../../../impl/protocol/gpid.ts';
import { md5Hex } from '../../../../impl/protocol/md5.ts';
import { sidecarPath } from '../../../../impl/provider/paths.ts';
import { encodeBulkLoadMetadata, encodeSidecar } from '../../../../impl/provider/records.ts';
import type { ReplicaBulkLoader } from '../../../../impl/replica/bulkLoad/replicaBulkLoader.ts';
import { Cluster, NODES } from '../cluster.ts';
import type { ClusterOptions } from '../cluster.ts';

export const FILE_BYTES = 50;

export function contentOf(name: string, sizeBytes = FILE_BYTES): Uint8Array {
  return new Uint8Array(sizeBytes).fill(name.charCodeAt(0));
}

export class LoadCluster extends Cluster {
  readonly gpid: Gpid;

  constructor(options: ClusterOptions = {}) {
    super({ ...options, settings: { checkpointDisabled: true, emptyWriteDisabled: true, ...options.settings } });
    this.gpid = `${this.createTable('t')}.0`;
  }

  loader(node: NodeId = this.primaryNode()): ReplicaBulkLoader {
    return this.replica(node, this.gpid).bulkLoader;
  }

  primaryNode(): NodeId {
    return this.primary(this.gpid);
  }

  secondaries(): readonly NodeId[] {
    const primary = this.primaryNode();
    return NODES.filter((node) => node !== primary);
  }

  /** Slots in use on a server. */
  slots(node: NodeId = this.primaryNode()): number {
    const { downloadSlots } = this.server(node);
    return 'count' in downloadSlots && typeof downloadSlots.count === 'function' ? Number(downloadSlots.count()) : -1;
  }

  // ------------------------------------------------------------------ the provider

  path(name: string, root = 'root'): string {
    return `${root}/far/t/0/${name}`;
  }

  putFile(name: string, bytes: Uint8Array, root = 'root'): FileMeta {
    const provider = this.world.provider('files');
    const md5 = md5Hex(bytes);
    provider.put(this.path(name, root), bytes);
    provider.put(sidecarPath(this.path(name, root)), Buffer.from(encodeSidecar({ size: bytes.length, md5 })));
    return { name, size: bytes.length, md5 };
  }

  putMetadata(files: readonly FileMeta[], total = files.reduce((sum, { size }) => sum + size, 0), root = 'root'): void {
    this.putFile('bulk_load_metadata', Buffer.from(encodeBulkLoadMetadata({ files, fileTotalSize: total })), root);
  }

  /** Files of FILE_BYTES each, and their metadata. */
  fill(names: readonly string[] = ['a.sst', 'b.sst'], root = 'root'): readonly FileMeta[] {
    const files = names.map((name) => this.putFile(name, contentOf(`${root === 'root' ? '' : root}${name}`), root));
    this.putMetadata(files, undefined, root);
    return files;
  }

  // ------------------------------------------------------------------ wishes

  wish(metaStatus: BulkLoadStatus, more: Partial<BulkLoadRequest> = {}): BulkLoadRequest {
    const primary = this.primaryNode();
    return {
      gpid: this.gpid,
      appName: 't',
      primary,
      providerName: 'files',
      clusterName: 'far',
      remoteRootPath: 'root',
      ballot: this.replica(primary, this.gpid).ballot(),
      metaStatus,
      queryMetadata: false,
      ...more,
    };
  }

  groupWish(metaStatus: BulkLoadStatus, ballotChange = 0): GroupBulkLoadRequest {
    const replica = this.replica(this.primaryNode(), this.gpid);
    const config = { ...replica.primaryStates.membership, ballot: replica.ballot() + ballotChange };
    return { appName: 't', config, providerName: 'files', clusterName: 'far', remoteRootPath: 'root', metaStatus };
  }

  /** One poll, as the meta server sends it; the answers of the secondaries are in when this returns. */
  poll(metaStatus: BulkLoadStatus, more: Partial<BulkLoadRequest> = {}): BulkLoadResponse {
    const request = this.wish(metaStatus, more);
    const box = this.call(request.primary, 'RPC_BULK_LOAD', request, threadHash(this.gpid));
    this.runUntil(() => box.result !== undefined);
    this.run(100);
    if (box.result?.error !== 'ERR_OK') throw new Error(`poll: ${box.result?.error}`);
    return box.result.body;
  }

  /** A download of all members to its end. */
  download(): void {
    this.poll('BLS_DOWNLOADING');
    this.runUntil(() => NODES.every((node) => this.loader(node).localStatus === 'BLS_DOWNLOADED'));
  }

  localFiles(node: NodeId = this.primaryNode()): readonly string[] {
    const { directory } = this.loader(node);
    return directory.exists() ? directory.ctx.env.disk.list(directory.path) : [];
  }
}
