/** The statuses over time: one lane for each table, duplication, load, replica, process and fault. */
import type { Axis } from '../axis.ts';
import type { TapeLane, TapeSpan } from '../../../tape.ts';
import { durationText, timeText } from '../view.ts';
import { LANE_HEIGHT, type Layout } from './layout.ts';
import type { Scale } from './scale.ts';
import { fitted } from './words.ts';

interface Props {
  readonly axis: Axis;
  readonly scale: Scale;
  readonly layout: Layout;
}

/** How a status is coloured: by what it means to somebody who looks for trouble. */
function tone(lane: TapeLane, words: string): string {
  if (lane.kind === 'fault') return 'bad';
  // What comes after the status (a fail mode, say) is not the status.
  const word = words.split(' ')[0] ?? '';
  if (/ERROR|FAIL|REMOVED|DROPPED|^(down|stopped|crash|power)/.test(word)) return 'bad';
  if (/INACTIVE|PAUS|CANCEL|LEARN|POTENTIAL|PREPARE|^(closed|paused)/.test(word)) return 'waiting';
  if (word === 'PS_PRIMARY') return 'leading';
  if (/SECONDARY|AVAILABLE|SUCCEED|DS_LOG|^up$/.test(word)) return 'well';
  return 'busy';
}

interface Box {
  readonly span: TapeSpan;
  readonly x: number;
  readonly width: number;
}

/** What of a lane is in sight; spans that would stand on one pixel are drawn once. */
function boxes(lane: TapeLane, { axis, scale }: Props): readonly Box[] {
  const found: Box[] = [];
  let drawnTo = -Infinity;
  for (const [i, span] of lane.spans.entries()) {
    const from = Math.max(scale.x(axis.at(span.fromUs, 'first')), scale.left - 8);
    const to = Math.min(scale.x(axis.at(span.toUs, i === lane.spans.length - 1 ? 'last' : 'first')), scale.right + 8);
    if (to < scale.left - 8 || from > scale.right + 8) continue;
    if (to - from < 1 && from - drawnTo < 1) continue;
    found.push({ span, x: from, width: Math.max(to - from, 1) });
    drawnTo = Math.max(to, from + 1);
  }
  return found;
}

export function Timeline(props: Props) {
  return (
    <g class="lanes">
      {props.layout.lanes.map((row) => (
        <g key={`${row.lane.cluster} ${row.lane.name}`} class={`lane ${row.lane.kind}`}>
          {boxes(row.lane, props).map(({ span, x, width }) => (
            <g key={span.fromUs} class={`span ${tone(row.lane, span.word)}`}>
              <title>{`${row.lane.name}: ${span.word}, ${timeText(span.fromUs)} to ${timeText(span.toUs)} (${durationText(span.toUs - span.fromUs)})`}</title>
              <rect x={x} y={row.y} width={Math.max(width - 1, 1)} height={LANE_HEIGHT} rx={1.5} />
              <text x={x + 4} y={row.y + 13}>
                {fitted(span.word, width - 8)}
              </text>
            </g>
          ))}
        </g>
      ))}
    </g>
  );
}

/** Faults as bands behind the sequence, so that what happens under them is seen at once. */
export function FaultBands(props: Props) {
  const { layout } = props;
  return (
    <g class="bands">
      {layout.lanes
        .filter((row) => row.lane.kind === 'fault')
        .flatMap((row) => boxes(row.lane, props).map((box) => <rect key={`${row.lane.cluster} ${row.lane.name} ${String(box.span.fromUs)}`} x={box.x} y={layout.sequenceTop} width={box.width} height={layout.sequenceBottom - layout.sequenceTop} />))}
    </g>
  );
}
