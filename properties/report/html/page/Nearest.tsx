/** The plan that differs in one place and passes, and who waits for whom when a run is stuck. */
import type { WaitLink } from '../../../explain/explanation.ts';
import type { PlanPair } from './pageFinding.ts';
import type { Story } from './story.ts';
import { hereText, thereText } from '../../hereText.ts';
import { timeText } from './view.ts';

/** Longer stretches of equal lines become a number. */
const EQUAL_LINES = 3;

function foldedPairs(pairs: readonly PlanPair[]): readonly (PlanPair | number)[] {
  const folded: (PlanPair | number)[] = [];
  for (let i = 0; i < pairs.length; ) {
    let end = i;
    while (pairs[end]?.same === true) end += 1;
    if (end - i > EQUAL_LINES) folded.push(end - i);
    else folded.push(...pairs.slice(i, Math.max(end, i + 1)));
    i = Math.max(end, i + 1);
  }
  return folded;
}

function Pair({ pair }: { readonly pair: PlanPair }) {
  const side = (text: string) => (text === '' ? <em>not there</em> : <code>{text}</code>);
  return (
    <tr class={pair.same ? 'same' : 'differs'}>
      <td>{side(pair.here)}</td>
      <td>{pair.same ? <span aria-label="the same">=</span> : side(pair.there)}</td>
    </tr>
  );
}

export function Nearest({ story, go }: { readonly story: Story; readonly go: (event: number) => void }) {
  const nearest = story.finding.record.explanation.nearestPass;
  if (nearest === undefined) return null;
  const { parting } = nearest;
  const { parting: event } = story;
  return (
    <section id="nearest" aria-labelledby="nearest-title">
      <h2 id="nearest-title">The nearest plan that passes</h2>
      <p class="change">{nearest.change}</p>
      <table class="pair">
        <thead>
          <tr>
            <th scope="col">this plan fails</th>
            <th scope="col">that plan passes</th>
          </tr>
        </thead>
        <tbody>
          {foldedPairs(story.finding.pairs).map((pair, i) => (typeof pair === 'number' ? <tr key={i} class="same"><td colSpan={2}>{`${String(pair)} lines are the same`}</td></tr> : <Pair key={i} pair={pair} />))}
        </tbody>
      </table>
      <h3>The two runs part at {timeText(parting.atUs)}, event {parting.event}</h3>
      <dl class="clash parting">
        <div class="actual">
          <dt>here</dt>
          <dd>{hereText(parting)}</dd>
        </div>
        <div>
          <dt>there</dt>
          <dd>{thereText(parting)}</dd>
        </div>
      </dl>
      {event !== undefined && <button type="button" onClick={() => { go(event); }}>Go to the parting event</button>}
    </section>
  );
}

const KINDS: Readonly<Record<WaitLink['kind'], string>> = {
  obligation: 'owed',
  call: 'unanswered call',
  refused: 'refused again and again',
  timer: 'timer',
  queued: 'queued',
  store: 'state store',
  standstill: 'stands still',
};

/** Of each link; one without a depth of its own follows from the one before it. */
function depthsOf(waits: readonly WaitLink[]): readonly number[] {
  let depth = -1;
  return waits.map((link) => (depth = link.depth ?? depth + 1));
}

export function Waits({ story }: { readonly story: Story }) {
  const { explanation } = story.finding.record;
  if (explanation.waits.length === 0) return null;
  const depths = depthsOf(explanation.waits);
  return (
    <section id="waits" aria-labelledby="waits-title">
      <h2 id="waits-title">Who waits for whom</h2>
      <ol class="waits">
        {explanation.waits.map((link, i) => (
          <li key={i} class={link.kind} style={{ marginInlineStart: `${String(depths[i] ?? 0)}rem` }}>
            <span class="tag">{KINDS[link.kind]}</span> <strong>{link.who}</strong>
            <p>{link.text}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Until so many lines, what waited is shown without being asked for. */
const FEW = 6;

export function Waiting({ story }: { readonly story: Story }) {
  const { waiting } = story.finding.record;
  if (waiting.length === 0) return null;
  return (
    <details class="waiting" open={waiting.length <= FEW}>
      <summary>{`All that waited when the run ended (${String(waiting.length)})`}</summary>
      <ul class="lines">{waiting.map((line, i) => <li key={i}>{line}</li>)}</ul>
    </details>
  );
}
