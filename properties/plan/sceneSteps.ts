/** What the scenes share: their cast, single steps, and a meta server that stops about a write. */
import type { Draw } from './draw.ts';
import { str } from './spec.ts';
import { drawWindowMs } from './steps/common.ts';
import { drawWrite } from './steps/put.ts';
import type { Symbols } from './symbols.ts';
import type { Step } from './types.ts';

/** What a scene draws with. `allows`: the kinds of the search's profile. */
export interface Casting {
  readonly draw: Draw;
  readonly symbols: Symbols;
  /** Does the plan have faults at all? */
  readonly faults: boolean;
  allows(kind: string): boolean;
}

/** Writes to one table, from many users at once or one after the other. */
export function drawWrites({ draw, symbols }: Casting, place: { readonly cluster: string; readonly table: string }, count: number, afterMs = draw.pick([0, 0, 1, 10])): readonly Step[] {
  return Array.from({ length: count }, () => ({ kind: 'put', afterMs, ...drawWrite(draw, symbols, place) }));
}

/** A read of what the last of some writes wrote; none without one. */
export function drawReadOfLast({ draw }: Casting, writes: readonly Step[], afterMs: readonly number[]): readonly Step[] {
  const write = writes.at(-1);
  if (write === undefined) return [];
  const place = { cluster: str(write, 'cluster'), table: str(write, 'table') };
  return [{ kind: 'get', afterMs: draw.pick(afterMs), ...place, hashKey: str(write, 'hashKey'), sortKey: str(write, 'sortKey') }];
}

export function drawServer(casting: Casting, cluster: string): string {
  return casting.draw.pick(serversOf(casting, cluster));
}

export function crash(casting: Casting, node: string): Step {
  const { draw } = casting;
  return { kind: 'crash', afterMs: 0, node, downMs: drawWindowMs(draw), insideCall: draw.chance(300) ? draw.int(1, 12) : 0 };
}

export function hold(forMs: number): Step {
  return { kind: 'wait', afterMs: 0, forMs };
}

export function serversOf({ symbols }: Casting, cluster: string): readonly string[] {
  const servers = symbols.clusters.find((c) => c.id === cluster)?.replicaServers ?? 1;
  return Array.from({ length: servers }, (_, i) => `node(${cluster},${String(i)})`);
}

/** The meta server stops shortly before or after a change of the record is written, or before it tells anybody. */
export function drawAroundAWrite({ draw }: Casting, cluster: string, change: Step): readonly Step[] {
  const factor = draw.chance(850) ? draw.pick([20, 100, 400]) : 1;
  // An operation takes effect after half a millisecond times the factor, and is known after another half; a change is one to four of them.
  const afterMs = factor === 1 ? draw.int(0, 3) : (factor * draw.pick([1, 3, 3, 5, 7, 9])) / 4;
  return [
    ...(factor === 1 ? [] : [{ kind: 'slowStore', afterMs: 0, cluster, factor, forMs: draw.pick([1000, 3000]) }]),
    change,
    { kind: 'crash', afterMs, node: `meta(${cluster},0)`, downMs: drawWindowMs(draw), insideCall: draw.chance(250) ? draw.int(1, 12) : 0 },
  ];
}
