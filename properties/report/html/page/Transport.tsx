/** The scrubber: a slider over the events that are shown, steps to neighbours, and what the cursor stands on. */
import { familyOf } from './families.ts';
import type { Move } from './moves.ts';
import { atOrBefore } from './states.ts';
import type { Story } from './story.ts';
import { timeText } from './view.ts';

interface Props {
  readonly story: Story;
  readonly shown: readonly number[];
  readonly cursor: number;
  readonly move: (move: Move) => void;
  readonly go: (event: number) => void;
}

function Step({ label, text, keys, move, to }: { readonly label: string; readonly text: string; readonly keys: string; readonly move: (move: Move) => void; readonly to: Move }) {
  return (
    <button type="button" class={to} aria-label={label} title={`${label} (${keys})`} onClick={() => { move(to); }}>
      {text}
    </button>
  );
}

export function Transport({ story, shown, cursor, move, go }: Props) {
  const event = story.tape.events[cursor];
  const nth = Math.max(0, atOrBefore(shown, cursor));
  const steps = { move };
  const same = event === undefined || event.gpid === '' ? 'same' : event.gpid;
  return (
    <section class="transport" aria-label="Scrubber over virtual time">
      <div class="buttons">
        <Step {...steps} label="First event" text="|‹" keys="Home" to="first" />
        <Step {...steps} label="Previous change" text="‹‹" keys="Shift ←" to="previousChange" />
        <Step {...steps} label="Previous event" text="‹" keys="←" to="previous" />
        <Step {...steps} label="Next event" text="›" keys="→" to="next" />
        <Step {...steps} label="Next change" text="››" keys="Shift →" to="nextChange" />
        <Step {...steps} label="Last event" text="›|" keys="End" to="last" />
        <Step {...steps} label="Previous event of this partition" text={`‹ ${same}`} keys="[" to="previousSame" />
        <Step {...steps} label="Next event of this partition" text={`${same} ›`} keys="]" to="nextSame" />
        <Step {...steps} label="Go to the failing event" text="fails" keys="f" to="failing" />
        {story.parting !== undefined && <Step {...steps} label="Go to the parting event" text="parts" keys="d" to="parting" />}
      </div>
      <input
        type="range"
        id="scrubber"
        min={0}
        max={Math.max(shown.length - 1, 0)}
        step={1}
        value={nth}
        aria-label="Event"
        aria-valuetext={event === undefined ? 'no event' : `${timeText(event.atUs)}, ${event.text}`}
        onInput={(input) => { go(shown[Number(input.currentTarget.value)] ?? cursor); }}
      />
      <p class="here" data-event={cursor}>
        <span class="time">{timeText(event?.atUs ?? 0)}</span>
        <span class="nth">{`event ${String(cursor + story.leftOut)}`}</span>
        <span class={`swatch f-${familyOf(event?.kind ?? '')}`} aria-hidden="true" />
        <span class="text" title={event?.text}>{event?.text ?? 'no event'}</span>
      </p>
    </section>
  );
}
