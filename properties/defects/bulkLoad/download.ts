/** How a load's files come to a replica (bl 14). */
import { BULK_LOAD_METADATA } from '../../../impl/provider/paths.ts';
import type { ErrorCode } from '../../../model/vocabulary.ts';
import { classic } from '../classic/told.ts';
import { suspect, upstream } from '../duplication/told.ts';
import type { Defect } from '../types.ts';

const UPSTREAM: readonly Defect[] = [
  upstream({
    id: 'bl-download-after-clear',
    issue: 'apache/incubator-pegasus#2006',
    symptom: 'a download whose load was given up meanwhile goes on to its next file, and finds none',
    expected: ['S5', 'S10', 'S9'],
    upstream: 'fixed',
    changes: [
      {
        part: 'BulkLoadDownloader',
        mend: (Base) =>
          class extends Base {
            override isStale(): boolean {
              return false;
            }
            override continueDownload(...[download, index, round]: Parameters<InstanceType<typeof Base>['continueDownload']>): void {
              const { files } = this.metadata;
              this.ctx.env.check(index < files.length, 'download_sst_file', () => `file ${index} of ${files.length}`);
              super.continueDownload(download, index, round);
            }
          },
      },
    ],
  }),
  upstream({
    id: 'bl-damaged-file',
    issue: 'apache/incubator-pegasus rdsn #703, #826',
    symptom: 'a file that was left half downloaded fails the load instead of being downloaded again',
    expected: ['L3'],
    upstream: 'fixed',
    changes: [
      {
        part: 'BulkLoadDownloader',
        mend: (Base) =>
          class extends Base {
            override downloadFile(...[index, round]: Parameters<InstanceType<typeof Base>['downloadFile']>): void {
              const file = this.metadata.files[index];
              const isDamaged = file !== undefined && this.directory.has(file.name) && !this.isKept(file);
              if (isDamaged && !this.isStale(round)) this.fail('ERR_CORRUPTION');
              else super.downloadFile(index, round);
            }
          },
      },
    ],
  }),
  suspect({
    id: 'bl-slot-before-the-directory',
    issue: 'bl.B11',
    symptom: 'a slot is taken for a download that has no directory to go to, and never given back',
    expected: ['S9', 'bl.S8', 'L3'],
    changes: [
      {
        part: 'BulkLoadDownloader',
        mend: (Base) =>
          class extends Base {
            override takeSlot(): ErrorCode {
              this.slots.take();
              this.tellSlot(true);
              const error = this.directory.create();
              this.isDownloading = error === 'ERR_OK';
              return error;
            }
          },
      },
    ],
  }),
  suspect({
    id: 'bl-impossible-metadata',
    issue: 'bl.B18',
    symptom: 'a load whose total is not the sum of its files downloads for ever',
    expected: ['L3'],
    changes: [
      {
        part: 'BulkLoadDownloader',
        mend: (Base) =>
          class extends Base {
            override isTotalRight(): boolean {
              return true;
            }
          },
      },
    ],
  }),
  suspect({
    id: 'bl-transfer-of-an-older-round',
    issue: 'bl.B32',
    symptom: 'a transfer that goes on when its round is over is taken for the present one\'s',
    expected: ['L3', 'S8', 'S10', 'S9', 'bl.S8', 'bl.S2'],
    changes: [
      {
        part: 'BulkLoadDownloader',
        mend: (Base) =>
          class extends Base {
            override isStale(): boolean {
              return false;
            }
          },
      },
    ],
  }),
  suspect({
    id: 'bl-files-of-another-load',
    issue: 'bl.B35',
    symptom: 'metadata that is there, and files of the right size, are taken for this load\'s',
    expected: ['bl.S19', 'S10', 'S8', 'L3'],
    changes: [
      {
        part: 'BulkLoadDownloader',
        mend: (Base) =>
          class extends Base {
            override mayReuseMetadata(): boolean {
              return true;
            }
            override isKept(...[file]: Parameters<InstanceType<typeof Base>['isKept']>): boolean {
              return this.directory.isOfSize(file);
            }
          },
      },
      {
        part: 'ReplicaBulkLoader',
        mend: (Base) =>
          class extends Base {
            override isDirectoryStale(): boolean {
              return this.localStatus === 'BLS_INVALID';
            }
          },
      },
    ],
  }),
];

const MISTAKES: readonly Defect[] = [
  classic({
    id: 'bl-slot-kept-by-a-failure',
    symptom: 'a download that fails does not give its slot back',
    expected: ['S9', 'bl.S8', 'L3'],
    changes: [
      {
        part: 'BulkLoadDownloader',
        mend: (Base) =>
          class extends Base {
            override fail(error: ErrorCode): void {
              this.cancelTasks();
              this.isDownloading = false;
              this.downloadStatus = error;
            }
          },
      },
    ],
  }),
  classic({
    id: 'bl-file-counted-twice',
    symptom: 'the bytes of a file count twice, so that a download is complete before its last file',
    expected: ['S8', 'bl.S2', 'L3', 'S10'],
    changes: [
      {
        part: 'BulkLoadDownloader',
        mend: (Base) =>
          class extends Base {
            override updateProgress(sizeBytes: number): void {
              super.updateProgress(2 * sizeBytes);
              this.progress = Math.min(100, this.progress);
            }
          },
      },
    ],
  }),
  classic({
    id: 'bl-metadata-of-another-partition',
    symptom: 'every partition takes the metadata of the first one, and its files',
    expected: ['bl.S19', 'S10', 'S8'],
    changes: [
      {
        part: 'BulkLoadDownloader',
        mend: (Base) =>
          class extends Base {
            override remotePath(name: string): string {
              return super.remotePath(name).replace(/\/\d+\/([^/]*)$/, '/0/$1');
            }
          },
      },
    ],
  }),
  classic({
    id: 'bl-downloaded-bytes-unchecked',
    symptom: 'a file that came damaged passes for a good one',
    expected: ['S8', 'L3', 'S10', 'bl.S2'],
    changes: [
      {
        part: 'BulkLoadDownloader',
        mend: (Base) =>
          class extends Base {
            override isIntact(...[file]: Parameters<InstanceType<typeof Base>['isIntact']>): boolean {
              return file.name !== BULK_LOAD_METADATA && this.directory.has(file.name);
            }
          },
      },
    ],
  }),
];

export const DOWNLOAD: readonly Defect[] = [...UPSTREAM, ...MISTAKES];
