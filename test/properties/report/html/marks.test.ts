/** What the chart draws of a large run: bounded in number, complete in count, and honest about what did not arrive. */
import { describe, expect, it } from 'vitest';
import { makeAxis } from '../../../../properties/report/html/page/axis.ts';
import { makeLayout } from '../../../../properties/report/html/page/chart/layout.ts';
import { eventMarks, messageMarks, placeMessages } from '../../../../properties/report/html/page/chart/marks.ts';
import { makeScale } from '../../../../properties/report/html/page/chart/scale.ts';
import { fateOf } from '../../../../properties/report/html/page/fate.ts';
import { NO_FILTER, shownEvents, shownMessages } from '../../../../properties/report/html/page/filter.ts';
import { makeStory } from '../../../../properties/report/html/page/story.ts';
import { zoomed } from '../../../../properties/report/html/page/view.ts';
import { syntheticRecord, syntheticTape } from './synthetic.ts';

const EVENTS = 10_000;
const tape = syntheticTape(EVENTS);
const story = makeStory({ record: syntheticRecord(EVENTS - 1), pairs: [] }, tape, 0);
const shown = shownEvents(story, NO_FILTER);
const axis = makeAxis(shown.map((event) => tape.events[event]?.atUs ?? 0), tape.endUs, 'folded');
const whole = { from: 0, to: axis.length };

describe.each([360, 1400])('the marks of ten thousand events on %i pixels', (width) => {
  const layout = makeLayout(story, NO_FILTER, width, false);

  it('count every event in sight once, in a bounded number of marks', () => {
    const marks = eventMarks(story, shown, axis, makeScale(layout, whole), layout);
    expect(marks.length).toBeLessThan(1700);
    expect(marks.reduce((sum, mark) => sum + mark.count, 0)).toBe(EVENTS);
  });

  it('are single events, at their nodes, when there is room', () => {
    const near = zoomed(whole, EVENTS / 40, axis.ofEvent(5000), axis.length);
    const scale = makeScale(layout, near);
    const marks = eventMarks(story, shown, axis, scale, layout);
    expect(marks.length).toBeGreaterThan(10);
    for (const mark of marks) {
      expect(mark.count).toBe(1);
      expect(mark.y).toBe(layout.byNode.get(tape.events[mark.event]?.node ?? ''));
      expect(mark.x).toBeCloseTo(scale.x(axis.ofEvent(mark.event)), 6);
    }
    const seen = shown.filter((event) => scale.sees(scale.x(axis.ofEvent(event))));
    expect(marks.map((mark) => mark.event)).toEqual(seen);
  });

  it('keep what was lost or refused apart from the traffic', () => {
    const messages = shownMessages(story, NO_FILTER);
    const { arrows, traffic } = messageMarks(placeMessages(messages, axis, tape.endUs), makeScale(layout, whole), layout);
    const trouble = messages.filter((message) => ['lost', 'refused'].includes(fateOf(message, tape.endUs)));
    expect(arrows.length).toBeLessThan(1200);
    expect(arrows.every(({ fate }) => fate === 'lost' || fate === 'refused')).toBe(true);
    expect(arrows.reduce((sum, arrow) => sum + arrow.count, 0)).toBe(trouble.length);
    expect(traffic.length).toBeGreaterThan(1);
  });
});

describe('the fate of a message', () => {
  const message = { sentUs: 10, arrivedUs: 20, from: 'a', to: 'b', code: 'RPC_PREPARE', kind: 'request', gpid: '1.0', decree: 1, error: '' } as const;

  it('is told from its arrival, its error and the end of the run', () => {
    expect(fateOf(message, 1_000_000)).toBe('well');
    expect(fateOf({ ...message, error: 'ERR_TIMEOUT' }, 1_000_000)).toBe('refused');
    expect(fateOf({ ...message, arrivedUs: undefined }, 1_000_000)).toBe('lost');
    expect(fateOf({ ...message, sentUs: 999_000, arrivedUs: undefined }, 1_000_000)).toBe('pending');
  });
});

describe('the layout', () => {
  it('shows the partition that failed, folds what never changes, and unfolds all', () => {
    const few = makeLayout(story, NO_FILTER, 1400, false);
    const all = makeLayout(story, NO_FILTER, 1400, true);
    expect(few.lanes.filter(({ lane }) => lane.kind === 'replica').map(({ lane }) => lane.gpid)).toEqual(['1.0', '1.0', '1.0', '1.0']);
    expect(few.lanes.some(({ lane }) => lane.kind === 'fault')).toBe(true);
    expect(all.lanes).toHaveLength(tape.lanes.length);
    expect(few.hiddenLanes).toBe(tape.lanes.length - few.lanes.length);
  });

  it('leaves out the lanes of hidden nodes', () => {
    const layout = makeLayout(story, { ...NO_FILTER, hiddenNodes: new Set(['source/client-0']) }, 1400, false);
    expect(layout.nodes).toHaveLength(story.lanes.length - 1);
    expect(layout.byNode.has('source/client-0')).toBe(false);
  });
});
