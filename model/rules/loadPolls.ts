/**
 * How often the meta server asks about a partition that loads (bl 9): one loop of polls for each (docs/departures bl.B4),
 * and its primary answers (L7).
 */
import { settingsOfCluster } from '../config.ts';
import type { LoadWished } from '../loadEvents.ts';
import type { PartitionLoadState } from '../loadState.ts';
import { lagUsOf, statusesSince } from '../loadWords.ts';
import { guard, type ClusterScene, type Refusal } from './rule.ts';

interface PollScene extends ClusterScene {
  readonly own: PartitionLoadState | undefined;
}

/** The wish before, of the same load and of the same life of the meta server, which it is not to meet. */
function lastWishUs({ cluster, own }: PollScene): number | undefined {
  return own === undefined || own.wishedAtUs <= cluster.metaStartedAtUs ? undefined : own.wishedAtUs;
}

/**
 * From one poll to the next pass its answer and an interval, by what the meta server had in memory when the answer came.
 * A loop that ends at PAUSED has waited for that too, so one that is begun anew is no earlier.
 */
function tooSoon(scene: PollScene, { atUs }: LoadWished): Refusal | undefined {
  const { state, cluster, own } = scene;
  const lastUs = lastWishUs(scene);
  if (own === undefined || lastUs === undefined) return undefined;
  const s = settingsOfCluster(state.config, cluster.id);
  const statuses = statusesSince(own.versions, lastUs, lagUsOf(state, lastUs));
  const isFast = statuses.some(({ status }) => status === 'BLS_INGESTING');
  const slowMs = s.bulkLoadRequestIntervalMs;
  const leastMs = isFast ? Math.min(s.bulkLoadIngestRequestIntervalMs, slowMs) : slowMs;
  const passedMs = (atUs - lastUs) / 1000;
  return passedMs >= leastMs ? undefined : [`at least ${leastMs} ms since the poll before`, `${passedMs} ms`];
}

export const POLL_GUARDS = [
  guard('load/paused-is-not-polled', 'bl.S20', (_: PollScene, { wish }: LoadWished) =>
    wish === 'BLS_PAUSED' ? ['nobody to be asked about a partition that is paused', wish] : undefined,
  ),
  guard('load/one-loop-of-polls', 'bl.S20', tooSoon),
  guard('load/polls-are-answered', 'L7', (scene: PollScene, { wish }: LoadWished) =>
    !scene.state.calm || lastWishUs(scene) === undefined || scene.own?.isWishAnswered !== false
      ? undefined
      : ['an answer to the poll before', `the next one, ${wish}`],
  ),
];
