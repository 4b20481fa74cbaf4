/** Classic mistakes in the private log, each the smallest change that makes it. */
import type { Decree, ErrorCode } from '../../../model/vocabulary.ts';
import type { Defect } from '../types.ts';
import { classic } from './told.ts';

export const LOG: readonly Defect[] = [
  classic({
    id: 'log-gc-one-early',
    symptom: 'a log file is removed one decree too early',
    expected: ['S1', 'repl.S18', 'S2'],
    changes: [
      {
        part: 'PrivateLog',
        mend: (Base) =>
          class extends Base {
            override isCleanable(...[file, maxDecree, cleanable, validStart]: Parameters<InstanceType<typeof Base>['isCleanable']>): boolean {
              return super.isCleanable(file, maxDecree, cleanable + 1, validStart);
            }
          },
      },
    ],
  }),
  classic({
    id: 'replay-one-block-short',
    symptom: 'replay of a log stops before the last block of a file',
    expected: ['S1', 'S2', 'S8', 'repl.S14', 'repl.S18'],
    changes: [
      {
        part: 'LogReplayer',
        mend: (Base) =>
          class extends Base {
            override replayBlock(...[file, callback, localOffset]: Parameters<InstanceType<typeof Base>['replayBlock']>): ErrorCode {
              const held: (() => void)[] = [];
              const error = super.replayBlock(
                file,
                (length, mutation) => {
                  held.push(() => {
                    callback(length, mutation);
                  });
                },
                localOffset,
              );
              if (this.endOffset < file.endOffset || localOffset === 0) for (const tell of held) tell();
              return error;
            }
          },
      },
    ],
  }),
  classic({
    id: 'log-skips-newest-file',
    symptom: 'opening a log leaves out the newest file',
    expected: ['S1', 'S8', 'repl.S14'],
    changes: [
      {
        part: 'LogReplayer',
        mend: (Base) =>
          class extends Base {
            override replayFiles(...[files, callback]: Parameters<InstanceType<typeof Base>['replayFiles']>): ErrorCode {
              const last = files.at(-1);
              return super.replayFiles(files, (length, mutation) => {
                if (files.length < 2 || last === undefined || mutation.logOffset < last.startOffset) callback(length, mutation);
              });
            }
          },
      },
    ],
  }),
  classic({
    id: 'log-header-max-written',
    symptom: 'a new log file says of its predecessors what is written, not what is on its way',
    expected: ['repl.S18', 'S1'],
    changes: [
      {
        part: 'PrivateLog',
        mend: (Base) =>
          class extends Base {
            override previousLogMaxDecree(): Decree {
              return this.maxDecreeWritten;
            }
          },
      },
    ],
  }),
];
