/**
 * The small symbolic state that generation walks: names and intents, never the state of a run. References are symbolic
 * (`table#1`, `node(source,0)`), so that removing one step never re-aims another.
 */
import type { ClusterShape } from './types.ts';

export interface TableSymbol {
  readonly ref: string;
  readonly partitionCount: number;
  dropped: boolean;
}

export class Symbols {
  readonly clusters: readonly ClusterShape[];
  readonly tables: TableSymbol[] = [];
  /** Values are numbered, so that each write is told from every other. */
  nextValue = 1;
  nextTable = 1;
  constructor(clusters: readonly ClusterShape[]) {
    this.clusters = clusters;
  }
  liveTables(): readonly TableSymbol[] {
    return this.tables.filter((t) => !t.dropped);
  }
  replicaNodes(): readonly string[] {
    return this.clusters.flatMap((c) => Array.from({ length: c.replicaServers }, (_, i) => `node(${c.id},${String(i)})`));
  }
  metaNodes(): readonly string[] {
    return this.clusters.map((c) => `meta(${c.id},0)`);
  }
  value(): string {
    return `v${String(this.nextValue++)}`;
  }
}
