/** What the chart, the list and the scrubber show: nodes, table, partition, families of events, messages; and the zoom. */
import { FAMILIES } from './families.ts';
import { isFiltering, NO_FILTER, toggled, type MessageChoice } from './filter.ts';
import { shortName } from './chart/layout.ts';
import type { Story } from './story.ts';
import type { Dispatch, Ui } from './ui.ts';

interface Props {
  readonly story: Story;
  readonly ui: Ui;
  readonly shown: number;
  readonly dispatch: Dispatch;
  readonly zoom: (factor: number) => void;
}

function Choice({ name, value, options, choose }: { readonly name: string; readonly value: string; readonly options: readonly (readonly [string, string])[]; readonly choose: (value: string) => void }) {
  return (
    <label class="choice">
      {name}
      <select aria-label={name} value={value} onChange={(event) => { choose(event.currentTarget.value); }}>
        {options.map(([id, text]) => <option key={id} value={id}>{text}</option>)}
      </select>
    </label>
  );
}

/** From here on there is room for every filter. */
const WIDE_PX = 900;

const MESSAGES: readonly (readonly [MessageChoice, string])[] = [
  ['all', 'all'],
  ['partition', 'about a partition'],
  ['failed', 'lost or refused'],
  ['none', 'none'],
];

function isMessageChoice(word: string): word is MessageChoice {
  return MESSAGES.some(([id]) => id === word);
}

function Chips({ story, ui, dispatch }: Props) {
  const { filter } = ui;
  return (
    <>
      <fieldset class="chips">
        <legend>nodes</legend>
        {story.lanes.map((node) => (
          <label key={node.id} class="chip" title={node.id}>
            <input type="checkbox" checked={!filter.hiddenNodes.has(node.id)} onChange={() => { dispatch({ kind: 'filter', change: { hiddenNodes: toggled(filter.hiddenNodes, node.id) } }); }} />
            {node.cluster === '' ? shortName(node) : `${node.cluster}/${shortName(node)}`}
          </label>
        ))}
      </fieldset>
      <fieldset class="chips">
        <legend>events</legend>
        {FAMILIES.filter(({ id }) => story.families.has(id)).map(({ id, name }) => (
          <label key={id} class="chip">
            <input type="checkbox" checked={!filter.hiddenFamilies.has(id)} onChange={() => { dispatch({ kind: 'filter', change: { hiddenFamilies: toggled(filter.hiddenFamilies, id) } }); }} />
            <span class={`swatch f-${id}`} aria-hidden="true" />
            {name} <span class="count">{story.families.get(id) ?? 0}</span>
          </label>
        ))}
        <label class="chip">
          <input type="checkbox" checked={filter.changing} onChange={(event) => { dispatch({ kind: 'filter', change: { changing: event.currentTarget.checked } }); }} />
          only what changed a state
        </label>
      </fieldset>
    </>
  );
}

export function Filters(props: Props) {
  const { story, ui, shown, dispatch, zoom } = props;
  const { filter } = ui;
  return (
    <div class="filters">
      <div class="tools">
        <Choice name="table" value={filter.table} options={[['', 'all'], ...story.tables.map((table) => [table, table] as const)]} choose={(table) => { dispatch({ kind: 'filter', change: { table } }); }} />
        <Choice name="partition" value={filter.gpid} options={[['', 'all'], ...story.gpids.map((gpid) => [gpid, gpid] as const)]} choose={(gpid) => { dispatch({ kind: 'filter', change: { gpid } }); }} />
        <Choice name="messages" value={filter.messages} options={MESSAGES} choose={(messages) => { if (isMessageChoice(messages)) dispatch({ kind: 'filter', change: { messages } }); }} />
        <Choice name="axis" value={ui.mode} options={[['folded', 'quiet parts folded'], ['even', 'true to time']]} choose={(mode) => { dispatch({ kind: 'mode', mode: mode === 'even' ? 'even' : 'folded' }); }} />
        <span class="group" role="group" aria-label="zoom">
          <button type="button" aria-label="Zoom out" aria-keyshortcuts="-" onClick={() => { zoom(0.5); }}>−</button>
          <button type="button" aria-label="Zoom in" aria-keyshortcuts="+" onClick={() => { zoom(2); }}>+</button>
          <button type="button" aria-keyshortcuts="0" onClick={() => { dispatch({ kind: 'view', view: undefined }); }}>Fit</button>
        </span>
        <span class="push" />
        <span class="tally" role="status">{`${String(shown)} of ${String(story.tape.events.length)} events`}</span>
        {isFiltering(filter) && <button type="button" onClick={() => { dispatch({ kind: 'filter', change: { ...NO_FILTER, messages: filter.messages } }); }}>Show all</button>}
      </div>
      <details class="more" open={innerWidth >= WIDE_PX}>
        <summary>Nodes and kinds of events</summary>
        <Chips {...props} />
      </details>
    </div>
  );
}
