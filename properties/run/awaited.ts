/**
 * What a step waits for, seen among the events of a run: the one that it asked for, and the last status of each table's records, so that
 * one that is there already is not waited for.
 */
import { appIdOf } from '../../model/gpid.ts';
import type { ModelEvent } from '../../model/events.ts';
import type { ClusterId } from '../../model/vocabulary.ts';
import type { Moment } from '../plan/moments.ts';
import { clusterOfEvent } from './eventPlace.ts';
import type { KnownTables } from './knownTables.ts';

export interface Awaited {
  readonly cluster: ClusterId;
  /** The table's name; of several tables of one name the newest is meant. */
  readonly table: string;
  readonly moment: Moment;
  /** The how manieth such event from now on. */
  readonly nth: number;
}

export class Awaiting {
  private readonly tables: KnownTables;
  /** Statuses that the stores hold, by kind of event, cluster and table. */
  private readonly last = new Map<string, string>();
  private awaited: Awaited | undefined;
  private left = 0;
  private then: () => void = () => undefined;

  constructor(tables: KnownTables) {
    this.tables = tables;
  }

  /** Is the status there already? */
  isThere({ cluster, table, moment, nth }: Awaited): boolean {
    if (nth > 1 || moment.status === '') return false;
    const appId = this.tables.find(cluster, table)?.appId ?? -1;
    return this.last.get(keyOf(moment.kind, cluster, appId)) === moment.status;
  }

  /** `then` is called once, when it happens, unless something else is waited for by then. */
  begin(awaited: Awaited, then: () => void): void {
    this.awaited = awaited;
    this.left = awaited.nth;
    this.then = then;
  }

  onEvent(event: ModelEvent): void {
    if (event.kind === 'dup.stored' || event.kind === 'load.stored') this.last.set(keyOf(event.kind, event.cluster, event.appId), event.record.status);
    else if (event.kind === 'dup.erased') this.last.delete(keyOf('dup.stored', event.cluster, event.appId));
    else if (event.kind === 'load.erased') this.last.delete(keyOf('load.stored', event.cluster, event.appId));
    const { awaited } = this;
    if (awaited === undefined || event.kind !== awaited.moment.kind || !this.isMeant(event, awaited)) return;
    this.left -= 1;
    if (this.left > 0) return;
    this.awaited = undefined;
    this.then();
  }

  private isMeant(event: ModelEvent, { cluster, table, moment }: Awaited): boolean {
    if (clusterOfEvent(event) !== cluster || (moment.status !== '' && statusOf(event) !== moment.status)) return false;
    return appOf(event) === this.tables.find(cluster, table)?.appId;
  }
}

function keyOf(kind: ModelEvent['kind'], cluster: ClusterId, appId: number): string {
  return `${kind} ${cluster} ${String(appId)}`;
}

function appOf(event: ModelEvent): number {
  if ('appId' in event) return event.appId;
  if (event.kind === 'config.stored') return appIdOf(event.config.gpid);
  return 'gpid' in event && event.gpid !== '' ? appIdOf(event.gpid) : -1;
}

function statusOf(event: ModelEvent): string {
  switch (event.kind) {
    case 'dup.stored':
    case 'load.stored':
    case 'load.partition-stored':
      return event.record.status;
    case 'dup.told':
      return event.status;
    default:
      return '';
  }
}
