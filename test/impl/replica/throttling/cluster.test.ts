/** Throttling end to end on a cluster: from the table's env to the answer that waits, is refused, or never comes. */
import { describe, expect, it } from 'vitest';
import type { Gpid, NodeId } from '../../../../model/vocabulary.ts';
import type { RpcTypes } from '../../../../impl/protocol/messages.ts';
import { DENY_CLIENT_REQUEST } from '../../../../impl/replica/denyClient.ts';
import * as envs from '../../../../impl/replica/throttling/throttlingEnvs.ts';
import { Cluster, META, NODES } from '../cluster.ts';
import type { Box } from '../cluster.ts';

const INTERVAL_MS = 1000;

type Metric = Parameters<ReturnType<Cluster['server']>['metrics']['get']>[1];

class Throttled extends Cluster {
  readonly gpid: Gpid;
  readonly node: NodeId;

  constructor() {
    super({ settings: { configSyncIntervalMs: INTERVAL_MS, groupCheckDisabled: true } });
    this.gpid = `${this.createTable()}.0`;
    this.node = this.primary(this.gpid);
  }

  setEnvs(set: Readonly<Record<string, string>>): RpcTypes['RPC_CM_UPDATE_APP_ENV']['response'] | undefined {
    const box = this.call(META, 'RPC_CM_UPDATE_APP_ENV', { appName: 't', set });
    this.runUntil(() => box.result !== undefined);
    return box.result?.body;
  }

  /** Sets envs, and has every replica hear of them; the next whole second of the clock begins just now. */
  configure(set: Readonly<Record<string, string>>): void {
    const answer = this.setEnvs(set);
    if (answer?.error !== 'ERR_OK') throw new Error(`not set: ${answer?.hint}`);
    this.run(2 * INTERVAL_MS);
    this.enterSecond();
  }

  enterSecond(): void {
    const us = this.world.nowUs();
    this.run(1000 - (us % 1_000_000) / 1000 + 1);
  }

  /** How long the answer took, milliseconds. */
  took(box: Box<unknown>, ms = 5000): number {
    const sinceUs = this.world.nowUs();
    this.runUntil(() => box.result !== undefined, ms);
    return Math.round((this.world.nowUs() - sinceUs) / 1000);
  }

  metric(name: Metric, node = this.node): number {
    return this.server(node).metrics.get(this.gpid, name);
  }

  busy(node = this.node): readonly [reads: number, writes: number] {
    const { metrics } = this.server(node);
    return [metrics.getOfServer('read_busy_requests'), metrics.getOfServer('write_busy_requests')];
  }
}

describe('writes beyond the limit (thr 5.1)', () => {
  it('wait, and then are admitted as if they came now', () => {
    const c = new Throttled();
    c.configure({ [envs.WRITE_THROTTLING]: '1*delay*200' });
    for (const key of ['a', 'b']) expect(c.took(c.put(c.gpid, key, 'v'))).toBeLessThan(50);
    const delayed = c.put(c.gpid, 'c', 'v');
    const took = c.took(delayed);
    expect(delayed.result?.error).toBe('ERR_OK');
    expect(took).toBeGreaterThanOrEqual(200);
    expect(took).toBeLessThan(260);
    expect(c.read(c.gpid, 'c')).toBe('v');
    expect(c.replica(c.node, c.gpid).lastCommittedDecree()).toBe(3);
    expect([c.metric('throttling_delayed_write_requests'), c.metric('throttling_rejected_write_requests')]).toEqual([1, 0]);
    expect(c.busy()).toEqual([0, 0]);
    expect(c.checks()).toEqual([]);
  });

  it('are refused with ERR_BUSY after the wait, or at once when there is none; nothing is written', () => {
    const c = new Throttled();
    c.configure({ [envs.WRITE_THROTTLING]: '0*delay*1,1*reject*150' });
    for (const key of ['a', 'b']) expect(c.took(c.put(c.gpid, key, 'v'))).toBeLessThan(50);
    const late = c.put(c.gpid, 'c', 'v');
    c.run(100);
    expect([c.metric('throttling_rejected_write_requests'), c.busy()]).toEqual([1, [0, 0]]);
    expect(c.took(late)).toBeGreaterThanOrEqual(50);
    expect([late.result?.error, c.busy()]).toEqual(['ERR_BUSY', [0, 1]]);
    c.configure({ [envs.WRITE_THROTTLING]: '1*reject*0' });
    for (const key of ['d', 'e']) c.took(c.put(c.gpid, key, 'v'));
    const atOnce = c.put(c.gpid, 'f', 'v');
    expect(c.took(atOnce)).toBeLessThan(10);
    expect(atOnce.result?.error).toBe('ERR_BUSY');
    expect(c.replica(c.node, c.gpid).lastCommittedDecree()).toBe(4);
    expect([c.read(c.gpid, 'c'), c.read(c.gpid, 'f'), c.read(c.gpid, 'e')]).toEqual([undefined, undefined, 'v']);
  });

  it('are counted first, then measured; a write that one stops is not charged by the other', () => {
    const c = new Throttled();
    c.configure({ [envs.WRITE_THROTTLING]: '2*reject*0', [envs.WRITE_THROTTLING_BY_SIZE]: '299*reject*0' });
    const results = ['v'.repeat(400), 'v', 'v', 'v'.repeat(100)].map((value) => {
      const box = c.put(c.gpid, 'k', value);
      c.took(box);
      return box.result?.error;
    });
    // The first is too large, but one of three by number; the last one the fourth, so that its size is not asked for.
    expect(results).toEqual(['ERR_BUSY', 'ERR_OK', 'ERR_OK', 'ERR_BUSY']);
    const { writesByCount, writesBySize } = c.replica(c.node, c.gpid).throttle;
    expect(writesByCount.control(0, 1).kind).toBe('reject');
    expect(writesBySize.control(0, 200).kind).toBe('pass');
  });

  it('are refused by the admission as it is when they have waited', () => {
    const c = new Throttled();
    c.configure({ [envs.WRITE_THROTTLING]: '1*delay*300' });
    for (const key of ['a', 'b']) c.took(c.put(c.gpid, key, 'v'));
    const delayed = c.put(c.gpid, 'c', 'v');
    c.run(100);
    const replica = c.replica(c.node, c.gpid);
    replica.app = { ...replica.app, envs: { ...replica.app.envs, [DENY_CLIENT_REQUEST]: 'reconfig*write' } };
    c.run(300);
    expect(delayed.result?.error).toBe('ERR_INVALID_STATE');
    expect(replica.lastCommittedDecree()).toBe(2);
  });

  it('that the admission refuses anyway use nothing of the limit', () => {
    const c = new Throttled();
    c.configure({ [envs.WRITE_THROTTLING]: '1*reject*0' });
    const secondary = NODES.find((node) => node !== c.node) ?? '';
    for (let i = 0; i < 5; i++) c.put(c.gpid, 'k', 'v', secondary);
    c.run(50);
    expect(c.metric('throttling_rejected_write_requests', secondary)).toBe(0);
    expect(c.replica(secondary, c.gpid).throttle.writesByCount.limits().rejectLimit).toBe(2);
    expect(c.replica(secondary, c.gpid).throttle.writesByCount.control(0, 2).kind).toBe('pass');
  });

  it.each(['1*delay*300', '1*reject*300'])('%s: nobody is answered when the replica was closed meanwhile', (value) => {
    const c = new Throttled();
    c.configure({ [envs.WRITE_THROTTLING]: value });
    for (const key of ['a', 'b']) c.took(c.put(c.gpid, key, 'v'));
    const box = c.put(c.gpid, 'c', 'v');
    c.run(100);
    const before = c.sent.length;
    c.replica(c.node, c.gpid).handleLocalFailure('ERR_LOCAL_APP_FAILURE');
    c.run(600);
    expect(box.result).toBeUndefined();
    expect(c.sent.slice(before).some((m) => m.code === 'RPC_RRDB_RRDB_PUT')).toBe(false);
    expect(c.busy()).toEqual([0, 0]);
  });
});

describe('what a replica says of its verdicts', () => {
  it('is each delay and refusal once, with wait, cost and timeout; nothing of what passes', () => {
    const c = new Throttled();
    c.configure({ [envs.WRITE_THROTTLING]: '1*delay*300', [envs.WRITE_THROTTLING_BY_SIZE]: '150*reject*40', [envs.READ_THROTTLING_BY_SIZE]: '3' });
    for (const key of ['a', 'b', 'c']) c.put(c.gpid, key, 'v');
    c.run(500);
    expect(c.read(c.gpid, 'a')).toBe('v');
    expect(c.read(c.gpid, 'a')).toBe('!ERR_BUSY');
    c.enterSecond();
    c.run(1);
    c.put(c.gpid, 'd', 'v'.repeat(200));
    c.run(100);
    const said = c.claimsOf(c.node, 'throttle.verdict').map(({ of, by, verdict, waitMs, cost, timeoutMs }) => [of, by, verdict, waitMs, cost > 200, timeoutMs]);
    expect(said).toEqual([
      ['write', 'units', 'DELAY', 300, false, 5000],
      ['read', 'size', 'REJECT', 0, false, 5000],
      ['write', 'size', 'REJECT', 40, true, 5000],
    ]);
    for (const node of NODES) if (node !== c.node) expect(c.claimsOf(node, 'throttle.verdict')).toEqual([]);
  });
});

describe('configuration (thr 3)', () => {
  it('comes with the sync, goes with it, and a restarted replica has none before', () => {
    const c = new Throttled();
    const of = (node: NodeId) => c.replica(node, c.gpid).throttle;
    c.configure({ [envs.WRITE_THROTTLING]: '7*delay*1', [envs.READ_THROTTLING_BY_SIZE]: '100K' });
    for (const node of NODES) {
      expect(of(node).writesByCount.limits().delayLimit).toBe(8);
      expect(of(node).readsBySize.ratePerSecond()).toBe(102_400);
      expect(of(node).writesBySize.enabled()).toBe(false);
    }
    const replica = c.replica(c.node, c.gpid);
    replica.configurator.updateAppInfo({ ...replica.app, envs: { [envs.WRITE_THROTTLING]: 'nonsense' } });
    expect([replica.throttle.writesByCount.enabled(), replica.throttle.readsBySize.enabled()]).toEqual([false, false]);
    c.run(2 * INTERVAL_MS);
    expect(replica.throttle.writesByCount.enabled()).toBe(true);
    c.world.stopNode(c.node, 'power-loss');
    c.world.cutLink(c.node, META);
    c.world.startNode(c.node);
    c.runUntil(() => c.server(c.node).replicas.has(c.gpid));
    c.run(2 * INTERVAL_MS);
    expect(of(c.node).writesByCount.enabled()).toBe(false);
  });
});

describe('reads (thr 5.2, 6)', () => {
  it('wait or are refused by number', () => {
    const c = new Throttled();
    c.took(c.put(c.gpid, 'a', 'v'));
    c.configure({ [envs.READ_THROTTLING]: '1*delay*100,2*reject*50' });
    const boxes = [0, 1, 2, 3].map(() => c.get(c.gpid, 'a'));
    c.run(40);
    expect(boxes.map((box) => box.result?.error)).toEqual(['ERR_OK', 'ERR_OK', undefined, undefined]);
    c.run(30);
    expect(boxes.map((box) => box.result?.error)).toEqual(['ERR_OK', 'ERR_OK', undefined, 'ERR_BUSY']);
    c.run(60);
    expect(boxes[2]?.result?.body).toEqual({ error: 'ERR_OK', found: true, value: 'v' });
    expect([c.metric('throttling_delayed_read_requests'), c.metric('throttling_rejected_read_requests')]).toEqual([1, 1]);
    expect(c.busy()).toEqual([1, 0]);
  });

  it('sent to a secondary use up its limit, as upstream', () => {
    const c = new Throttled();
    c.configure({ [envs.READ_THROTTLING]: '1*reject*0' });
    const secondary = NODES.find((node) => node !== c.node) ?? '';
    const boxes = [0, 1, 2].map(() => c.get(c.gpid, 'a', secondary));
    c.run(20);
    expect(boxes.map((box) => box.result?.error)).toEqual(['ERR_INVALID_STATE', 'ERR_INVALID_STATE', 'ERR_BUSY']);
  });

  it('are refused by size while what earlier ones took is not made good', () => {
    const c = new Throttled();
    c.took(c.put(c.gpid, 'large', 'v'.repeat(1000)));
    c.configure({ [envs.READ_THROTTLING_BY_SIZE]: '400' });
    expect(c.read(c.gpid, 'none')).toBeUndefined();
    expect(c.read(c.gpid, 'large')).toHaveLength(1000);
    // 1 for the read that found nothing, key and value for the other: 1009 tokens, of which 400 were there.
    expect(c.read(c.gpid, 'none')).toBe('!ERR_BUSY');
    c.run(1450);
    expect(c.read(c.gpid, 'none')).toBe('!ERR_BUSY');
    c.run(100);
    expect(c.read(c.gpid, 'none')).toBeUndefined();
    expect(c.metric('throttling_rejected_read_requests')).toBe(2);
    expect(c.busy()).toEqual([0, 0]);
  });
});

describe('setting the envs (thr 2.2, 7)', () => {
  const KEY = envs.WRITE_THROTTLING;

  it('keeps the old value when a new one is refused, and tells why', () => {
    const c = new Throttled();
    const stored = (key: string = KEY): string | undefined => {
      const box = c.call(META, 'RPC_CM_LIST_APPS', {});
      c.runUntil(() => box.result !== undefined);
      return box.result?.body?.apps[0]?.envs[key];
    };
    for (const value of ['100*delay*100', '20K*delay*100', '20M*delay*100']) {
      expect(c.setEnvs({ [KEY]: value })).toMatchObject({ error: 'ERR_OK', hint: '' });
      expect(stored()).toBe(value);
    }
    const refused: readonly (readonly [string, string])[] = [
      ['20A*delay*100', `'20A' should be an unsigned integer`],
      ['-20*delay*100', `'-20' should be an unsigned integer`],
      ['', `The value shouldn't be empty`],
      ['20A*delay', `The field count of '20A*delay' separated by '*' must be 3`],
      ['20K*pass*100', `'pass' should be 'delay' or 'reject'`],
      ['20K*delay*-100', `'-100' should be an unsigned integer`],
      ['2K**delay*100', `The field count of '2K**delay*100' separated by '*' must be 3`],
      ['2K*delay**100', `The field count of '2K*delay**100' separated by '*' must be 3`],
      ['2K*delay*100,3K*delay*100', `duplicate 'delay' config`],
      ['2K*reject*100,3K*reject*100', `duplicate 'reject' config`],
    ];
    for (const [value, hint] of refused) {
      expect(c.setEnvs({ [KEY]: value })).toEqual({ error: 'ERR_INVALID_PARAMETERS', hint, appId: 0 });
      expect(stored()).toBe('20M*delay*100');
    }
    expect(c.setEnvs({ [KEY]: '20M*reject*100' })?.error).toBe('ERR_OK');
    expect(stored()).toBe('20M*reject*100');
    expect(c.setEnvs({ [envs.WRITE_THROTTLING_BY_SIZE]: '300*delay*100' })?.error).toBe('ERR_OK');
    expect([stored(), stored(envs.WRITE_THROTTLING_BY_SIZE)]).toEqual(['20M*reject*100', '300*delay*100']);
  });

  it('the first bad pair refuses all, before the table is looked up; other envs are as they were', () => {
    const c = new Throttled();
    const set = { default_ttl: 'x', [KEY]: '1*delay*1', [envs.READ_THROTTLING]: 'a', [envs.READ_THROTTLING_BY_SIZE]: 'b' };
    const refusal = {
      error: 'ERR_INVALID_PARAMETERS', hint: `The field count of 'a' separated by '*' must be 3`, appId: 0,
    };
    expect(c.setEnvs(set)).toEqual(refusal);
    const box = c.call(META, 'RPC_CM_UPDATE_APP_ENV', { appName: 'none', set });
    c.runUntil(() => box.result !== undefined);
    expect(box.result?.body).toEqual(refusal);
    const unknown = { error: 'ERR_INVALID_PARAMETERS', hint: `app_env 'word' is not supported`, appId: 0 };
    expect(c.setEnvs({ [KEY]: '1*delay*1', word: '1', [envs.READ_THROTTLING]: 'a' })).toEqual(unknown);
    expect(c.setEnvs({ default_ttl: '1*pass*1' })?.error).toBe('ERR_OK');
    c.run(2 * INTERVAL_MS);
    expect(c.replica(c.node, c.gpid).app.envs).toEqual({ default_ttl: '1*pass*1' });
  });

  it('a creation stores what it is told, and replicas do without what they cannot read', () => {
    const c = new Throttled();
    const request = { appName: 'u', partitionCount: 1, replicaCount: 3, successIfExist: false, envs: { [KEY]: 'nonsense' } };
    const box = c.call(META, 'RPC_CM_CREATE_APP', request);
    c.runUntil(() => box.result !== undefined);
    expect(box.result?.body?.error).toBe('ERR_OK');
    const gpid = `${box.result?.body?.appId ?? 0}.0`;
    c.runUntil(() => c.isServing(gpid));
    c.run(2 * INTERVAL_MS);
    expect(c.replica(c.primary(gpid), gpid).throttle.writesByCount.enabled()).toBe(false);
    const write = c.put(gpid, 'k', 'v');
    c.took(write);
    expect(write.result?.error).toBe('ERR_OK');
    expect(c.checks()).toEqual([]);
  });
});
