/**
 * The model's states along a run in the Informal Trace Format, which Apalache, Quint and their viewers read: one state per event, with
 * the event and the model's flat state as a record of records (place, then field). Whole numbers are `{"#bigint"}`, as the format wants.
 */
import type { FindingRecord } from './finding.ts';
import type { Tape, TapeState } from './tape.ts';

type Itf = string | boolean | { readonly '#bigint': string } | { readonly [field: string]: Itf };

const VARS = ['event', 'kind', 'atUs', 'text', 'model'];

export function itfTrace(record: FindingRecord, tape: Tape): string {
  const words = new FlatWords(tape.model);
  const states = tape.events.map(({ kind, atUs, text }, i) =>
    JSON.stringify({ '#meta': { index: i }, event: number(i), kind, atUs: number(atUs), text, model: words.after(i) }),
  );
  const meta = {
    format: 'ITF',
    'format-description': 'https://apalache-mc.org/docs/adr/015adr-trace.html',
    source: 'pegasus-check',
    status: record.verdict.kind === 'pass' ? 'ok' : 'violation',
    description: `${record.headline} (${record.cause}, digest ${record.digest})`,
  };
  return `{\n"#meta": ${JSON.stringify(meta)},\n"vars": ${JSON.stringify(VARS)},\n"states": [\n${states.join(',\n')}\n]\n}\n`;
}

/** Walks along the changes; what an event left alone is the same object as before. */
class FlatWords {
  private readonly state: TapeState;
  private places: Record<string, Record<string, Itf>> = {};
  private next = 0;

  constructor(state: TapeState) {
    this.state = state;
  }

  after(event: number): Itf {
    for (; ; this.next += 1) {
      const change = this.state.changes[this.next];
      if (change === undefined || change.event > event) return this.places;
      const [cluster = '', about = '', node = '', ...field] = this.state.paths[change.path] ?? [];
      this.put(`${cluster} ${about} ${node}`, field.join(' '), change.after);
    }
  }

  private put(place: string, field: string, word: string | undefined): void {
    const fields = { ...this.places[place] };
    if (word === undefined) Reflect.deleteProperty(fields, field);
    else fields[field] = valueOf(word);
    const places = { ...this.places };
    if (Object.keys(fields).length === 0) Reflect.deleteProperty(places, place);
    else places[place] = fields;
    this.places = places;
  }
}

function valueOf(word: string): Itf {
  if (word === 'yes' || word === 'no') return word === 'yes';
  return /^-?(?:0|[1-9]\d*)$/.test(word) ? number(word) : word;
}

function number(value: number | string): Itf {
  return { '#bigint': String(value) };
}
