/** What an obligation is, and their names; a bound is a sum of named terms. */
import type { ClusterId, Gpid, NodeId } from './vocabulary.ts';

export interface Obligation {
  /** Stable name; also the name of the registry row that states it. */
  readonly name: string;
  readonly property: string;
  /** What it is about, unique under the name in its cluster. */
  readonly key: string;
  readonly cluster: ClusterId;
  readonly gpid: Gpid | '';
  /** Whose disk alone it depends on; '' when it takes all members. */
  readonly node: NodeId | '';
  readonly sentence: string;
  readonly sinceUs: number;
  readonly boundUs: number;
  /** e.g. `2 x groupCheckIntervalMs (100000) + 1 x work (1000)`. */
  readonly boundText: string;
}

/** Names and properties of all obligations, for the registry. */
export const OBLIGATIONS = {
  'L6 command answered': { property: 'L6', sentence: 'every command is answered' },
  'L4 partition serves': {
    property: 'L4',
    sentence: 'the members of the newest configuration hold their roles in its ballot',
  },
  'L6 primary moved': {
    property: 'L6',
    sentence: 'a primary that an operator wants away steps down',
  },
  'L6 replica copied': {
    property: 'L6',
    sentence: 'a server that an operator names takes the place of a member, and that one leaves',
  },
  'L1 writes commit': { property: 'repl.L1', sentence: 'a primary commits what it has prepared' },
  'L2 secondaries commit': {
    property: 'repl.L2',
    sentence: 'secondaries commit and apply what the primary has committed',
  },
  'L8 emergency checkpoint': {
    property: 'L8',
    sentence: 'an emergency checkpoint that was accepted makes its decree durable',
  },
  'L4 dead primary leaves': { property: 'L4', sentence: 'a primary whose server is down is removed, whether or not it comes back' },
  'L4 members return': { property: 'L4', sentence: 'a partition gets the members that it lacks, one after the other' },
  'L4 stranger is closed': { property: 'L4', sentence: 'a replica that is no member any more gives its role up' },
  'L4 surplus leaves': { property: 'L4', sentence: 'a partition that has a member too many lets one go' },
  'L4 durable follows': { property: 'repl.L4', sentence: 'the durable decree reaches what was applied' },
  'L4 flushed is listed': {
    property: 'repl.L4',
    sentence: 'what is flushed gets into a checkpoint at the next periodic attempts',
  },
  'L5 log space': { property: 'L5', sentence: 'a log file that a checkpoint covers is deleted' },
  'S9 manual flag': { property: 'S9', sentence: 'the manual checkpoint flag returns to idle' },
  'thr L1 answered': { property: 'thr.L1', sentence: 'a request that a throttle held back or refused is answered' },
  'dup L1 follower table': { property: 'L1', sentence: 'a duplication in DS_PREPARE reaches DS_APP' },
  'dup L1 shipping begins': { property: 'L1', sentence: 'a duplication in DS_APP reaches DS_LOG' },
  'dup L2 drained': { property: 'L2', sentence: 'every committed write reaches the follower, the last one too' },
  'dup L3 pipeline': { property: 'dup.L3', sentence: 'a primary that was told DS_LOG ships' },
  'dup L4 begun': { property: 'dup.L4', sentence: 'the store holds where a duplication without a checkpoint begins' },
  'dup L4 confirmed': { property: 'dup.L4', sentence: 'what was shipped is stored as confirmed' },
  'dup L4 told': { property: 'dup.L4', sentence: 'each primary learns what the store holds of its duplications' },
  'dup L6 stops': { property: 'dup.L6', sentence: 'a paused or removed duplication ships no more' },
  'dup S11 same rows': { property: 'dup.S11', sentence: 'at rest a follower holds the newest write of each row of its source' },
  'load L3 ends': { property: 'L3', sentence: 'a load that is not paused comes to an end, step by step, and its table is not loading any more' },
  'load L3 good end': { property: 'L3', sentence: 'a load of good files that nothing disturbs becomes SUCCEED' },
  'load L3 writes accepted': { property: 'L3', sentence: 'an ingestion keeps user writes out for a short time only' },
  'load L6 escape': { property: 'L6', sentence: 'a forced cancel leads to CANCELED, and the table is not loading any more' },
  'load S9 idle': { property: 'S9', sentence: 'a download slot comes back when its load needs it no more' },
} as const;

type Name = keyof typeof OBLIGATIONS;
export type Term = readonly [count: number, name: string, ms: number];

/** Tasks, disk and queues between the timers. */
export const WORK: Term = [1, 'work', 1000];

/** What one cluster owes, as it is found. */
export interface Ledger {
  readonly cluster: ClusterId;
  readonly entries: Obligation[];
}

/** Nearly all are met: what only an overdue one tells is put together when it is asked for. */
class Owed implements Obligation {
  readonly name: Name;
  readonly key: string;
  readonly cluster: ClusterId;
  readonly gpid: Gpid | '';
  readonly node: NodeId | '';
  readonly sinceUs: number;
  readonly boundUs: number;
  private readonly terms: readonly Term[];

  constructor(name: Name, key: string, cluster: ClusterId, gpid: Gpid | '', node: NodeId | '', sinceUs: number, terms: readonly Term[]) {
    this.name = name;
    this.key = key;
    this.cluster = cluster;
    this.gpid = gpid;
    this.node = node;
    this.sinceUs = sinceUs;
    this.boundUs = boundOf(terms);
    this.terms = terms;
  }

  get property(): string {
    return OBLIGATIONS[this.name].property;
  }

  get sentence(): string {
    return OBLIGATIONS[this.name].sentence;
  }

  get boundText(): string {
    return this.terms.map(([count, term, ms]) => `${count} x ${term} (${ms} ms)`).join(' + ');
  }
}

function boundOf(terms: readonly Term[]): number {
  let boundUs = 0;
  for (const term of terms) boundUs += term[0] * term[2] * 1000;
  return boundUs;
}

/** Adds an obligation. */
export function owe(
  to: Ledger,
  name: Name,
  key: string,
  gpid: Gpid | '',
  sinceUs: number,
  terms: readonly Term[],
  node: NodeId | '' = '',
): void {
  to.entries.push(new Owed(name, key, to.cluster, gpid, node, sinceUs, terms));
}
