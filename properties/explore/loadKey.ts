/**
 * The name of a cluster whose table loads: of the load what a rule may still ask for; partitions are alike. What happens in
 * storage after the end of a load is nobody's concern in the search, so an end forgets it.
 */
import { indexOf } from '../../model/gpid.ts';
import { wasRestarted } from '../../model/loadEnabled.ts';
import { isKnown, isTerminal, type LoadState, type LoadVersion, type PartitionLoadState } from '../../model/loadState.ts';
import { isTroubled } from '../../model/loadSteps.ts';
import type { ClusterState, PartitionState } from '../../model/state.ts';
import type { BulkLoadStatus } from '../../model/vocabulary.ts';

/** Is there anything of a load to be named? */
export const isLoading = ({ tables, loads }: ClusterState): boolean =>
  Object.keys(loads).length > 0 || Object.values(tables).some((table) => table.isBulkLoading);

/** Statuses that leave their mark: what is to be seen of them later depends on their having been. */
const MARKS: readonly BulkLoadStatus[] = ['BLS_PAUSING', 'BLS_INGESTING', 'BLS_SUCCEED', 'BLS_FAILED', 'BLS_CANCELED'];

const marksOf = (versions: readonly LoadVersion[]): string =>
  MARKS.filter((mark) => versions.some(({ status }) => status === mark)).join('');

/** Tables, loads and partitions; `keyOf` names a partition by what is no load. */
export function loadingKey(cluster: ClusterState, keyOf: (part: PartitionState) => string, symmetry: boolean): string {
  const words: string[] = [];
  for (const { appId, isBulkLoading, grantedEarly } of Object.values(cluster.tables)) {
    const load = cluster.loads[appId];
    words.push(`${isBulkLoading ? '*' : ''}${grantedEarly.toSorted().join()}`, load === undefined ? '' : recordKey(load));
    const parts = Object.values(cluster.partitions)
      .filter((part) => part.appId === appId)
      .map((part) => partKey(load, part, keyOf));
    words.push(...(symmetry ? parts.sort() : parts));
  }
  return words.join(' ');
}

function recordKey(load: LoadState): string {
  const { record, rollbacks, granted, versions, reported, downloadingAtUs } = load;
  const { status, error, isEverIngesting } = record;
  const name = `${status}${error}${granted.toSorted().join()} ${marksOf(versions)}`;
  if (isTerminal(status)) return name;
  const told = Object.entries(reported).filter(([, atUs]) => atUs >= downloadingAtUs);
  const flags = `${isEverIngesting ? 'e' : ''}${wasRestarted(load) ? 'r' : ''}${isTroubled(load) ? 't' : ''}`;
  return `${name} ${rollbacks}${flags}${told.map(([one]) => one).join()}`;
}

function partKey(load: LoadState | undefined, part: PartitionState, keyOf: (part: PartitionState) => string): string {
  const own = load?.partitions[indexOf(part.gpid)];
  const { status = '' } = own?.record ?? {};
  if (load !== undefined && isTerminal(load.record.status)) return `${status}${own?.reportedCleaned === true ? 'c' : ''}`;
  const sent = part.ingestionsSent.map(({ prepared, decree, answered }) => `${prepared ? decree : '-'}${answered ? 'a' : ''}`);
  const came = Object.values(part.ingestions).map((one) => `${one.decree}:${Object.keys(one.ingestedAtUs).join()}`);
  const begun = Object.values(part.replicas).map(({ loadBegun }) => (loadBegun ? 'b' : '-'));
  return `${status}${begun.join('')} ${own === undefined || load === undefined ? '' : toldKey(own, load)} ${sent.join()} ${came.join()} ${keyOf(part)}`;
}

function toldKey(own: PartitionLoadState, load: LoadState): string {
  const { record, metadata, versions, reportedDownloaded, reportedFinished, reportedPaused, reportedCleaned } = own;
  const isBehind = own.downloadedAtUs > load.downloadingAtUs;
  const reported = [reportedDownloaded, isBehind, reportedFinished, reportedPaused, reportedCleaned].map(Number).join('');
  const files = `${isKnown(record.metadata) ? 'm' : ''}${metadata.length}${record.everIngestSucceed ? 'i' : ''}`;
  const isOld = own.storedAtUs < load.storedAtUs;
  return `${reported}${files}${isOld ? 'o' : ''} ${marksOf(versions)}`;
}
