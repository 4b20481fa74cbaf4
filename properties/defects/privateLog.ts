/** What upstream's private log does that looks wrong (the P items of plog 19), put back. */
import type { BlockHeader } from '../../impl/storage/plog/format.ts';
import type { LogFile } from '../../impl/storage/plog/logFile.ts';
import type { ErrorCode } from '../../model/vocabulary.ts';
import { suspect } from './duplication/told.ts';
import type { Defect } from './types.ts';

export const PRIVATE_LOG: readonly Defect[] = [
  suspect({
    id: 'log-batch-before-its-header',
    issue: 'plog.P5',
    symptom: 'the header of a new log file and its first batch are written in any order, and beside the last batch of the old file',
    expected: ['repl.S6', 'S1', 'S2', 'S8', 'repl.S14', 'repl.S18'],
    changes: [
      {
        part: 'PrivateLog',
        mend: (Base) =>
          class extends Base {
            override canIssue(): boolean {
              return this.issued === undefined;
            }
            override canWriteHeader(): boolean {
              return true;
            }
          },
      },
    ],
  }),
  suspect({
    id: 'log-forgets-headers-at-open',
    issue: 'plog.P8',
    symptom: 'after an opening the next file tells only of records that were replayed, not of those before them',
    expected: ['repl.S18', 'S4', 'dup.S7', 'dup.S10', 'S1', 'S3'],
    changes: [
      {
        part: 'PrivateLog',
        mend: (Base) =>
          class extends Base {
            override countFileHeaders(): void {
              // What was replayed is all that is known.
            }
          },
      },
    ],
  }),
  suspect({
    id: 'log-gc-takes-the-newest',
    issue: 'plog.P9',
    symptom: 'garbage collection takes the newest log file too as long as nothing was appended since the opening',
    expected: ['plog.P9', 'S1', 'S8'],
    changes: [
      {
        part: 'PrivateLog',
        mend: (Base) =>
          class extends Base {
            override mustKeep(file: LogFile): boolean {
              return this.currentFile !== undefined && super.mustKeep(file);
            }
          },
      },
    ],
  }),
  suspect({
    id: 'log-reset-swallows-a-failed-rename',
    issue: 'plog.P11',
    symptom: 'a learner\'s log is gone, and its reset has succeeded, when the new one cannot be moved into its place',
    expected: ['plog.P9', 'S4', 'S8', 'repl.S18'],
    changes: [
      {
        part: 'LogReset',
        mend: (Base) =>
          class extends Base {
            override moveIn(source: string, old: string): ErrorCode {
              const error = super.moveIn(source, old);
              const { disk } = this.ctx.env;
              if (error === 'ERR_OK' || !disk.exists(this.dir)) return error;
              disk.remove(this.dir, { recursive: true });
              return 'ERR_OK';
            }
          },
      },
    ],
  }),
  suspect({
    id: 'log-length-unchecked',
    issue: 'plog.P2',
    symptom: 'a damaged block header whose length is negative asks for more memory than there is',
    expected: ['S5'],
    changes: [
      {
        part: 'LogFile',
        mend: (Base) =>
          class extends Base {
            override isUsableHeader(header: BlockHeader): boolean {
              // No memory ends here; this stands for the allocation that fails.
              this.ctx.env.check(header.length >= 0, 'read_next_log_block', () => `${header.length} bytes`);
              return super.isUsableHeader(header);
            }
          },
      },
    ],
  }),
];
