/** The plan as shell lines and faults. What is necessary is marked, and each line tells what was tried to leave it out. */
import type { Mark, PlanPart } from '../../../explain/explanation.ts';
import type { PlanLine } from '../../finding.ts';
import { markedLines, strength, type Marked } from './planMarks.ts';
import type { Story } from './story.ts';

const SIGNS: Readonly<Record<Mark['mark'], string>> = { necessary: '●', free: '○', untried: '·' };

/** `without it` and `with 300 instead of 1000`. */
function withWord(change: string): string {
  return change.startsWith('without') ? change : `with ${change}`;
}

function sentence(mark: Mark): string {
  const other = mark.breaksWith === '' ? '' : `; something else breaks ${mark.breaksWith}`;
  const tries = mark.tried === 1 ? '1 other value was run' : `${String(mark.tried)} other values were run`;
  switch (mark.mark) {
    case 'necessary':
      return `necessary${mark.passesWith === '' ? '' : `: passes ${withWord(mark.passesWith)}`}${other} (${tries})`;
    case 'free':
      return `free: it fails with every other value too (${tries})`;
    case 'untried':
      return 'not tried: the budget had ended';
  }
}

interface Piece {
  readonly text: string;
  readonly mark: Mark['mark'] | undefined;
}

/** Where the word of a field stands in its line: `remoteTable "r1"` is the word r1 of `add_dup t1 follower -a r1`. */
function wordAt(text: string, mark: Mark): { readonly mark: Mark['mark']; readonly at: number; readonly length: number } {
  const word = /^\w+ "(.*)"$/.exec(mark.text)?.[1] ?? mark.text;
  const at = word.length < 2 ? -1 : ` ${text} `.indexOf(` ${word} `);
  return { mark: mark.mark, at, length: word.length };
}

/** The line's text with the words of necessary fields set off, where they are found in it. */
function pieces(text: string, fields: readonly Mark[]): readonly Piece[] {
  const found = fields
    .filter((mark) => mark.mark === 'necessary')
    .map((mark) => wordAt(text, mark))
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

/** So many free lines in a row are folded into one. */
const FOLDED_FROM = 6;

/** Lines by themselves, and long rows of free ones together. */
function stretches(lines: readonly Marked[]): readonly (readonly Marked[])[] {
  const out: Marked[][] = [];
  let free: Marked[] = [];
  const flush = (): void => {
    if (free.length >= FOLDED_FROM) out.push(free);
    else out.push(...free.map((marked) => [marked]));
    free = [];
  };
  for (const marked of lines) {
    if (strength(marked) === 'free') {
      free.push(marked);
      continue;
    }
    flush();
    out.push([marked]);
  }
  flush();
  return out;
}

export function PlanView({ story, go }: { readonly story: Story; readonly go: (event: number) => void }) {
  const { record } = story.finding;
  const lines = markedLines(record.lines, record.explanation.marks);
  // Settings are many and mostly at their usual values: only what matters stands among the steps.
  const isSetting = ({ line }: Marked): boolean => line.part.kind === 'setting';
  const done = [...lines.filter((marked) => !isSetting(marked)), ...lines.filter((marked) => isSetting(marked) && strength(marked) === 'necessary')];
  const settings = lines.filter((marked) => isSetting(marked) && strength(marked) !== 'necessary');
  const free = settings.filter((marked) => strength(marked) === 'free').length;
  const line = (marked: Marked | undefined, key: number) =>
    marked === undefined ? null : <Line key={key} marked={marked} event={marked.line.part.kind === 'step' ? story.stepEvents.get(marked.line.part.step) : undefined} go={go} />;
  return (
    <section id="plan" aria-labelledby="plan-title">
      <h2 id="plan-title">What was done</h2>
      <p class="legend">
        <span class="necessary"><span class="sign" aria-hidden="true">●</span> necessary</span>
        <span class="free"><span class="sign" aria-hidden="true">○</span> free: fails without it too</span>
        <span class="untried"><span class="sign" aria-hidden="true">·</span> not tried</span>
      </p>
      <ol class="plan">
        {stretches(done).map((stretch, i) => (stretch.length < FOLDED_FROM ? line(stretch[0], i) : (
          <li key={i} class="free">
            <details class="stretch">
              <summary>
                <span class="sign" aria-label="free">{SIGNS.free}</span>
                <span>{`${String(stretch.length)} free lines: ${stretch[0]?.line.text ?? ''} … ${stretch.at(-1)?.line.text ?? ''}`}</span>
              </summary>
              <ol class="plan">{stretch.map(line)}</ol>
            </details>
          </li>
        )))}
      </ol>
      {settings.length > 0 && (
        <details class="configuration">
          <summary>{`${String(settings.length)} settings${free === 0 ? '' : `, ${String(free)} of them free: it fails with every other value that was tried`}`}</summary>
          <ol class="plan">{settings.map((marked, i) => <Line key={i} marked={marked} event={undefined} go={go} />)}</ol>
        </details>
      )}
      {record.lines.length === 0 && <p class="configuration">{record.configuration}</p>}
    </section>
  );
}
