/** The state after the event under the cursor: the model's and the implementation's side by side, and what just changed. */
import { useMemo, useState } from 'preact/hooks';
import { comesWith } from './chart/marks.ts';
import { arrowText } from './chart/Sequence.tsx';
import { fateOf } from './fate.ts';
import { isChanged, isDifferent, rowsAt, type Cell, type Row } from './states.ts';
import type { Story } from './story.ts';
import type { Dispatch, StateChoice, Ui } from './ui.ts';
import { timeText } from './view.ts';

/** Rows that are shown before the reader asks for all. */
const ROWS_AT_FIRST = 300;

function Word({ cell, side }: { readonly cell: Cell | undefined; readonly side: string }) {
  if (cell === undefined) return <td class="none" data-side={side} />;
  if (!cell.changed) return <td data-side={side}><code>{cell.word}</code></td>;
  return (
    <td class="changed" data-side={side}>
      {cell.before !== undefined && <del><code>{cell.before}</code></del>}
      {cell.before !== undefined && <span aria-hidden="true"> → </span>}
      {cell.word === undefined ? <em>gone</em> : <ins><code>{cell.word}</code></ins>}
    </td>
  );
}

function groupOf(row: Row): string {
  return row.segments.slice(0, -1).join(' › ');
}

function grouped(rows: readonly Row[]): readonly { readonly group: string; readonly rows: readonly Row[] }[] {
  const groups: { group: string; rows: Row[] }[] = [];
  for (const row of rows) {
    const group = groupOf(row);
    const last = groups.at(-1);
    if (last?.group === group) last.rows.push(row);
    else groups.push({ group, rows: [row] });
  }
  return groups;
}

function chosen(rows: readonly Row[], ui: Ui): readonly Row[] {
  const path = ui.path.trim().toLowerCase();
  const words = path === '' ? [] : path.split(/\s+/);
  return rows.filter((row) => {
    if (ui.states === 'changed' && !isChanged(row)) return false;
    if (ui.states === 'different' && !isDifferent(row)) return false;
    const text = row.segments.join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function RowLine({ row, name }: { readonly row: Row; readonly name: string }) {
  const different = isDifferent(row);
  return (
    <tr class={`${isChanged(row) ? 'just' : ''} ${different ? 'different' : ''}`} data-path={row.segments.join('/')}>
      <th scope="row">
        {name}
        {different && <span class="unequal" title="model and implementation say different words"> ≠</span>}
      </th>
      <Word cell={row.model} side="model" />
      <Word cell={row.implementation} side="implementation" />
    </tr>
  );
}

function Head() {
  return (
    <thead>
      <tr>
        <th scope="col">place</th>
        <th scope="col">model</th>
        <th scope="col">implementation</th>
      </tr>
    </thead>
  );
}

/** More messages in one moment would push the states out of sight. */
const MOST_MESSAGES = 6;

function Messages({ story, cursor }: { readonly story: Story; readonly cursor: number }) {
  const event = story.tape.events[cursor];
  const messages = useMemo(() => story.tape.messages.filter((message) => comesWith(message, event)), [story, event]);
  if (messages.length === 0) return null;
  return (
    <>
      <h3>Messages that came or left with it</h3>
      <ul class="messages">
        {messages.slice(0, MOST_MESSAGES).map((message, i) => <li key={i}>{arrowText({ message, fate: fateOf(message, story.tape.endUs), count: 1 })}</li>)}
        {messages.length > MOST_MESSAGES && <li>{`and ${String(messages.length - MOST_MESSAGES)} more`}</li>}
      </ul>
    </>
  );
}

const CHOICES: readonly (readonly [StateChoice, string])[] = [
  ['all', 'all'],
  ['changed', 'just changed'],
  ['different', 'model ≠ implementation'],
];

export function StatePane({ story, ui, dispatch }: { readonly story: Story; readonly ui: Ui; readonly dispatch: Dispatch }) {
  const [every, setEvery] = useState(false);
  const { verdict } = story.finding.record;
  const rows = useMemo(() => rowsAt(story.model, story.implementation, ui.cursor, story.clusters), [story, ui.cursor]);
  const changed = rows.filter(isChanged);
  const different = rows.filter(isDifferent).length;
  const fitting = chosen(rows, ui);
  const listed = every ? fitting : fitting.slice(0, ROWS_AT_FIRST);
  return (
    <section id="state" aria-labelledby="state-title">
      <h2 id="state-title">State after this event</h2>
      {ui.cursor === story.failing && (verdict.kind === 'violation' || verdict.kind === 'stuck') && (
        <p class="fails-here"><strong>{verdict.kind === 'stuck' ? `The last event; at ${timeText(verdict.atUs, 1000)} it is too late.` : 'Here it fails.'}</strong> Expected: {verdict.expected}. Happened: {verdict.actual}.</p>
      )}
      <h3>{changed.length === 0 ? 'Nothing changed with this event' : 'What changed'}</h3>
      {changed.length > 0 && (
        <table class="states changes">
          <Head />
          <tbody>{changed.map((row) => <RowLine key={row.key} row={row} name={row.segments.join(' › ')} />)}</tbody>
        </table>
      )}
      <Messages story={story} cursor={ui.cursor} />
      <div class="tools">
        <label class="choice grow">
          places
          <input type="search" value={ui.path} placeholder="1.0 replica-0 decree" onInput={(event) => { dispatch({ kind: 'path', path: event.currentTarget.value }); }} />
        </label>
        <span class="group" role="group" aria-label="which places">
          {CHOICES.map(([id, text]) => (
            <button key={id} type="button" aria-pressed={ui.states === id} onClick={() => { dispatch({ kind: 'states', states: id }); }}>{id === 'different' ? `${text} (${String(different)})` : text}</button>
          ))}
        </span>
        <span class="tally">{`${String(fitting.length)} of ${String(rows.length)} places`}</span>
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="States">
        <table class="states" id="states">
          <Head />
          {grouped(listed).map(({ group, rows: members }) => (
            <tbody key={group}>
              <tr class="group"><th scope="colgroup" colSpan={3}>{group === '' ? 'world' : group}</th></tr>
              {members.map((row) => <RowLine key={row.key} row={row} name={row.segments.at(-1) ?? ''} />)}
            </tbody>
          ))}
        </table>
        {listed.length < fitting.length && <button type="button" class="quiet" onClick={() => { setEvery(true); }}>{`Show ${String(fitting.length - listed.length)} more places`}</button>}
      </div>
    </section>
  );
}
