/** The chart: message sequence above, statuses below, one axis and one cursor for both. */
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Axis } from '../axis.ts';
import type { TapeMessage } from '../../../tape.ts';
import { atOrBefore } from '../states.ts';
import type { Story } from '../story.ts';
import type { Dispatch, Ui } from '../ui.ts';
import { panned, timeText, zoomed, type View } from '../view.ts';
import { useGestures } from './gestures.ts';
import { makeLayout } from './layout.ts';
import { eventMarks, messageMarks, nearestArrow, nearestMark, placeMessages } from './marks.ts';
import { Overview } from './Overview.tsx';
import { flagPx, Folds, Needle, Ruler, Steps } from './Ruler.tsx';
import { makeScale } from './scale.ts';
import { Arrows, arrowText, Dots, Labels, NodeLines, TrafficLines } from './Sequence.tsx';
import { FaultBands, Timeline } from './Timeline.tsx';

/** How wide a flag on the ruler is, more or less. */
const FLAG_PX = 50;

/** What the pointer is on. */
interface Hint {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}
const NO_HINT: Hint = { x: 0, y: 0, text: '' };

interface Props {
  readonly story: Story;
  readonly ui: Ui;
  readonly shown: readonly number[];
  readonly messages: readonly TapeMessage[];
  readonly axis: Axis;
  readonly dispatch: Dispatch;
}

function useWidth(): readonly [{ current: HTMLDivElement | null }, number] {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(960);
  useLayoutEffect(() => {
    const { current } = box;
    if (current === null) return undefined;
    const measure = (): void => { setWidth(Math.max(280, Math.floor(current.clientWidth))); };
    measure();
    const watcher = new ResizeObserver(measure);
    watcher.observe(current);
    return () => { watcher.disconnect(); };
  }, []);
  return [box, width];
}

/** Place of any event, shown or not. */
export function placeOf(story: Story, shown: readonly number[], axis: Axis, event: number): number {
  const nth = atOrBefore(shown, event);
  if (shown[nth] === event) return axis.ofEvent(nth);
  return axis.at(story.tape.events[event]?.atUs ?? 0, 'last');
}

export function Chart({ story, ui, shown, messages, axis, dispatch }: Props) {
  const [box, width] = useWidth();
  const [everyLane, setEveryLane] = useState(false);
  const [hint, setHint] = useState<Hint>(NO_HINT);
  const picture = useRef<SVGSVGElement>(null);
  const layout = useMemo(() => makeLayout(story, ui.filter, width, everyLane), [story, ui.filter, width, everyLane]);
  const placed = useMemo(() => placeMessages(messages, axis, story.tape.endUs), [story, messages, axis]);
  const view: View = ui.view ?? { from: 0, to: axis.length };
  const scale = makeScale(layout, view);
  const marks = useMemo(() => eventMarks(story, shown, axis, makeScale(layout, view), layout), [story, shown, axis, layout, view.from, view.to]);
  const { arrows, traffic } = useMemo(() => messageMarks(placed, makeScale(layout, view), layout), [placed, layout, view.from, view.to]);
  const place = (event: number): number => placeOf(story, shown, axis, event);
  const { verdict } = story.finding.record;
  const go = (event: number): void => { dispatch({ kind: 'cursor', event }); };

  const textAt = (x: number, y: number): string => {
    const mark = nearestMark(marks, x, y, 9);
    if (mark !== undefined) {
      const event = story.tape.events[mark.event];
      return `${timeText(event?.atUs ?? 0)}  ${event?.text ?? ''}${mark.count > 1 ? `  and ${String(mark.count - 1)} more: zoom in` : ''}`;
    }
    const arrow = nearestArrow(arrows, x, y, 6);
    return arrow === undefined ? '' : arrowText(arrow);
  };
  useGestures(picture, {
    click: (x, y) => {
      const mark = nearestMark(marks, x, y, 16);
      const nearest = mark?.event ?? shown[Math.max(0, atOrBefore(shown.map((_, nth) => axis.ofEvent(nth)), scale.units(x)))];
      if (nearest !== undefined && x >= layout.gutter) go(nearest);
    },
    hover: (x, y) => { const text = textAt(x, y); setHint((before) => (text === '' && before.text === '' ? before : { x, y, text })); },
    leave: () => { setHint(NO_HINT); },
    pan: (dx) => { dispatch({ kind: 'view', view: panned(view, -dx / scale.perUnit, axis.length) }); },
    zoom: (factor, x) => { dispatch({ kind: 'view', view: zoomed(view, factor, scale.units(x), axis.length) }); },
  });
  const failing = verdict.kind === 'pass' ? undefined : scale.x(verdict.kind === 'stuck' ? axis.at(verdict.atUs, 'last') : place(story.failing));
  const parting = story.parting === undefined ? undefined : scale.x(place(story.parting));
  const common = { story, axis, scale, layout };
  return (
    <div class="chart" ref={box}>
      <Overview axis={axis} count={shown.length} width={width} gutter={layout.gutter} view={view} failing={place(story.failing)} cursor={place(ui.cursor)} centre={(units) => { dispatch({ kind: 'view', view: panned(view, units - (view.from + view.to) / 2, axis.length) }); }} />
      <svg ref={picture} class="picture" width={width} height={layout.height} role="img" aria-label={`Chart of ${String(shown.length)} events and ${String(messages.length)} messages over ${String(layout.nodes.length)} nodes; the list of events below says the same in words`}>
        <defs>
          <pattern id="quiet" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <line x1="0" y1="0" x2="0" y2="6" />
          </pattern>
          <clipPath id="plot">
            <rect x={layout.gutter} y={0} width={Math.max(width - layout.gutter, 1)} height={layout.height} />
          </clipPath>
        </defs>
        <g clip-path="url(#plot)">
          <Ruler {...common} taken={[failing, parting].flatMap((x) => (x === undefined ? [] : [Math.min(Math.max(x, layout.gutter + FLAG_PX / 2), width - FLAG_PX / 2)]))} />
          <Folds {...common} />
          <FaultBands {...common} />
          <Steps {...common} place={place} go={go} />
          <NodeLines scale={scale} layout={layout} />
          <TrafficLines traffic={traffic} />
          <Arrows arrows={arrows} event={story.tape.events[ui.cursor]} />
          <Dots story={story} marks={marks} cursor={ui.cursor} />
          <Timeline {...common} />
          <Needle name="cursor" word="" x={scale.x(place(ui.cursor))} layout={layout} />
          {parting !== undefined && <Needle name="parting" word="parts" x={parting} layout={layout} {...(failing !== undefined && failing >= parting ? { until: Math.min(failing, layout.width - flagPx('fails') / 2) - flagPx('fails') / 2 } : {})} />}
          {failing !== undefined && <Needle name="failing" word="fails" x={failing} layout={layout} />}
        </g>
        <Labels layout={layout} />
      </svg>
      {hint.text !== '' && <p class="hint" aria-hidden="true" style={{ left: `${String(Math.max(0, Math.min(hint.x + 12, width - 330)))}px`, top: `${String(hint.y + 40)}px` }}>{hint.text}</p>}
      <p class="caption">
        <span><b>●</b> event</span>
        <span><b>■</b> command</span>
        <span><b class="bad">▲</b> fault</span>
        <span><b>—▸</b> request</span>
        <span><b>- ▸</b> reply</span>
        <span><b>··▸</b> told</span>
        <span class="bad"><b>—▸</b> refused</span>
        <span class="bad"><b>✕</b> lost</span>
        <span><i class="hatch" /> quiet time, folded</span>
      </p>
      {layout.hiddenLanes > 0 && <button type="button" class="quiet" onClick={() => { setEveryLane(true); }}>{`Show ${String(layout.hiddenLanes)} more statuses`}</button>}
      {everyLane && <button type="button" class="quiet" onClick={() => { setEveryLane(false); }}>Show fewer statuses</button>}
    </div>
  );
}
