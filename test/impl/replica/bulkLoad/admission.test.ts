/** Who lets an ingestion write in, and in which order it is asked (bl 15.1, 18; thr 8). */
import { describe, expect, it } from 'vitest';
import { encodeIngestion } from '../../../../impl/protocol/ingestion.ts';
import type { IngestionWriteResponse } from '../../../../impl/protocol/messages.ts';
import { filesText } from '../../../../impl/replica/bulkLoad/metadataCheck.ts';
import { RESET_STATE } from '../../../../impl/replica/bulkLoad/types.ts';
import { DENY_CLIENT_REQUEST } from '../../../../impl/replica/denyClient.ts';
import type { ClientWrite } from '../../../../impl/replica/mutation.ts';
import type { Replica } from '../../../../impl/replica/replica.ts';
import { Replica2pc } from '../../../../impl/replica/replica2pc.ts';
import { WRITE_THROTTLING } from '../../../../impl/replica/throttling/throttlingEnvs.ts';
import { NODES } from '../cluster.ts';
import type { ClusterOptions } from '../cluster.ts';
import { LoadCluster } from './loadCluster.ts';

function loaded(options: ClusterOptions = {}): LoadCluster {
  const c = new LoadCluster(options);
  c.fillRows({ a: 'A', b: 'B', c: 'C' });
  c.download();
  return c;
}

/** Answers of this very moment. */
class Answers {
  readonly from = 'c/meta-0';
  readonly said: string[] = [];

  reply(body: IngestionWriteResponse): void {
    this.said.push(`${body.ingestion?.error} ${body.ingestion?.rocksdbError}`);
  }

  refuse(error: string): void {
    this.said.push(error);
  }
}

interface Row {
  readonly name: string;
  readonly answer: string;
  spoil(replica: Replica): void;
  mend(replica: Replica): void;
}

/** Of the two secondaries. */
function keepSecondaries({ primaryStates }: Replica, count: number): void {
  const secondaries = ['c/replica-0', 'c/replica-1', 'c/replica-2'].filter((node) => node !== primaryStates.membership.primary);
  primaryStates.membership = { ...primaryStates.membership, secondaries: secondaries.slice(0, count) };
}

/** #2 to #13, each as it is wrong, and as it is right; what is not built has no row. */
const ROWS: readonly Row[] = [
  {
    name: '#2 the table denies writes',
    answer: 'ERR_INVALID_STATE',
    spoil: (r) => void (r.app = { ...r.app, envs: { [DENY_CLIENT_REQUEST]: 'reconfig*write' } }),
    mend: (r) => void (r.app = { ...r.app, envs: {} }),
  },
  {
    name: '#7 not primary',
    answer: 'ERR_INVALID_STATE',
    spoil: (r) => void (r.config = { ...r.config, status: 'PS_SECONDARY' }),
    mend: (r) => void (r.config = { ...r.config, status: 'PS_PRIMARY' }),
  },
  {
    name: '#8 a disk of the group',
    answer: 'ERR_DISK_IO_ERROR',
    spoil: ({ primaryStates }) => void primaryStates.secondaryDiskStatus.set('c/replica-1', 'IO_ERROR'),
    mend: ({ primaryStates }) => primaryStates.secondaryDiskStatus.clear(),
  },
  {
    name: '#9 another ingestion',
    answer: 'ERR_NO_NEED_OPERATE',
    spoil: (r) => r.bulkLoader.ingestion.startIngestion(),
    mend: (r) => r.bulkLoader.ingestion.onIngestionWriteRefused(),
  },
  {
    name: '#10 too few for two-phase commit',
    answer: 'ERR_NOT_ENOUGH_MEMBER',
    spoil: (r) => keepSecondaries(r, 0),
    mend: (r) => keepSecondaries(r, 1),
  },
  {
    name: '#11 throttling',
    answer: 'ERR_BUSY',
    spoil: ({ throttle }) => {
      throttle.writesByCount.parseFromEnv('1*reject*0', 1);
      throttle.writesByCount.control(0, 2);
    },
    mend: ({ throttle }) => void throttle.writesByCount.reset(),
  },
  {
    name: '#12 its files are not there',
    answer: 'ERR_INVALID_STATE',
    spoil: (r) => void (r.bulkLoader.localStatus = 'BLS_DOWNLOADING'),
    mend: (r) => void (r.bulkLoader.localStatus = 'BLS_DOWNLOADED'),
  },
  {
    name: '#12 another ballot',
    answer: 'ERR_INVALID_STATE',
    spoil: (r) => void (r.config = { ...r.config, ballot: r.config.ballot + 1 }),
    mend: (r) => void (r.config = { ...r.config, ballot: r.config.ballot - 1 }),
  },
  {
    name: '#13 the group is not full',
    answer: 'ERR_NOT_ENOUGH_MEMBER',
    spoil: (r) => keepSecondaries(r, 1),
    mend: (r) => keepSecondaries(r, 2),
  },
];

function answerOf(c: LoadCluster, replica: Replica, body: Uint8Array): string {
  const answers = new Answers();
  replica.twoPc.onIngestionWrite(c.request(c.gpid, body), answers);
  return answers.said.join();
}

describe('the table of admission', () => {
  it('is asked in its order, and what refuses changes nothing', () => {
    const c = loaded();
    const replica = c.replica(c.primaryNode(), c.gpid);
    const { ingestion } = replica.bulkLoader;
    const body = encodeIngestion(c.ingestionRequest());
    for (const row of [...ROWS].reverse()) row.spoil(replica);
    const before = replica.maxPreparedDecree();
    for (const row of ROWS) {
      // The first of what is wrong.
      expect(`${row.name}: ${answerOf(c, replica, body)}`).toBe(`${row.name}: ${row.answer}`);
      row.mend(replica);
    }
    expect([ingestion.isIngesting, ingestion.isUnresolved(), replica.maxPreparedDecree()]).toEqual([false, false, before]);
    // Nothing is wrong any more: it is on its way.
    expect(answerOf(c, replica, body)).toBe('');
    expect([ingestion.isIngesting, ingestion.isUnresolved(), replica.maxPreparedDecree()]).toEqual([true, true, before + 1]);
    expect(answerOf(c, replica, body)).toBe('ERR_NO_NEED_OPERATE');
  });

  it.each(ROWS.map((row, i) => [row.name, i] as const))('%s is enough, and lets the rows before it pass', (_, i) => {
    const c = loaded();
    const replica = c.replica(c.primaryNode(), c.gpid);
    const body = encodeIngestion(c.ingestionRequest());
    ROWS[i]?.spoil(replica);
    expect(answerOf(c, replica, body)).toBe(ROWS[i]?.answer);
    ROWS[i]?.mend(replica);
    keepSecondaries(replica, 2);
    expect(answerOf(c, replica, body)).toBe('');
  });

  it('begins with denial, size and form', () => {
    const c = new LoadCluster({ settings: { maxAllowedWriteSizeBytes: 1000 } });
    const replica = c.replica(c.primaryNode(), c.gpid);
    replica.bulkLoader.localStatus = 'BLS_DOWNLOADED';
    const file = { name: 'a.sst', size: 1, md5: '0'.repeat(1000) };
    const request = c.ingestionRequest({ metadata: { files: [file], fileTotalSize: 1 } });
    const large = encodeIngestion(request);
    const small = encodeIngestion({ ...request, metadata: { files: [{ ...file, md5: '' }], fileTotalSize: 1 } });
    expect(large.length).toBeGreaterThan(1000);
    expect(answerOf(c, replica, large)).toBe('ERR_INVALID_DATA');
    expect(answerOf(c, replica, small.subarray(1))).toBe('ERR_INVALID_DATA');
    replica.app = { ...replica.app, envs: { [DENY_CLIENT_REQUEST]: 'reconfig*write' } };
    expect(answerOf(c, replica, large)).toBe('ERR_INVALID_STATE');
    replica.app = { ...replica.app, envs: { [DENY_CLIENT_REQUEST]: 'timeout*write' } };
    expect(answerOf(c, replica, small)).toBe('');
    expect(replica.bulkLoader.ingestion.isUnresolved()).toBe(false);
    const box = c.call(c.primaryNode(), 'RPC_RRDB_RRDB_BULK_LOAD', c.request('99.0', small));
    c.runUntil(() => box.result !== undefined);
    expect(box.result?.error).toBe('ERR_OBJECT_NOT_FOUND');
  });

  it.each(['BLS_INVALID', 'BLS_DOWNLOADING', 'BLS_SUCCEED', 'BLS_PAUSED', 'BLS_DOWNLOADED', 'BLS_INGESTING'] as const)(
    'asks whether the files are there: %s',
    (status) => {
      const c = new LoadCluster();
      const loader = c.loader();
      loader.localStatus = status;
      const metadata = { files: [{ name: 'a.sst', size: 1, md5: '' }], fileTotalSize: 1 };
      loader.downloader.metadata = metadata;
      const ready = status === 'BLS_DOWNLOADED' || status === 'BLS_INGESTING';
      expect(loader.ingestion.refuseIngestion({ ...c.ingestionRequest(), metadata })).toBe(ready ? undefined : 'ERR_INVALID_STATE');
    },
  );

  it('asks whether all members have told of these files (departures: bl.15.1)', () => {
    const c = loaded();
    const { metadata } = c.ingestionRequest();
    const [first, ...others] = metadata.files;
    const replaced = { ...metadata, files: [{ name: '', size: 0, ...first, md5: 'f'.repeat(32) }, ...others] };
    expect(c.ingestNow({ metadata: replaced })).toBe('ERR_INVALID_STATE');
    const { group, ingestion } = c.loader();
    const [one = ''] = c.secondaries();
    const told = group.secondaryStates.get(one) ?? RESET_STATE;
    group.secondaryStates.set(one, { ...told, files: filesText(replaced) });
    expect(c.ingestNow()).toBe('ERR_INVALID_STATE');
    expect(ingestion.isIngesting).toBe(false);
    group.secondaryStates.set(one, RESET_STATE);
    expect(c.ingestNow()).toBe('ERR_OK');
  });

  it.each([-1, 1])('compares the ballot: %d off is another group', (off) => {
    const c = loaded();
    const { ballot } = c.ingestionRequest();
    expect(c.ingestNow({ ballot: ballot + off })).toBe('ERR_INVALID_STATE');
    expect(c.loader().ingestion.isIngesting).toBe(false);
    expect(c.ingestNow({ ballot })).toBe('ERR_OK');
  });
});

describe('throttling and the ingestion write (#2157, thr 8)', () => {
  function throttled(value: string, options: ClusterOptions = {}) {
    const c = loaded(options);
    const { throttle } = c.replica(c.primaryNode(), c.gpid);
    throttle.updateThrottleEnvs({ [WRITE_THROTTLING]: value });
    throttle.writesByCount.control(0, 1);
    return { c, request: c.ingestionRequest() };
  }

  it('delayed, it leaves no mark while it waits, and goes in when it comes again', () => {
    const { c, request } = throttled('1*delay*400');
    c.write('k', 'before');
    const box = c.ingest(request);
    c.run(200);
    const { ingestion } = c.loader();
    expect([box.result, ingestion.isIngesting, ingestion.isUnresolved()]).toEqual([undefined, false, false]);
    // Users write on.
    c.replica(c.primaryNode(), c.gpid).throttle.writesByCount.reset();
    expect(c.write('k', 'meanwhile')).toBe('ERR_OK');
    c.runUntil(() => box.result !== undefined, 400);
    expect(box.result?.body?.ingestion).toEqual({ error: 'ERR_OK', rocksdbError: 0 });
    expect([ingestion.isIngesting, c.write('k', 'later')]).toEqual([true, 'ERR_OPERATION_DISABLED']);
    expect(c.said.filter(({ claim }) => claim.kind === 'throttle.verdict')).toHaveLength(1);
    c.run(100);
    expect(ingestion.status).toBe('IS_SUCCEED');
    expect(c.read(c.gpid, 'k')).toBe('meanwhile');
    expect(c.checks()).toEqual([]);
  });

  it('delayed, it meets what has become of the load', () => {
    const { c, request } = throttled('1*delay*400');
    c.write('k', 'v');
    const box = c.ingest(request);
    c.run(200);
    expect(c.poll('BLS_CANCELED').error).toBe('ERR_OK');
    c.runUntil(() => box.result !== undefined, 400);
    expect(box.result?.error).toBe('ERR_INVALID_STATE');
    expect(c.loader().ingestion.isIngesting).toBe(false);
  });

  it('delayed behind its own mark, as before #2157, it would meet itself and stall the partition', () => {
    class Before extends Replica2pc {
      override admitWrite(write: ClientWrite, throttled: boolean): void {
        const refusal = this.admitIngestion(write);
        if (refusal !== undefined) this.responseClientWrite(write, refusal);
        else if (this.hasTooFewMembers()) this.responseClientWrite(write, 'ERR_NOT_ENOUGH_MEMBER');
        else if (throttled || !this.replica.throttle.throttleWriteRequest(write)) this.enqueueWrite(write);
      }
    }
    const { c, request } = throttled('1*delay*400', { partsOf: () => ({ Replica2pc: Before }) });
    c.write('k', 'v');
    const box = c.ingest(request);
    c.runUntil(() => box.result !== undefined, 500);
    expect([box.result?.error, c.write('k', 'w')]).toEqual(['ERR_NO_NEED_OPERATE', 'ERR_OPERATION_DISABLED']);
    expect([c.loader().ingestion.isUnresolved(), c.loader().ingestion.status]).toEqual([false, 'IS_INVALID']);
  });

  it('rejected, it leaves no mark either', () => {
    const { c, request } = throttled('1*reject*300');
    c.write('k', 'v');
    const box = c.ingest(request);
    c.run(100);
    expect([box.result, c.loader().ingestion.isIngesting]).toEqual([undefined, false]);
    c.runUntil(() => box.result !== undefined, 400);
    expect([box.result?.error, c.loader().ingestion.isIngesting]).toEqual(['ERR_BUSY', false]);
    c.run(1000);
    expect(c.ingestNow(request)).toBe('ERR_OK');
    expect(NODES.map((node) => c.loader(node).ingestion.isIngesting).filter(Boolean)).toEqual([true]);
  });
});
