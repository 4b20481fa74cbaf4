/** What an event is about: node, cluster, partition, table. Table names are learnt from what the meta servers store. */
import type { ModelEvent } from '../../model/events.ts';
import type { Command } from '../../model/commands.ts';
import { clusterOfNode } from '../run/eventPlace.ts';
import { clientNode } from '../run/names.ts';

export interface EventFacts {
  readonly node: string;
  readonly cluster: string;
  readonly gpid: string;
  readonly table: string;
}

export class FactReader {
  /** By `<cluster> <app id>`. */
  private readonly tables = new Map<string, string>();
  /** Table of a command, by its id. */
  private readonly commands = new Map<number, string>();

  /** A table that is there before the first event. */
  addTable(cluster: string, appId: number, name: string): void {
    this.tables.set(`${cluster} ${String(appId)}`, name);
  }

  read(event: ModelEvent): EventFacts {
    if (event.kind === 'table.stored') this.addTable(event.cluster, event.appId, event.name);
    if (event.kind === 'command.invoked') this.commands.set(event.id, tableOfCommand(event.command));
    const node = nodeOf(event);
    const cluster = clusterOf(event, node);
    const gpid = gpidOf(event);
    return { node, cluster, gpid, table: this.tableOf(event, cluster, gpid) };
  }

  /** '' for a table that nobody stored. */
  nameOf(cluster: string, appId: number | string): string {
    return this.tables.get(`${cluster} ${String(appId)}`) ?? '';
  }

  private tableOf(event: ModelEvent, cluster: string, gpid: string): string {
    if (event.kind === 'command.invoked' || event.kind === 'command.answered') return this.commands.get(event.id) ?? '';
    if (gpid !== '') return this.nameOf(cluster, gpid.slice(0, gpid.indexOf('.')));
    if (event.kind === 'follower.asked') return event.name;
    return 'appId' in event ? this.nameOf(cluster, event.appId) : '';
  }
}

function tableOfCommand(command: Command): string {
  if ('table' in command) return command.table;
  return 'name' in command ? command.name : '';
}

function nodeOf(event: ModelEvent): string {
  switch (event.kind) {
    case 'dup.sent':
      return event.from;
    case 'command.invoked':
    case 'command.answered':
    case 'attempt.sent':
      return clientNode(event.cluster);
    default:
      return 'node' in event ? event.node : '';
  }
}

/** Of what is sent to another cluster: that of the partition which it names. */
function clusterOf(event: ModelEvent, node: string): string {
  if (event.kind === 'dup.sent') return clusterOfNode(event.to);
  return 'cluster' in event ? event.cluster : clusterOfNode(node);
}

function gpidOf(event: ModelEvent): string {
  if (event.kind === 'config.stored') return event.config.gpid;
  if (event.kind === 'load.partition-stored') return `${String(event.appId)}.${String(event.partitionIndex)}`;
  return 'gpid' in event ? event.gpid : '';
}
