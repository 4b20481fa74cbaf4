/** What is packed comes back; what is too long loses its beginning and nothing of its end. */
import { inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeTape, lastPart, packTape } from '../../../../properties/report/html/pack.ts';
import { unpack, type PackedTape } from '../../../../properties/report/html/page/packed.ts';
import { States } from '../../../../properties/report/html/page/states.ts';
import type { Tape } from '../../../../properties/report/tape.ts';
import { syntheticTape } from './synthetic.ts';

function read(encoded: string): ReturnType<typeof unpack> {
  return unpack(JSON.parse(inflateRawSync(Buffer.from(encoded, 'base64')).toString('utf8')) as PackedTape);
}

/** Times as runs have them: microseconds, sometimes with a fraction. */
const timeUs = fc.integer({ min: 0, max: 4_000_000_000 }).map((ns) => ns / 1000);
const word = fc.string({ unit: 'binary', maxLength: 12 });

const event = fc.record({ atUs: timeUs, kind: word, node: word, cluster: word, gpid: word, table: word, text: word }, { noNullPrototype: true });
const message = fc.record(
  {
    sentUs: timeUs,
    arrivedUs: fc.option(timeUs, { nil: undefined }),
    from: word,
    to: word,
    code: word,
    kind: fc.constantFrom('request' as const, 'reply' as const, 'tell' as const),
    gpid: word,
    decree: fc.integer({ min: -1, max: 1000 }),
    error: word,
  },
  { noNullPrototype: true },
);
const state = fc.record(
  {
    paths: fc.array(fc.array(word, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 }),
    changes: fc.array(
      fc.record({ event: fc.nat(20), path: fc.constant(0), before: fc.option(word, { nil: undefined }), after: fc.option(word, { nil: undefined }) }, { noNullPrototype: true }),
      { maxLength: 20 },
    ),
  },
  { noNullPrototype: true },
);

describe('a packed tape', () => {
  it('is the tape again', () => {
    const tape = fc.record({ endUs: timeUs, events: fc.array(event), messages: fc.array(message), model: state, implementation: state }, { noNullPrototype: true });
    fc.assert(
      fc.property(tape, (parts) => {
        // A message never arrives before it is sent.
        const messages = parts.messages.map((one) => ({ ...one, arrivedUs: one.arrivedUs === undefined ? undefined : Math.max(one.sentUs, one.arrivedUs) }));
        const whole: Tape = { ...parts, messages, nodes: [], lanes: [] };
        const back = unpack(packTape(whole, 3));
        expect(back.leftOut).toBe(3);
        expect(back.tape).toEqual(whole);
      }),
      { numRuns: 150, seed: 11 },
    );
  });

  it('keeps the step that an event begins', () => {
    const tape = syntheticTape(100);
    expect(tape.events.filter((one) => one.step !== undefined)).toHaveLength(4);
    expect(unpack(packTape(tape, 0)).tape.events.map((one) => one.step)).toEqual(tape.events.map((one) => one.step));
  });
});

describe('a tape that is too long', () => {
  const tape = syntheticTape(2000);

  it('keeps its last events, and every state of them', () => {
    const part = lastPart(tape, 1500);
    expect(part.events).toEqual(tape.events.slice(1500));
    const [whole, rest] = [new States(tape.model), new States(part.model)];
    for (const at of [1500, 1501, 1750, 1999]) {
      tape.model.paths.forEach((_, path) => {
        expect(rest.wordAt(path, at - 1500)).toBe(whole.wordAt(path, at));
      });
    }
    const firstUs = tape.events[1500]?.atUs ?? 0;
    expect(part.messages.length).toBeGreaterThan(0);
    expect(part.messages.every((one) => (one.arrivedUs ?? one.sentUs) >= firstUs)).toBe(true);
    expect(part.lanes.flatMap((lane) => lane.spans).every((span) => span.fromUs >= firstUs)).toBe(true);
  });

  it('is cut until it fits, not much more, and says by how much', () => {
    const largest = 60_000;
    expect(encodeTape(tape).length).toBeGreaterThan(largest);
    const encoded = encodeTape(tape, largest);
    expect(encoded.length).toBeLessThanOrEqual(largest);
    expect(encoded.length).toBeGreaterThan(largest * 0.5);
    const { tape: kept, leftOut } = read(encoded);
    expect(kept.events).toHaveLength(2000 - leftOut);
    expect(kept.events.at(-1)).toEqual(tape.events.at(-1));
  });

  it('refuses a size that not even one event fits', () => {
    expect(() => encodeTape(tape, 10)).toThrow(RangeError);
  });
});
