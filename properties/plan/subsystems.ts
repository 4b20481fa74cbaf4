/** Which kinds of steps a search over one subsystem draws. */
import { BadInput } from './parse.ts';
import { STEP_SPECS } from './steps/index.ts';

const ALWAYS: readonly string[] = ['createTable', 'put', 'get', 'wait', 'waitFor'];

const OF_LOADS: readonly string[] = [
  'prepareLoad', 'startBulkLoad', 'pauseBulkLoad', 'restartBulkLoad', 'cancelBulkLoad', 'clearBulkLoad', 'queryBulkLoad', 'damageLoad', 'providerDown', 'slowProvider', 'shell', 'movePrimary', 'copyReplica',
];

const SUBSYSTEMS: Readonly<Record<string, readonly string[]>> = {
  tables: ['dropTable', 'recallTable', 'renameTable', 'remove', 'setEnvs', 'listTables', 'slowStore', 'crash', 'restart', 'cutLink', 'resetSession'],
  replication: ['movePrimary', 'copyReplica', 'remove', 'multiPut', 'crash', 'powerLoss', 'restart', 'pause', 'cutLink', 'resetSession', 'slowDisk', 'wallShift'],
  log: ['multiPut', 'crash', 'powerLoss', 'restart', 'diskFull', 'slowDisk', 'bitRot', 'triggerCheckpoint'],
  checkpoint: ['remove', 'triggerCheckpoint', 'emergencyCheckpoint', 'queryCheckpoint', 'manualCompact', 'setEnvs', 'crash', 'powerLoss', 'restart', 'slowDisk', 'poolBusy'],
  duplication: [
    'movePrimary', 'copyReplica', 'remove', 'multiPut', 'dropTable', 'recallTable', 'renameTable', 'triggerCheckpoint', 'manualCompact', 'addDup', 'removeDup', 'startDup', 'pauseDup', 'setDupFailMode', 'queryDup', 'listDups', 'shell',
    'crash', 'powerLoss', 'restart', 'pause', 'cutLink', 'resetSession', 'slowDisk', 'diskFull', 'bitRot', 'slowStore', 'poolBusy', 'poolLoad', 'wallShift',
  ],
  'bulk-load': [
    ...OF_LOADS, 'remove', 'multiPut', 'dropTable', 'recallTable', 'renameTable', 'setEnvs', 'triggerCheckpoint', 'manualCompact',
    'crash', 'powerLoss', 'restart', 'pause', 'cutLink', 'resetSession', 'slowDisk', 'diskFull', 'bitRot', 'slowStore', 'poolBusy', 'wallShift',
  ],
  throttling: ['remove', 'multiPut', 'setEnvs', 'crash', 'restart', 'pause', 'cutLink', 'resetSession', 'wallShift'],
};

export function subsystemKinds(name: string): ReadonlySet<string> {
  const kinds = Object.hasOwn(SUBSYSTEMS, name) ? SUBSYSTEMS[name] : undefined;
  if (kinds === undefined) throw new BadInput(`--subsystem ${name}: no such subsystem (known: ${Object.keys(SUBSYSTEMS).join(', ')})`);
  const known = new Set(STEP_SPECS.map((s) => s.kind));
  for (const kind of kinds) if (!known.has(kind)) throw new Error(`subsystem ${name} names an unknown step ${kind}`);
  return new Set([...ALWAYS, ...kinds]);
}
