/**
 * What a rule of the model refused, as a sentence that needs no rule's name: the event as people read it, what was expected, and what
 * was there instead where the event does not say so itself.
 */
import type { Command } from '../../model/commands.ts';
import type { ModelEvent } from '../../model/events.ts';
import type { ClusterState, CommandState, ModelState } from '../../model/state.ts';
import { storedKey } from '../../model/rules/attempts.ts';
import type { Violation } from '../../model/violation.ts';
import { eventText } from './eventText.ts';

/** Fewer letters may stand in an event by chance. */
const TELLING_LENGTH = 4;

/** `state` as it was before the event. */
export function brokenText(event: ModelEvent, { expected, actual }: Violation, state: ModelState): string {
  if (event.kind === 'command.answered') {
    const cluster = state.clusters[event.cluster];
    const command = cluster?.commands[event.id];
    const what = cluster === undefined || command === undefined ? '' : ` (${commandWords(command.command)}${placeOf(cluster, command)})`;
    return `the answer to command ${String(event.id)}${what}: expected ${expected}, got ${actual}`;
  }
  const text = eventText(event).trimEnd();
  const isSaid = actual.length >= TELLING_LENGTH && text.includes(actual);
  return `${text}; expected ${expected}${isSaid ? '' : `, got ${actual}`}`;
}

/** The partition that has a read's row: what was lost there explains the answer. */
function placeOf(cluster: ClusterState, { appId, command }: CommandState): string {
  const gpid = command.kind === 'get' ? cluster.tables[appId]?.home[storedKey(command.hashKey, command.sortKey)] : undefined;
  return gpid === undefined ? '' : ` of ${gpid}`;
}

/** `put t1 a "" v1`: its kind and what it is given; numbers and flags by name. */
function commandWords({ kind, ...given }: Command): string {
  const words = Object.entries(given).flatMap(([name, value]): readonly string[] => {
    if (typeof value === 'string') return [/^[\w./:#-]+$/.test(value) ? value : JSON.stringify(value)];
    if (typeof value === 'boolean') return value ? [name] : [];
    if (typeof value === 'number') return value === 0 && name !== 'partitionIndex' ? [] : [`${name} ${String(value)}`];
    return [`${name} ${JSON.stringify(value)}`];
  });
  return [kind, ...words].join(' ');
}
