/**
 * What the auditor knows of one duplicator (dup 2.5): a duplication at the primary of one partition, from the answer of
 * a duplication sync that names it until one that does not, or until its replica or process ends.
 */
import type { DupEntryFact } from '../../../model/duplicationEvents.ts';
import type { MutationFact, UpdateFact } from '../../../model/events.ts';
import {
  INVALID_DECREE,
  type ClusterId,
  type Decree,
  type DupId,
  type DuplicationStatus,
  type WriteCode,
} from '../../../model/vocabulary.ts';
import { sameRows } from './mutationReader.ts';

/** Claims kept: more than can be made while a report waits to leave. */
const CLAIMS_KEPT = 256;

/** Client writes that are shipped (dup 7.1). */
const SHIPPED_CODES: ReadonlySet<WriteCode> = new Set<WriteCode>([
  'RPC_RRDB_RRDB_PUT',
  'RPC_RRDB_RRDB_REMOVE',
  'RPC_RRDB_RRDB_MULTI_PUT',
  'RPC_RRDB_RRDB_MULTI_REMOVE',
]);

/** What a sync answer says of a duplication. */
export interface ToldOf {
  readonly dupId: DupId;
  readonly createTsMs: number;
  readonly remote: ClusterId;
  readonly remoteAppName: string;
  readonly status: DuplicationStatus;
}

export class DuplicatorView {
  readonly dupId: DupId;
  /** Tells a duplication from another one that has its id later (dup 1). */
  readonly createTsMs: number;
  readonly remote: ClusterId;
  readonly remoteAppName: string;
  /** When it was built, or begun anew: what was written before tells nothing of it. */
  anewAtUs: number;
  status: DuplicationStatus;
  /** What the meta server has stored, as told; -1 before the first. */
  confirmed: Decree;
  /** `last_decree`: as built, then as told and claimed. */
  last: Decree;
  /** The claims say that a pipeline is there. */
  running = false;
  startedAtUs = -1;
  stoppedAtUs = -1;
  /** No answer names it any more. */
  gone = false;
  /** Claims that the running task owes since the answer that it handles. */
  startOwed = false;
  stopOwed = '';

  /** `last` before the claims that are remembered, and these. */
  private floor: Decree;
  private readonly claims: { readonly last: Decree; readonly atUs: number }[] = [];

  // ------------------------------------------------ of the running pipeline
  /** The newest record of each decree that is not claimed shipped. */
  private readonly log = new Map<Decree, MutationFact>();
  /** Entries that were sent, by the timestamp of their mutation. */
  private readonly sent = new Map<number, DupEntryFact[]>();
  private readonly skipped: { readonly from: Decree; readonly to: Decree }[] = [];

  constructor(told: ToldOf, confirmed: Decree, last: Decree, anewAtUs: number) {
    this.dupId = told.dupId;
    this.createTsMs = told.createTsMs;
    this.remote = told.remote;
    this.remoteAppName = told.remoteAppName;
    this.status = told.status;
    this.confirmed = confirmed;
    this.last = last;
    this.floor = last;
    this.anewAtUs = anewAtUs;
  }

  /** Told DS_LOG, and where the log begins that is to be shipped. */
  mayStart(): boolean {
    return this.status === 'DS_LOG' && this.confirmed !== INVALID_DECREE;
  }

  /** Without a checkpoint and a stored decree, `last` is where it would begin. */
  isStartProposed(): boolean {
    return this.confirmed === INVALID_DECREE && this.status !== 'DS_PREPARE' && this.status !== 'DS_APP';
  }

  /** Begins anew from a decree that the claims do not tell (dup.B31), or from the start of a pipeline. */
  restartFrom(last: Decree, atUs: number): void {
    this.anewAtUs = atUs;
    this.last = last;
    this.floor = last;
    this.claims.length = 0;
    this.log.clear();
    this.sent.clear();
    this.skipped.length = 0;
  }

  /** This one takes the place of `old` in the task at hand, whose end is still to be claimed. */
  replaces(old: DuplicatorView): void {
    this.running = old.running;
    this.startedAtUs = old.startedAtUs;
    this.stoppedAtUs = old.stoppedAtUs;
    if (old.running) this.stopOwed = 'its id is that of another duplication now';
  }

  // ------------------------------------------------------------------ claims of progress

  noteShipped(last: Decree, atUs: number): void {
    this.claims.push({ last, atUs });
    if (this.claims.length > CLAIMS_KEPT) this.floor = this.claims.shift()?.last ?? this.floor;
    for (let decree = this.last + 1; decree <= last; decree++) {
      const mutation = this.log.get(decree);
      if (mutation !== undefined) this.sent.delete(mutation.timestampUs);
      this.log.delete(decree);
    }
    this.last = Math.max(this.last, last);
  }

  /** The newest `last` that was claimed before the moment; what it was built or started with counts, too. */
  lastBefore(momentUs: number): Decree {
    for (let i = this.claims.length - 1; i >= 0; i--) {
      const claim = this.claims[i];
      if (claim !== undefined && claim.atUs < momentUs) return claim.last;
    }
    return this.floor;
  }

  /** Whether any progress was claimed before the moment since it was built or started. */
  hasClaimBefore(momentUs: number): boolean {
    const oldest = this.claims[0];
    return oldest !== undefined && oldest.atUs < momentUs;
  }

  // ------------------------------------------------------------------ the pipeline's matter

  /** A record that the pipeline may come to load. */
  noteRecord(mutation: MutationFact): void {
    if (mutation.decree <= this.last) return;
    const old = this.log.get(mutation.decree);
    if (old === undefined || old.ballot < mutation.ballot) this.log.set(mutation.decree, mutation);
  }

  noteSent(entry: DupEntryFact): void {
    const entries = this.sent.get(entry.timestampUs);
    if (entries === undefined) this.sent.set(entry.timestampUs, [entry]);
    else if (!entries.some((old) => old.code === entry.code && sameRows(old.rows, entry.rows))) entries.push(entry);
  }

  /** Did it read the mutation of the entry? */
  hasRead(entry: DupEntryFact): boolean {
    for (const { timestampUs } of this.log.values()) if (timestampUs === entry.timestampUs) return true;
    return false;
  }

  noteSkipped(from: Decree, to: Decree): void {
    this.skipped.push({ from, to });
  }

  /** The decree of an entry that is claimed skipped, or -1. */
  skippedDecreeOf(entry: DupEntryFact): Decree {
    for (const { from, to } of this.skipped) {
      for (let decree = from; decree <= to; decree++) {
        if (this.log.get(decree)?.timestampUs === entry.timestampUs) return decree;
      }
    }
    return INVALID_DECREE;
  }

  /** The first decree up to `last` with a write that was neither sent nor claimed skipped, or -1. */
  firstUnsent(last: Decree): Decree {
    for (let decree = this.last + 1; decree <= last; decree++) {
      const mutation = this.log.get(decree);
      if (mutation === undefined || this.skipped.some(({ from, to }) => from <= decree && decree <= to)) continue;
      const entries = this.sent.get(mutation.timestampUs);
      if (mutation.updates.some((update) => isShipped(update) && !isAmong(entries, update))) return decree;
    }
    return INVALID_DECREE;
  }

  toString(): string {
    return `duplication ${this.dupId}`;
  }
}

function isShipped(update: UpdateFact): boolean {
  return SHIPPED_CODES.has(update.code) && update.rows.length > 0;
}

function isAmong(entries: readonly DupEntryFact[] | undefined, update: UpdateFact): boolean {
  return entries?.some((entry) => entry.code === update.code && sameRows(entry.rows, update.rows)) ?? false;
}
