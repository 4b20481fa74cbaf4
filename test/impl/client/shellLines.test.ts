import { describe, expect, it } from 'vitest';
import { shellLine } from '../../../impl/client/shellLines.ts';
import type { ShellCommand } from '../../../impl/client/shellLines.ts';
import type { Command } from '../../../model/commands.ts';

const key = { table: 't1', hashKey: 'a', sortKey: 's' };
const cases: readonly (readonly [Command, string])[] = [
  [
    { kind: 'createTable', name: 't1', partitionCount: 4, replicaCount: 3, envs: {}, successIfExist: true },
    'create t1 -p 4 -r 3',
  ],
  [
    {
      kind: 'createTable',
      name: 't1',
      partitionCount: 4,
      replicaCount: 3,
      envs: { a: '1', b: '2' },
      successIfExist: false,
    },
    'create t1 -p 4 -r 3 -e a=1,b=2 -f',
  ],
  [{ kind: 'dropTable', name: 't1' }, 'drop t1'],
  [{ kind: 'recallTable', appId: 3, newName: '' }, 'recall 3'],
  [{ kind: 'recallTable', appId: 3, newName: 't2' }, 'recall 3 t2'],
  [{ kind: 'renameTable', name: 't1', newName: 't2' }, 'rename t1 t2'],
  [{ kind: 'setEnvs', name: 't1', envs: { a: '1' } }, 'use t1 ; set_app_envs a 1'],
  [{ kind: 'listTables' }, 'ls -a'],
  [{ kind: 'put', ...key, value: 'v', ttlSeconds: 0 }, 'use t1 ; set a s v'],
  [{ kind: 'put', ...key, value: 'two words', ttlSeconds: 9 }, 'use t1 ; set a s "two words" 9'],
  [
    { kind: 'put', ...key, sortKey: '', value: '"\\\u0001\u00ff', ttlSeconds: 0 },
    'use t1 ; set a "" "\\"\\\\\\x01\\xFF"',
  ],
  [{ kind: 'get', ...key }, 'use t1 ; get a s'],
  [{ kind: 'remove', ...key }, 'use t1 ; del a s'],
  [
    {
      kind: 'multiPut',
      table: 't1',
      hashKey: 'a',
      rows: [
        { sortKey: 's', value: 'v' },
        { sortKey: 'u', value: 'w' },
      ],
      ttlSeconds: 3,
    },
    'use t1 ; multi_set a s v u w -t 3',
  ],
  [
    { kind: 'triggerCheckpoint', table: 't1', partitionIndex: 2 },
    'remote_command -t replica-server replica.trigger-checkpoint t1.2',
  ],
  [
    { kind: 'emergencyCheckpoint', table: 't1', partitionIndex: 0, minDecree: 'last-applied' },
    'remote_command -t replica-server replica.emergency-checkpoint t1.0 last-applied',
  ],
  [
    { kind: 'queryCheckpoint', table: 't1', partitionIndex: 0, minDecree: 7 },
    'remote_command -t replica-server replica.query-checkpoint t1.0 7',
  ],
  [{ kind: 'queryMetrics', table: 't1', partitionIndex: 0 }, 'remote_command -t replica-server replica.metrics t1.0'],
  [
    { kind: 'queryProgress', table: 't1', partitionIndex: 1 },
    'remote_command -t replica-server replica.query-progress t1.1',
  ],
  [{ kind: 'manualCompact', table: 't1' }, 'use t1 ; set_app_envs manual_compact.once.trigger_time <now>'],
];

describe('shell lines', () => {
  it.each(cases)('%j', (command, line) => {
    // Every command of the model is one that the shell can be told.
    const typed: ShellCommand = command;
    expect(shellLine(typed)).toBe(line);
  });

  it('are never more than one line', () => {
    expect(shellLine({ kind: 'put', ...key, value: 'a\nb', ttlSeconds: 0 })).toBe('use t1 ; set a s "a\\x0Ab"');
  });
});
