/**
 * The live objects of a replica server as flat words. They are only read: each getter that is called here tells what is in memory, costs
 * nothing and changes nothing, so that a taped run is the run itself.
 */
import { DuplicationPipeline } from '../../impl/replica/duplication/pipeline/duplicationPipeline.ts';
import type { ReplicaDuplicator } from '../../impl/replica/duplication/replicaDuplicator.ts';
import type { Replica } from '../../impl/replica/replica.ts';
import type { ReplicaServer } from '../../impl/replica/replicaStub.ts';
import { clusterOfNode } from '../run/eventPlace.ts';
import type { FlatState, Place } from './flatState.ts';
import { short } from './words.ts';

const SERVER = ['up', 'connected to', 'disk', 'manual checkpoints', 'download slots', 'replicas opening', 'replicas closing'];
const REPLICA = [
  'open', 'status', 'ballot', 'committed', 'applied', 'max prepared', 'prepare list', 'manual checkpoint', 'writes queued', 'primary', 'barrier due', 'table flag duplicating',
];
const STORAGE = ['flushed', 'durable', 'checkpoints', 'ingestion pending', 'flush waits'];
const LOG = ['log files', 'log bytes', 'cleanable', 'max in log', 'log bytes in all'];
const DUPLICATOR = ['runs', 'status', 'fail mode', 'last', 'confirmed', 'checkpoint from', 'checkpoint prepared'];
const PIPELINE = ['reads log file', 'loaded up to', 'loaded bytes', 'waiting for commit', 'keys being shipped'];
const LOAD = ['status', 'download progress', 'download error', 'files there', 'bytes there', 'downloads', 'ingestion', 'round'];
const THROTTLE = ['writes', 'write bytes', 'reads', 'read bytes per second', 'used by writes', 'used by write bytes', 'used by reads'];

export function replicaServerWords(to: FlatState, node: string, server: ReplicaServer): void {
  const cluster = clusterOfNode(node);
  const name = short(node);
  to.put([cluster, 'server', name], '', SERVER, [
    true, server.isConnected() ? short(server.metaServer()) : 'nobody', server.diskStatus(), server.manualCheckpointCount(), server.downloadSlots.count(),
    [...server.openingReplicas].join(' '), [...server.closingReplicas.keys()].join(' '),
  ]);
  for (const replica of server.replicas.values()) replicaWords(to, [cluster, replica.gpid, name], replica, 'yes');
  for (const { replica } of server.closingReplicas.values()) {
    if (!server.replicas.has(replica.gpid)) replicaWords(to, [cluster, replica.gpid, name], replica, 'closing');
  }
}

function replicaWords(to: FlatState, place: Place, replica: Replica, open: string): void {
  const { prepareList, primaryStates, twoPc, checkpoints, config } = replica;
  to.put(place, '', REPLICA, [
    open, replica.status(), replica.ballot(), replica.lastCommittedDecree(), replica.lastAppliedDecree(), replica.maxPreparedDecree(), prepareList.count(),
    checkpoints.isManualFlagSet(), twoPc.queue.queuedCount(), short(config.primary), primaryStates.barrierDue, replica.app.duplicating,
  ]);
  const { storage, privateLog } = replica;
  if (storage?.isOpen() === true) {
    const pending = storage.pendingIngestion();
    to.put(place, '', STORAGE, [storage.lastFlushedDecree(), storage.lastDurableDecree(), storage.listCheckpoints().join(' '), pending?.decree ?? 'none', storage.isFlushHeldUp()]);
  }
  if (privateLog !== undefined) {
    const files = privateLog.logFiles().map(({ index }) => index);
    to.put(place, '', LOG, [files.join(' '), privateLog.totalSizeBytes(), privateLog.cleanableDecree(), privateLog.maxDecree(), privateLog.globalEndOffset()]);
  }
  for (const duplicator of replica.duplicatorManager.duplicators()) duplicatorWords(to, place, duplicator);
  loadWords(to, place, replica);
  throttleWords(to, place, replica);
}

function duplicatorWords(to: FlatState, place: Place, duplicator: ReplicaDuplicator): void {
  const group = `duplication ${String(duplicator.dupId)}`;
  to.put(place, group, DUPLICATOR, [
    !duplicator.isPaused(), duplicator.status(), duplicator.failMode(), duplicator.lastDecree(), duplicator.confirmedDecree(), duplicator.minCheckpointDecree(), duplicator.hasPreparedCheckpoint(),
  ]);
  const pipeline = duplicator.currentPipeline();
  if (!(pipeline instanceof DuplicationPipeline)) return;
  const { batch } = pipeline;
  to.put(place, group, PIPELINE, [pipeline.loadPrivate.readingFile() ?? 'none', batch.lastDecree(), batch.bytes(), batch.buffer.count(), pipeline.duplicator.queueCount()]);
}

/** Nothing is said of a replica that has nothing to do with a load. */
function loadWords(to: FlatState, place: Place, { bulkLoader }: Replica): void {
  const { localStatus, downloader, ingestion } = bulkLoader;
  if (localStatus === 'BLS_INVALID' && downloader.round === 0 && ingestion.status === 'IS_INVALID') return;
  to.put(place, 'load', LOAD, [
    localStatus, downloader.progress, downloader.downloadStatus, downloader.filesThere, downloader.downloadedBytes, downloader.isDownloading, ingestion.status, downloader.round,
  ]);
}

function throttleWords(to: FlatState, place: Place, { throttle }: Replica): void {
  const { writesByCount, writesBySize, readsByCount, readsBySize } = throttle;
  if (!writesByCount.enabled() && !writesBySize.enabled() && !readsByCount.enabled() && !readsBySize.enabled()) return;
  to.put(place, 'throttle', THROTTLE, [
    limitsText(writesByCount), limitsText(writesBySize), limitsText(readsByCount), readsBySize.enabled() ? readsBySize.ratePerSecond() : 'no limit',
    writesByCount.usedUnits(), writesBySize.usedUnits(), readsByCount.usedUnits(),
  ]);
}

function limitsText(controller: Replica['throttle']['writesByCount']): string {
  if (!controller.enabled()) return 'no limit';
  const { delayLimit, delayMs, rejectLimit, rejectMs } = controller.limits();
  const delay = delayLimit > 0 ? `beyond ${String(delayLimit)} wait ${String(delayMs)} ms` : '';
  const reject = rejectLimit > 0 ? `beyond ${String(rejectLimit)} refused after ${String(rejectMs)} ms` : '';
  return [delay, reject].filter((text) => text !== '').join(', ');
}
