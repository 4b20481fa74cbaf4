/**
 * The small symbolic state that generation walks: names and intents, never the state of a run. References are symbolic
 * (`table#1`, `node(source,0)`), so that removing one step never re-aims another.
 */
import type { ClusterShape } from './types.ts';

export interface TableSymbol {
  readonly ref: string;
  readonly partitionCount: number;
  readonly replicaCount: number;
  dropped: boolean;
}

/** A duplication that some step adds. */
export interface DupSymbol {
  readonly ref: string;
  /** Of the table that is duplicated. */
  readonly cluster: string;
  readonly table: string;
  readonly remoteTable: string;
  /** A step asked for its removal. */
  removed?: true;
}

/** A table of the follower that a duplication writes to, or that is made for it. */
export interface RemoteTable {
  readonly cluster: string;
  readonly table: string;
  /** Of the source's table. */
  readonly of: string;
}

export class Symbols {
  readonly clusters: readonly ClusterShape[];
  readonly tables: TableSymbol[] = [];
  /** Values are numbered, so that each write is told from every other. */
  nextValue = 1;
  nextTable = 1;
  readonly dups: DupSymbol[] = [];
  nextDup = 1;
  readonly remotes: RemoteTable[] = [];
  constructor(clusters: readonly ClusterShape[]) {
    this.clusters = clusters;
  }
  liveTables(): readonly TableSymbol[] {
    return this.tables.filter((t) => !t.dropped);
  }
  /** The second cluster, to which tables are duplicated. */
  follower(): ClusterShape | undefined {
    return this.clusters[1];
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
