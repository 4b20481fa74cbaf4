/** Where the rows of the chart are: nodes by cluster above, statuses below, on one time axis. Pixels. */
import type { TapeLane, TapeNode } from '../../../tape.ts';
import type { Filter } from '../filter.ts';
import { NO_NODE, type Story } from '../story.ts';

export interface NodeRow {
  readonly node: TapeNode;
  readonly label: string;
  /** Of the row's line. */
  readonly y: number;
}
export interface LaneRow {
  readonly lane: TapeLane;
  readonly label: string;
  /** Upper edge. */
  readonly y: number;
}
export interface Heading {
  readonly text: string;
  /** Of the text's base line. */
  readonly y: number;
}
export interface Layout {
  readonly width: number;
  /** Left of it are labels; 0: labels stand over the lines. */
  readonly gutter: number;
  readonly nodes: readonly NodeRow[];
  readonly byNode: ReadonlyMap<string, number>;
  readonly lanes: readonly LaneRow[];
  readonly headings: readonly Heading[];
  readonly sequenceTop: number;
  readonly sequenceBottom: number;
  readonly height: number;
  /** Lanes that are folded away. */
  readonly hiddenLanes: number;
}

export const LANE_HEIGHT = 18;
export const RULER_HEIGHT = 26;
export const STEPS_HEIGHT = 24;
const NODE_HEIGHT = 30;
const HEADING_HEIGHT = 20;
const GUTTER = 164;
const NARROW = 640;

const LANE_KINDS: readonly TapeLane['kind'][] = ['fault', 'table', 'duplication', 'load', 'process', 'replica'];

/** `source/replica-0` under the heading `source` is `replica-0`. */
export function shortName(node: TapeNode): string {
  if (node.id === NO_NODE) return 'store, world';
  return node.id.startsWith(`${node.cluster}/`) ? node.id.slice(node.cluster.length + 1) : node.id;
}

function lanesShown(story: Story, filter: Filter): readonly TapeLane[] {
  const table = (lane: TapeLane): string => story.tableOf.get(lane.gpid) ?? '';
  const concerns = (lane: TapeLane): boolean =>
    lane.gpid === '' || ((filter.gpid === '' || lane.gpid === filter.gpid) && (filter.table === '' || table(lane) === filter.table));
  return LANE_KINDS.flatMap((kind) => story.tape.lanes.filter((lane) => lane.kind === kind && concerns(lane)));
}

/** What belongs to no cluster (faults do) comes first. */
function clustersOf(lanes: readonly TapeLane[]): readonly string[] {
  const clusters = [...new Set(lanes.map((lane) => lane.cluster))];
  return [...clusters.filter((cluster) => cluster === ''), ...clusters.filter((cluster) => cluster !== '')];
}

/** How many status lanes are there before the rest is folded away. */
const LANES_AT_FIRST = 14;

/** What a reader misses least is folded away first: lanes that never change, replicas of other partitions. */
function weight(lane: TapeLane, gpid: string): number {
  if (lane.kind === 'fault' || lane.kind === 'duplication' || lane.kind === 'load') return 4;
  if (gpid !== '' && lane.gpid === gpid) return 3;
  if (lane.spans.length <= 1) return 0;
  return lane.kind === 'replica' && gpid !== '' ? 1 : 2;
}

function foremost(lanes: readonly TapeLane[], gpid: string): readonly TapeLane[] {
  const ranked = [...lanes].sort((a, b) => weight(b, gpid) - weight(a, gpid));
  // Beside what the failure is about, other partitions' replicas only fill the page, and so does what never changes.
  const kept = new Set(ranked.filter((lane) => weight(lane, gpid) > (gpid === '' ? 0 : 1)).slice(0, LANES_AT_FIRST));
  return lanes.filter((lane) => kept.has(lane));
}

export function makeLayout(story: Story, filter: Filter, width: number, everyLane: boolean): Layout {
  const gutter = width < NARROW ? 0 : GUTTER;
  const headings: Heading[] = [];
  const nodes: NodeRow[] = [];
  let y = RULER_HEIGHT + STEPS_HEIGHT;
  const sequenceTop = y;
  let cluster: string | undefined;
  for (const node of story.lanes) {
    if (filter.hiddenNodes.has(node.id)) continue;
    if (node.cluster !== cluster) {
      cluster = node.cluster;
      if (cluster !== '') headings.push({ text: `cluster ${cluster}`, y: y + 14 });
      y += cluster === '' ? 4 : HEADING_HEIGHT;
    }
    nodes.push({ node, label: shortName(node), y: y + NODE_HEIGHT / 2 + (gutter === 0 ? 4 : 0) });
    y += NODE_HEIGHT;
  }
  const sequenceBottom = y;
  const candidates = lanesShown(story, filter);
  const shown = everyLane ? candidates : foremost(candidates, story.gpid);
  const lanes: LaneRow[] = [];
  for (const of of clustersOf(shown)) {
    headings.push({ text: of === '' ? 'faults' : `statuses of ${of}`, y: y + 18 });
    y += HEADING_HEIGHT + 4;
    for (const lane of shown.filter((one) => one.cluster === of)) {
      if (gutter === 0) y += 13;
      lanes.push({ lane, label: lane.name.startsWith(`${of}/`) ? lane.name.slice(of.length + 1) : lane.name, y });
      y += LANE_HEIGHT + 3;
    }
  }
  const byNode = new Map(nodes.map((row) => [row.node.id, row.y]));
  return { width, gutter, nodes, byNode, lanes, headings, sequenceTop, sequenceBottom, height: y + 8, hiddenLanes: candidates.length - shown.length };
}
