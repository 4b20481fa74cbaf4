/** The sync of replica servers with the meta server (dup 4.2, 15). */
import { describe, expect, it } from 'vitest';
import type { DuplicationEntry } from '../../../../impl/protocol/duplicationMessages.ts';
import { confirm, DupCluster, NODE } from './dupCluster.ts';

interface Shipping {
  readonly cluster: DupCluster;
  readonly dupId: number;
  readonly told: (entry?: number) => DuplicationEntry | undefined;
}

function shipping(partitions: number, settings = {}): Shipping {
  const cluster = new DupCluster({ partitions, settings });
  const { dupId } = cluster.add('t1', { checkpoint: false });
  return { cluster, dupId, told: (entry = 0) => cluster.sync().apps[0]?.duplications[entry] };
}

/** The server that is primary of the partition. */
const primaryOf = (cluster: DupCluster, index: number): string => cluster.source.storedConfig(1, index)?.primary ?? '';

describe('a duplication sync', () => {
  it('stores what is reported, and answers with the progress of every partition', () => {
    const { cluster, dupId } = shipping(8);
    const answer = cluster.sync([confirm('1.1', dupId, 5), confirm('1.2', dupId, 6), confirm('1.3', dupId, 7)]);
    expect(answer).toMatchObject({
      error: 'ERR_OK',
      apps: [{ appId: 1, duplications: [{ dupId, status: 'DS_LOG' }] }],
    });
    expect(answer.apps[0]?.duplications[0]?.progress).toEqual({ 0: -1, 1: 5, 2: 6, 3: 7, 4: -1, 5: -1, 6: -1, 7: -1 });
    for (const [index, value] of [[1, '5'], [2, '6'], [3, '7'], [4, undefined]] as const) {
      expect(cluster.stored(`1/duplication/${dupId}/${index}`)).toBe(value);
    }
  });

  it('does not answer before that is stored, and tells nobody else before', () => {
    const { cluster, dupId, told } = shipping(2);
    cluster.world.storeFate = ({ path }) => (path.endsWith(`${dupId}/1`) ? 'timeout-after-effect' : 'ok');
    const answer = cluster.sendSync([confirm('1.0', dupId, 4), confirm('1.1', dupId, 5)]);
    cluster.world.run(2500);
    expect(answer.answers).toEqual([]);
    expect(told()?.progress).toEqual({ 0: 4, 1: -1 });
    cluster.world.storeFate = () => 'ok';
    cluster.world.run(2000);
    expect(answer.last).toMatchObject({ body: { apps: [{ duplications: [{ progress: { 0: 4, 1: 5 } }] }] } });
  });

  it('ignores what it does not know', () => {
    const { cluster, dupId } = shipping(1);
    const reports = [
      confirm('1.0', dupId + 1, 5),
      confirm('7.0', dupId, 5),
      confirm('1.1', dupId, 5),
      confirm('x', dupId, 5),
    ];
    expect(cluster.sync(reports).apps[0]?.duplications[0]?.progress).toEqual({ 0: -1 });
    expect([...cluster.world.store.keys()].filter((path) => path.includes(`${dupId}/`))).toEqual([]);
    cluster.modify('t1', dupId, { status: 'DS_REMOVED' });
    expect(cluster.sync([confirm('1.0', dupId, 5)]).apps).toEqual([]);
    expect(cluster.stored(`1/duplication/${dupId}`)).toBeUndefined();
  });

  it('refuses a server that is none of the cluster', () => {
    const { cluster } = shipping(1);
    expect(cluster.sync([], 'follower/replica-0')).toEqual({ error: 'ERR_OBJECT_NOT_FOUND', apps: [] });
  });

  it('tells a server the tables of which it holds a primary, and takes its reports on their other partitions', () => {
    const { cluster, dupId } = shipping(1);
    const other = 'source/replica-2';
    expect(primaryOf(cluster, 0)).toBe(NODE);
    expect(cluster.sync([confirm('1.0', dupId, 5)], other).apps).toEqual([]);
    expect(cluster.stored(`1/duplication/${dupId}/0`)).toBeUndefined();
    const wide = new DupCluster({ partitions: 3 });
    const id = wide.add('t1', { checkpoint: false }).dupId;
    const sender = primaryOf(wide, 1);
    expect(sender).not.toBe(primaryOf(wide, 0));
    wide.sync([confirm('1.0', id, 5)], sender);
    expect(wide.stored(`1/duplication/${id}/0`)).toBe('5');
  });

  it('stores a partition’s progress at most once in the period, and then the largest report', () => {
    const { cluster, dupId } = shipping(1);
    cluster.sync([confirm('1.0', dupId, 5)]);
    expect(cluster.sync([confirm('1.0', dupId, 9)]).apps[0]?.duplications[0]?.progress).toEqual({ 0: 5 });
    cluster.world.run(5000);
    expect(cluster.sync([confirm('1.0', dupId, 7)]).apps[0]?.duplications[0]?.progress).toEqual({ 0: 9 });
    expect(cluster.stored(`1/duplication/${dupId}/0`)).toBe('9');
    cluster.restart();
    expect(cluster.sync([confirm('1.0', dupId, 8)]).apps[0]?.duplications[0]?.progress).toEqual({ 0: 9 });
  });

  it('takes one report of a partition at a time', () => {
    const { cluster, dupId } = shipping(1, { dupProgressMinUpdatePeriodMs: 0 });
    cluster.world.storeFate = ({ path }) => (path.endsWith(`${dupId}/0`) ? 'timeout' : 'ok');
    const first = cluster.sendSync([confirm('1.0', dupId, 5)]);
    cluster.world.run(10);
    expect(cluster.sync([confirm('1.0', dupId, 6)]).apps[0]?.duplications[0]?.progress).toEqual({ 0: -1 });
    cluster.world.storeFate = () => 'ok';
    cluster.world.run(3000);
    expect(first.last).toMatchObject({ body: { apps: [{ duplications: [{ progress: { 0: 5 } }] }] } });
    expect(cluster.stored(`1/duplication/${dupId}/0`)).toBe('5');
  });

  it('tells every duplication of a table in the order of their ids', () => {
    const { cluster, dupId, told } = shipping(1);
    const second = cluster.add('t1', { remote: 'other', checkpoint: false }).dupId;
    expect([told(0)?.dupId, told(1)?.dupId]).toEqual([dupId, second]);
    expect([told(0)?.remote, told(1)?.remote]).toEqual(['follower', 'other']);
  });
});

describe('config sync', () => {
  it('tells that a table is duplicating from the add on to the removal', () => {
    const cluster = new DupCluster();
    const told = (): unknown => {
      const answer = cluster.source.sync(NODE);
      cluster.world.run(10);
      const body = answer.last?.body as { partitions: { app: { duplicating: boolean } }[] } | undefined;
      return body?.partitions[0]?.app.duplicating;
    };
    expect(told()).toBe(false);
    const { dupId } = cluster.add('t1');
    expect(told()).toBe(true);
    cluster.restart();
    expect(told()).toBe(true);
    cluster.modify('t1', dupId, { status: 'DS_REMOVED' });
    expect(told()).toBe(false);
  });
});
