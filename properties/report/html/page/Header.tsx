/** What broke: a sentence, the property in its words, what was expected and what happened, and how to see it again. */
import { useState } from 'preact/hooks';
import type { FindingRecord } from '../../finding.ts';
import { otherTheme, type Dispatch, type Ui } from './ui.ts';
import { durationText, timeText } from './view.ts';

function verdictWord(record: FindingRecord): string {
  switch (record.verdict.kind) {
    case 'pass':
      return 'nothing found';
    case 'violation':
      return 'broken';
    case 'stuck':
      return 'not kept in time';
    case 'limit':
      return 'hit a limit';
  }
}

function blameWords(record: FindingRecord): string {
  const { verdict } = record;
  if (verdict.kind === 'pass') return '';
  const { blame } = verdict;
  switch (blame.kind) {
    case 'bug':
      return 'a bug: no fault excuses it';
    case 'excusable':
      return `excusable: ${blame.fault}`;
    case 'inconclusive':
      return `inconclusive: ${blame.reason}`;
  }
}

async function copy(text: string, fallback: HTMLElement | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch (error) {
    // Without the right to write to the clipboard the command is selected, so that a key copies it.
    if (!(error instanceof DOMException) && !(error instanceof TypeError)) throw error;
    const range = document.createRange();
    if (fallback === null) return false;
    range.selectNodeContents(fallback);
    getSelection()?.removeAllRanges();
    getSelection()?.addRange(range);
    return false;
  }
}

function Repeat({ command }: { readonly command: string }) {
  const [said, setSaid] = useState('');
  const press = async (event: MouseEvent): Promise<void> => {
    const text = event.currentTarget instanceof HTMLElement ? event.currentTarget.parentElement?.querySelector('code') : undefined;
    setSaid((await copy(command, text instanceof HTMLElement ? text : null)) ? 'copied' : 'selected');
  };
  return (
    <p class="repeat">
      <span class="label">see it again</span>
      <code>{command}</code>
      <button type="button" onClick={(event) => { void press(event); }}>Copy</button>
      <span role="status" class="said">{said}</span>
    </p>
  );
}

function facts(record: FindingRecord): readonly (readonly [string, string])[] {
  const { search, defects, verdict } = record;
  const at = verdict.kind === 'pass' ? [] : [['fails at', timeText(verdict.atUs)] as const];
  return [
    ...at,
    ['virtual time', durationText(record.virtualMs * 1000)],
    ...(defects.length === 0 ? [] : [['defect put back', defects.join(', ')] as const]),
    ...(search === undefined ? [] : [['found', `in run ${String(search.foundInRuns)} of seed ${String(search.seed)}, shrunk in ${String(search.shrinkRuns)} runs${search.minimal ? ', 1-minimal' : ', not fully shrunk'}`] as const]),
    ['digest', record.digest],
  ];
}

export function Header({ record, ui, dispatch }: { readonly record: FindingRecord; readonly ui: Ui; readonly dispatch: Dispatch }) {
  const { verdict, property } = record;
  const theme = otherTheme(ui);
  return (
    <header>
      <div class="bar">
        <span class="brand">pegasus-check</span>
        <span class={`verdict ${verdict.kind}`}>{verdictWord(record)}</span>
        <span class="blame">{blameWords(record)}</span>
        <span class="push" />
        <button type="button" onClick={() => { dispatch({ kind: 'theme', theme }); }}>{theme === 'light' ? 'Light' : 'Dark'}</button>
        <button type="button" aria-keyshortcuts="?" onClick={() => { dispatch({ kind: 'help', open: true }); }}>Keys <kbd>?</kbd></button>
      </div>
      <h1>{record.headline}</h1>
      {property !== undefined && (
        <p class="property">
          <span class="id" title={`${property.kind} property`}>{property.id}</span>
          <q>{property.sentence}</q>
        </p>
      )}
      {(verdict.kind === 'violation' || verdict.kind === 'stuck') && (
        <dl class="clash">
          <div>
            <dt>expected</dt>
            <dd>{verdict.expected}</dd>
          </div>
          <div class="actual">
            <dt>happened</dt>
            <dd>{verdict.actual}</dd>
          </div>
        </dl>
      )}
      {record.repeat !== '' && <Repeat command={record.repeat} />}
      <dl class="facts">
        {facts(record).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </header>
  );
}
