/** The ruler with its times and breaks, the steps of the plan, and the lines that go through the whole chart. */
import type { Axis } from '../axis.ts';
import type { Story } from '../story.ts';
import { durationText } from '../view.ts';
import type { Layout } from './layout.ts';
import { RULER_HEIGHT, STEPS_HEIGHT } from './layout.ts';
import { ticksOf, type Scale } from './scale.ts';
import { fitted } from './words.ts';

interface Props {
  readonly story: Story;
  readonly axis: Axis;
  readonly scale: Scale;
  readonly layout: Layout;
}

/** Breaks narrower than this are not drawn, pixels. */
const LEAST_FOLD_PX = 5;
const FOLD_LABEL_PX = 40;
/** A time so near to a flag would be covered by it. */
const TAKEN_PX = 52;

export function Folds({ axis, scale, layout }: Props) {
  const folds = axis.folds.filter((fold) => scale.x(fold.to) > scale.left && scale.x(fold.from) < scale.right && (fold.to - fold.from) * scale.perUnit >= LEAST_FOLD_PX);
  return (
    <g class="folds">
      {folds.map((fold) => {
        const x = scale.x(fold.from);
        const width = scale.x(fold.to) - x;
        const inset = Math.min(width * 0.18, 14);
        return (
          <g key={fold.fromUs}>
            <rect x={x + inset} y={RULER_HEIGHT} width={width - 2 * inset} height={layout.height - RULER_HEIGHT} fill="url(#quiet)">
              <title>{`${durationText(fold.toUs - fold.fromUs)} in which nothing that is shown happens`}</title>
            </rect>
            {width >= FOLD_LABEL_PX && (
              <text x={x + width / 2} y={layout.sequenceBottom - 4} text-anchor="middle">
                {durationText(fold.toUs - fold.fromUs)}
              </text>
            )}
          </g>
        );
      })}
    </g>
  );
}

/** `taken`: where flags stand, pixels. */
export function Ruler({ axis, scale, layout, taken }: Props & { readonly taken: readonly number[] }) {
  return (
    <g class="ruler">
      <line x1={layout.gutter} x2={layout.width} y1={RULER_HEIGHT} y2={RULER_HEIGHT} />
      {ticksOf(axis, scale).map((tick) => (
        <g key={tick.x}>
          <line class="tick" x1={tick.x} x2={tick.x} y1={RULER_HEIGHT - 5} y2={layout.height} />
          {taken.every((x) => Math.abs(x - tick.x) > TAKEN_PX) && (
            <text x={tick.x} y={RULER_HEIGHT - 10} text-anchor="middle">
              {tick.text}
            </text>
          )}
        </g>
      ))}
    </g>
  );
}

interface Flag {
  readonly step: number;
  readonly event: number;
  readonly x: number;
  /** Until the next flag, pixels; what is before it is taken, when it is negative. */
  readonly room: number;
  readonly numbered: boolean;
}

function flagWidth(step: number): number {
  return 10 + 7 * String(step + 1).length;
}

function flagsOf({ story, scale }: Props, place: (event: number) => number): readonly Flag[] {
  const flags = [...story.stepEvents].map(([step, event]) => ({ step, event, x: scale.x(place(event)) })).filter((flag) => scale.sees(flag.x));
  flags.sort((a, b) => a.x - b.x);
  let free = -Infinity;
  return flags.map((flag, i) => {
    const room = (flags[i + 1]?.x ?? scale.right) - flag.x;
    const numbered = flag.x >= free && flag.x + flagWidth(flag.step) <= scale.right + 8;
    if (numbered) free = flag.x + flagWidth(flag.step) + 1;
    return { ...flag, room, numbered };
  });
}

export function Steps(props: Props & { readonly place: (event: number) => number; readonly go: (event: number) => void }) {
  const { story, layout } = props;
  const middle = RULER_HEIGHT + STEPS_HEIGHT / 2;
  const text = new Map(story.finding.record.lines.flatMap((line) => (line.part.kind === 'step' ? [[line.part.step, line.text] as const] : [])));
  const marks = new Map(story.finding.record.explanation.marks.flatMap((mark) => (mark.part.kind === 'step' ? [[mark.part.step, mark.mark] as const] : [])));
  return (
    <g class="steps">
      {flagsOf(props, props.place).map((flag) => {
        const number = String(flag.step + 1);
        const width = flagWidth(flag.step);
        return (
          <g key={flag.step} class={`step ${marks.get(flag.step) ?? 'untried'}`} onClick={() => { props.go(flag.event); }}>
            <title>{`step ${number}: ${text.get(flag.step) ?? ''}`}</title>
            <line x1={flag.x} x2={flag.x} y1={RULER_HEIGHT} y2={layout.sequenceBottom} />
            {flag.numbered && <rect x={flag.x} y={middle - 8} width={width} height={16} rx={2} />}
            {flag.numbered && (
              <text class="number" x={flag.x + width / 2} y={middle + 4} text-anchor="middle">
                {number}
              </text>
            )}
            {flag.numbered && flag.room >= width + 30 && (
              <text x={flag.x + width + 4} y={middle + 4}>
                {fitted(text.get(flag.step) ?? '', flag.room - width - 8)}
              </text>
            )}
          </g>
        );
      })}
    </g>
  );
}

interface NeedleProps {
  readonly x: number;
  readonly name: 'cursor' | 'failing' | 'parting';
  readonly word: string;
  readonly layout: Layout;
  /** The flag may not reach beyond this, pixels. */
  readonly until?: number;
}

export function flagPx(word: string): number {
  return word.length * 6.4 + 10;
}

export function Needle({ x, name, word: inside, layout, until = layout.width }: NeedleProps) {
  // Out of sight its flag stays, and says where to go.
  const word = inside === '' ? '' : x < layout.gutter ? `‹ ${inside}` : x > layout.width ? `${inside} ›` : inside;
  const width = flagPx(word);
  const at = Math.max(Math.min(x - width / 2, until - width), layout.gutter);
  return (
    <g class={`needle ${name}`}>
      <line x1={x} x2={x} y1={name === 'cursor' ? 0 : 14} y2={layout.height} />
      {word !== '' && <rect x={at} y={0} width={width} height={15} rx={2} />}
      {word !== '' && (
        <text x={at + width / 2} y={11} text-anchor="middle">
          {word}
        </text>
      )}
    </g>
  );
}
