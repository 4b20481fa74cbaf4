/**
 * What a step may do to a run: issue commands, resolve references, put faults in force for a window. Every fault that is in
 * force is undone at heal at the latest; a fault that finds nothing to hit counts no effect.
 */
import type { LostTail } from '../../impl/env/sim/powerLoss.ts';
import type { SimWorld } from '../../impl/env/sim/world.ts';
import type { Command } from '../../model/commands.ts';
import type { ClusterId, DupId, NodeId } from '../../model/vocabulary.ts';
import type { Awaited } from './awaited.ts';
import type { KnownTable } from './knownTables.ts';

export interface Stage {
  readonly world: SimWorld;
  hasCluster(cluster: ClusterId): boolean;
  /** Makes `table#n` resolvable from now on. */
  bindTable(ref: string): void;
  tableResolves(ref: string): boolean;
  /** `table#1` -> `t1`; any other name is itself. */
  tableName(ref: string): string;
  /** The node of a reference such as `node(source,0)`; undefined when the plan's clusters do not have it. */
  node(ref: string): NodeId | undefined;
  /** Issues a command; the answer reaches the judge. Answers its id. */
  invoke(cluster: ClusterId, command: Command): number;
  /** Makes `dup#n` stand for the duplication that the answer of a command will name. */
  bindDup(ref: string, commandId: number): void;
  /** The id that `dup#n` stands for, undefined as long as no answer named one; any other reference is an id itself. */
  dupId(ref: string): DupId | undefined;
  /** The table of this name that was made last; undefined: none was heard of. */
  knownTable(cluster: ClusterId, name: string): KnownTable | undefined;
  /** A key that somebody else than a command writes: it is read back in the end as those of writes are. */
  readBack(cluster: ClusterId, table: string, hashKey: string, sortKey: string): void;
  /** The next step starts this much later. */
  holdMs(forMs: number): void;
  /** The next step starts when that happens, or after `atMostMs`. */
  holdUntil(awaited: Awaited, atMostMs: number): void;
  /** Puts a fault in force now and undoes it after `forMs`, or at heal. */
  window(forMs: number, undo: () => void): void;
  /** Work of others in the pool for long tasks of a node: it goes on after heal, and begins again with each of its processes. Beyond a round of 60 ms a later one takes the place of others. */
  load(node: NodeId, tasks: number, costMs: number, forMs: number): void;
  /** A fault that cannot be undone ends by itself after `forMs`; heal waits for it. */
  lasts(forMs: number): void;
  stop(node: NodeId, cause: 'crash' | 'power-loss' | 'shutdown', lostTail?: LostTail): void;
  start(node: NodeId): void;
}
