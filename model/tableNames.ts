/** Names of tables over time: a table gets another one by a rename or a recall, and gives its name back when it is dropped. */
import type { ClusterState, CommandState, TableState } from './state.ts';

/** A name that a table bore, and from when until when; `untilUs` -1: it bears it. */
export interface NameSpan {
  readonly name: string;
  readonly fromUs: number;
  readonly untilUs: number;
}

/** Did it ever bear the name? Who looked it up then may mean it still. */
export function bore(table: TableState, name: string): boolean {
  return table.names.some((span) => span.name === name);
}

/** Did it bear the name at some moment since then? */
export function boreSince(table: TableState, name: string, sinceUs: number): boolean {
  return table.names.some((span) => span.name === name && (span.untilUs < 0 || span.untilUs >= sinceUs));
}

/** Does it bear the name since before that moment? */
export function bearsSinceBefore(table: TableState, name: string, atUs: number): boolean {
  return table.names.some((span) => span.name === name && span.untilUs < 0 && span.fromUs < atUs);
}

/** It bears this name, and no other one; '': none. */
export function rename(table: TableState, name: string, atUs: number): void {
  if (table.names.some((span) => span.untilUs < 0 && span.name === name)) return;
  const ended = table.names.map((span) => (span.untilUs < 0 ? { ...span, untilUs: atUs } : span));
  table.names = name === '' ? ended : [...ended, { name, fromUs: atUs, untilUs: -1 }];
}

/** Somebody asked for the drop of the table, by whichever of its names. */
export function drops(cluster: ClusterState, table: TableState): boolean {
  return Object.values(cluster.commands).some((command) => isDropOf(command, table));
}

/** As `drops`, and it is not known to be done yet: a table that was recalled since is to stay. */
export function stillDrops(cluster: ClusterState, table: TableState): boolean {
  return Object.values(cluster.commands).some((command) => command.shownAppId < 0 && isDropOf(command, table));
}

const isDropOf = ({ command }: CommandState, table: TableState): boolean => command.kind === 'dropTable' && bore(table, command.name);
