/**
 * What is drawn of events and messages in one view: each by itself while there is room, counts where there is not. However many
 * events a run has, the number of marks is bounded.
 */
import type { TapeEvent, TapeMessage } from '../../../tape.ts';
import type { Axis } from '../axis.ts';
import { familyOf, type Family } from '../families.ts';
import { fateOf, type Fate } from '../fate.ts';
import type { Story } from '../story.ts';
import type { Layout } from './layout.ts';
import type { Scale } from './scale.ts';

/** One event, or several that stand too near to each other. */
export interface EventMark {
  readonly x: number;
  readonly y: number;
  /** The event; of several, the first. */
  readonly event: number;
  readonly count: number;
  /** Of several, the most frequent one. */
  readonly family: Family;
}

export interface Arrow {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
  /** The message; of several, the first. */
  readonly message: TapeMessage;
  readonly fate: Fate;
  readonly count: number;
}

/** Each event is a dot while a row has so many pixels for each, and there are not more than this. */
const DOT_PX = 6;
const MOST_DOTS = 1600;
/** Until so many messages in sight, each is an arrow; beyond, neighbours are bundled; and what is still more is traffic. */
const MOST_ARROWS = 600;
const BIN_PX = 7;
const ARROW_BIN_PX = 14;

/** First and last of the shown events in sight: a half-open range of places in `shown`. */
export function inSight(axis: Axis, count: number, scale: Scale): readonly [number, number] {
  const find = (units: number, after: boolean): number => {
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      const it = axis.ofEvent(middle);
      if (it < units || (after && it === units)) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return [find(scale.units(scale.left - 8), false), find(scale.units(scale.right + 8), true)];
}

interface Bin {
  readonly x: number;
  readonly y: number;
  readonly event: number;
  count: number;
  readonly families: Map<Family, number>;
}

export function eventMarks(story: Story, shown: readonly number[], axis: Axis, scale: Scale, layout: Layout): readonly EventMark[] {
  const [from, to] = inSight(axis, shown.length, scale);
  const roomPx = ((scale.right - scale.left) * layout.nodes.length) / Math.max(to - from, 1);
  const crowded = roomPx < DOT_PX || to - from > MOST_DOTS;
  const bins = new Map<string, Bin>();
  const marks: EventMark[] = [];
  for (let nth = from; nth < to; nth += 1) {
    const number = shown[nth];
    const event = number === undefined ? undefined : story.tape.events[number];
    const y = event === undefined ? undefined : layout.byNode.get(event.node);
    if (number === undefined || event === undefined || y === undefined) continue;
    const x = scale.x(axis.ofEvent(nth));
    const family = familyOf(event.kind);
    if (!crowded) {
      marks.push({ x, y, event: number, count: 1, family });
      continue;
    }
    const place = Math.floor(x / BIN_PX);
    const key = `${String(place)} ${event.node}`;
    const bin = bins.get(key) ?? { x: (place + 0.5) * BIN_PX, y, event: number, count: 0, families: new Map<Family, number>() };
    bin.count += 1;
    bin.families.set(family, (bin.families.get(family) ?? 0) + 1);
    bins.set(key, bin);
  }
  for (const { families, ...bin } of bins.values()) marks.push({ ...bin, family: mostFrequent(families) });
  return marks;
}

function mostFrequent(families: ReadonlyMap<Family, number>): Family {
  let best: Family = 'process';
  let most = 0;
  for (const [family, count] of families) {
    // A fault is never hidden behind what is frequent.
    if (family === 'fault') return family;
    if (count > most) [best, most] = [family, count];
  }
  return best;
}

/** Places of messages on an axis: computed once per axis, looked through in every view. */
export interface PlacedMessages {
  readonly messages: readonly TapeMessage[];
  readonly from: Float64Array;
  readonly to: Float64Array;
  readonly endUs: number;
}

export function placeMessages(messages: readonly TapeMessage[], axis: Axis, endUs: number): PlacedMessages {
  const from = Float64Array.from(messages, (message) => axis.at(message.sentUs, 'last'));
  // What is never received ends a little after it was sent.
  const to = Float64Array.from(messages, (message, i) => (message.arrivedUs === undefined ? (from[i] ?? 0) + 1 : axis.at(message.arrivedUs, 'first')));
  return { messages, from, to, endUs };
}

/** Messages that are too many for arrows: one path per strength, each a stroke between two neighbouring rows. */
export interface Traffic {
  readonly level: 1 | 2 | 3 | 4;
  readonly path: string;
}

export interface Sent {
  readonly arrows: readonly Arrow[];
  readonly traffic: readonly Traffic[];
}

export function messageMarks(placed: PlacedMessages, scale: Scale, layout: Layout): Sent {
  const seen = arrowsInSight(placed, scale, layout);
  if (seen.length <= MOST_ARROWS) return { arrows: seen, traffic: [] };
  const bundles = bundled(seen, ARROW_BIN_PX);
  if (bundles.length <= MOST_ARROWS) return { arrows: bundles, traffic: [] };
  // What was lost or refused is looked for: it stays apart from what went well.
  const trouble = seen.filter(({ fate }) => fate === 'lost' || fate === 'refused');
  const well = seen.filter(({ fate }) => fate === 'well' || fate === 'pending');
  return { arrows: reduced(trouble, layout.width), traffic: trafficOf(well, layout) };
}

function arrowsInSight(placed: PlacedMessages, scale: Scale, layout: Layout): readonly Arrow[] {
  const seen: Arrow[] = [];
  const low = scale.units(scale.left);
  const high = scale.units(scale.right);
  placed.messages.forEach((message, i) => {
    const from = placed.from[i] ?? 0;
    const to = placed.to[i] ?? 0;
    if (Math.max(from, to) < low || Math.min(from, to) > high) return;
    const y1 = layout.byNode.get(message.from);
    const y2 = layout.byNode.get(message.to);
    if (y1 === undefined || y2 === undefined) return;
    seen.push({ x1: scale.x(from), y1, x2: scale.x(to), y2, message, fate: fateOf(message, placed.endUs), count: 1 });
  });
  return seen;
}

/** Not many more than what fits, in bins as narrow as that allows. */
function reduced(arrows: readonly Arrow[], widthPx: number): readonly Arrow[] {
  let bundles = arrows;
  for (let binPx = ARROW_BIN_PX; bundles.length > MOST_ARROWS / 2 && binPx < widthPx; binPx *= 1.5) bundles = bundled(arrows, binPx);
  return bundles;
}

/** Messages from one row to another in one place become one line; what was lost or refused stays apart. */
function bundled(arrows: readonly Arrow[], binPx: number): readonly Arrow[] {
  const bundles = new Map<string, Arrow>();
  for (const arrow of arrows) {
    const key = `${String(Math.floor(arrow.x1 / binPx))} ${String(arrow.y1)} ${String(arrow.y2)} ${arrow.fate}`;
    const there = bundles.get(key);
    bundles.set(key, there === undefined ? arrow : { ...there, count: there.count + 1 });
  }
  return [...bundles.values()];
}

const TRAFFIC_PX = 5;

/** How many messages cross each gap between two rows, in narrow bins. */
function trafficOf(arrows: readonly Arrow[], layout: Layout): readonly Traffic[] {
  const rows = layout.nodes.map((row) => row.y);
  const counts = new Map<number, number[]>();
  for (const arrow of arrows) {
    const bin = Math.floor(arrow.x1 / TRAFFIC_PX);
    const gaps = counts.get(bin) ?? rows.map(() => 0);
    counts.set(bin, gaps);
    const top = Math.min(arrow.y1, arrow.y2);
    const bottom = Math.max(arrow.y1, arrow.y2);
    rows.forEach((y, i) => {
      if (y >= top && y < bottom) gaps[i] = (gaps[i] ?? 0) + 1;
    });
  }
  const most = Math.max(1, ...[...counts.values()].map((gaps) => Math.max(...gaps)));
  const paths = ['', '', '', ''];
  for (const [bin, gaps] of counts) {
    gaps.forEach((count, i) => {
      const [top, bottom] = [rows[i], rows[i + 1]];
      if (count === 0 || top === undefined || bottom === undefined) return;
      const level = Math.min(3, Math.floor((4 * Math.log2(count)) / Math.log2(most + 1)));
      paths[level] = `${paths[level] ?? ''}M${String((bin + 0.5) * TRAFFIC_PX)},${String(top)}V${String(bottom)}`;
    });
  }
  return ([1, 2, 3, 4] as const).flatMap((level) => {
    const path = paths[level - 1] ?? '';
    return path === '' ? [] : [{ level, path }];
  });
}

/** Whether a message left or came with an event: at its node, in its moment. */
export function comesWith(message: TapeMessage, event: TapeEvent | undefined): boolean {
  if (event === undefined) return false;
  return (message.from === event.node && message.sentUs === event.atUs) || (message.to === event.node && message.arrivedUs === event.atUs);
}

/** The mark nearest to a point, within reach. */
export function nearestMark(marks: readonly EventMark[], x: number, y: number, reachPx: number): EventMark | undefined {
  let best: EventMark | undefined;
  let least = reachPx;
  for (const mark of marks) {
    // Along the row a miss is worse than across it: rows are far apart.
    const distance = Math.hypot(mark.x - x, (mark.y - y) * 0.8);
    if (distance < least) [best, least] = [mark, distance];
  }
  return best;
}

/** The arrow nearest to a point, within reach. */
export function nearestArrow(arrows: readonly Arrow[], x: number, y: number, reachPx: number): Arrow | undefined {
  let best: Arrow | undefined;
  let least = reachPx;
  for (const arrow of arrows) {
    const dx = arrow.x2 - arrow.x1;
    const dy = arrow.y2 - arrow.y1;
    const along = Math.min(1, Math.max(0, ((x - arrow.x1) * dx + (y - arrow.y1) * dy) / (dx * dx + dy * dy || 1)));
    const distance = Math.hypot(arrow.x1 + along * dx - x, arrow.y1 + along * dy - y);
    if (distance < least) [best, least] = [arrow, distance];
  }
  return best;
}
