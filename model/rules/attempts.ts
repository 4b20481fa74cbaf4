/**
 * Which command is behind an update: every update that a primary prepares stems from an attempt that was sent to it, and
 * an attempt has at most one effect (S8; answers are judged in answers.ts).
 */
import type { ClientCommand, Command } from '../commands.ts';
import type { PreparedClaim, UpdateFact } from '../events.ts';
import type { ClusterState, CommandState } from '../state.ts';
import type { WriteCode } from '../vocabulary.ts';
import type { Refusal, ReplicaScene } from './rule.ts';

/** The commands behind the updates of one mutation, as the guard found them. */
export interface WriterMatch {
  readonly commands: number[];
}

export type WriteCommand = Extract<ClientCommand, { kind: 'put' | 'remove' | 'multiPut' }>;

export function isWrite(command: Command): command is WriteCommand {
  return command.kind === 'put' || command.kind === 'remove' || command.kind === 'multiPut';
}

/** The stored key of a hash key and a sort key (u16 BE length, hash key, sort key). */
export function storedKey(hashKey: string, sortKey: string): string {
  return String.fromCharCode(hashKey.length >> 8, hashKey.length & 255) + hashKey + sortKey;
}

/** Name of the index slot of a write: its table and its first key. */
export function writerSlot(appId: number, command: WriteCommand): string {
  const sortKey = command.kind === 'multiPut' ? (command.rows[0]?.sortKey ?? '') : command.sortKey;
  return `${appId}/${storedKey(command.hashKey, sortKey)}`;
}

const CODES: Readonly<Record<WriteCommand['kind'], WriteCode>> = {
  put: 'RPC_RRDB_RRDB_PUT',
  remove: 'RPC_RRDB_RRDB_REMOVE',
  multiPut: 'RPC_RRDB_RRDB_MULTI_PUT',
};

/** Does the update do exactly what the command asks? Of the expiry only its presence is compared here. */
export function doesWhatWasAsked(command: Command, update: UpdateFact): boolean {
  if (!isWrite(command) || update.code !== CODES[command.kind]) return false;
  const { hashKey } = command;
  if (command.kind === 'remove') {
    const row = update.rows[0];
    return update.rows.length === 1 && row?.op === 'remove' && row.key === storedKey(hashKey, command.sortKey);
  }
  const asked = command.kind === 'put' ? [{ sortKey: command.sortKey, value: command.value }] : command.rows;
  return asked.length === update.rows.length && asked.every(({ sortKey, value }, i) => {
    const row = update.rows[i];
    return row?.op === 'put' && row.key === storedKey(hashKey, sortKey) && row.value === value && row.expireTs > 0 === command.ttlSeconds > 0;
  });
}

/** The newest command that asked for the update and has an attempt at this node that had no effect yet. */
function writerOf(cluster: ClusterState, appId: number, node: string, update: UpdateFact, taken: readonly number[]): CommandState | undefined {
  const ids = cluster.writers[`${appId}/${update.rows[0]?.key ?? ''}`] ?? [];
  for (let i = ids.length - 1; i >= 0; i--) {
    const command = cluster.commands[ids[i] ?? -1];
    if (command === undefined || command.refused || !doesWhatWasAsked(command.command, update)) continue;
    const earlier = taken.filter((id) => id === command.id).length;
    if ((command.attempts[node] ?? 0) > (command.used[node] ?? 0) + earlier) return command;
  }
  return undefined;
}

/**
 * Commands that ask for the same thing cannot be told apart in the log: when one is answered whose effect was put down to
 * its twin, the two change places. Answers whether there was such a twin, with a committed effect and no answer yet.
 */
export function swapWithTwin(cluster: ClusterState, command: CommandState): boolean {
  if (!isWrite(command.command)) return false;
  const asked = JSON.stringify(command.command);
  const ids = cluster.writers[writerSlot(command.appId, command.command)] ?? [];
  const twin = ids
    .map((id) => cluster.commands[id])
    .find((other) => other !== undefined && other.id !== command.id && other.committed && !other.answered && JSON.stringify(other.command) === asked);
  if (twin === undefined) return false;
  [command.committed, twin.committed] = [twin.committed, command.committed];
  [command.effects, twin.effects] = [twin.effects, command.effects];
  for (const part of Object.values(cluster.partitions)) {
    if (part.appId !== command.appId) continue;
    for (const proposals of Object.values(part.proposals)) {
      for (const proposal of proposals) proposal.commands = proposal.commands.map((id) => (id === command.id ? twin.id : id === twin.id ? command.id : id));
    }
  }
  return true;
}

/** Finds the command behind each update, and uses up one attempt of each. Empty writes come from the primary itself. */
export function claimWriters({ cluster, part }: ReplicaScene, match: WriterMatch, { mutation, node }: PreparedClaim): Refusal | undefined {
  for (const update of mutation.updates) {
    if (update.code === 'RPC_REPLICATION_WRITE_EMPTY') {
      if (update.rows.length > 0) return ['no rows in an empty write', `${update.rows.length} rows`];
      match.commands.push(-1);
      continue;
    }
    const writer = writerOf(cluster, part.appId, node, update, match.commands);
    if (writer === undefined) return ['an attempt that was sent here and had no effect yet', `${update.code} of ${update.rows.map((row) => row.key.slice(2)).join(', ')}`];
    match.commands.push(writer.id);
  }
  for (const id of match.commands) {
    const command = cluster.commands[id];
    if (command === undefined) continue;
    command.used[node] = (command.used[node] ?? 0) + 1;
    command.effects++;
  }
  return undefined;
}
