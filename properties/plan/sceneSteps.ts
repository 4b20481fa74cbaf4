/** What the scenes share: their cast, and single steps. */
import type { Draw } from './draw.ts';
import { drawWindowMs } from './steps/common.ts';
import { drawWrite } from './steps/put.ts';
import type { DupSymbol, Symbols } from './symbols.ts';
import type { Step } from './types.ts';

/** What a scene draws with. `allows`: the kinds of the search's profile. */
export interface Casting {
  readonly draw: Draw;
  readonly symbols: Symbols;
  /** Does the plan have faults at all? */
  readonly faults: boolean;
  allows(kind: string): boolean;
}

/** Writes to what is duplicated, from many users at once or one after the other. */
export function drawWrites({ draw, symbols }: Casting, dup: DupSymbol, count: number, afterMs = draw.pick([0, 0, 1, 10])): readonly Step[] {
  return Array.from({ length: count }, () => ({ kind: 'put', afterMs, ...drawWrite(draw, symbols, dup) }));
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

/** The one that a duplication of this cluster goes to. */
export function otherCluster({ symbols }: Casting, cluster: string): string {
  return symbols.clusters.find((c) => c.id !== cluster)?.id ?? cluster;
}
