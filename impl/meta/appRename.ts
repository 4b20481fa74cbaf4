/**
 * A table gets another name (upstream's server_state::rename_app; bl 17.8, dup 9 on renamed tables).
 *
 * Refused for a table that is not there or busy, and for a name that a table has, also its own (ERR_INVALID_PARAMETERS).
 * Servers hear of the new name with config sync. A load goes on from where it began: its record keeps the name that its
 * files lie under (bl.B15, bl.B25). A duplication goes on too: it is the table's by its id, and the follower's table hears
 * of the new name with the next request of its master (dup.Q15).
 *
 * Mended (docs/departures.md, `recall.2`, `recall.4`): upstream takes any name; answers before the store has it; finds the table
 * under both names meanwhile; overwrites a change of envs that is on its way, and is overwritten by it; and of two
 * renames at a time leaves one name taken for ever.
 */
import type { Context } from '../context.ts';
import { task } from '../env/contract.ts';
import type { Replier } from '../env/contract.ts';
import type { AdminResponse, RenameAppRequest } from '../protocol/messages.ts';
import type { AppService } from './appService.ts';
import type { Refusal } from './envRules.ts';
import * as records from './records.ts';
import type { AppState } from './serverState.ts';

export class AppRename {
  readonly ctx: Context;
  readonly apps: AppService;

  constructor(ctx: Context, apps: AppService) {
    this.ctx = ctx;
    this.apps = apps;
  }

  renameApp(request: RenameAppRequest, replier: Replier<AdminResponse>): void {
    const { oldAppName, newAppName: name } = request;
    const app = this.apps.state.liveApp(oldAppName);
    const refusal = app === undefined ? this.apps.refuseAbsent(oldAppName) : this.check(app, name);
    if (refusal !== undefined) {
      replier.reply({ ...refusal, appId: 0 });
    } else if (app !== undefined) {
      app.newName = name;
      this.apps.enqueueChange(app, { kind: 'rename', name, replier });
    }
  }

  check(app: AppState, name: string): Refusal | undefined {
    const busy = this.apps.checkStaging(app);
    if (busy !== undefined) return busy;
    if (app.newName !== undefined) return { error: 'ERR_BUSY', hint: `table ${app.appId} is being renamed` };
    return this.apps.recalls.checkName(name);
  }

  doAppRename(app: AppState, name: string): void {
    const record = records.withName(app.record, name);
    this.apps.storeRecord(app, record, task(this.apps, 'onChangeStored', app.appId, record));
  }
}
