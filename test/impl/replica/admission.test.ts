import { describe, expect, it } from 'vitest';
import type { Gpid, NodeId } from '../../../model/vocabulary.ts';
import { threadHash } from '../../../impl/protocol/gpid.ts';
import type { GroupCheckRequest } from '../../../impl/protocol/messages.ts';
import { CheckpointTriggers } from '../../../impl/replica/checkpointTriggers.ts';
import { DENY_CLIENT_REQUEST, denialOf } from '../../../impl/replica/denyClient.ts';
import { copyForReproposal, newMutation } from '../../../impl/replica/mutation.ts';
import { SecondaryPrepare } from '../../../impl/replica/secondaryPrepare.ts';
import { StorageApp } from '../../../impl/storage/app/storageApp.ts';
import { Cluster, NODES } from './cluster.ts';

function write(c: Cluster, gpid: Gpid, key: string): void {
  const box = c.put(gpid, key, 'v');
  c.runUntil(() => box.result !== undefined);
  expect(box.result?.error).toBe('ERR_OK');
}

function secondaryOf(c: Cluster, gpid: Gpid): NodeId {
  return NODES.find((n) => n !== c.primary(gpid)) ?? '';
}

function storedAppInfo(c: Cluster, node: NodeId, gpid: Gpid): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(c.world.diskView(node).read(`${gpid}.pegasus/.app-info`)));
}

describe('denying client requests (repl 1.4 row 2, 1.1)', () => {
  it('any first word but reconfig means silence; the second word says to whom', () => {
    const says = (value: string) => [
      denialOf({ [DENY_CLIENT_REQUEST]: value }, 'read'),
      denialOf({ [DENY_CLIENT_REQUEST]: value }, 'write'),
    ];
    expect(says('reconfig*all')).toEqual(['reconfig', 'reconfig']);
    expect(says('reconfig*read')).toEqual(['reconfig', 'none']);
    expect(says('timeout*write')).toEqual(['none', 'silence']);
    expect(says('later*all')).toEqual(['silence', 'silence']);
    expect(says('*write')).toEqual(['none', 'silence']);
    for (const value of ['', 'all', 'reconfig', 'reconfig*', 'reconfig*scan', 'reconfig*x*all']) {
      expect(says(value)).toEqual(['none', 'none']);
    }
    expect(denialOf({}, 'write')).toBe('none');
  });

  it('comes before the size, and the size before the role', () => {
    const c = new Cluster({ settings: { maxAllowedWriteSizeBytes: 100 } });
    const gpid = `${c.createTable()}.0`;
    const secondary = secondaryOf(c, gpid);
    const large = c.put(gpid, 'k', 'v'.repeat(200), secondary);
    c.run(100);
    expect(large.result?.error).toBe('ERR_INVALID_DATA');
    const replica = c.replica(secondary, gpid);
    replica.app = { ...replica.app, envs: { [DENY_CLIENT_REQUEST]: 'reconfig*write' } };
    const denied = c.put(gpid, 'k', 'v'.repeat(200), secondary);
    c.run(100);
    expect(denied.result?.error).toBe('ERR_INVALID_STATE');
  });
});

describe('a refused re-proposal (repl 1.4 step 4, repl.R4)', () => {
  it('gives no unit of the write queue back: it was never popped', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    const primary = c.primary(gpid);
    for (const node of NODES) if (node !== primary) c.world.cutLink(primary, node);
    const box = c.put(gpid, 'k', 'v', primary);
    c.run(100);
    const { twoPc, prepareList } = c.replica(primary, gpid);
    expect(twoPc.queue.currentOps()).toBe(1);
    const old = prepareList.getMutationByDecree(1) ?? newMutation(gpid);
    const beyond = copyForReproposal(old);
    beyond.setHeader(1, 21, 0, 1);
    expect(beyond.clientRequests).toHaveLength(1);
    expect(twoPc.initPrepare(beyond, true)).toBe('ERR_CAPACITY_EXCEEDED');
    expect(twoPc.queue.currentOps()).toBe(1);
    c.run(10);
    expect(box.result?.error).toBe('ERR_CAPACITY_EXCEEDED');
  });
});

describe('a prepare that is to be tried again (repl 1.5)', () => {
  it('is sent again 5 ms after each refusal, while 7 ms are left of its first timeout; then the member has failed', () => {
    let refusing = false;
    class Refusing extends SecondaryPrepare {
      override refusePrepare(...args: Parameters<SecondaryPrepare['refusePrepare']>) {
        return refusing ? 'ERR_TRY_AGAIN' : super.refusePrepare(...args);
      }
    }
    const settings = { groupCheckDisabled: true, prepareTimeoutMs: 300 };
    const c = new Cluster({ settings, partsOf: (node) => (node === NODES[2] ? { SecondaryPrepare: Refusing } : {}) });
    const gpid = `${c.createTable()}.0`;
    const primary = c.primary(gpid);
    const node = NODES[2] === primary ? secondaryOf(c, gpid) : (NODES[2] ?? '');
    refusing = true;
    c.put(gpid, 'k', 'v', primary);
    c.runUntil(() => c.replica(primary, gpid).status() === 'PS_INACTIVE');
    const sends = c.sent.filter((m) => m.code === 'RPC_PREPARE' && m.kind === 'request' && m.to === node);
    const [first] = sends;
    const last = sends.at(-1);
    if (first === undefined || last === undefined) throw new Error('nothing sent');
    expect(sends.length).toBeGreaterThan(20);
    for (let i = 1; i < sends.length; i++) {
      expect((sends[i]?.atUs ?? 0) - (sends[i - 1]?.atUs ?? 0)).toBeGreaterThanOrEqual(5000);
    }
    // The refusal before the last resend came with more than 7 ms left, the last one with less.
    expect(last.atUs - first.atUs).toBeLessThan(298_500);
    expect(last.atUs - first.atUs).toBeGreaterThan(285_000);
    expect(c.world.nowUs() - first.atUs).toBeGreaterThanOrEqual(293_000);
    refusing = false;
    c.run(3000);
    expect(c.replica(primary, gpid).lastCommittedDecree()).toBe(1);
    expect(c.checks()).toEqual([]);
  });
});

describe('decrees of a replica (repl 1.2, S11)', () => {
  it('last_prepared ends before a hole, before what is not logged, and before a smaller ballot', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    const replica = c.replica(secondaryOf(c, gpid), gpid);
    const put = (decree: number, ballot: number, logged: boolean) => {
      const mutation = newMutation(gpid);
      mutation.setHeader(ballot, decree, 0, 1);
      if (logged) mutation.setLogged();
      expect(replica.prepareList.put(mutation)).toBe('ERR_OK');
    };
    expect(replica.lastPreparedDecree()).toBe(0);
    put(1, 2, true);
    put(3, 2, true);
    expect([replica.lastPreparedDecree(), replica.maxPreparedDecree()]).toEqual([1, 3]);
    put(2, 1, true);
    expect(replica.lastPreparedDecree()).toBe(1);
    put(2, 2, false);
    expect(replica.lastPreparedDecree()).toBe(1);
    put(2, 3, true);
    expect(replica.lastPreparedDecree()).toBe(2);
    put(3, 3, true);
    expect(c.server(replica.self()).storedReplica(replica)).toMatchObject({ lastPrepared: 3, lastCommitted: 0 });
  });

  it('a checkpoint ahead of the commit point ends the process at the next commit', () => {
    let ahead = 0;
    class Ahead extends StorageApp {
      override lastDurableDecree(): number {
        return super.lastDurableDecree() + ahead;
      }
    }
    const c = new Cluster({ partsOf: () => ({ StorageApp: Ahead }) });
    const gpid = `${c.createTable()}.0`;
    write(c, gpid, 'a');
    ahead = 5;
    c.put(gpid, 'b', 'v');
    c.run(100);
    expect(c.checks().some((check) => check.includes('prepared 1, committed 1, durable 5'))).toBe(true);
  });
});

describe('properties of the table', () => {
  it('a group check carries none over: config sync does (repl 1.8, 1.10)', () => {
    const c = new Cluster({ settings: { groupCheckDisabled: true } });
    const gpid = `${c.createTable()}.0`;
    const node = secondaryOf(c, gpid);
    const replica = c.replica(node, gpid);
    const { app } = replica;
    const config = {
      gpid, ballot: replica.ballot(), primary: c.primary(gpid), status: 'PS_SECONDARY', learnerSignature: 0, popAll: false,
    } as const;
    const request: GroupCheckRequest = {
      app: { ...app, envs: { word: 'old' } }, config, lastCommitted: 0, confirmedDecree: -1,
    };
    const box = c.call(node, 'RPC_GROUP_CHECK', request, threadHash(gpid));
    c.run(100);
    expect(box.result?.body?.error).toBe('ERR_OK');
    expect(replica.app.envs).toEqual({});
  });

  it('what a restart must know at once is stored when it changes', () => {
    const c = new Cluster({ settings: { groupCheckDisabled: true } });
    const gpid = `${c.createTable()}.0`;
    const node = secondaryOf(c, gpid);
    const { app, configurator } = c.replica(node, gpid);
    configurator.updateAppInfo({ ...app, envs: { word: 'new' } });
    expect(storedAppInfo(c, node, gpid)).toMatchObject({ envs: {}, duplicating: false });
    configurator.updateAppInfo({ ...app, duplicating: true });
    expect(storedAppInfo(c, node, gpid)).toMatchObject({ duplicating: true, maxReplicaCount: 3, appName: 't' });
    c.world.stopNode(node, 'power-loss');
    c.world.startNode(node);
    c.runUntil(() => c.server(node).replicas.has(gpid));
    expect(c.replica(node, gpid).app.duplicating).toBe(true);
    expect(c.replica(node, gpid).checkpoints.isLogGcAllowed()).toBe(false);
  });
});

describe('the confirmed decree of duplications (repl 1.8, 2.10)', () => {
  it('goes from the primary to its members, and bounds what their logs may forget', () => {
    let confirmed = -1;
    class Confirming extends CheckpointTriggers {
      override minConfirmedDecree(): number {
        return this.replica.isPrimary() ? confirmed : super.minConfirmedDecree();
      }
    }
    const settings = { groupCheckIntervalMs: 1000, emptyWriteDisabled: true };
    const c = new Cluster({ settings, partsOf: () => ({ CheckpointTriggers: Confirming }) });
    const gpid = `${c.createTable()}.0`;
    const replica = c.replica(secondaryOf(c, gpid), gpid);
    const heard: number[] = [];
    for (const value of [-1, 7, 3, 9, -1]) {
      confirmed = value;
      c.run(1100);
      heard.push(replica.checkpoints.minConfirmedDecree());
    }
    expect(heard).toEqual([-1, 7, 7, 9, -1]);
    confirmed = 4;
    c.run(1100);
    expect([replica.checkpoints.cleanableDecree(), replica.checkpoints.validStartOffset()]).toEqual([0, 0]);
  });
});

describe('RPC_QUERY_LAST_CHECKPOINT_INFO (repl 2.7)', () => {
  it('names what is missing: replica, checkpoint, or its files', () => {
    let failing = false;
    class Failing extends StorageApp {
      override getCheckpoint() {
        const lost = { error: 'ERR_FILE_OPERATION_FAILED', dir: '', files: [], decree: 0 } as const;
        return failing ? lost : super.getCheckpoint();
      }
    }
    const c = new Cluster({ partsOf: () => ({ StorageApp: Failing }) });
    const gpid = `${c.createTable()}.0`;
    const primary = c.primary(gpid);
    const ask = (id: Gpid) => {
      const request = { gpid: id, checksumType: 'NONE', cluster: 'other', minDecree: 0 } as const;
      const box = c.call(primary, 'RPC_QUERY_LAST_CHECKPOINT_INFO', request, threadHash(id));
      c.runUntil(() => box.result !== undefined);
      return box.result?.body;
    };
    expect(ask('9.0')?.error).toBe('ERR_OBJECT_NOT_FOUND');
    expect(ask(gpid)?.error).toBe('ERR_PATH_NOT_FOUND');
    write(c, gpid, 'k');
    c.cli(primary, 'replica.trigger-checkpoint', gpid);
    c.run(11_000);
    const answer = ask(gpid);
    expect([answer?.error, answer?.lastDurable, answer?.baseDir]).toEqual([
      'ERR_OK', 1, `${gpid}.pegasus/data/checkpoint.1`,
    ]);
    expect(answer?.files).toContain('CURRENT');
    failing = true;
    expect(ask(gpid)).toEqual({ error: 'ERR_GET_LEARN_STATE_FAILED', baseDir: '', files: [], fileSizes: [], fileMd5s: [], lastDurable: 0 });
  });
});
