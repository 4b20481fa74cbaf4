/**
 * What a run asks after everything has settled: one write to each partition of each duplicated table (it must still get across), then
 * each key that was ever written, in its own table and in those that it is duplicated to, what the meta server says of the
 * duplications, where the duplicators stand, and what the primaries at both ends have counted. The judge compares.
 */
import type { Command } from '../../model/commands.ts';
import type { ClusterId } from '../../model/vocabulary.ts';
import { partitionIndexOf } from '../../impl/protocol/rrdb.ts';

export interface Probe {
  readonly cluster: ClusterId;
  readonly command: Command;
}

interface Duplication {
  readonly cluster: ClusterId;
  readonly table: string;
  readonly remoteCluster: ClusterId;
  readonly remoteTable: string;
}

interface Key {
  readonly cluster: ClusterId;
  readonly table: string;
  readonly hashKey: string;
  readonly sortKey: string;
}

/** More partitions are not probed: a plan of hundreds would spend its time here. */
const MOST_PARTITIONS = 16;

export class Probes {
  private readonly keys = new Map<string, Key>();
  private readonly dups = new Map<string, Duplication>();
  private readonly partitionCounts = new Map<string, number>();
  private readonly names: { readonly cluster: ClusterId; readonly from: string; readonly to: string }[] = [];

  addTable(cluster: ClusterId, table: string, partitionCount: number): void {
    this.partitionCounts.set(`${cluster}\n${table}`, partitionCount);
  }

  remember(cluster: ClusterId, command: Command): void {
    switch (command.kind) {
      case 'put':
      case 'remove':
        this.addKey({ cluster, table: command.table, hashKey: command.hashKey, sortKey: command.sortKey });
        break;
      case 'multiPut':
        for (const { sortKey } of command.rows) this.addKey({ cluster, table: command.table, hashKey: command.hashKey, sortKey });
        break;
      case 'createTable':
        if (command.partitionCount > 0) this.addTable(cluster, command.name, command.partitionCount);
        break;
      case 'addDup':
        this.addDup({ cluster, table: command.table, remoteCluster: command.remoteCluster, remoteTable: command.remoteTable === '' ? command.table : command.remoteTable });
        break;
      default:
    }
  }

  /** A table is to be asked for by another name too, whatever becomes of that wish. */
  rememberName(cluster: ClusterId, from: string, to: string): void {
    this.names.push({ cluster, from, to });
    this.addTable(cluster, to, this.partitionCounts.get(`${cluster}\n${from}`) ?? 0);
    for (const dup of this.dups.values()) if (dup.cluster === cluster && dup.table === from) this.addDup({ ...dup, table: to });
  }

  /** Also under each name that its table was to get. */
  private keysByAllNames(): Map<string, Key> {
    const keys = new Map(this.keys);
    for (const { cluster, from, to } of this.names) {
      for (const key of keys.values()) if (key.cluster === cluster && key.table === from) keys.set(idOf({ ...key, table: to }), { ...key, table: to });
    }
    return keys;
  }

  addKey(key: Key): void {
    this.keys.set(idOf(key), key);
  }

  private addDup(dup: Duplication): void {
    this.dups.set(`${dup.cluster}\n${dup.table}\n${dup.remoteCluster}\n${dup.remoteTable}`, dup);
  }

  writes(): readonly Probe[] {
    const tables = new Map([...this.dups.values()].map((dup) => [`${dup.cluster}\n${dup.table}`, dup]));
    // Where several clusters write the same row, it shows which one did.
    const isShared = new Set([...tables.values()].map(({ cluster }) => cluster)).size > 1;
    return [...tables].flatMap(([key, { cluster, table }]) => {
      const count = Math.min(MOST_PARTITIONS, this.partitionCounts.get(key) ?? 0);
      return Array.from({ length: count }, (_, index) => {
        const hashKey = hashKeyOf(index, this.partitionCounts.get(key) ?? 1);
        return { cluster, command: { kind: 'put', table, hashKey, sortKey: 'probe', value: `probe ${String(index)}${isShared ? ` of ${cluster}` : ''}`, ttlSeconds: 0 } };
      });
    });
  }

  /** Each key in its own table. */
  gets(): readonly Probe[] {
    return [...this.keysByAllNames().values()].map(getOf);
  }

  reads(): readonly Probe[] {
    const keys = this.keysByAllNames();
    for (const key of [...keys.values()]) {
      for (const dup of this.dups.values()) {
        if (dup.cluster !== key.cluster || dup.table !== key.table) continue;
        const there = { ...key, cluster: dup.remoteCluster, table: dup.remoteTable };
        keys.set(idOf(there), there);
      }
    }
    const gets = [...keys.values()].map(getOf);
    const tables = new Map([...this.dups.values()].map(({ cluster, table }) => [`${cluster}\n${table}`, { cluster, table }]));
    const queries = [...tables.values()].map(({ cluster, table }): Probe => ({ cluster, command: { kind: 'queryDup', table } }));
    return [...gets, ...queries, ...this.ofPartitions('queryProgress'), ...this.ofPartitions('queryMetrics')];
  }

  /** Of each partition of a duplicated table, at both ends. */
  private ofPartitions(kind: 'queryProgress' | 'queryMetrics'): readonly Probe[] {
    const ends = [...this.dups.values()].flatMap(({ cluster, table, remoteCluster, remoteTable }) => {
      const count = this.partitionCounts.get(`${cluster}\n${table}`) ?? 0;
      return [{ cluster, table, count }, { cluster: remoteCluster, table: remoteTable, count }];
    });
    const tables = new Map(ends.map((end) => [`${end.cluster}\n${end.table}`, end]));
    return [...tables.values()].flatMap(({ cluster, table, count }) =>
      Array.from({ length: Math.min(MOST_PARTITIONS, count) }, (_, partitionIndex): Probe => {
        return { cluster, command: { kind, table, partitionIndex } };
      }),
    );
  }
}

function idOf({ cluster, table, hashKey, sortKey }: Key): string {
  return `${cluster}\n${table}\n${hashKey}\n${sortKey}`;
}

function getOf({ cluster, ...key }: Key): Probe {
  return { cluster, command: { kind: 'get', ...key } };
}

/** A hash key that belongs to a partition. */
function hashKeyOf(partitionIndex: number, partitionCount: number): string {
  for (let i = 0; ; i += 1) if (partitionIndexOf(`p${String(i)}`, partitionCount) === partitionIndex) return `p${String(i)}`;
}
