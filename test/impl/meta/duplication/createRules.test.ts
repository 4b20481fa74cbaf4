/** What the follower's meta server answers to a master that asks for its table (dup 5.3), row by row. */
import { describe, expect, it } from 'vitest';
import type { AdminResponse, CreateAppRequest } from '../../../../impl/protocol/messages.ts';
import { MetaCluster } from '../metaCluster.ts';

const CLUSTER = 'duplication.master_cluster';
const METAS = 'duplication.master_metas';
const NAME = 'duplication.master_app_name';
const STATUS = 'duplication.follower_app_status';
const APP_ID = 'duplication.master_app_id';
const DUP_ID = 'duplication.master_dup_id';
const CREATING: Record<string, string> = {
  [CLUSTER]: 'm',
  [METAS]: 'm/meta-0',
  [NAME]: 't1',
  [STATUS]: 'creating',
  [APP_ID]: '1',
  [DUP_ID]: '7',
};
const CREATED = { ...CREATING, [STATUS]: 'created' };

const without = (envs: Record<string, string>, key: string): Record<string, string> =>
  Object.fromEntries(Object.entries(envs).filter(([name]) => name !== key));

interface Ask {
  readonly envs?: Record<string, string>;
  readonly partitions?: number;
  readonly replicas?: number;
  readonly successIfExist?: boolean;
}

function ask(cluster: MetaCluster, options: Ask): AdminResponse | undefined {
  const request: CreateAppRequest = {
    appName: 'f1',
    partitionCount: options.partitions ?? 2,
    replicaCount: options.replicas ?? 3,
    successIfExist: options.successIfExist ?? false,
    envs: options.envs ?? CREATING,
  };
  const answers: AdminResponse[] = [];
  const replier = {
    from: 'm/meta-0',
    reply: (body: AdminResponse) => void answers.push(body),
    refuse: () => undefined,
  };
  cluster.metaProcess.later(0, () => cluster.meta.onCreateApp(request, replier));
  cluster.world.run(100);
  return answers[0];
}

/** The follower's meta server with a table that has these envs. */
function withTable(envs: Record<string, string>): MetaCluster {
  const cluster = new MetaCluster();
  cluster.world.run(100);
  expect(ask(cluster, { envs })).toEqual({ error: 'ERR_OK', hint: '', appId: 1 });
  return cluster;
}

describe('a follower table that does not exist', () => {
  it.each([CREATING, CREATED, { ...CREATING, [STATUS]: 'odd' }])('is created with the request’s envs %j', (envs) => {
    const cluster = withTable(envs);
    expect(cluster.storedApp(1)?.info).toMatchObject({
      status: 'AS_AVAILABLE',
      envs,
      partitionCount: 2,
      maxReplicaCount: 3,
    });
  });

  it('has exactly the counts that were asked for', () => {
    const cluster = new MetaCluster();
    cluster.world.run(100);
    expect(ask(cluster, { partitions: 5, replicas: 2 })?.error).toBe('ERR_OK');
    expect(cluster.storedApp(1)?.info).toMatchObject({ partitionCount: 5, maxReplicaCount: 2 });
    expect(cluster.storedConfig(1, 4)?.maxReplicaCount).toBe(2);
  });

  it.each([
    [0, 3],
    [2, 0],
    [2, 4],
  ])('is refused with %i partitions of %i replicas', (partitions, replicas) => {
    const cluster = new MetaCluster();
    cluster.world.run(100);
    expect(ask(cluster, { partitions, replicas })?.error).toBe('ERR_INVALID_PARAMETERS');
  });

  it('has five replicas at most, however many servers there are', () => {
    const servers = Array.from({ length: 7 }, (_, i) => `source/replica-${i}`);
    const cluster = new MetaCluster({ servers });
    cluster.world.run(100);
    expect(ask(cluster, { replicas: 6 })).toMatchObject({ error: 'ERR_INVALID_PARAMETERS', hint: expect.stringContaining('[1, 5]') as string });
    expect(ask(cluster, { replicas: 5 })?.error).toBe('ERR_OK');
  });
});

describe('a repeated request', () => {
  it.each<[string, Record<string, string>, Ask, string]>([
    ['no dup request', CREATING, { envs: {} }, 'ERR_APP_EXIST'],
    [
      'no dup request, success_if_exist with other envs',
      CREATING,
      { envs: {}, successIfExist: true },
      'ERR_INVALID_PARAMETERS',
    ],
    ['a plain table', {}, {}, 'ERR_APP_EXIST'],
    ['another master cluster', { ...CREATING, [CLUSTER]: 'other' }, {}, 'ERR_APP_EXIST'],
    ['a later master table of the name', { ...CREATING, [APP_ID]: '2' }, {}, 'ERR_APP_EXIST'],
    ['another duplication of the table', { ...CREATING, [DUP_ID]: '6' }, {}, 'ERR_APP_EXIST'],
    ['a table of a duplication without id', without(CREATING, DUP_ID), {}, 'ERR_APP_EXIST'],
    ['a request without id', CREATING, { envs: without(CREATING, DUP_ID) }, 'ERR_APP_EXIST'],
    ['neither with an id', without(CREATING, DUP_ID), { envs: without(CREATING, DUP_ID) }, 'ERR_APP_EXIST'],
    ['another partition count', CREATING, { partitions: 3 }, 'ERR_APP_EXIST'],
    ['another replica count', CREATING, { replicas: 2 }, 'ERR_APP_EXIST'],
    ['no status asked for', CREATING, { envs: without(CREATING, STATUS) }, 'ERR_APP_EXIST'],
    ['a table without status', without(CREATING, STATUS), {}, 'ERR_INVALID_STATE'],
    ['creating, asked creating', CREATING, {}, 'ERR_OK'],
    ['creating, asked created', CREATING, { envs: CREATED }, 'ERR_OK'],
    ['creating, asked something else', CREATING, { envs: { ...CREATING, [STATUS]: 'odd' } }, 'ERR_INVALID_PARAMETERS'],
    ['created, asked creating', CREATED, {}, 'ERR_APP_EXIST'],
    ['created, asked created', CREATED, { envs: CREATED }, 'ERR_OK'],
    ['created, asked something else', CREATED, { envs: { ...CREATED, [STATUS]: 'odd' } }, 'ERR_INVALID_PARAMETERS'],
    ['a table with another status', { ...CREATING, [STATUS]: 'odd' }, {}, 'ERR_INVALID_PARAMETERS'],
  ])('%s', (_what, table, asked, error) => {
    const cluster = withTable(table);
    const before = cluster.world.writes.length;
    expect(ask(cluster, asked)).toMatchObject({ error, appId: error === 'ERR_OK' ? 1 : 0 });
    const marking = error === 'ERR_OK' && table[STATUS] !== asked.envs?.[STATUS] && asked.envs !== undefined;
    expect(cluster.world.writes.length - before).toBe(marking ? 1 : 0);
    expect(cluster.storedApp(1)?.info.envs).toEqual(marking ? CREATED : table);
  });

  it('of a master that was renamed is a repeat, and says where it is found now (dup.Q15)', () => {
    const cluster = withTable({ ...CREATING, [NAME]: 'old' });
    expect(ask(cluster, {})?.error).toBe('ERR_OK');
    expect(cluster.storedApp(1)?.info.envs).toEqual(CREATING);
    expect(ask(cluster, { envs: { ...CREATED, [NAME]: 'newer' } })?.error).toBe('ERR_OK');
    expect(cluster.storedApp(1)?.info.envs).toEqual({ ...CREATED, [NAME]: 'newer' });
    const before = cluster.world.writes.length;
    expect(ask(cluster, { envs: { ...CREATED, [NAME]: 'newer' } })?.error).toBe('ERR_OK');
    expect(cluster.world.writes.length).toBe(before);
  });

  it('is busy while the table is being created, and while it is dropped', () => {
    const cluster = new MetaCluster();
    cluster.world.run(100);
    cluster.world.storeFate = () => 'timeout';
    expect(ask(cluster, {})).toBeUndefined();
    expect(ask(cluster, {})?.error).toBe('ERR_BUSY_CREATING');
    cluster.world.storeFate = () => 'ok';
    cluster.world.run(5000);
    cluster.world.storeFate = () => 'timeout';
    cluster.drop('f1');
    cluster.world.run(10);
    expect(ask(cluster, {})?.error).toBe('ERR_BUSY_DROPPING');
    cluster.world.storeFate = () => 'ok';
    cluster.world.run(5000);
    expect(ask(cluster, {})).toMatchObject({ error: 'ERR_OK', appId: 2 });
  });

  it('to mark is answered only when the mark is stored', () => {
    const cluster = withTable(CREATING);
    cluster.world.storeFate = ({ operation }) => (operation === 'set' ? 'timeout' : 'ok');
    expect(ask(cluster, { envs: CREATED })).toBeUndefined();
    expect(ask(cluster, {})?.error).toBe('ERR_OK');
    cluster.world.storeFate = () => 'ok';
    cluster.world.run(2000);
    expect(ask(cluster, {})?.error).toBe('ERR_APP_EXIST');
    expect(cluster.storedApp(1)?.info.envs).toEqual(CREATED);
  });
});
