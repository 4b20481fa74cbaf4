/** How a stored table may come back, and how it may get another name: as somebody asked (S7). */
import type { TableStored } from '../events.ts';
import { mayAct } from '../commandState.ts';
import type { CommandState, TableState } from '../state.ts';
import type { ClusterScene, Refusal } from './rule.ts';

/** What was dropped is available again. */
const comesBack = (table: TableState, e: TableStored): boolean => table.status === 'AS_DROPPED' && e.status === 'AS_AVAILABLE';

/** Does the record, where this one was, do what the command asks? */
export function showsName({ command }: CommandState, table: TableState | undefined, e: TableStored): boolean {
  if (table === undefined || e.status !== 'AS_AVAILABLE') return false;
  if (command.kind === 'renameTable') return table.status === 'AS_AVAILABLE' && command.name === table.name && command.newName === e.name;
  if (command.kind !== 'recallTable') return false;
  return command.appId === e.appId && comesBack(table, e) && e.name === (command.newName === '' ? table.name : command.newName);
}

/** A recall or another name that nobody asked for, or for which somebody asked in vain. */
export function namedWithoutCause({ state, cluster }: ClusterScene, table: TableState | undefined, e: TableStored, holdSeconds: number): Refusal | undefined {
  if (table === undefined || (table.name === e.name && !comesBack(table, e))) return undefined;
  const asked = Object.values(cluster.commands).find((command) => mayAct(state, cluster.id, command, e.atUs) && showsName(command, table, e));
  if (asked === undefined) return [`table ${table.appId} to stay ${table.name} ${table.status}: nobody asked for more`, `${e.name} ${e.status}`];
  const expiredUs = table.droppedAtUs + (holdSeconds + 2) * 1e6;
  return comesBack(table, e) && asked.invokedAtUs > expiredUs
    ? [`table ${table.appId} to stay dropped: its replicas were held until ${expiredUs}`, `recalled at ${asked.invokedAtUs}`]
    : undefined;
}
