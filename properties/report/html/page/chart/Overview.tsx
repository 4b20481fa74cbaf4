/** The whole run as a strip: how much happens where, what of it is in sight, where it fails. A click goes there. */
import { useMemo } from 'preact/hooks';
import type { Axis } from '../axis.ts';
import type { View } from '../view.ts';

const HEIGHT = 22;

interface Props {
  readonly axis: Axis;
  readonly count: number;
  readonly width: number;
  readonly gutter: number;
  readonly view: View;
  readonly failing: number;
  readonly cursor: number;
  readonly centre: (units: number) => void;
}

function columns(axis: Axis, count: number, bins: number): readonly number[] {
  const counts = Array.from({ length: bins }, () => 0);
  for (let nth = 0; nth < count; nth += 1) {
    const bin = Math.min(bins - 1, Math.floor((axis.ofEvent(nth) / axis.length) * bins));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

export function Overview({ axis, count, width, gutter, view, failing, cursor, centre }: Props) {
  const left = gutter + 8;
  const span = Math.max(width - left - 8, 1);
  const x = (units: number): number => left + (units / axis.length) * span;
  const bins = Math.max(20, Math.floor(span / 3));
  const path = useMemo(() => {
    const counts = columns(axis, count, bins);
    const most = Math.max(...counts, 1);
    return counts.map((n, i) => (n === 0 ? '' : `M${(left + ((i + 0.5) * span) / bins).toFixed(1)},${String(HEIGHT)}v-${(2 + (HEIGHT - 6) * (Math.log2(1 + n) / Math.log2(1 + most))).toFixed(1)}`)).join('');
  }, [axis, count, bins, left, span]);
  return (
    <svg
      class="overview"
      width={width}
      height={HEIGHT}
      aria-hidden="true"
      onClick={(event) => { centre(((event.clientX - event.currentTarget.getBoundingClientRect().left - left) / span) * axis.length); }}
    >
      <path class="density" d={path} stroke-width={2} />
      <rect class="window" x={x(view.from)} y={0.5} width={Math.max(x(view.to) - x(view.from), 3)} height={HEIGHT - 1} />
      <line class="failing" x1={x(failing)} x2={x(failing)} y1={0} y2={HEIGHT} />
      <line class="cursor" x1={x(cursor)} x2={x(cursor)} y1={0} y2={HEIGHT} />
    </svg>
  );
}
