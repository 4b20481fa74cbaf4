/** The events of bulk load and throttling as lines. */
import type { IngestionFact, LoadClaimed, LoadObserved } from '../../model/loadEvents.ts';
import { unreachable } from '../../model/vocabulary.ts';

export function loadEventText(event: LoadObserved | LoadClaimed): string {
  switch (event.kind) {
    case 'provider.put':
      return `provider ${event.provider}: ${event.path} (${event.file.is}, ${String(event.sizeBytes)} bytes)`;
    case 'provider.removed':
      return `provider ${event.provider}: ${event.path} removed`;
    case 'load.stored':
      return `store: load of table ${String(event.appId)} ${event.record.status}${event.record.error === 'ERR_OK' ? '' : ` ${event.record.error}`}`;
    case 'load.partition-stored':
      return `store: load of partition ${String(event.appId)}.${String(event.partitionIndex)} ${event.record.status}`;
    case 'load.erased':
      return `store: load of table ${String(event.appId)} removed`;
    case 'load.wished':
      return `the meta server wants ${event.wish} of ${event.gpid} at ${event.to}`;
    case 'load.reported':
      return `reports ${event.localStatus} ${event.error} for ${event.wish}${progressText(event.totalProgress)}`;
    case 'load.member-reported':
      return `says ${event.localStatus} ${event.error} for ${event.wish}, ${String(event.state.downloadProgress)} %, ${event.state.ingestStatus}`;
    case 'ingestion.sent':
      return `ingestion of ${event.gpid} sent to ${event.to} in ballot ${String(event.load.ballot)}`;
    case 'ingestion.answered':
      return `ingestion answered ${event.error}, applied ${event.applied}`;
    case 'storage.ingested':
      return `${String(event.files.length)} files became part of the database at decree ${String(event.decree)}`;
    case 'load.slot':
      return `download slot ${event.taken ? 'taken' : 'given back'}, ${String(event.serverCount)} in use`;
    case 'throttle.verdict':
      return `throttle ${event.verdict} of a ${event.of} by ${event.by}, for ${String(event.waitMs)} ms`;
    case 'throttle.told':
      return `told to throttle: ${Object.entries(event.envs).map(([key, value]) => `${key}=${value}`).join(', ') || 'nothing'}`;
    case 'throttle.arrived':
      return `request ${String(event.request)} comes: a ${event.of} of ${String(event.sizeBytes)} bytes`;
    case 'throttle.answered':
      return `request ${String(event.request)} answered ${event.error}`;
    default:
      return unreachable(event);
  }
}

function progressText(progress: number | undefined): string {
  return progress === undefined ? '' : `, ${String(progress)} %`;
}

/** What an ingestion write asks for. */
export function ingestionText({ metadata, ingestBehind, ballot }: IngestionFact): string {
  const names = metadata.files.map(({ name }) => name).join(' ');
  return `ingestion${ingestBehind ? ' behind' : ''} of ${names === '' ? 'no file' : names} for ballot ${String(ballot)}`;
}
