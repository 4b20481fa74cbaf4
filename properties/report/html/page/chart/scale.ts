/** Units of the axis to pixels of the chart, for one view. */
import type { Axis } from '../axis.ts';
import { timeText, type View } from '../view.ts';
import type { Layout } from './layout.ts';

export interface Scale {
  readonly left: number;
  readonly right: number;
  readonly perUnit: number;
  readonly x: (units: number) => number;
  readonly units: (x: number) => number;
  /** Whether a place is in sight. */
  readonly sees: (x: number) => boolean;
}

/** Air at both ends, so that the first and last dots are whole. */
const AIR = 8;

export function makeScale(layout: Layout, view: View): Scale {
  const left = layout.gutter + AIR;
  const right = layout.width - AIR;
  const perUnit = (right - left) / Math.max(view.to - view.from, 1e-9);
  return {
    left,
    right,
    perUnit,
    x: (units) => left + (units - view.from) * perUnit,
    units: (x) => view.from + (x - left) / perUnit,
    sees: (x) => x >= left - AIR && x <= right + AIR,
  };
}

export interface Tick {
  readonly x: number;
  readonly text: string;
}

const TICK_PX = 96;

/** Times along the ruler, as fine as neighbours need. */
export function ticksOf(axis: Axis, scale: Scale): readonly Tick[] {
  const count = Math.max(2, Math.floor((scale.right - scale.left) / TICK_PX));
  const places = Array.from({ length: count }, (_, i) => scale.left + ((i + 0.5) * (scale.right - scale.left)) / count);
  const times = places.map((x) => axis.usAt(scale.units(x)));
  return places.map((x, i) => {
    const here = times[i] ?? 0;
    const step = Math.min(Math.abs(here - (times[i - 1] ?? -Infinity)), Math.abs((times[i + 1] ?? Infinity) - here));
    return { x, text: timeText(here, step) };
  });
}
