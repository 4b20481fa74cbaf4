/** The axis keeps order, finds its way back, and folds what is quiet. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeAxis } from '../../../../properties/report/html/page/axis.ts';
import { clampView, durationText, following, panned, timeText, zoomed } from '../../../../properties/report/html/page/view.ts';

const RUNS = { numRuns: 200, seed: 5 };
const times = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1_000_000, max: 90_000_000 })), { minLength: 1, maxLength: 60 }).map((gaps) => {
  let atUs = 0;
  return gaps.map((gap) => (atUs += gap));
});

describe.each(['folded', 'even'] as const)('the %s axis', (mode) => {
  it('keeps the order of events and of times', () => {
    fc.assert(
      fc.property(times, (atUs) => {
        const axis = makeAxis(atUs, (atUs.at(-1) ?? 0) + 5, mode);
        const places = atUs.map((_, nth) => axis.ofEvent(nth));
        places.forEach((place, nth) => {
          expect(place).toBeGreaterThanOrEqual(places[nth - 1] ?? 0);
          expect(place).toBeLessThanOrEqual(axis.length);
          const us = atUs[nth] ?? 0;
          expect(axis.at(us, 'first')).toBeLessThanOrEqual(place + 1e-9);
          expect(axis.at(us, 'last')).toBeGreaterThanOrEqual(place - 1e-9);
          expect(axis.usAt(place)).toBeCloseTo(us, 3);
        });
      }),
      RUNS,
    );
  });
});

describe('the folded axis', () => {
  it('gives every event a place of its own and every quiet part one width', () => {
    const axis = makeAxis([10, 10, 20, 60_000_020, 600_000_020], 600_000_030, 'folded');
    const places = [0, 1, 2, 3, 4].map((nth) => axis.ofEvent(nth));
    places.slice(1).forEach((place, i) => { expect(place - (places[i] ?? 0)).toBeGreaterThan(0.5); });
    expect(axis.folds.map(({ fromUs, toUs }) => [fromUs, toUs])).toEqual([[20, 60_000_020], [60_000_020, 600_000_020]]);
    const widths = axis.folds.map(({ from, to }) => to - from);
    expect(widths[0]).toBe(widths[1]);
  });

  it('is not there when time is told evenly', () => {
    const axis = makeAxis([0, 60_000_000, 120_000_000], 120_000_000, 'even');
    expect(axis.folds).toEqual([]);
    expect(axis.ofEvent(1) * 2).toBeCloseTo(axis.ofEvent(2), 6);
  });
});

describe('a view', () => {
  it('stays within the axis, and the zoomed place stays where it is', () => {
    const wide = fc.record({ from: fc.double({ min: 0, max: 900, noNaN: true }), span: fc.double({ min: 5, max: 500, noNaN: true }) }).map(({ from, span }) => clampView({ from, to: from + span }, 1000));
    fc.assert(
      fc.property(wide, fc.double({ min: 0.2, max: 5, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (view, factor, part) => {
        const around = view.from + part * (view.to - view.from);
        const next = zoomed(view, factor, around, 1000);
        for (const it of [next, panned(view, factor * 300 - 500, 1000), following(view, factor * 200, 1000)]) {
          expect(it.from).toBeGreaterThanOrEqual(0);
          expect(it.to).toBeLessThanOrEqual(1000 + 1e-6);
          expect(it.to - it.from).toBeGreaterThan(0);
        }
        if (factor > 1 && (view.to - view.from) / factor > 2) expect((around - next.from) / (next.to - next.from)).toBeCloseTo(part, 6);
        expect(following(view, factor * 200, 1000).from).toBeLessThanOrEqual(factor * 200);
        expect(following(view, factor * 200, 1000).to).toBeGreaterThanOrEqual(factor * 200);
      }),
      RUNS,
    );
  });

  it('tells times as fine as neighbours need, and durations in their unit', () => {
    expect([timeText(1_234_567), timeText(1_234_567, 2000), timeText(61_000_000, 5_000_000)]).toEqual(['1.234567 s', '1.235 s', '61 s']);
    expect([durationText(12), durationText(1500), durationText(99_700_000), durationText(340_000_000)]).toEqual(['12 µs', '1.5 ms', '99.7 s', '340 s']);
  });
});
