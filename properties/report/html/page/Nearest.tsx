/** The plan that differs in one place and passes, and who waits for whom when a run is stuck. */
import type { WaitLink } from '../../../explain/explanation.ts';
import type { Story } from './story.ts';
import { timeText } from './view.ts';

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
          {story.finding.pairs.map((pair, i) => (
            <tr key={i} class={pair.same ? 'same' : 'differs'}>
              <td><code>{pair.here}</code></td>
              <td><code>{pair.same ? '=' : pair.there === '' ? '(not there)' : pair.there}</code></td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="ended">That run: {nearest.ended}</p>
      <h3>The two runs part at {timeText(parting.atUs)}, event {parting.event}</h3>
      <dl class="clash parting">
        <div class="actual">
          <dt>here</dt>
          <dd>{parting.here === '' ? 'the run had ended' : parting.here}</dd>
        </div>
        <div>
          <dt>there</dt>
          <dd>{parting.there === '' ? 'the run had ended' : parting.there}</dd>
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

export function Waits({ story }: { readonly story: Story }) {
  const { explanation, waiting } = story.finding.record;
  if (explanation.waits.length === 0 && waiting.length === 0) return null;
  return (
    <section id="waits" aria-labelledby="waits-title">
      <h2 id="waits-title">Who waits for whom</h2>
      <ol class="waits">
        {explanation.waits.map((link, i) => (
          <li key={i} class={link.kind}>
            <span class="tag">{KINDS[link.kind]}</span> <strong>{link.who}</strong>
            <p>{link.text}</p>
          </li>
        ))}
      </ol>
      {waiting.length > 0 && (
        <details open={explanation.waits.length === 0}>
          <summary>{`All that waited when the run ended (${String(waiting.length)})`}</summary>
          <ul class="lines">{waiting.map((line, i) => <li key={i}>{line}</li>)}</ul>
        </details>
      )}
    </section>
  );
}
