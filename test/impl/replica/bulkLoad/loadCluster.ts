/** A cluster with one table, a provider with its files, and the meta server's wishes in the test's hand. */
import type { BulkLoadStatus, Gpid, NodeId } from '../../../../model/vocabulary.ts';
import type { IngestionWriteResponse } from '../../../../impl/protocol/messages.ts';
import type {
  BulkLoadRequest,
  BulkLoadResponse,
  FileMeta,
  GroupBulkLoadRequest,
  IngestionRequest,
} from '../../../../impl/protocol/bulkLoadMessages.ts';
import { appIdOf, threadHash } from '../../../../impl/protocol/gpid.ts';
import { encodeIngestion } from '../../../../impl/protocol/ingestion.ts';
import { md5Hex } from '../../../../impl/protocol/md5.ts';
import { loadFiles } from '../../../../impl/provider/loadSet.ts';
import { sidecarPath } from '../../../../impl/provider/paths.ts';
import { encodeBulkLoadMetadata, encodeSidecar } from '../../../../impl/provider/records.ts';
import { storedKey } from '../../../../impl/protocol/rrdb.ts';
import type { ReplicaBulkLoader } from '../../../../impl/replica/bulkLoad/replicaBulkLoader.ts';
import { Cluster, NODES } from '../cluster.ts';
import type { Box, ClusterOptions } from '../cluster.ts';

export const FILE_BYTES = 50;

export function contentOf(name: string, sizeBytes = FILE_BYTES): Uint8Array {
  return new Uint8Array(sizeBytes).fill(name.charCodeAt(0));
}

export class LoadCluster extends Cluster {
  readonly gpid: Gpid;

  constructor(options: ClusterOptions = {}, replicaCount = 3) {
    super({ ...options, settings: { checkpointDisabled: true, emptyWriteDisabled: true, ...options.settings } });
    this.gpid = `${this.createTable('t', 1, replicaCount)}.0`;
    this.forget();
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
    return this.server(node).downloadSlots.count();
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

  /** Sorted files of rows of the hash key 'h', two rows each, and their metadata. */
  fillRows(rows: Readonly<Record<string, string>>, root = 'root'): readonly FileMeta[] {
    const list = Object.entries(rows).map(([sortKey, value]) => ({ hashKey: 'h', sortKey, value, expireTs: 0 }));
    const info = { appId: appIdOf(this.gpid), appName: 't', partitionCount: 1 };
    const files: FileMeta[] = [];
    for (const { path, bytes } of loadFiles(info, list, 30)) {
      const name = path.replace(/^0\//u, '');
      if (name.endsWith('.sst')) files.push(this.putFile(name, bytes, root));
    }
    this.putMetadata(files, undefined, root);
    return files;
  }

  /** What each member's storage holds of these keys, '-' for none. */
  stored(keys: string): readonly string[] {
    return NODES.map((node) => {
      const { storage } = this.replica(node, this.gpid);
      return keys.split('').map((key) => storage?.get(storedKey('h', key), 0)?.value ?? '-').join(' ');
    });
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

  // ------------------------------------------------------------------ the ingestion write

  /** As the meta server would send it for what the primary has downloaded. */
  ingestionRequest(more: Partial<IngestionRequest> = {}): IngestionRequest {
    const { metadata } = this.loader().downloader;
    const ballot = this.replica(this.primaryNode(), this.gpid).ballot();
    return { appName: 't', metadata, ingestBehind: false, ballot, verifyBeforeIngest: false, ...more };
  }

  ingest(more: Partial<IngestionRequest> = {}): Box<IngestionWriteResponse> {
    const request = this.request(this.gpid, encodeIngestion(this.ingestionRequest(more)));
    return this.call(this.primaryNode(), 'RPC_RRDB_RRDB_BULK_LOAD', request, threadHash(this.gpid));
  }

  /** ERR_OK, or why it was refused. */
  ingestNow(more: Partial<IngestionRequest> = {}): string {
    const box = this.ingest(more);
    this.runUntil(() => box.result !== undefined);
    return box.result?.body?.ingestion?.error ?? box.result?.error ?? '';
  }

  /** A client's write. */
  write(key: string, value: string): string {
    const box = this.put(this.gpid, key, value);
    this.runUntil(() => box.result !== undefined);
    return box.result?.error ?? '';
  }

  /** Cuts or heals all links between the primary and the secondaries. */
  isolatePrimary(cut = true): void {
    const primary = this.primaryNode();
    for (const node of this.secondaries()) {
      if (cut) this.world.cutLink(primary, node);
      else this.world.restoreLink(primary, node);
    }
  }

  localFiles(node: NodeId = this.primaryNode()): readonly string[] {
    const { directory } = this.loader(node);
    return directory.exists() ? directory.ctx.env.disk.list(directory.path) : [];
  }
}
