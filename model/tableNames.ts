/** Names of tables over time: a table gets another one by a rename or a recall, and gives its name back when it is dropped. */
import { mayAct } from './commandState.ts';
import type { ClusterState, CommandState, ModelState, TableState } from './state.ts';
import type { TableStatus } from './vocabulary.ts';

/** Nobody has dropped it. */
export const isLive = (status: TableStatus | undefined): boolean => status === 'AS_CREATING' || status === 'AS_AVAILABLE';

/**
 * A name that a table bore, by the store: from when until when (`untilUs` -1: it bears it). `sureUs`: since when the meta server
 * certainly knows it (-1: not yet), as an answer to whoever asked for that change of the table's record, or for a later one.
 */
export interface NameSpan {
  readonly name: string;
  readonly fromUs: number;
  readonly untilUs: number;
  readonly change: number;
  readonly sureUs: number;
}

/** Did it ever bear the name? Who looked it up then may mean it still. */
export function bore(table: TableState, name: string): boolean {
  return table.names.some((span) => span.name === name);
}

/** Did it bear the name at some moment since then, as far as the meta server may have known? */
export function boreSince(table: TableState, name: string, sinceUs: number): boolean {
  return table.names.some((span, i) => {
    const { sureUs } = table.names[i + 1] ?? span;
    return span.name === name && (span.untilUs < 0 || span.untilUs >= sinceUs || sureUs < 0 || sureUs >= sinceUs);
  });
}

/** Does it bear the name since before that moment, and does the meta server certainly know? */
export function bearsSinceBefore(table: TableState, name: string, atUs: number): boolean {
  return table.names.some((span) => span.name === name && span.untilUs < 0 && isSureBefore(span, atUs));
}

const isSureBefore = ({ sureUs }: NameSpan, atUs: number): boolean => sureUs >= 0 && sureUs < atUs;

/** Did it get a name, or get one back, of which the meta server may not have known at that moment? */
export function isNewlyNamed({ names }: TableState, atUs: number): boolean {
  return names.some(({ untilUs, sureUs }) => untilUs < 0 && (sureUs < 0 || sureUs > atUs));
}

/** Who asked for the change of that number, or for a later one, was told that it is done. */
export function noteKnown(table: TableState, change: number, atUs: number): void {
  if (table.names.every(({ sureUs, change: own }) => sureUs >= 0 || own > change)) return;
  table.names = table.names.map((span) => (span.sureUs < 0 && span.change <= change ? { ...span, sureUs: atUs } : span));
}

/** It bears this name, and no other one; '': none. */
export function rename(table: TableState, name: string, atUs: number): void {
  if (table.names.some((span) => span.untilUs < 0 && span.name === name)) return;
  const ended = table.names.map((span) => (span.untilUs < 0 ? { ...span, untilUs: atUs } : span));
  // A creation is known before it is stored.
  const sureUs = table.names.length === 0 ? atUs : -1;
  table.names = name === '' ? ended : [...ended, { name, fromUs: atUs, untilUs: -1, change: table.changes, sureUs }];
}

/** Somebody asked for the drop of the table, by whichever of its names. */
export function drops(cluster: ClusterState, table: TableState): boolean {
  return Object.values(cluster.commands).some((command) => isDropOf(command, table));
}

/** As `drops`, and some of that is still to come: a table that was recalled since is to stay. */
export function stillDrops(state: ModelState, cluster: ClusterState, table: TableState, atUs: number): boolean {
  return dropAskedAtUs(state, cluster, table, atUs) >= 0;
}

/** When the drop that is under way was asked for first; -1: none is. */
export function dropAskedAtUs(state: ModelState, cluster: ClusterState, table: TableState, atUs: number): number {
  let first = Infinity;
  for (const command of Object.values(cluster.commands)) {
    if (isDropOf(command, table) && mayAct(state, cluster.id, command, atUs)) first = Math.min(first, command.invokedAtUs);
  }
  return Number.isFinite(first) ? first : -1;
}

const isDropOf = ({ command }: CommandState, table: TableState): boolean => command.kind === 'dropTable' && bore(table, command.name);

/** May some table bear that name because of the command? A recall may be under the old name, whichever that is. */
export function mayName({ command }: CommandState, name: string): boolean {
  switch (command.kind) {
    case 'createTable':
      return command.name === name;
    case 'renameTable':
      return command.newName === name;
    case 'recallTable':
      return command.newName === name || command.newName === '';
    default:
      return false;
  }
}
