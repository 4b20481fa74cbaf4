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
  /** It was asked for so. */
  allowsIngestBehind?: true;
}

/** A duplication that some step adds. */
export interface DupSymbol {
  readonly ref: string;
  /** Of the table that is duplicated. */
  readonly cluster: string;
  readonly table: string;
  readonly remoteCluster: string;
  readonly remoteTable: string;
  /** A step asked for its removal. */
  removed?: true;
}

/** A table of another cluster that a duplication writes to, or that is made for it. */
export interface RemoteTable {
  readonly cluster: string;
  readonly table: string;
  /** Of the source's table; '' in the third cluster, which has its tables from either of the others. */
  readonly of: string;
}

/** What a plan does beyond duplications from one cluster to another. */
export interface Topology {
  /** Duplications back to the source, and writes that conflict. */
  readonly bothWays: boolean;
}

/** Files of a load that some step puts on the provider. */
export interface LoadSymbol {
  readonly cluster: string;
  readonly table: string;
  readonly root: string;
  readonly folder: string;
  /** A step asked for it. */
  started?: true;
}

export class Symbols {
  readonly clusters: readonly ClusterShape[];
  /** Does the plan have bulk loads? */
  readonly withLoads: boolean;
  readonly topology: Topology;
  readonly tables: TableSymbol[] = [];
  /** Values are numbered, so that each write is told from every other. */
  nextValue = 1;
  nextTable = 1;
  readonly dups: DupSymbol[] = [];
  nextDup = 1;
  readonly remotes: RemoteTable[] = [];
  readonly loads: LoadSymbol[] = [];
  private nextLoaded = 1;
  private nextFolder = 1;
  constructor(clusters: readonly ClusterShape[], withLoads = false, topology: Topology = { bothWays: false }) {
    this.clusters = clusters;
    this.withLoads = withLoads;
    this.topology = topology;
  }
  /** The table goes by another name from now on, for whatever names it. */
  bindAgain(from: string, to: string): void {
    const found = this.tables.find((t) => t.ref === from);
    if (found === undefined) return;
    this.tables.push({ ...found, ref: to, dropped: false });
    found.dropped = true;
    for (const [i, dup] of this.dups.entries()) if (dup.cluster === 'source' && dup.table === from) this.dups[i] = { ...dup, table: to };
    for (const [i, load] of this.loads.entries()) if (load.cluster === 'source' && load.table === from) this.loads[i] = { ...load, table: to };
    for (const [i, remote] of this.remotes.entries()) if (remote.of === from) this.remotes[i] = { ...remote, of: to };
  }
  liveTables(): readonly TableSymbol[] {
    return this.tables.filter((t) => !t.dropped);
  }
  /** The second cluster, to which tables are duplicated. */
  follower(): ClusterShape | undefined {
    return this.clusters[1];
  }
  /** Where chains end, and where a second duplication of a table goes. */
  third(): ClusterShape | undefined {
    return this.clusters[2];
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
  /** Values of loads have numbers of their own. */
  loadedValue(): string {
    return `b${String(this.nextLoaded++)}`;
  }
  /** A place on the provider that no other load has. */
  nextRoot(): string {
    return `r${String(this.nextFolder++)}`;
  }
}
