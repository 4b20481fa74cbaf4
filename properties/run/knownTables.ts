/** Ids and partition counts of tables, which the meta servers give: from the records that they store, or what they answer. */
import type { Answer, Command } from '../../model/commands.ts';
import type { ModelEvent } from '../../model/events.ts';
import type { ClusterId } from '../../model/vocabulary.ts';

export interface KnownTable {
  readonly appId: number;
  readonly partitionCount: number;
}

type CreateTable = Extract<Command, { readonly kind: 'createTable' }>;

export class KnownTables {
  private readonly byName = new Map<string, KnownTable>();
  /** By command id. */
  private readonly asked = new Map<number, { readonly cluster: ClusterId; readonly command: CreateTable }>();

  /** The newest table of this name that was ever heard of; it may be dropped. */
  find(cluster: ClusterId, name: string): KnownTable | undefined {
    return this.byName.get(`${cluster}\n${name}`);
  }

  /** By which name the table was heard of last, '' when it never was. */
  nameOf(cluster: ClusterId, appId: number): string {
    let found = '';
    for (const [key, table] of this.byName) if (table.appId === appId && key.startsWith(`${cluster}\n`)) found = key.slice(cluster.length + 1);
    return found;
  }

  add(cluster: ClusterId, name: string, table: KnownTable): void {
    this.byName.set(`${cluster}\n${name}`, table);
  }

  onEvent(event: ModelEvent): void {
    if (event.kind !== 'table.stored' || event.status === 'AS_DROPPED') return;
    this.add(event.cluster, event.name, { appId: event.appId, partitionCount: event.partitionCount });
  }

  onInvoked(id: number, cluster: ClusterId, command: Command): void {
    if (command.kind === 'createTable') this.asked.set(id, { cluster, command });
  }

  /** Where nobody reads what is stored there are still the answers. */
  onAnswered(id: number, answer: Answer): void {
    const asked = this.asked.get(id);
    if (asked === undefined) return;
    this.asked.delete(id);
    const appId = answer.kind === 'admin' ? (answer.appId ?? 0) : 0;
    const { cluster, command } = asked;
    if (appId <= 0 || this.find(cluster, command.name)?.appId === appId) return;
    this.add(cluster, command.name, { appId, partitionCount: command.partitionCount });
  }
}
