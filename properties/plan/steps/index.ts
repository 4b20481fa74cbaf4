/** Every step kind there is, in the order in which lists print them. */
import type { StepSpec } from '../spec.ts';
import { addDup } from './addDup.ts';
import { bitRot } from './bitRot.ts';
import { cancelBulkLoad, clearBulkLoad, pauseBulkLoad, queryBulkLoad, restartBulkLoad } from './controlBulkLoad.ts';
import { crash } from './crash.ts';
import { copyReplica } from './copyReplica.ts';
import { createTable } from './createTable.ts';
import { cutLink } from './cutLink.ts';
import { damageLoad } from './damageLoad.ts';
import { diskFull } from './diskFull.ts';
import { dropTable } from './dropTable.ts';
import { emergencyCheckpoint } from './emergencyCheckpoint.ts';
import { get } from './get.ts';
import { listTables } from './listTables.ts';
import { manualCompact } from './manualCompact.ts';
import { pauseDup, removeDup, setDupFailMode, startDup } from './modifyDup.ts';
import { movePrimary } from './movePrimary.ts';
import { multiPut } from './multiPut.ts';
import { pause } from './pause.ts';
import { poolBusy } from './poolBusy.ts';
import { poolLoad } from './poolLoad.ts';
import { powerLoss } from './powerLoss.ts';
import { prepareLoad } from './prepareLoad.ts';
import { providerDown, slowProvider } from './providerFaults.ts';
import { put } from './put.ts';
import { queryCheckpoint } from './queryCheckpoint.ts';
import { listDups, queryDup } from './queryDup.ts';
import { recallTable } from './recallTable.ts';
import { remove } from './remove.ts';
import { renameTable } from './renameTable.ts';
import { resetSession } from './resetSession.ts';
import { restart } from './restart.ts';
import { setEnvs } from './setEnvs.ts';
import { shell } from './shell.ts';
import { slowDisk } from './slowDisk.ts';
import { slowStore } from './slowStore.ts';
import { startBulkLoad } from './startBulkLoad.ts';
import { triggerCheckpoint } from './triggerCheckpoint.ts';
import { wait } from './wait.ts';
import { waitFor } from './waitFor.ts';
import { wallShift } from './wallShift.ts';

export const STEP_SPECS: readonly StepSpec[] = [
  put,
  get,
  remove,
  multiPut,
  createTable,
  dropTable,
  setEnvs,
  listTables,
  triggerCheckpoint,
  emergencyCheckpoint,
  queryCheckpoint,
  manualCompact,
  addDup,
  removeDup,
  startDup,
  pauseDup,
  setDupFailMode,
  queryDup,
  listDups,
  shell,
  prepareLoad,
  startBulkLoad,
  pauseBulkLoad,
  restartBulkLoad,
  cancelBulkLoad,
  clearBulkLoad,
  queryBulkLoad,
  movePrimary,
  copyReplica,
  crash,
  powerLoss,
  restart,
  pause,
  cutLink,
  resetSession,
  diskFull,
  slowDisk,
  bitRot,
  wallShift,
  slowStore,
  poolBusy,
  poolLoad,
  damageLoad,
  providerDown,
  slowProvider,
  wait,
  waitFor,
  recallTable,
  renameTable,
];

const BY_KIND = new Map(STEP_SPECS.map((spec) => [spec.kind, spec]));

export function specOf(kind: string): StepSpec | undefined {
  return BY_KIND.get(kind);
}
