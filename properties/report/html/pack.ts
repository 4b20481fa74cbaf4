/**
 * A tape made small for a page: string table, columns, deflate, base64. A run that is too long for the page loses its beginning,
 * never its end: what was true before the first event that is kept is told as changes of that event.
 */
import { deflateRawSync } from 'node:zlib';
import type { Tape, TapeChange, TapeState } from '../tape.ts';
import type { PackedState, PackedTape } from './page/packed.ts';

const NS_PER_US = 1000;

/** What a page's tape may take, base64 characters: the page stays under 2 MB with code and record. */
const LARGEST_TAPE_CHARS = 1_600_000;

class Words {
  readonly list: string[] = [];
  readonly #index = new Map<string, number>();

  of(word: string): number {
    const known = this.#index.get(word);
    if (known !== undefined) return known;
    this.#index.set(word, this.list.length);
    return this.list.push(word) - 1;
  }

  optional(word: string | undefined): number {
    return word === undefined ? -1 : this.of(word);
  }
}

function deltas(values: readonly number[]): readonly number[] {
  return values.map((value, i) => value - (values[i - 1] ?? 0));
}

function inNs(us: number): number {
  return Math.round(us * NS_PER_US);
}

function packState(state: TapeState, words: Words): PackedState {
  return {
    paths: state.paths.map((path) => path.map((segment) => words.of(segment))),
    event: deltas(state.changes.map((change) => change.event)),
    path: state.changes.map((change) => change.path),
    before: state.changes.map((change) => words.optional(change.before)),
    after: state.changes.map((change) => words.optional(change.after)),
  };
}

/** Exported for its test: `leftOut` only goes along. */
export function packTape(tape: Tape, leftOut: number): PackedTape {
  const words = new Words();
  const { events, messages } = tape;
  return {
    endUs: tape.endUs,
    leftOut,
    nodes: tape.nodes,
    events: {
      at: deltas(events.map((event) => inNs(event.atUs))),
      kind: events.map((event) => words.of(event.kind)),
      node: events.map((event) => words.of(event.node)),
      cluster: events.map((event) => words.of(event.cluster)),
      gpid: events.map((event) => words.of(event.gpid)),
      table: events.map((event) => words.of(event.table)),
      text: events.map((event) => words.of(event.text)),
      step: events.map((event) => event.step ?? -1),
    },
    messages: {
      sent: deltas(messages.map((message) => inNs(message.sentUs))),
      took: messages.map((message) => (message.arrivedUs === undefined ? -1 : inNs(message.arrivedUs) - inNs(message.sentUs))),
      from: messages.map((message) => words.of(message.from)),
      to: messages.map((message) => words.of(message.to)),
      code: messages.map((message) => words.of(message.code)),
      kind: messages.map((message) => words.of(message.kind)),
      gpid: messages.map((message) => words.of(message.gpid)),
      decree: messages.map((message) => message.decree),
      error: messages.map((message) => words.of(message.error)),
    },
    model: packState(tape.model, words),
    implementation: packState(tape.implementation, words),
    lanes: tape.lanes,
    words: words.list,
  };
}

function withoutBeginning(state: TapeState, first: number): TapeState {
  const held = new Map<number, string | undefined>();
  const later: TapeChange[] = [];
  for (const change of state.changes) {
    if (change.event < first) held.set(change.path, change.after);
    else later.push({ ...change, event: change.event - first });
  }
  const before = [...held].filter(([, word]) => word !== undefined).map(([path, word]): TapeChange => ({ event: 0, path, before: undefined, after: word }));
  return { paths: state.paths, changes: [...before, ...later] };
}

/** The tape from event `first` on. */
export function lastPart(tape: Tape, first: number): Tape {
  if (first <= 0) return tape;
  const fromUs = tape.events[first]?.atUs ?? tape.endUs;
  return {
    ...tape,
    events: tape.events.slice(first),
    messages: tape.messages.filter((message) => (message.arrivedUs ?? message.sentUs) >= fromUs),
    model: withoutBeginning(tape.model, first),
    implementation: withoutBeginning(tape.implementation, first),
    lanes: tape.lanes.map((lane) => ({ ...lane, spans: lane.spans.filter((span) => span.toUs >= fromUs).map((span) => ({ ...span, fromUs: Math.max(span.fromUs, fromUs) })) })),
  };
}

/** Deflated base64 of the packed tape; of a tape too large, of its last part. Throws a RangeError when not even that fits. */
export function encodeTape(tape: Tape, largestChars = LARGEST_TAPE_CHARS): string {
  let first = 0;
  for (;;) {
    const encoded = deflateRawSync(JSON.stringify(packTape(lastPart(tape, first), first)), { level: 6 }).toString('base64');
    if (encoded.length <= largestChars) return encoded;
    const left = tape.events.length - first;
    if (left <= 1) throw new RangeError(`the last event of the tape alone takes ${String(encoded.length)} characters, more than ${String(largestChars)}`);
    // Text shrinks in proportion to the events, more or less; a tenth more, so that two or three rounds are enough.
    first += Math.max(1, Math.ceil(left * (1 - (largestChars / encoded.length) * 0.9)));
    first = Math.min(first, tape.events.length - 1);
  }
}
