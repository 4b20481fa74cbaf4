/** Loading and shipping, as upstream has or had them (defects.md; dup 12.3). */
import type { OpenRequest } from '../../../impl/replica/duplication/pipeline/mutationDuplicator.ts';
import type { LoadedWrite } from '../../../impl/replica/duplication/pipeline/types.ts';
import type { Decree } from '../../../model/vocabulary.ts';
import { classic } from '../classic/told.ts';
import type { Defect } from '../types.ts';
import { suspect, upstream } from './told.ts';

export const PIPELINE: readonly Defect[] = [
  upstream({
    id: 'dup-newest-held-back',
    issue: 'apache/incubator-pegasus#2048',
    symptom: 'the newest write is shipped only when a later record tells that it is committed',
    expected: ['L2'],
    upstream: 'fixed',
    changes: [
      {
        part: 'LoadMutation',
        mend: (Base) =>
          class extends Base {
            override limit(): Decree {
              return this.host.replica.privateLog?.maxCommitOnDisk() ?? 0;
            }
          },
      },
      {
        part: 'MutationBatch',
        mend: (Base) =>
          class extends Base {
            override commitApplied(): void {}
          },
      },
    ],
  }),
  upstream({
    id: 'pool-dup-load-starved',
    issue: 'apache/incubator-pegasus#2183',
    symptom: 'the log is read with low priority in the pool for long work, so steady work there starves it',
    expected: ['L2', 'dup.L3'],
    upstream: 'fixed',
    changes: [
      {
        part: 'LoadFromPrivateLog',
        mend: (Base) =>
          class extends Base {
            constructor(...[ctx, pipeline]: ConstructorParameters<typeof Base>) {
              super({ ...ctx, settings: { ...ctx.settings, dupLoadPlogTask: 'LPC_REPLICATION_LONG_LOW' } }, pipeline);
            }
          },
      },
    ],
  }),
  upstream({
    id: 'dup-gap-kills-server',
    issue: 'apache/incubator-pegasus#784',
    symptom: 'a decree that the log has lost aborts the server of the duplication, again after every restart',
    expected: ['S5'],
    upstream: 'fixed',
    changes: [
      {
        part: 'MutationBuffer',
        mend: (Base) =>
          class extends Base {
            override passHole(to: Decree): void {
              this.env.check(false, 'mutation_buffer::commit', () => `${this.lastCommittedDecree() + 1} to ${to} are missing`);
            }
          },
      },
    ],
  }),
  upstream({
    id: 'dup-batch-tail-drop',
    issue: 'apache/incubator-pegasus#2284',
    symptom: 'writes at the end of a set are never sent when the last of the set is one that is not shipped',
    expected: ['S8', 'S3', 'dup.S10'],
    upstream: 'open',
    changes: [
      {
        part: 'MutationDuplicator',
        mend: (Base) =>
          class extends Base {
            override enqueueRest(...[open, writes]: Parameters<InstanceType<typeof Base>['enqueueRest']>): void {
              const last = writes.at(-1);
              if (last !== undefined && this.isShipped(last.code)) super.enqueueRest(open, writes);
            }
          },
      },
    ],
  }),
  upstream({
    id: 'dup-request-too-large',
    issue: 'apache/incubator-pegasus#1840',
    symptom: 'writes are put into one request beyond what the follower takes, which is sent again for ever',
    expected: ['L2', 'dup.L3'],
    upstream: 'fixed',
    changes: [
      {
        part: 'MutationDuplicator',
        mend: (Base) =>
          class extends Base {
            override requestLimit(): number {
              return this.ctx.settings.duplicateLogBatchBytes;
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-superseded-record-shipped',
    issue: 'dup.B24',
    symptom: 'of two records of a decree that is applied the first one in the log is shipped, though a later ballot has put another in its place',
    expected: ['dup.S9', 'S3', 'dup.S11', 'dup.S10'],
    changes: [
      {
        part: 'MutationBatch',
        mend: (Base) =>
          class extends Base {
            override add(...[record]: Parameters<InstanceType<typeof Base>['add']>): void {
              super.add(record);
              if (record.decree <= this.host.replica.lastAppliedDecree()) this.commitApplied(record.decree);
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-request-cut-late',
    issue: 'dup.B34',
    symptom: 'the size of a request is looked at when a write has been put in, so the last one takes it beyond the limit',
    expected: ['L2', 'dup.L3'],
    changes: [
      {
        part: 'MutationDuplicator',
        mend: (Base) =>
          class extends Base {
            override isFull(openBytes: number): boolean {
              return openBytes >= this.requestLimit();
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-queue-of-last-entry',
    issue: 'dup.B22',
    symptom: 'a request carries writes of many keys in the queue of its last one, so writes of a key overtake one another',
    expected: ['dup.S11', 'dup.S9', 'S3'],
    changes: [
      {
        part: 'MutationDuplicator',
        mend: (Base) =>
          class extends Base {
            override enqueueWrites(writes: readonly LoadedWrite[]): void {
              const shipped = writes.filter((write) => this.isShipped(write.code));
              let request: OpenRequest = { entries: [], sizeBytes: 0 };
              for (const [i, write] of shipped.entries()) {
                request.entries.push(this.entryOf(write));
                request.sizeBytes += write.body.length;
                if (i < shipped.length - 1 && request.sizeBytes < this.requestLimit()) continue;
                this.enqueue(this.queueHashOf(write) ?? 0n, request);
                request = { entries: [], sizeBytes: 0 };
              }
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-ordered-by-timestamp',
    issue: 'dup.B23',
    symptom: 'writes are shipped in the order of their timestamps, and of those that share one in any order',
    expected: ['dup.S11', 'dup.S9', 'S3'],
    changes: [
      {
        part: 'MutationBatch',
        mend: (Base) =>
          class extends Base {
            override moveAllMutations(): readonly LoadedWrite[] {
              return super.moveAllMutations().toReversed().toSorted((a, b) => a.timestampUs - b.timestampUs);
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-read-before-applied',
    issue: 'dup.B25',
    symptom: 'a write that is read before it is applied is never looked at again, until another one comes',
    expected: ['L2', 'dup.L3'],
    changes: [
      {
        part: 'MutationBatch',
        mend: (Base) =>
          class extends Base {
            override add(...[record]: Parameters<InstanceType<typeof Base>['add']>): void {
              const isNew = this.buffer.getMutationByDecree(record.decree) === undefined;
              super.add(record);
              if (isNew && record.decree <= this.host.replica.lastAppliedDecree()) this.buffer.commit(record.decree);
            }
            override commitApplied(): void {}
          },
      },
    ],
  }),
  classic({
    id: 'dup-gives-up-unasked',
    symptom: 'a log file that cannot be read is given up under every fail mode, and what it held is never shipped',
    expected: ['S8', 'dup.S10', 'S3'],
    changes: [
      {
        part: 'ReplicaDuplicator',
        mend: (Base) =>
          class extends Base {
            override failMode(): 'FAIL_SKIP' {
              return 'FAIL_SKIP';
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-timeout-shrinks',
    issue: 'dup.B44',
    symptom: 'a request that is sent again has only what is left of its first timeout',
    expected: ['L2', 'dup.L3'],
    changes: [
      {
        part: 'MutationDuplicator',
        mend: (Base) =>
          class extends Base {
            private readonly firstSentUs = new WeakMap<Uint8Array, number>();
            override requestTimeoutMs(body: Uint8Array): number {
              const nowUs = this.ctx.env.clock.monotonicUs();
              const sinceUs = this.firstSentUs.get(body) ?? nowUs;
              this.firstSentUs.set(body, sinceUs);
              return Math.max(0, super.requestTimeoutMs(body) - Math.floor((nowUs - sinceUs) / 1000));
            }
            override callTimeoutMs(...[queue]: Parameters<InstanceType<typeof Base>['callTimeoutMs']>): number {
              return Math.max(0, this.leftMs(queue));
            }
          },
      },
    ],
  }),
];
