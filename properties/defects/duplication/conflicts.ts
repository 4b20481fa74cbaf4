/** What becomes of writes that several clusters make to one row, as upstream has it or as one might easily get it wrong (dup 7). */
import { decodeDuplicate } from '../../../impl/protocol/duplicate.ts';
import type { BatchOp } from '../../../impl/storage/engine/contract.ts';
import type { Decree } from '../../../model/vocabulary.ts';
import { classic } from '../classic/told.ts';
import type { Defect } from '../types.ts';
import { suspect } from './told.ts';

export const CONFLICTS: readonly Defect[] = [
  suspect({
    id: 'dup-conflicts-not-resolved',
    issue: 'dup.B38',
    symptom: 'of two clusters that write one row at about the same time each ends with the other\'s value',
    expected: ['dup.S11'],
    changes: [
      {
        part: 'MutationDuplicator',
        mend: (Base) =>
          class extends Base {
            override entryOf(...[write]: Parameters<InstanceType<typeof Base>['entryOf']>): ReturnType<InstanceType<typeof Base>['entryOf']> {
              return { ...super.entryOf(write), verifyTimetag: false };
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-removal-leaves-nothing',
    issue: 'dup.B38',
    symptom: 'a row that was removed comes back with an older write of another cluster, since nothing tells of its removal',
    expected: ['dup.S11', 'S1', 'S6', 'S8'],
    changes: [
      {
        part: 'StorageApp',
        mend: (Base) =>
          class extends Base {
            override removalOf(key: string): BatchOp {
              return { key, value: undefined };
            }
          },
      },
    ],
  }),
  classic({
    id: 'dup-own-write-looks-older',
    symptom: 'a write is stamped by the own clock alone, so that a row of a cluster whose clock is ahead stays newer than what replaces it',
    expected: ['dup.S11'],
    changes: [
      {
        part: 'Replica',
        mend: (Base) =>
          class extends Base {
            override noteTimestamps(...[mutation]: Parameters<InstanceType<typeof Base>['noteTimestamps']>): void {
              super.noteTimestamps({ ...mutation, updates: [] });
            }
            override newestRowUs(): number {
              return 0;
            }
          },
      },
    ],
  }),
  classic({
    id: 'dup-older-wins',
    symptom: 'the rule of time tags is turned round: the older write stays',
    expected: ['dup.S11', 'S1', 'S6', 'S8'],
    changes: [
      {
        part: 'DuplicateWriter',
        mend: (Base) =>
          class extends Base {
            override isOutdated(...[batch, key, entry]: Parameters<InstanceType<typeof Base>['isOutdated']>): boolean {
              return this.engine.get(key) !== undefined && !super.isOutdated(batch, key, entry);
            }
          },
      },
    ],
  }),
  classic({
    id: 'dup-equal-times-unordered',
    symptom: 'of writes with equal times the one that comes later stays, whatever the clusters\' ids',
    expected: ['dup.S11', 'S1', 'S6', 'S8'],
    changes: [
      {
        part: 'DuplicateWriter',
        mend: (Base) =>
          class extends Base {
            override isOutdated(...[batch, key, entry]: Parameters<InstanceType<typeof Base>['isOutdated']>): boolean {
              return super.isOutdated(batch, key, { ...entry, clusterId: 127 });
            }
          },
      },
    ],
  }),
  classic({
    id: 'dup-forwards-what-it-received',
    symptom: 'a follower that is duplicated itself ships what came to it from its master, as its own',
    expected: ['dup.S14'],
    changes: [
      {
        part: 'MutationDuplicator',
        mend: (Base) =>
          class extends Base {
            override enqueueWrites(...[writes]: Parameters<InstanceType<typeof Base>['enqueueWrites']>): void {
              const own = writes.flatMap((write) => {
                const entries = write.code === 'RPC_RRDB_RRDB_DUPLICATE' ? decodeDuplicate(write.body) : undefined;
                return entries?.map(({ timestampUs, code, rawMessage }) => ({ ...write, timestampUs, code, body: rawMessage })) ?? [write];
              });
              super.enqueueWrites(own);
            }
          },
      },
    ],
  }),
  classic({
    id: 'dup-log-kept-for-the-youngest',
    symptom: 'of several duplications of a table only the youngest says how much of the log is still needed',
    expected: ['S4', 'dup.S7', 'dup.S8', 'dup.S10'],
    changes: [
      {
        part: 'ReplicaDuplicatorManager',
        mend: (Base) =>
          class extends Base {
            override smallest(confirmed: readonly Decree[]): Decree {
              return super.smallest(confirmed.slice(-1));
            }
          },
      },
    ],
  }),
];
