/**
 * Which command is behind an update: every update that a primary prepares stems from an attempt that was sent to it,
 * and an attempt has at most one effect (S8; answers are judged in answers.ts).
 */
import type { ClientCommand, Command } from '../commands.ts';
import type { PreparedClaim, UpdateFact } from '../events.ts';
import type { ClusterState, CommandState } from '../state.ts';
import type { WriteCode } from '../vocabulary.ts';
import { claimIngestion } from './ingestionWrites.ts';
import { claimInbound } from './inbound.ts';
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
  return (
    asked.length === update.rows.length &&
    asked.every(({ sortKey, value }, i) => {
      const row = update.rows[i];
      return (
        row?.op === 'put' &&
        row.key === storedKey(hashKey, sortKey) &&
        row.value === value &&
        row.expireTs > 0 === command.ttlSeconds > 0
      );
    })
  );
}

/**
 * The newest command that asked for the update and has an attempt at this node that had no effect yet; one without
 * any effect comes first.
 */
function writerOf(
  cluster: ClusterState,
  appId: number,
  node: string,
  update: UpdateFact,
  taken: readonly number[],
): CommandState | undefined {
  const ids = cluster.writers[`${appId}/${update.rows[0]?.key ?? ''}`] ?? [];
  let found: CommandState | undefined;
  for (let i = ids.length - 1; i >= 0; i--) {
    const command = cluster.commands[ids[i] ?? -1];
    if (command === undefined || command.refused || !doesWhatWasAsked(command.command, update)) continue;
    const earlier = taken.filter((id) => id === command.id).length;
    if ((command.attempts[node] ?? 0) <= (command.used[node] ?? 0) + earlier) continue;
    if (command.effects + earlier === 0) return command;
    found ??= command;
  }
  return found;
}

/** Remembers a committed update, until an answer claims it. */
export function noteEffects(
  cluster: ClusterState,
  appId: number,
  updates: readonly UpdateFact[],
  committedAtUs: number,
): void {
  for (const update of updates) {
    const slot = `${appId}/${update.rows[0]?.key ?? ''}`;
    if (cluster.writers[slot] !== undefined) (cluster.effects[slot] ??= []).push({ update, committedAtUs });
  }
}

/**
 * Takes an effect that does what the command asks, committed since its invocation. Commands that ask for the same thing
 * cannot be told apart in the log: each OK takes the earliest effect that fits, and no effect serves twice.
 */
export function takeEffect(cluster: ClusterState, { appId, command, invokedAtUs }: CommandState): boolean {
  if (!isWrite(command)) return false;
  const effects = cluster.effects[writerSlot(appId, command)] ?? [];
  const found = effects.findIndex(
    ({ update, committedAtUs }) => committedAtUs >= invokedAtUs && doesWhatWasAsked(command, update),
  );
  if (found >= 0) effects.splice(found, 1);
  return found >= 0;
}

/** Is there another command that asks for the very same, by whichever name of the table? */
export function hasTwin(cluster: ClusterState, { id, appId, command }: CommandState): boolean {
  if (!isWrite(command)) return false;
  const asked = JSON.stringify({ ...command, table: '' });
  return (cluster.writers[writerSlot(appId, command)] ?? []).some(
    (other) => other !== id && JSON.stringify({ ...cluster.commands[other]?.command, table: '' }) === asked,
  );
}

/** Finds the command behind each update, and uses up one attempt of each. Empty writes come from the primary itself. */
export function claimWriters(
  { cluster, part, replica }: ReplicaScene,
  match: WriterMatch,
  { mutation, node }: PreparedClaim,
): Refusal | undefined {
  for (const update of mutation.updates) {
    if (update.code === 'RPC_REPLICATION_WRITE_EMPTY') {
      if (update.rows.length > 0) return ['no rows in an empty write', `${update.rows.length} rows`];
      match.commands.push(-1);
      continue;
    }
    if (update.code === 'RPC_RRDB_RRDB_DUPLICATE') {
      const refusal = claimInbound(cluster, part, node, update);
      if (refusal !== undefined) return refusal;
      match.commands.push(-1);
      continue;
    }
    if (update.code === 'RPC_RRDB_RRDB_BULK_LOAD') {
      const refusal = claimIngestion(part, replica, update, mutation.decree);
      if (refusal !== undefined) return refusal;
      match.commands.push(-1);
      continue;
    }
    const writer = writerOf(cluster, part.appId, node, update, match.commands);
    if (writer === undefined)
      return [
        'an attempt that was sent here and had no effect yet',
        `${update.code} of ${update.rows.map((row) => row.key.slice(2)).join(', ')}`,
      ];
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

/** A time to live counts from the moment at which the command was given, by a clock that nobody shifted. */
export function expiresWrongly(
  { state, cluster }: ReplicaScene,
  match: WriterMatch,
  { mutation, atUs }: PreparedClaim,
): Refusal | undefined {
  const { wallBaseSeconds } = state.config;
  if (wallBaseSeconds === undefined) return undefined;
  for (const [i, update] of mutation.updates.entries()) {
    const writer = cluster.commands[match.commands[i] ?? -1];
    const seconds = writer !== undefined && 'ttlSeconds' in writer.command ? writer.command.ttlSeconds : 0;
    if (writer === undefined || seconds <= 0) continue;
    if (Object.values(state.nodes).some((node) => node.wallFault)) return undefined;
    const least = wallBaseSeconds + Math.floor(writer.invokedAtUs / 1e6) + seconds - 1;
    const most = wallBaseSeconds + Math.ceil(atUs / 1e6) + seconds + 1;
    for (const row of update.rows)
      if (row.op === 'put' && (row.expireTs < least || row.expireTs > most))
        return [`an expiry from ${least} to ${most}`, `${row.expireTs}`];
  }
  return undefined;
}
