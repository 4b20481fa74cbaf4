/**
 * The duplications of one replica: its duplicators while it is PRIMARY, and what it knows of the primary's progress
 * while it is not (dup 2.5, 4.1, 4.3, 4.4; upstream's replica_duplicator_manager).
 *
 * Departures: dup.B30 (D7) one duplication without a confirmed decree makes the smallest one unknown; dup.B31 a
 * duplicator that has shipped less than the meta server has stored is built anew (upstream aborts); dup.B37 only a
 * PRIMARY takes the table's flag from a sync answer; a fresh primary's -1 does not make its members forget. There is no
 * lock (dup.B32): a task runs to its end before another looks.
 */
import type { Decree, DupId } from '../../../model/vocabulary.ts';
import { INVALID_DECREE } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import type { DuplicationConfirmEntry, DuplicationEntry } from '../../protocol/duplicationMessages.ts';
import { partitionIndexOfGpid } from '../../protocol/gpid.ts';
import type { Replica } from '../replica.ts';
import { isInvalidStatus } from './replicaDuplicator.ts';
import type { ReplicaDuplicator } from './replicaDuplicator.ts';

const NO_ENTRIES: readonly DuplicationEntry[] = [];

export class ReplicaDuplicatorManager {
  readonly ctx: Context;
  readonly replica: Replica;
  readonly duplications = new Map<DupId, ReplicaDuplicator>();
  private readonly partitionIndex: number;
  /** As group checks said, while not PRIMARY. */
  private primaryConfirmed: Decree = INVALID_DECREE;

  constructor(ctx: Context, replica: Replica) {
    this.ctx = ctx;
    this.replica = replica;
    this.partitionIndex = partitionIndexOfGpid(replica.gpid);
  }

  /** In the order of their ids. */
  duplicators(): readonly ReplicaDuplicator[] {
    return [...this.duplications.values()].sort((a, b) => a.dupId - b.dupId);
  }

  // ------------------------------------------------------------------ sync answer (dup 4.3)

  /**
   * The entries of the replica's table; undefined: it has none. That it is duplicated no more is told by config sync alone
   * (dup.B37): the table may be dropped, and be called back with its duplications.
   */
  onDuplicationSync(entries: readonly DuplicationEntry[] | undefined): void {
    if (entries !== undefined && this.replica.isPrimary()) this.replica.configurator.updateDuplicating(true);
    this.updateDuplicationMap(entries ?? NO_ENTRIES);
  }

  updateDuplicationMap(entries: readonly DuplicationEntry[]): void {
    if (entries.length === 0 || !this.replica.isPrimary()) {
      this.removeAllDuplications();
      return;
    }
    this.removeNonExistedDuplications(entries);
    for (const entry of entries) this.syncDuplication(entry);
  }

  removeNonExistedDuplications(entries: readonly DuplicationEntry[]): void {
    for (const dupId of [...this.duplications.keys()]) {
      if (!entries.some((entry) => entry.dupId === dupId)) this.removeDuplication(dupId);
    }
  }

  /** Also before log and storage are given up (dup.B33). */
  removeAllDuplications(): void {
    for (const dupId of [...this.duplications.keys()]) this.removeDuplication(dupId);
  }

  removeDuplication(dupId: DupId): void {
    const duplicator = this.duplications.get(dupId);
    this.duplications.delete(dupId);
    duplicator?.drop();
  }

  syncDuplication(entry: DuplicationEntry): void {
    const persisted = entry.progress[this.partitionIndex];
    if (persisted === undefined) {
      this.removeDuplication(entry.dupId);
      return;
    }
    const duplicator = this.duplications.get(entry.dupId);
    if (duplicator === undefined) this.buildDuplication(entry, persisted);
    else if (this.isOutdated(duplicator, entry, persisted)) this.rebuildDuplication(duplicator, entry, persisted);
    else this.updateDuplication(duplicator, entry, persisted);
  }

  buildDuplication(entry: DuplicationEntry, persisted: Decree): void {
    if (isInvalidStatus(entry.status)) return;
    const duplicator = new this.ctx.parts.ReplicaDuplicator(this.ctx, this.replica, entry);
    this.duplications.set(entry.dupId, duplicator);
    duplicator.initDuplication(persisted);
  }

  /**
   * dup.B31: another primary, or an earlier life of this one, shipped more; or the id is that of a removed duplication,
   * which a clock that went back let the meta server give again.
   */
  isOutdated(duplicator: ReplicaDuplicator, entry: DuplicationEntry, persisted: Decree): boolean {
    return persisted > duplicator.lastDecree() || entry.createTsMs !== duplicator.createTsMs;
  }

  rebuildDuplication(old: ReplicaDuplicator, entry: DuplicationEntry, persisted: Decree): void {
    if (old.createTsMs === entry.createTsMs) old.countConfirmed(persisted);
    this.removeDuplication(entry.dupId);
    this.buildDuplication(entry, persisted);
  }

  updateDuplication(duplicator: ReplicaDuplicator, entry: DuplicationEntry, persisted: Decree): void {
    duplicator.adoptStart(persisted);
    const error = duplicator.updateProgress(persisted, INVALID_DECREE);
    this.ctx.env.check(error === 'ERR_OK', 'update_progress', () => `${duplicator.describe()} told ${persisted}`);
    duplicator.updateStatusIfNeeded(entry.status);
    duplicator.updateFailMode(entry.failMode);
  }

  // ------------------------------------------------------------------ report (dup 4.1)

  getDuplicationConfirmsToUpdate(): readonly DuplicationConfirmEntry[] {
    const entries: DuplicationConfirmEntry[] = [];
    if (!this.replica.isPrimary()) return entries;
    for (const duplicator of this.duplicators()) {
      const entry = duplicator.confirmEntry();
      if (entry !== undefined) entries.push(entry);
    }
    return entries;
  }

  /** What the duplications of this replica still have to ship, summed up. */
  pendingMutations(): number {
    let pending = 0;
    for (const duplicator of this.duplications.values()) pending += duplicator.pendingMutations();
    return pending;
  }

  // ------------------------------------------------------------------ the log's safety (dup 4.4, 6.7)

  /** Whether the log may hold what a duplication still needs. */
  isDuplicating(): boolean {
    return this.replica.app.duplicating || this.duplications.size > 0;
  }

  /** Up to here nobody needs the log any more; -1 when that is not known, or there is no duplication. */
  minConfirmedDecree(): Decree {
    if (!this.replica.isPrimary()) return this.primaryConfirmed > 0 ? this.primaryConfirmed : INVALID_DECREE;
    return this.smallest(this.duplicators().map((duplicator) => duplicator.confirmedDecree()));
  }

  /** Unknown as long as one is (dup.B30). */
  smallest(confirmed: readonly Decree[]): Decree {
    return confirmed.length === 0 || confirmed.includes(INVALID_DECREE) ? INVALID_DECREE : Math.min(...confirmed);
  }

  /** A group check's value (dup 4.4): it rises while the table is duplicating; a negative one ends that. */
  updateConfirmedDecreeIfSecondary(confirmed: Decree): void {
    if (this.replica.status() !== 'PS_SECONDARY') return;
    this.removeAllDuplications();
    if (confirmed >= 0) this.primaryConfirmed = Math.max(this.primaryConfirmed, confirmed);
    else if (this.isConfirmedForgotten()) this.primaryConfirmed = confirmed;
  }

  /** D7: a primary that was made just now does not know yet. */
  isConfirmedForgotten(): boolean {
    return !this.replica.app.duplicating;
  }
}
