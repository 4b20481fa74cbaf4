/** The event heap: order, cancelling, rebuilding. */
import { describe, expect, it } from 'vitest';
import { Kernel, SimEvent } from '../../../impl/env/sim/kernel.ts';
import { DEFAULT_LIMITS } from '../../../impl/env/sim/limits.ts';

class Note extends SimEvent {
  private readonly out: number[];
  readonly id: number;

  constructor(out: number[], id: number) {
    super();
    this.out = out;
    this.id = id;
  }

  override fire(): void {
    this.out.push(this.id);
  }
}

const FOREVER = { untilUs: Number.POSITIVE_INFINITY };

/** A fixed sequence that looks random. */
function* numbers(): Generator<number, never> {
  for (let x = 12345; ; x = (x * 48271) % 2147483647) yield x;
}

describe('kernel', () => {
  it('fires by time, equal times in the order they were scheduled, across growth', () => {
    const kernel = new Kernel(DEFAULT_LIMITS);
    const out: number[] = [];
    const times: number[] = [];
    const random = numbers();
    for (let id = 0; id < 5000; id++) {
      times.push(random.next().value % 300);
      kernel.schedule(times[id] ?? 0, new Note(out, id));
    }
    expect(kernel.run(FOREVER)).toBe('idle');
    const expected = [...times.keys()].sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b);
    expect(out).toEqual(expected);
    expect(kernel.dispatches).toBe(5000);
  });

  it('never fires cancelled events, keeps the order of the others, and forgets the dead', () => {
    const kernel = new Kernel(DEFAULT_LIMITS);
    const out: number[] = [];
    const random = numbers();
    const notes: { readonly note: Note; readonly at: number }[] = [];
    for (let id = 0; id < 3000; id++) {
      const entry = { note: new Note(out, id), at: random.next().value % 1000 };
      notes.push(entry);
      kernel.schedule(entry.at, entry.note);
    }
    const kept = notes.filter(({ note }) => note.id % 10 === 0);
    for (const { note } of notes) if (note.id % 10 !== 0) kernel.cancel(note);
    expect(kernel.length).toBeLessThan(900);
    kernel.run(FOREVER);
    expect(out).toEqual(kept.sort((a, b) => a.at - b.at || a.note.id - b.note.id).map(({ note }) => note.id));
    expect(kernel.dispatches).toBe(300);
  });

  it('never moves back', () => {
    const kernel = new Kernel(DEFAULT_LIMITS);
    const out: number[] = [];
    kernel.schedule(100, new Note(out, 1));
    kernel.run(FOREVER);
    kernel.schedule(50, new Note(out, 2));
    kernel.run({ untilUs: 10 });
    expect([kernel.nowUs, out]).toEqual([100, [1]]);
    kernel.run(FOREVER);
    expect([kernel.nowUs, out]).toEqual([100, [1, 2]]);
  });
});
