/**
 * Polls, their replies, and the ingestion write on its way to the primary (bl 9, 10, 12, 15.1, 15.2). Not shown by a world as
 * it is: bl.B8 wants a setting that changes while a meta server runs, bl.B20 tasks that run at the same time
 * (docs/suspects.md).
 */
import type { ErrorCode } from '../../../model/vocabulary.ts';
import { classic } from '../classic/told.ts';
import { suspect, upstream } from '../duplication/told.ts';
import type { Defect } from '../types.ts';

const UPSTREAM: readonly Defect[] = [
  upstream({
    id: 'bl-ingest-stuck-throttled',
    issue: 'apache/incubator-pegasus#2156',
    symptom: 'an ingestion write that a throttle delays meets its own mark when it comes again, and no write gets through any more',
    expected: ['bl.S4', 'L3', 'S8'],
    upstream: 'fixed',
    changes: [
      {
        part: 'Replica2pc',
        mend: (Base) =>
          class extends Base {
            override admitWrite(...[write, throttled]: Parameters<InstanceType<typeof Base>['admitWrite']>): void {
              const refusal = this.admitIngestion(write) ?? (this.hasTooFewMembers() ? 'ERR_NOT_ENOUGH_MEMBER' : undefined);
              if (refusal !== undefined) this.responseClientWrite(write, refusal);
              else if (throttled || !this.replica.throttle.throttleWriteRequest(write)) this.enqueueWrite(write);
            }
          },
      },
    ],
  }),
  upstream({
    id: 'dup-bulkload-record-fatal',
    issue: 'apache/incubator-pegasus#2100',
    symptom: 'a source server that finds an ingestion write in its log aborts, and again after each restart',
    expected: ['S5'],
    upstream: 'fixed',
    changes: [
      {
        part: 'MutationDuplicator',
        mend: (Base) =>
          class extends Base {
            override isShipped(code: string): boolean {
              this.ctx.env.check(code !== 'RPC_RRDB_RRDB_BULK_LOAD', 'get_hash_from_request', () => code);
              return super.isShipped(code);
            }
          },
      },
    ],
  }),
  suspect({
    id: 'bl-full-group-for-a-reproposal',
    issue: 'bl.B9',
    symptom: 'an ingestion write is proposed again only by a group that is full, and nothing commits before it',
    expected: ['repl.reproposal', 'L3', 'S8', 'S2'],
    changes: [
      {
        part: 'Replica2pc',
        mend: (Base) =>
          class extends Base {
            override wantsFullGroup(...[mutation]: Parameters<InstanceType<typeof Base>['wantsFullGroup']>): boolean {
              return super.wantsFullGroup(mutation, false);
            }
          },
      },
    ],
  }),
  suspect({
    id: 'bl-refused-write-keeps-the-flag',
    issue: 'bl.B5',
    symptom: 'an ingestion write that two-phase commit refuses keeps all other writes out, across a rollback too',
    expected: ['bl.S4', 'L3', 'S8', 'S10'],
    changes: [
      {
        part: 'BulkLoadIngestion',
        mend: (Base) =>
          class extends Base {
            override onIngestionWriteRefused(): void {
              // It stays set.
            }
          },
      },
      {
        part: 'ReplicaBulkLoader',
        mend: (Base) =>
          class extends Base {
            override mayFilesBeMoved(): boolean {
              return false;
            }
          },
      },
    ],
  }),
  suspect({
    id: 'bl-disk-of-another-says-ok',
    issue: 'bl.B21',
    symptom: 'a write that is refused for a secondary\'s disk is answered ERR_OK, though nothing is written',
    expected: ['S8', 'S1'],
    changes: [
      {
        part: 'Replica2pc',
        mend: (Base) =>
          class extends Base {
            override refuseClientWrite(...[write]: Parameters<InstanceType<typeof Base>['refuseClientWrite']>): ErrorCode | undefined {
              const refusal = super.refuseClientWrite(write);
              const isForDisk = refusal === 'ERR_DISK_INSUFFICIENT' || refusal === 'ERR_DISK_IO_ERROR';
              return isForDisk && this.replica.host.diskStatus() === 'NORMAL' ? 'ERR_OK' : refusal;
            }
          },
      },
    ],
  }),
  suspect({
    id: 'bl-loops-doubled',
    issue: 'bl.B4',
    symptom: 'polls go on while a load is paused, and each restart of it begins them once more',
    expected: ['bl.S20', 'bl.S1', 'L3', 'S8'],
    changes: [
      {
        part: 'BulkLoadPoller',
        mend: (Base) =>
          class extends Base {
            override mayStartLoop(): boolean {
              return true;
            }
            override isLoopOver(): boolean {
              return false;
            }
          },
      },
    ],
  }),
  suspect({
    id: 'bl-sent-whatever-happened',
    issue: 'bl.B10',
    symptom: 'an ingestion write is sent though its load was rolled back or cancelled while it waited',
    expected: ['S8', 'L3', 'S10', 'bl.S4', 'bl.S17', 'S9'],
    changes: [
      {
        part: 'IngestionDispatch',
        mend: (Base) =>
          class extends Base {
            override mayBeSent(): boolean {
              return true;
            }
            override isSameGroup(): boolean {
              return true;
            }
          },
      },
    ],
  }),
];

const MISTAKES: readonly Defect[] = [
  classic({
    id: 'bl-never-polled-fast',
    symptom: 'a partition that ingests is polled as seldom as any, and keeps writes out all the while',
    expected: ['L3'],
    changes: [
      {
        part: 'BulkLoadPoller',
        mend: (Base) =>
          class extends Base {
            override intervalMs(): number {
              return this.ctx.settings.bulkLoadRequestIntervalMs;
            }
          },
      },
    ],
  }),
  classic({
    id: 'bl-writes-beside-an-ingestion',
    symptom: 'a primary that ingests lets the clients\' writes in',
    expected: ['bl.S4'],
    changes: [
      {
        part: 'BulkLoadIngestion',
        mend: (Base) =>
          class extends Base {
            override refuseWhileIngesting(isIngestionWrite: boolean): ErrorCode | undefined {
              return isIngestionWrite ? super.refuseWhileIngesting(isIngestionWrite) : undefined;
            }
          },
      },
    ],
  }),
  classic({
    id: 'bl-slots-without-limit',
    symptom: 'all partitions of a server ingest at once, however few may',
    expected: ['bl.S7'],
    changes: [
      {
        part: 'IngestionContext',
        mend: (Base) =>
          class extends Base {
            override tryPartitionIngestion(...[gpid]: Parameters<InstanceType<typeof Base>['tryPartitionIngestion']>): number | undefined {
              return super.tryPartitionIngestion(gpid, []);
            }
          },
      },
    ],
  }),
];

export const DISPATCH: readonly Defect[] = [...UPSTREAM, ...MISTAKES];
