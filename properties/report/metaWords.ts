/** The live objects of a meta server as flat words; only read, as in serverWords.ts. */
import type { BulkLoadService } from '../../impl/meta/bulkLoad/bulkLoadService.ts';
import type { MetaServer } from '../../impl/meta/metaServer.ts';
import type { AppState } from '../../impl/meta/serverState.ts';
import { clusterOfNode } from '../run/eventPlace.ts';
import type { FlatState, Place } from './flatState.ts';
import { envsText } from './modelWords.ts';
import { short } from './words.ts';

const SERVER = ['up', 'serves', 'operation lock', 'partitions ingesting'];
const TABLE = ['app id', 'status', 'partitions', 'replicas wanted', 'envs', 'loading'];
const CONFIG = ['ballot', 'primary', 'secondaries', 'update under way'];
const DUP = ['status', 'fail mode', 'to', 'on its way to the store'];
const DUP_PARTITION = ['stored', 'reported', 'checkpoint prepared', 'committed', 'write under way'];
const LOAD = ['status', 'error', 'rollbacks', 'files of', 'on its way to the store', 'polled'];
const LOAD_PARTITION = ['status', 'progress', 'poll loop runs', 'cleaned up'];
const LOAD_MEMBER = ['download progress', 'download error', 'ingestion', 'cleaned up', 'paused'];

export function metaServerWords(to: FlatState, node: string, server: MetaServer): void {
  const cluster = clusterOfNode(node);
  const name = short(node);
  const { bulkLoadService } = server;
  to.put([cluster, 'server', name], '', SERVER, [true, server.isActive(), bulkLoadService.lock.isFree() ? 'free' : 'held', bulkLoadService.ingestion.context.ingestingCount()]);
  const newest = new Map<string, AppState>();
  for (const app of server.state.apps()) {
    newest.set(app.record.info.appName, app);
    partitionWords(to, cluster, name, app);
    duplicationWords(to, cluster, name, app);
  }
  for (const [table, app] of newest) {
    const { info, isBulkLoading } = app.record;
    to.put([cluster, table, name], '', TABLE, [app.appId, app.status, info.partitionCount, info.maxReplicaCount, envsText(info.envs), isBulkLoading]);
    loadWords(to, [cluster, table, name], bulkLoadService, app);
  }
}

function partitionWords(to: FlatState, cluster: string, name: string, app: AppState): void {
  app.configs.forEach(({ gpid, ballot, primary, secondaries }, i) => {
    const asker = app.pendingUpdates.get(i);
    to.put([cluster, gpid, name], '', CONFIG, [ballot, short(primary), secondaries.map(short).join(' '), asker === undefined ? 'none' : `of ${short(asker)}`]);
  });
}

function duplicationWords(to: FlatState, cluster: string, name: string, app: AppState): void {
  for (const dup of app.duplications.values()) {
    const group = `duplication ${String(dup.id)}`;
    const { remoteCluster, remoteAppName } = dup.identity;
    const next = dup.isAltering ? `${dup.nextStatus} ${dup.nextFailMode}` : 'nothing';
    to.put([cluster, app.record.info.appName, name], group, DUP, [dup.status, dup.failMode, `${remoteCluster}/${remoteAppName}`, next]);
    dup.progress.forEach(({ storedDecree, volatileDecree, checkpointPrepared, lastCommittedDecree, isAltering }, i) => {
      to.put([cluster, `${String(app.appId)}.${String(i)}`, name], group, DUP_PARTITION, [storedDecree, volatileDecree, checkpointPrepared, lastCommittedDecree, isAltering]);
    });
  }
}

function loadWords(to: FlatState, place: Place, service: BulkLoadService, app: AppState): void {
  const load = service.latestLoad(app.appId);
  if (load === undefined) return;
  const { record, intended, rollbackCount, active } = load;
  const next = record === intended ? 'nothing' : intended.status;
  to.put(place, 'load', LOAD, [record.status, record.error, rollbackCount, `${record.remoteRootPath}/${record.clusterName}`, next, active]);
  const [cluster, , name] = place;
  for (const part of load.partitions) {
    const at: Place = [cluster, `${String(app.appId)}.${String(part.index)}`, name];
    to.put(at, 'load', LOAD_PARTITION, [part.record.status, part.progress, part.looping, part.cleaned]);
    for (const node of Object.keys(part.states)) {
      const said = part.states[node];
      if (said === undefined) continue;
      to.put(at, `load at ${short(node)}`, LOAD_MEMBER, [said.downloadProgress, said.downloadStatus ?? 'unknown', said.ingestStatus, said.isCleanedUp, said.isPaused]);
    }
  }
}
