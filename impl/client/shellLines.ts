/**
 * A command as the line that an operator types into the Pegasus shell, for plans and reports. The shell works on one
 * table at a time (`use`); key commands name it here in front instead, so that each line stands for itself. Checkpoints
 * are asked for by remote commands at a replica server.
 */
import { bulkLoadLine, type BulkLoadShellCommand } from './bulkLoadShell.ts';
import { duplicationLine, type DuplicationShellCommand } from './duplicationShell.ts';
import { joinWords, quote } from './shellWords.ts';

/** A command, in the shape that plans use. */
export type ShellCommand =
  | {
      readonly kind: 'put';
      readonly table: string;
      readonly hashKey: string;
      readonly sortKey: string;
      readonly value: string;
      readonly ttlSeconds: number;
    }
  | { readonly kind: 'get' | 'remove'; readonly table: string; readonly hashKey: string; readonly sortKey: string }
  | {
      readonly kind: 'multiPut';
      readonly table: string;
      readonly hashKey: string;
      readonly rows: readonly { readonly sortKey: string; readonly value: string }[];
      readonly ttlSeconds: number;
    }
  | {
      readonly kind: 'createTable';
      readonly name: string;
      readonly partitionCount: number;
      readonly replicaCount: number;
      readonly envs: Readonly<Record<string, string>>;
      readonly successIfExist: boolean;
    }
  | { readonly kind: 'dropTable'; readonly name: string }
  | { readonly kind: 'recallTable'; readonly appId: number; readonly newName: string }
  | { readonly kind: 'renameTable'; readonly name: string; readonly newName: string }
  | { readonly kind: 'setEnvs'; readonly name: string; readonly envs: Readonly<Record<string, string>> }
  | { readonly kind: 'listTables' }
  | { readonly kind: 'triggerCheckpoint'; readonly table: string; readonly partitionIndex: number }
  | {
      readonly kind: 'emergencyCheckpoint' | 'queryCheckpoint';
      readonly table: string;
      readonly partitionIndex: number;
      readonly minDecree: number | 'last-applied';
    }
  | { readonly kind: 'queryMetrics' | 'queryProgress'; readonly table: string; readonly partitionIndex: number }
  | { readonly kind: 'manualCompact'; readonly table: string }
  | { readonly kind: 'movePrimary'; readonly table: string; readonly partitionIndex: number; readonly to: string }
  | {
      readonly kind: 'copyReplica';
      readonly table: string;
      readonly partitionIndex: number;
      readonly place: 'primary' | 'secondary';
      readonly from: string;
      readonly to: string;
    }
  | DuplicationShellCommand
  | BulkLoadShellCommand;

/** The line, without a newline; some commands need two shell lines, joined by ` ; `. */
export function shellLine(command: ShellCommand): string {
  switch (command.kind) {
    case 'put': {
      const words = ['set', command.hashKey, command.sortKey, command.value, ...ttl(command.ttlSeconds)];
      return keyLine(command.table, words);
    }
    case 'get':
      return keyLine(command.table, ['get', command.hashKey, command.sortKey]);
    case 'remove':
      return keyLine(command.table, ['del', command.hashKey, command.sortKey]);
    case 'multiPut': {
      const rows = command.rows.flatMap(({ sortKey, value }) => [sortKey, value]);
      return keyLine(command.table, ['multi_set', command.hashKey, ...rows, ...ttlFlag(command.ttlSeconds)]);
    }
    case 'createTable': {
      const envs = Object.entries(command.envs).map(([key, value]) => `${key}=${value}`);
      const words = ['create', command.name, '-p', `${command.partitionCount}`, '-r', `${command.replicaCount}`];
      if (envs.length > 0) words.push('-e', envs.join(','));
      if (!command.successIfExist) words.push('-f');
      return joinWords(words);
    }
    case 'dropTable':
      return joinWords(['drop', command.name]);
    case 'recallTable':
      return joinWords(['recall', `${command.appId}`, ...(command.newName === '' ? [] : [command.newName])]);
    case 'renameTable':
      return joinWords(['rename', command.name, command.newName]);
    case 'setEnvs':
      return keyLine(command.name, ['set_app_envs', ...Object.entries(command.envs).flat()]);
    case 'listTables':
      return 'ls -a';
    case 'triggerCheckpoint':
      return remote('replica.trigger-checkpoint', command.table, command.partitionIndex, []);
    case 'emergencyCheckpoint':
      return remote('replica.emergency-checkpoint', command.table, command.partitionIndex, [`${command.minDecree}`]);
    case 'queryCheckpoint':
      return remote('replica.query-checkpoint', command.table, command.partitionIndex, [`${command.minDecree}`]);
    case 'queryMetrics':
      return remote('replica.metrics', command.table, command.partitionIndex, []);
    case 'queryProgress':
      return remote('replica.query-progress', command.table, command.partitionIndex, []);
    case 'manualCompact':
      return keyLine(command.table, ['set_app_envs', 'manual_compact.once.trigger_time', '<now>']);
    case 'addDup':
    case 'removeDup':
    case 'startDup':
    case 'pauseDup':
    case 'setDupFailMode':
    case 'queryDup':
    case 'listDups':
      return duplicationLine(command);
    case 'movePrimary': {
      const gpid = `${command.table}.${command.partitionIndex}`;
      return joinWords(['propose', '-g', gpid, '-p', 'CT_UPGRADE_TO_PRIMARY', '-t', command.to, '-n', command.to]);
    }
    case 'copyReplica': {
      const type = command.place === 'primary' ? 'copy_pri' : 'copy_sec';
      return joinWords(['balance', '-g', `${command.table}.${command.partitionIndex}`, '-p', type, '-f', command.from, '-t', command.to]);
    }
    case 'startBulkLoad':
    case 'pauseBulkLoad':
    case 'restartBulkLoad':
    case 'cancelBulkLoad':
    case 'clearBulkLoad':
    case 'queryBulkLoad':
      return bulkLoadLine(command);
  }
}

function keyLine(table: string, words: readonly string[]): string {
  return `use ${quote(table)} ; ${joinWords(words)}`;
}

function remote(command: string, table: string, partitionIndex: number, args: readonly string[]): string {
  return `remote_command -t replica-server ${joinWords([command, `${table}.${partitionIndex}`, ...args])}`;
}

function ttl(seconds: number): readonly string[] {
  return seconds > 0 ? [`${seconds}`] : [];
}

function ttlFlag(seconds: number): readonly string[] {
  return seconds > 0 ? ['-t', `${seconds}`] : [];
}
