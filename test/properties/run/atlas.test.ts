/** The fault budget: each excuse applies where a copy was spent, and nowhere else. */
import { describe, expect, it } from 'vitest';
import type { ModelEvent } from '../../../model/events.ts';
import { step } from '../../../model/next.ts';
import { init } from '../../../model/state.ts';
import { Atlas } from '../../../properties/run/atlas.ts';
import { A, B, config, CONFIG, P, READY, started, status, stopped } from '../../traces/story.ts';

const struck = (fault: string, node: string, gpid: string, detail = ''): ModelEvent => ({ kind: 'fault.struck', atUs: 0, fault, node, gpid, detail });
const survived = (node: string, kept: boolean): ModelEvent => ({
  kind: 'log.survived',
  atUs: 0,
  node,
  gpid: '1.0',
  intact: true,
  files: [1],
  records: kept ? [{ ballot: 1, decree: 1, fileIndex: 1 }] : [],
});
const powerLoss = (node: string, kept: boolean): readonly ModelEvent[] => [
  stopped(node, 'power-loss'),
  struck('power-loss', node, '1.0', '1.0.pegasus/plog/log.1.0 cut 0'),
  survived(node, kept),
  started(node),
];

function atlasAfter(events: readonly ModelEvent[], forceFlush = false): Atlas {
  const atlas = new Atlas(() => forceFlush);
  const state = init(CONFIG);
  for (const event of events) {
    const violation = step(state, event);
    if (violation !== undefined) throw new Error(violation.message);
    atlas.event(event, state);
  }
  return atlas;
}
const kindOf = (atlas: Atlas, property: string, node = '', gpid = '1.0'): string => atlas.blame(property, gpid, node).kind;

describe('atlas', () => {
  it('excuses nothing without a fault, nor after crashes and delays', () => {
    const atlas = atlasAfter([...READY, struck('link.cut', P, '1.0'), struck('process.crash', P, ''), stopped(P), started(P)]);
    for (const property of ['S1', 'S2', 'S5', 'S6', 'S8', 'L4', 'L5', 'repl.L1']) expect(kindOf(atlas, property), property).toBe('bug');
  });

  it('excuses a primary that lost acknowledged records for lost writes and for availability, with the fault named', () => {
    const atlas = atlasAfter([...READY, ...powerLoss(P, false)]);
    expect(atlas.blame('S2', '1.0')).toEqual({ kind: 'excusable', fault: `power-loss at ${P} 1.0.pegasus/plog/log.1.0 cut 0` });
    expect(['S1', 'L4'].map((property) => kindOf(atlas, property))).toEqual(['excusable', 'excusable']);
    expect(['S5', 'S6', 'S8', 'plog.7.4'].map((property) => kindOf(atlas, property))).toEqual(['bug', 'bug', 'bug', 'bug']);
    expect(kindOf(atlas, 'S2', '', '1.1')).toBe('bug');
  });

  it('excuses a secondary that lost what it had acknowledged for its own availability, and for disagreeing, not for lost writes', () => {
    const atlas = atlasAfter([...READY, ...powerLoss(A, false)]);
    expect([kindOf(atlas, 'L4'), kindOf(atlas, 'S1'), kindOf(atlas, 'S2')]).toEqual(['bug', 'bug', 'excusable']);
    expect([kindOf(atlas, 'L5', A), kindOf(atlas, 'L5', P)]).toEqual(['excusable', 'bug']);
  });

  it('excuses the availability of a partition of which every copy was spent, and names the last fault', () => {
    const spends = (node: string): ModelEvent => struck('disk.full', node, '1.0', 'write x');
    const two = [...READY, ...powerLoss(B, false), spends(A)];
    expect(kindOf(atlasAfter(two), 'L4')).toBe('bug');
    const atlas = atlasAfter([...two, spends(P)]);
    // The primary's alone is enough: whoever learns is taught from it.
    expect(kindOf(atlasAfter([...READY, spends(P)]), 'L4')).toBe('excusable');
    for (const property of ['L1', 'L4', 'repl.L1', 'dup.L2']) expect(kindOf(atlas, property), property).toBe('excusable');
    expect(atlas.blame('L4', '1.0')).toMatchObject({ fault: expect.stringMatching(/^(disk\.full|power-loss) at /) as string });
    expect(kindOf(atlas, 'L4', '', '1.1')).toBe('bug');
    // Of a smaller group the same: only members count.
    const alone = [config(2, P, [A]), config(3, P, [])];
    expect(kindOf(atlasAfter([...READY, spends(P), ...alone]), 'L4')).toBe('excusable');
    expect(kindOf(atlasAfter([...READY, ...powerLoss(A, false), ...alone]), 'L4')).toBe('bug');
  });

  it('excuses nobody any more who has learned, and joined anew', () => {
    const removed = [...READY, ...powerLoss(A, false), config(2, P, [B])];
    expect(kindOf(atlasAfter(removed), 'L5', A)).toBe('excusable');
    const joined = [...removed, status(P, 'PS_PRIMARY', 'PS_INACTIVE', 1), config(3, P, [B, A])];
    expect(kindOf(atlasAfter(joined), 'L5', A)).toBe('bug');
    // So the partition is lost only when the new copy is spent as well.
    const others = [struck('disk.full', A, '1.0', 'write x'), ...powerLoss(B, false)];
    expect(kindOf(atlasAfter([...joined, ...others]), 'L4')).toBe('bug');
    expect(kindOf(atlasAfter([...joined, ...others, struck('disk.full', P, '1.0', 'write x')]), 'L4')).toBe('excusable');
  });

  it('counts a power loss that took no promised record as nothing, and none when the log was synced first', () => {
    const kept = atlasAfter([...READY, ...powerLoss(P, true)]);
    const synced = atlasAfter([...READY, ...powerLoss(P, false)], true);
    for (const atlas of [kept, synced]) expect([kindOf(atlas, 'S1'), kindOf(atlas, 'L4')]).toEqual(['bug', 'bug']);
  });

  it('excuses a primary whose log a flipped bit cut off unnoticed (plog.P15), and not one that lost nothing', () => {
    const rot = (kept: boolean): readonly ModelEvent[] => [
      stopped(P),
      struck('disk.bit-rot', P, '1.0', '1.0.pegasus/plog/log.1.0 byte 64 bit 7'),
      survived(P, kept),
      started(P),
    ];
    expect(kindOf(atlasAfter([...READY, ...rot(false)], true), 'S2')).toBe('excusable');
    expect(kindOf(atlasAfter([...READY, ...rot(true)]), 'S2')).toBe('bug');
  });

  it('spends the copy whose file a disk fault hit, and lets bit rot explain false checkpoints', () => {
    const full = atlasAfter([...READY, struck('disk.full', A, '1.0', 'write x')]);
    expect([kindOf(full, 'L4'), kindOf(full, 'L8', A), kindOf(full, 'L8', P)]).toEqual(['bug', 'excusable', 'bug']);
    expect([kindOf(full, 'S6'), kindOf(full, 'S1'), kindOf(full, 'L4', '', '1.1')]).toEqual(['bug', 'bug', 'bug']);
    const rotten = atlasAfter([...READY, struck('disk.bit-rot', A, '1.0', 'byte 1')]);
    expect([kindOf(rotten, 'S6'), kindOf(rotten, 'S1'), kindOf(rotten, 'S6', '', '1.1')]).toEqual(['excusable', 'bug', 'bug']);
  });
});
