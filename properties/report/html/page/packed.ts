/**
 * The tape as the page carries it: every string once, and columns instead of objects, so that ten thousand events stay small after
 * deflating. This file is what both sides know: the writer (`../pack.ts`) and the page, which unpacks it.
 */
import type { Tape, TapeChange, TapeEvent, TapeLane, TapeMessage, TapeNode, TapeState } from '../../tape.ts';

/** Columns of one length. Numbers are indices in `words` unless a comment says otherwise; -1: undefined. */
export interface PackedTape {
  readonly words: readonly string[];
  readonly endUs: number;
  /** Events that were left out at the beginning, so that the page stays small. */
  readonly leftOut: number;
  readonly nodes: readonly TapeNode[];
  readonly events: {
    /** Nanoseconds after the event before. */
    readonly at: readonly number[];
    readonly kind: readonly number[];
    readonly node: readonly number[];
    readonly cluster: readonly number[];
    readonly gpid: readonly number[];
    readonly table: readonly number[];
    readonly text: readonly number[];
    /** Step numbers. */
    readonly step: readonly number[];
  };
  readonly messages: {
    /** Nanoseconds after the message before was sent. */
    readonly sent: readonly number[];
    /** Nanoseconds on the way. */
    readonly took: readonly number[];
    readonly from: readonly number[];
    readonly to: readonly number[];
    readonly code: readonly number[];
    readonly kind: readonly number[];
    readonly gpid: readonly number[];
    /** Decrees themselves. */
    readonly decree: readonly number[];
    readonly error: readonly number[];
  };
  readonly model: PackedState;
  readonly implementation: PackedState;
  readonly lanes: readonly TapeLane[];
}

export interface PackedState {
  readonly paths: readonly (readonly number[])[];
  /** Events after the change before. */
  readonly event: readonly number[];
  /** Indices in `paths`. */
  readonly path: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** The tape again, and how many events are missing at its beginning. */
export interface Unpacked {
  readonly tape: Tape;
  readonly leftOut: number;
}

const NS_PER_US = 1000;

function running(deltas: readonly number[]): readonly number[] {
  let sum = 0;
  return deltas.map((delta) => (sum += delta));
}

function kindOf(word: string): TapeMessage['kind'] {
  return word === 'reply' || word === 'tell' ? word : 'request';
}

function unpackState(packed: PackedState, word: (index: number | undefined) => string): TapeState {
  const events = running(packed.event);
  const optional = (index: number | undefined): string | undefined => (index === undefined || index < 0 ? undefined : word(index));
  const changes = events.map((event, i): TapeChange => ({
    event,
    path: packed.path[i] ?? 0,
    before: optional(packed.before[i]),
    after: optional(packed.after[i]),
  }));
  return { paths: packed.paths.map((path) => path.map(word)), changes };
}

export function unpack(packed: PackedTape): Unpacked {
  const word = (index: number | undefined): string => packed.words[index ?? -1] ?? '';
  const { events: e, messages: m } = packed;
  const events = running(e.at).map((ns, i): TapeEvent => {
    const step = e.step[i] ?? -1;
    return {
      atUs: ns / NS_PER_US,
      kind: word(e.kind[i]),
      node: word(e.node[i]),
      cluster: word(e.cluster[i]),
      gpid: word(e.gpid[i]),
      table: word(e.table[i]),
      text: word(e.text[i]),
      ...(step < 0 ? {} : { step }),
    };
  });
  const messages = running(m.sent).map((ns, i): TapeMessage => {
    const took = m.took[i] ?? -1;
    return {
      sentUs: ns / NS_PER_US,
      arrivedUs: took < 0 ? undefined : (ns + took) / NS_PER_US,
      from: word(m.from[i]),
      to: word(m.to[i]),
      code: word(m.code[i]),
      kind: kindOf(word(m.kind[i])),
      gpid: word(m.gpid[i]),
      decree: m.decree[i] ?? -1,
      error: word(m.error[i]),
    };
  });
  const { endUs, nodes, lanes, leftOut } = packed;
  return { tape: { endUs, nodes, events, messages, model: unpackState(packed.model, word), implementation: unpackState(packed.implementation, word), lanes }, leftOut };
}
