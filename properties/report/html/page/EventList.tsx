/** Every event that is shown, as lines. Only those in sight are in the page, so ten thousand cost as much as fifty. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { familyOf } from './families.ts';
import { atOrBefore } from './states.ts';
import type { Story } from './story.ts';
import type { Dispatch, Ui } from './ui.ts';
import { timeText } from './view.ts';

const ROW_PX = 22;
const SPARE_ROWS = 10;

interface Props {
  readonly story: Story;
  readonly ui: Ui;
  readonly shown: readonly number[];
  readonly dispatch: Dispatch;
}

function EventRow({ story, number, top, here }: { readonly story: Story; readonly number: number; readonly top: number; readonly here: boolean }) {
  const event = story.tape.events[number];
  if (event === undefined) return null;
  const special = number === story.failing ? ' failing' : number === story.parting ? ' parting' : '';
  return (
    <div id={`event-${String(number)}`} role="option" aria-selected={here} class={`row${here ? ' here' : ''}${special}${story.changing.has(number) ? ' changing' : ''}`} style={{ top: `${String(top)}px` }} data-number={number}>
      <span class="time">{timeText(event.atUs)}</span>
      <span class={`swatch f-${familyOf(event.kind)}`} aria-hidden="true" />
      <span class="text" title={event.text}>{event.text}</span>
    </div>
  );
}

export function EventList({ story, ui, shown, dispatch }: Props) {
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const height = list.current?.clientHeight ?? 420;
  const nth = Math.max(0, atOrBefore(shown, ui.cursor));
  useLayoutEffect(() => {
    const { current } = list;
    if (current === null) return;
    const at = nth * ROW_PX;
    if (at < current.scrollTop + ROW_PX || at > current.scrollTop + current.clientHeight - 2 * ROW_PX) current.scrollTop = at - current.clientHeight / 2;
  }, [nth, shown]);
  const from = Math.max(0, Math.floor(top / ROW_PX) - SPARE_ROWS);
  const rows = shown.slice(from, Math.ceil((top + height) / ROW_PX) + SPARE_ROWS);
  return (
    <section id="events" aria-labelledby="events-title">
      <h2 id="events-title">Events</h2>
      <div class="tools">
        <label class="choice grow">
          search
          <input type="search" id="search" value={ui.filter.text} placeholder="text, kind or node" aria-keyshortcuts="/" onInput={(event) => { dispatch({ kind: 'filter', change: { text: event.currentTarget.value } }); }} />
        </label>
        <span class="tally">{`${String(shown.length)} shown`}</span>
      </div>
      <div
        class="events-list"
        ref={list}
        role="listbox"
        tabIndex={0}
        aria-label="Events"
        aria-activedescendant={`event-${String(ui.cursor)}`}
        onScroll={(event) => { setTop(event.currentTarget.scrollTop); }}
        onClick={(event) => {
          const row = event.target instanceof Element ? event.target.closest('[data-number]') : null;
          const number = Number(row?.getAttribute('data-number') ?? NaN);
          if (Number.isInteger(number)) dispatch({ kind: 'cursor', event: number });
        }}
      >
        <div class="space" style={{ height: `${String(shown.length * ROW_PX)}px` }}>
          {rows.map((number, i) => <EventRow key={number} story={story} number={number} top={(from + i) * ROW_PX} here={number === ui.cursor} />)}
        </div>
        {shown.length === 0 && <p class="empty">No event fits the filter.</p>}
      </div>
    </section>
  );
}
