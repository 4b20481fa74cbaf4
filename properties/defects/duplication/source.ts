/** Duplicators and checkpoints of the source, as upstream has or had them (defects.md; dup 12.2). */
import type { Decree } from '../../../model/vocabulary.ts';
import { INVALID_DECREE } from '../../../model/vocabulary.ts';
import type { Defect } from '../types.ts';
import { suspect, upstream } from './told.ts';

export const SOURCE: readonly Defect[] = [
  upstream({
    id: 'fulldup-empty-partition',
    issue: 'apache/incubator-pegasus#2069',
    symptom: 'the checkpoint of a replica with zero or one record is reported as prepared, and none is made',
    expected: ['L8', 'S8', 'L1', 'dup.S15'],
    upstream: 'fixed',
    changes: [
      {
        part: 'ReplicaCommands',
        mend: (Base) =>
          class extends Base {
            override minCheckpointDecree(...[replica]: Parameters<InstanceType<typeof Base>['minCheckpointDecree']>): Decree {
              return replica?.privateLog?.maxCommitOnDisk() ?? 0;
            }
            override emergencyCheckpoint(...[replica, word, replier]: Parameters<InstanceType<typeof Base>['emergencyCheckpoint']>): void {
              const minDecree = this.minDecreeOf(replica, word);
              const durable = replica?.lastDurableDecree() ?? 0;
              if (replica === undefined || word !== 'last-applied' || minDecree > durable) super.emergencyCheckpoint(replica, word, replier);
              else replier.reply({ error: 'ERR_OK', output: JSON.stringify({ error: 'ERR_OK', minDecree, durable }) });
            }
          },
      },
      {
        part: 'ReplicaDuplicator',
        mend: (Base) =>
          class extends Base {
            override minCheckpointDecreeFor(): Decree {
              return this.replica.privateLog?.maxCommitOnDisk() ?? 0;
            }
            override prepareDup(): void {
              if (!this.isCheckpointPrepared()) super.prepareDup();
            }
          },
      },
      {
        part: 'DuplicationInfo',
        mend: (Base) =>
          class extends Base {
            override allProgressIsStored(): boolean {
              return Object.values(this.progressForSync()).every((decree) => decree !== INVALID_DECREE);
            }
          },
      },
    ],
  }),
  upstream({
    id: 'fulldup-min-checkpoint-lost',
    issue: 'apache/incubator-pegasus#2098',
    symptom: 'a duplicator that is built in DS_PREPARE with progress has no checkpoint to ask for, and its server aborts',
    expected: ['S5'],
    upstream: 'fixed',
    changes: [
      {
        part: 'ReplicaDuplicator',
        mend: (Base) =>
          class extends Base {
            override minCheckpointDecreeFor(persisted: Decree): Decree {
              return persisted === INVALID_DECREE ? super.minCheckpointDecreeFor(persisted) : INVALID_DECREE;
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-checkpoint-of-any-age',
    issue: 'dup.B15',
    symptom: 'a follower gets whatever checkpoint the primary of that moment has, also one that is older than the start of the log',
    expected: ['S3', 'dup.S10', 'dup.S11', 'S8'],
    changes: [
      {
        part: 'CheckpointQuery',
        mend: (Base) =>
          class extends Base {
            override coversDuplication(): boolean {
              return true;
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-empty-write-while-demoted',
    issue: 'dup.B18',
    symptom: 'the empty write before a forced checkpoint aborts the server when the role was lost meanwhile',
    expected: ['S5'],
    changes: [
      {
        part: 'CheckpointTriggers',
        mend: (Base) =>
          class extends Base {
            override commitEmptyWrite(): boolean {
              this.ctx.env.check(this.replica.isPrimary(), 'propose an empty write');
              return super.commitEmptyWrite();
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-first-decree-never-shipped',
    issue: 'dup.B20',
    symptom: 'a log-only duplication of an empty partition begins with decree 2',
    expected: ['S8', 'S3', 'dup.S10', 'dup.S15', 'dup.S7'],
    changes: [
      {
        part: 'ReplicaDuplicator',
        mend: (Base) =>
          class extends Base {
            override firstLastDecree(persisted: Decree): Decree {
              return persisted === INVALID_DECREE ? this.minCheckpointDecree() : persisted;
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-start-not-stored',
    issue: 'dup.Q13',
    symptom: 'a log-only duplication ships before the store holds where it begins: another primary leaves out what was written since',
    expected: ['dup.S10', 'S8', 'S3'],
    changes: [
      {
        part: 'ReplicaDuplicator',
        mend: (Base) =>
          class extends Base {
            override isStartStored(): boolean {
              return true;
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-stale-duplicator-aborts',
    issue: 'dup.B31',
    symptom: 'a duplicator that is told more progress than it has shipped aborts its server',
    expected: ['S5'],
    changes: [
      {
        part: 'ReplicaDuplicatorManager',
        mend: (Base) =>
          class extends Base {
            override isOutdated(...[duplicator, entry]: Parameters<InstanceType<typeof Base>['isOutdated']>): boolean {
              return super.isOutdated(duplicator, entry, INVALID_DECREE);
            }
          },
      },
    ],
  }),
];
