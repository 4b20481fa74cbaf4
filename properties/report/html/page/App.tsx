/** The page: what broke, the plan, the chart, the scrubber, both states, the events. */
import { useEffect, useMemo, useReducer } from 'preact/hooks';
import { makeAxis } from './axis.ts';
import { Chart, placeOf } from './chart/Chart.tsx';
import { EventList } from './EventList.tsx';
import { shownEvents, shownMessages } from './filter.ts';
import { Filters } from './Filters.tsx';
import { Header } from './Header.tsx';
import { Help } from './Help.tsx';
import { useKeyboard } from './keyboard.ts';
import { moved, type Move } from './moves.ts';
import { Nearest, Waiting, Waits } from './Nearest.tsx';
import { PlanView } from './PlanView.tsx';
import { StatePane } from './StatePane.tsx';
import type { Story } from './story.ts';
import { Transport } from './Transport.tsx';
import { firstUi, otherTheme, reduce } from './ui.ts';
import { following, panned, zoomed } from './view.ts';

function SkipLinks() {
  return (
    <nav class="skip" aria-label="Skip to">
      {[['plan', 'the plan'], ['chart', 'the chart'], ['state', 'the states'], ['events', 'the events']].map(([id, text]) => <a key={id} href={`#${id ?? ''}`}>{text}</a>)}
    </nav>
  );
}

function useStory(story: Story) {
  const [ui, dispatch] = useReducer(reduce, { cursor: story.failing, path: story.gpid }, firstUi);
  const shown = useMemo(() => shownEvents(story, ui.filter), [story, ui.filter]);
  const messages = useMemo(() => shownMessages(story, ui.filter), [story, ui.filter]);
  const axis = useMemo(() => makeAxis(shown.map((event) => story.tape.events[event]?.atUs ?? 0), story.tape.endUs, ui.mode), [story, shown, ui.mode]);
  return { ui, dispatch, shown, messages, axis };
}

export function App({ story }: { readonly story: Story }) {
  const { ui, dispatch, shown, messages, axis } = useStory(story);
  const view = ui.view ?? { from: 0, to: axis.length };
  const go = (event: number): void => { dispatch({ kind: 'cursor', event, view: ui.view === undefined ? undefined : following(ui.view, placeOf(story, shown, axis, event), axis.length) }); };
  const move = (to: Move): void => { go(moved(story, shown, ui.cursor, to)); };
  const zoom = (factor: number): void => { dispatch({ kind: 'view', view: zoomed(view, factor, placeOf(story, shown, axis, ui.cursor), axis.length) }); };
  useEffect(() => {
    if (ui.theme !== undefined) document.documentElement.dataset['theme'] = ui.theme;
  }, [ui.theme]);
  useKeyboard({
    move,
    zoom,
    pan: (part) => { dispatch({ kind: 'view', view: panned(view, part * (view.to - view.from), axis.length) }); },
    fit: () => { dispatch({ kind: 'view', view: undefined }); },
    theme: () => { dispatch({ kind: 'theme', theme: otherTheme(ui) }); },
    help: () => { dispatch({ kind: 'help', open: true }); },
  });
  const { record } = story.finding;
  // A chain of waits is long: then the nearest plan stands below the plan, else beside it.
  const chained = record.explanation.waits.length > 0;
  const beside = record.explanation.nearestPass !== undefined || chained || record.waiting.length > 0;
  return (
    <>
      <SkipLinks />
      <Header record={record} ui={ui} dispatch={dispatch} />
      <main>
        <div class={beside ? 'halves' : ''}>
          <div>
            <PlanView story={story} go={go} />
            {chained && <Nearest story={story} go={go} />}
          </div>
          {beside && (
            <div>
              <Waits story={story} />
              {!chained && <Nearest story={story} go={go} />}
              <Waiting story={story} />
            </div>
          )}
        </div>
        <div class="explorer">
          <section id="chart" aria-labelledby="chart-title">
          <h2 id="chart-title">What happened</h2>
          {story.leftOut > 0 && <p class="note">{`The run is too long for one page: its first ${String(story.leftOut)} events are left out.`}</p>}
          <Filters story={story} ui={ui} shown={shown.length} dispatch={dispatch} zoom={zoom} />
          <Chart story={story} ui={ui} shown={shown} messages={messages} axis={axis} dispatch={dispatch} />
        </section>
        <Transport story={story} shown={shown} cursor={ui.cursor} move={move} go={go} />
        <div class="halves states-events">
          <StatePane story={story} ui={ui} dispatch={dispatch} />
          <EventList story={story} ui={ui} shown={shown} dispatch={dispatch} />
        </div>
        </div>
      </main>
      <Help open={ui.help} close={() => { dispatch({ kind: 'help', open: false }); }} />
    </>
  );
}
