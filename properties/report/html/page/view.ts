/** What of the axis is in sight, and how zooming and panning change it. Units are the axis's. */
export interface View {
  readonly from: number;
  readonly to: number;
}

/** Never fewer units over the chart's width: two events of one instant are then half a chart apart. */
const NEAREST_UNITS = 2;

export function clampView(view: View, length: number): View {
  const span = Math.min(Math.max(view.to - view.from, Math.min(NEAREST_UNITS, length)), length);
  const from = Math.min(Math.max(view.from, 0), length - span);
  return { from, to: from + span };
}

/** Zooms by a factor (> 1: nearer) while `around` keeps its place. */
export function zoomed(view: View, factor: number, around: number, length: number): View {
  const pinned = Math.min(Math.max(around, view.from), view.to);
  return clampView({ from: pinned - (pinned - view.from) / factor, to: pinned + (view.to - pinned) / factor }, length);
}

export function panned(view: View, by: number, length: number): View {
  return clampView({ from: view.from + by, to: view.to + by }, length);
}

/** The view moved, if it must be, so that `place` stands in sight with some air around it. */
export function following(view: View, place: number, length: number): View {
  const span = view.to - view.from;
  const air = span * 0.08;
  if (place >= view.from + Math.min(air, view.from) && place <= view.to - Math.min(air, length - view.to)) return view;
  return clampView({ from: place - span / 2, to: place + span / 2 }, length);
}

/** A virtual time as people read it. `stepUs` says how fine: what lies between neighbours. */
export function timeText(us: number, stepUs = 1): string {
  const seconds = us / 1_000_000;
  const digits = stepUs >= 1_000_000 ? 0 : stepUs >= 100_000 ? 1 : stepUs >= 1000 ? 3 : 6;
  return `${seconds.toFixed(digits)} s`;
}

export function durationText(us: number): string {
  if (us < 1000) return `${String(Math.round(us))} µs`;
  if (us < 1_000_000) return `${trimmed(us / 1000)} ms`;
  return `${trimmed(us / 1_000_000)} s`;
}

function trimmed(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toFixed(value >= 10 ? 1 : 2)));
}
