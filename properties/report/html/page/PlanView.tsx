/** The plan as shell lines and faults. What is necessary is marked, and each line tells what was tried to leave it out. */
import type { Mark, PlanPart } from '../../../explain/explanation.ts';
import type { PlanLine } from '../../finding.ts';
import type { Story } from './story.ts';

/** Marks of a line: its own, and those of fields within it. */
interface Marked {
  readonly line: PlanLine;
  readonly own: Mark | undefined;
  readonly fields: readonly Mark[];
}

function samePart(a: PlanPart, b: PlanPart): boolean {
  return a.kind === b.kind && Object.entries(a).every(([name, value]) => Object.entries(b).some(([other, word]) => other === name && word === value));
}

function within(line: PlanPart, part: PlanPart): boolean {
  if (line.kind === 'step') return part.kind === 'field' && part.step === line.step;
  if (line.kind === 'deviation') return part.kind === 'amount' && part.deviation === line.deviation;
  return line.kind === 'cluster' && part.kind === 'servers' && part.cluster === line.cluster;
}

function markedLines(story: Story): readonly Marked[] {
  const { lines, explanation } = story.finding.record;
  return lines.map((line) => ({
    line,
    own: explanation.marks.find((mark) => samePart(mark.part, line.part)),
    fields: explanation.marks.filter((mark) => within(line.part, mark.part)),
  }));
}

const SIGNS: Readonly<Record<Mark['mark'], string>> = { necessary: '●', free: '○', untried: '·' };

function sentence(mark: Mark): string {
  const tries = mark.tried === 1 ? '1 other value was run' : `${String(mark.tried)} other values were run`;
  switch (mark.mark) {
    case 'necessary':
      return `necessary: passes ${mark.passesWith === '' ? 'without it' : mark.passesWith} (${tries})`;
    case 'free':
      return `free: it fails with every other value too (${tries})`;
    case 'untried':
      return 'not tried: the budget had ended';
  }
}

/** A line is as necessary as the most necessary of what is in it. */
function strength({ own, fields }: Marked): Mark['mark'] {
  if (own !== undefined) return own.mark;
  return fields.find((mark) => mark.mark === 'necessary')?.mark ?? fields[0]?.mark ?? 'untried';
}

interface Piece {
  readonly text: string;
  readonly mark: Mark['mark'] | undefined;
}

/** The line's text with its fields' words set off, where they are found in it. */
function pieces(text: string, fields: readonly Mark[]): readonly Piece[] {
  const found = fields
    .filter((mark) => mark.text.length > 1 && mark.mark !== 'untried')
    .map((mark) => ({ mark: mark.mark, at: text.indexOf(mark.text), length: mark.text.length }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at);
  const out: Piece[] = [];
  let from = 0;
  for (const { mark, at, length } of found) {
    if (at < from) continue;
    out.push({ text: text.slice(from, at), mark: undefined }, { text: text.slice(at, at + length), mark });
    from = at + length;
  }
  return [...out, { text: text.slice(from), mark: undefined }].filter((piece) => piece.text !== '');
}

function timeOf(line: PlanLine): string {
  return line.atMs === undefined ? '' : `+${(line.atMs / 1000).toFixed(3)} s`;
}

function numberOf(part: PlanPart): string {
  return part.kind === 'step' ? String(part.step + 1) : '';
}

function Line({ marked, event, go }: { readonly marked: Marked; readonly event: number | undefined; readonly go: (event: number) => void }) {
  const { line, own, fields } = marked;
  const strong = strength(marked);
  const says = [...(own === undefined ? [] : [own]), ...fields];
  return (
    <li class={strong}>
      <details>
        <summary title={says.map((mark) => `${mark.text}: ${sentence(mark)}`).join('\n')}>
          <span class="sign" aria-label={strong}>{SIGNS[strong]}</span>
          <span class="number">{numberOf(line.part)}</span>
          <span class="time">{timeOf(line)}</span>
          <code>{pieces(line.text, fields).map((piece, i) => (piece.mark === undefined ? piece.text : <span key={i} class={`field ${piece.mark}`}>{piece.text}</span>))}</code>
        </summary>
        <div class="says">
          {says.length === 0 && <p>Nothing was tried here.</p>}
          {says.map((mark, i) => (
            <p key={i} class={mark.mark}>
              <span class="sign" aria-hidden="true">{SIGNS[mark.mark]}</span> <code>{mark.text}</code> {sentence(mark)}
            </p>
          ))}
          {event !== undefined && <button type="button" onClick={() => { go(event); }}>Go to its first event</button>}
        </div>
      </details>
    </li>
  );
}

export function PlanView({ story, go }: { readonly story: Story; readonly go: (event: number) => void }) {
  const { record } = story.finding;
  const lines = markedLines(story);
  const settings = record.explanation.marks.filter((mark) => mark.part.kind === 'setting' && !lines.some(({ line }) => samePart(line.part, mark.part)));
  const necessary = settings.filter((mark) => mark.mark === 'necessary');
  return (
    <section id="plan" aria-labelledby="plan-title">
      <h2 id="plan-title">What was done</h2>
      <p class="legend">
        <span class="necessary"><span class="sign" aria-hidden="true">●</span> necessary</span>
        <span class="free"><span class="sign" aria-hidden="true">○</span> free: fails without it too</span>
        <span class="untried"><span class="sign" aria-hidden="true">·</span> not tried</span>
      </p>
      <ol class="plan">
        {lines.map((marked, i) => (
          <Line key={i} marked={marked} event={marked.line.part.kind === 'step' ? story.stepEvents.get(marked.line.part.step) : undefined} go={go} />
        ))}
        {necessary.map((mark, i) => (
          <Line key={`setting ${String(i)}`} marked={{ line: { part: mark.part, atMs: undefined, text: mark.text }, own: mark, fields: [] }} event={undefined} go={go} />
        ))}
      </ol>
      <p class="configuration"><span class="label">configuration</span> {record.configuration}</p>
    </section>
  );
}
