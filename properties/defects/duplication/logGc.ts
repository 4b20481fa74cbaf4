/** The private log between garbage collection and duplication, as upstream has or had it (defects.md; dup 12.3). */
import type { AppInfo } from '../../../impl/protocol/messages.ts';
import type { Change, Defect } from '../types.ts';
import { suspect, upstream } from './told.ts';

/** The search opens every file of the list that it took, and the process ends when one is gone. */
const OPENS_ALL: Change = {
  part: 'LoadFromPrivateLog',
  mend: (Base) =>
    class extends Base {
      override isFileToStart(): boolean {
        return false;
      }
      override onScanFailed(...args: Parameters<InstanceType<typeof Base>['onScanFailed']>): void {
        const [, info, , error] = args;
        this.ctx.env.check(!this.isVanished(info.index), 'open log file', () => `${info.path}: ${error}`);
        super.onScanFailed(...args);
      }
    },
};

export const LOG_GC: readonly Defect[] = [
  upstream({
    id: 'gc-duplicating-not-persisted',
    issue: 'apache/incubator-pegasus#1595',
    symptom: 'a restarted replica does not know that it is duplicated, and collects log that was not shipped',
    expected: ['S4', 'S3', 'S5', 'dup.S7'],
    upstream: 'fixed',
    changes: [
      {
        part: 'ReplicaLoader',
        mend: (Base) =>
          class extends Base {
            override appInfoToStore(): AppInfo {
              return { ...super.appInfoToStore(), duplicating: false };
            }
          },
      },
    ],
  }),
  upstream({
    id: 'gc-races-log-scan',
    issue: 'apache/incubator-pegasus#1596',
    symptom: 'log files are collected while a duplication opens them one after the other',
    expected: ['S5', 'S8'],
    upstream: 'fixed',
    changes: [
      OPENS_ALL,
      {
        part: 'CheckpointTriggers',
        mend: (Base) =>
          class extends Base {
            override isLogBeingChosen(): boolean {
              return false;
            }
          },
      },
    ],
  }),
  upstream({
    id: 'gc-reopened-deleted-log',
    issue: 'apache/incubator-pegasus#2372',
    symptom: 'a collection that was queued before a duplication lists the log files deletes one that it then opens',
    expected: ['S5'],
    upstream: 'fixed',
    changes: [OPENS_ALL],
  }),
  suspect({
    id: 'dup-reader-renames-log',
    issue: 'dup.B28',
    symptom: 'the loader renames a log file whose first block is not on disk yet, and its records are lost with a restart',
    expected: ['S1', 'S2', 'S5', 'S8', 'S4', 'dup.S7', 'repl.S18'],
    changes: [
      {
        part: 'LoadFromPrivateLog',
        mend: (Base) =>
          class extends Base {
            override isNotBegun(...[info, error]: Parameters<InstanceType<typeof Base>['isNotBegun']>): boolean {
              const notBegun = super.isNotBegun(info, error);
              if (notBegun) this.ctx.env.disk.rename(info.path, `${info.path}.removed`);
              return notBegun;
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-secondaries-forget-duplicating',
    issue: 'dup.B37',
    symptom: 'a server with secondaries only takes the table for one without duplication, and stores that',
    expected: ['S4', 'S7'],
    changes: [
      {
        part: 'ReplicaDuplicatorManager',
        mend: (Base) =>
          class extends Base {
            override onDuplicationSync(entries: Parameters<InstanceType<typeof Base>['onDuplicationSync']>[0]): void {
              this.replica.configurator.updateDuplicating(entries !== undefined);
              super.onDuplicationSync(entries);
            }
          },
      },
    ],
  }),
];
