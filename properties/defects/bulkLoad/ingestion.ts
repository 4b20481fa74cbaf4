/** How downloaded files come into the storage engine, on each member (bl 15.3, 15.4). */
import { classic } from '../classic/told.ts';
import { suspect, upstream } from '../duplication/told.ts';
import type { Defect } from '../types.ts';

const UPSTREAM: readonly Defect[] = [
  upstream({
    id: 'bl-ingest-behind-lost',
    issue: 'apache/incubator-pegasus#1650',
    symptom: 'a database that is opened again has forgotten that files may come in behind it',
    expected: ['L3', 'S8', 'S2', 'S10'],
    upstream: 'fixed',
    changes: [
      {
        part: 'StorageEngine',
        mend: (Base) =>
          class extends Base {
            override ingestBehindAtOpen(mode: 'create' | 'existing'): boolean {
              return mode === 'create' && this.options.allowIngestBehind === true;
            }
          },
      },
    ],
  }),
  suspect({
    id: 'bl-files-gone-before-they-are-in',
    issue: 'bl.B12',
    symptom: 'members clean up while an ingestion write is on its way to them, and apply it without its files',
    expected: ['S2', 'S10', 'S8', 'S3', 'L3'],
    changes: [
      {
        part: 'BulkLoadIngestion',
        mend: (Base) =>
          class extends Base {
            override isUnresolved(): boolean {
              return false;
            }
            override onFilesMissing(...[storage, round]: Parameters<InstanceType<typeof Base>['onFilesMissing']>): void {
              this.finish(storage.finishIngestion(undefined), 'IS_FAILED', round);
            }
          },
      },
    ],
  }),
  suspect({
    id: 'bl-skipped-under-a-risen-ballot',
    issue: 'bl.B34',
    symptom: 'who applies an ingestion write under a later ballot leaves its files out, while others have them',
    expected: ['S2', 'S10', 'S8', 'L3'],
    changes: [
      {
        part: 'BulkLoadIngestion',
        mend: (Base) =>
          class extends Base {
            override isOutdated(...[request]: Parameters<InstanceType<typeof Base>['isOutdated']>): boolean {
              return request.ballot < this.replica.ballot();
            }
          },
      },
    ],
  }),
];

const MISTAKES: readonly Defect[] = [
  classic({
    id: 'bl-first-file-only',
    symptom: 'of several files of a partition only the first is ingested',
    expected: ['S10', 'S2', 'S8'],
    changes: [
      {
        part: 'StorageEngine',
        mend: (Base) =>
          class extends Base {
            override ingest(...[runs, behind]: Parameters<InstanceType<typeof Base>['ingest']>): void {
              super.ingest(runs.slice(0, 1), behind);
            }
          },
      },
    ],
  }),
  classic({
    id: 'bl-primary-ingests-alone',
    symptom: 'secondaries say that they have ingested, and have not',
    expected: ['S10', 'S2', 'S8'],
    changes: [
      {
        part: 'BulkLoadIngestion',
        mend: (Base) =>
          class extends Base {
            override ingest(...[storage, request, round]: Parameters<InstanceType<typeof Base>['ingest']>): void {
              if (this.replica.isPrimary()) super.ingest(storage, request, round);
              else this.finish(storage.finishIngestion(undefined), 'IS_SUCCEED', round);
            }
          },
      },
    ],
  }),
  classic({
    id: 'bl-behind-comes-over',
    symptom: 'rows of a load that goes behind lie over what was there',
    expected: ['S2', 'S8', 'repl.S12', 'S3'],
    changes: [
      {
        part: 'StorageEngine',
        mend: (Base) =>
          class extends Base {
            override placeRuns(names: readonly string[], others: readonly string[]): readonly string[] {
              return super.placeRuns(names, others, false);
            }
          },
      },
    ],
  }),
  classic({
    id: 'bl-load-comes-behind',
    symptom: 'rows of a load lie under what was there before',
    expected: ['S2', 'S8'],
    changes: [
      {
        part: 'StorageEngine',
        mend: (Base) =>
          class extends Base {
            override placeRuns(names: readonly string[], others: readonly string[]): readonly string[] {
              return super.placeRuns(names, others, true);
            }
          },
      },
    ],
  }),
  classic({
    id: 'bl-files-in-the-wrong-order',
    symptom: 'of files that have a key in common the older one lies over the newer',
    expected: ['S2', 'S8'],
    changes: [
      {
        part: 'StorageEngine',
        mend: (Base) =>
          class extends Base {
            override linkRuns(...[runs]: Parameters<InstanceType<typeof Base>['linkRuns']>): readonly string[] {
              return [...super.linkRuns(runs)].reverse();
            }
          },
      },
    ],
  }),
  classic({
    id: 'bl-flushed-without-its-files',
    symptom: 'a flush goes on while files are awaited, so that a crash leaves them out',
    expected: ['S2', 'repl.S12', 'S10', 'S1', 'S8'],
    changes: [
      {
        part: 'StorageEngine',
        mend: (Base) =>
          class extends Base {
            override isFlushBarred(): boolean {
              return false;
            }
          },
      },
    ],
  }),
];

export const INGESTION: readonly Defect[] = [...UPSTREAM, ...MISTAKES];
