/**
 * From virtual time to a place on the chart. A run is bursts of microseconds between quiet minutes, so the usual axis is *folded*: each
 * event has a place of its own, gaps grow with the logarithm of their length, and what is longer than a second is a break of one
 * width. The *even* axis is true to time. Places are abstract units; zoom turns them into pixels.
 */
export type AxisMode = 'folded' | 'even';

export interface Fold {
  readonly fromUs: number;
  readonly toUs: number;
  /** Units. */
  readonly from: number;
  readonly to: number;
}

export interface Axis {
  /** Units from the run's beginning to its end. */
  readonly length: number;
  readonly folds: readonly Fold[];
  /** Place of the nth event that the axis was made from. */
  readonly ofEvent: (nth: number) => number;
  /** Place of a time; of a time at which several events are, the place of the first or of the last. */
  readonly at: (us: number, side: 'first' | 'last') => number;
  readonly usAt: (units: number) => number;
}

/** From here on a gap is a quiet part. */
const QUIET_US = 1_000_000;
const FOLD_UNITS = 4.5;
/** Events of one instant stand this far from each other. */
const SAME_INSTANT_UNITS = 0.6;

function gapUnits(gapUs: number): number {
  if (gapUs <= 0) return SAME_INSTANT_UNITS;
  if (gapUs >= QUIET_US) return FOLD_UNITS;
  return SAME_INSTANT_UNITS + 0.7 * Math.log10(1 + gapUs / 10);
}

/** Index of the first element that is `>= value` (or `> value`). */
export function lowerBound(sorted: ArrayLike<number>, value: number, after = false): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const it = sorted[middle] ?? 0;
    if (it < value || (after && it === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A straight line between two known places. */
function between(x: number, x0: number, x1: number, y0: number, y1: number): number {
  return x1 <= x0 ? y0 : y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
}

/** `timesUs` ascends: the events that are shown. */
export function makeAxis(timesUs: readonly number[], endUs: number, mode: AxisMode): Axis {
  const last = Math.max(endUs, timesUs.at(-1) ?? 0, 1);
  // An anchor at the beginning and one at the end; the nth event is anchor n + 1.
  const times = [0, ...timesUs, last];
  const places: number[] = [0];
  const folds: Fold[] = [];
  for (let i = 1; i < times.length; i += 1) {
    const from = places[i - 1] ?? 0;
    const fromUs = times[i - 1] ?? 0;
    const toUs = times[i] ?? 0;
    const gap = toUs - fromUs;
    const to = from + (mode === 'even' ? (gap / last) * 1000 : gapUnits(gap));
    places.push(to);
    if (mode === 'folded' && gap >= QUIET_US) folds.push({ fromUs, toUs, from, to });
  }
  const at = (us: number, side: 'first' | 'last'): number => {
    const i = lowerBound(times, us, side === 'last');
    if (side === 'first' && times[i] === us) return places[i] ?? 0;
    if (i === 0) return 0;
    if (i >= times.length) return places.at(-1) ?? 0;
    return between(us, times[i - 1] ?? 0, times[i] ?? 0, places[i - 1] ?? 0, places[i] ?? 0);
  };
  const usAt = (units: number): number => {
    const i = Math.min(Math.max(lowerBound(places, units), 1), places.length - 1);
    return between(Math.max(0, units), places[i - 1] ?? 0, places[i] ?? 0, times[i - 1] ?? 0, times[i] ?? 0);
  };
  return { length: places.at(-1) ?? 1, folds, ofEvent: (nth) => places[nth + 1] ?? 0, at, usAt };
}
