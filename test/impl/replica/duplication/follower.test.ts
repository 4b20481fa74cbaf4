/** A follower table begins with its master's checkpoint: the first primary downloads it, the others learn (dup 5.5). */
import { describe, expect, it } from 'vitest';
import type { QueryCheckpointInfoRequest } from '../../../../impl/protocol/messages.ts';
import { followerEnvs, serversOf, TwoClusters } from './twoClusters.ts';

const FOLLOWERS = serversOf('follower');

/** A master with `rows` rows, all in a checkpoint, and one row behind it. */
function withMaster(c: TwoClusters, rows = 20): string {
  const gpid = `${c.createMaster()}.0`;
  for (let i = 0; i < rows; i++) expect(c.put('source', gpid, `k${i}`, `v${i}`)).toBe('ERR_OK');
  c.checkpoint('source', gpid);
  expect(c.put('source', gpid, 'late', 'x')).toBe('ERR_OK');
  return gpid;
}

function without(env: string, envs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(envs).filter(([name]) => name !== env));
}

function expectRows(c: TwoClusters, gpid: string, rows = 20): void {
  for (let i = 0; i < rows; i++) expect(c.get('follower', gpid, `k${i}`)).toBe(`v${i}`);
  for (const node of FOLLOWERS) {
    for (let i = 0; i < rows; i++) expect(c.local(node, gpid, `k${i}`)).toBe(`v${i}`);
    expect(c.local(node, gpid, 'late')).toBe(undefined);
  }
}

describe('a follower table', () => {
  it('holds the rows of the master, on every member, from one decree on', () => {
    const c = new TwoClusters();
    withMaster(c);
    const gpid = `${c.create('follower', 'f', followerEnvs())}.0`;
    c.runUntil(() => c.hasAllMembers('follower', gpid));
    expectRows(c, gpid);
    const opened = { gpid, fresh: true, ballot: 0, durable: 20, applied: 20, committed: 20, maxPrepared: 20 };
    expect(c.claims(c.primary('follower', gpid), 'replica.opened')[0]).toMatchObject(opened);
    for (const node of FOLLOWERS) {
      expect(c.list(node, `${gpid}.pegasus/data`)).not.toContain('duplication');
      expect(c.replica(node, gpid)?.storage?.listCheckpoints()).toContain(20);
    }
    expect(c.renamedUnsynced).toEqual([]);
    expect(c.checks()).toEqual([]);
  });

  it('is downloaded once from the master, by the first primary; the others learn from it', () => {
    const c = new TwoClusters();
    const master = withMaster(c);
    const gpid = `${c.create('follower', 'f', followerEnvs())}.0`;
    c.runUntil(() => c.hasAllMembers('follower', gpid));
    const asked = c.requests('RPC_QUERY_LAST_CHECKPOINT_INFO');
    const primary = c.primary('follower', gpid);
    const others = FOLLOWERS.filter((node) => node !== primary);
    expect(asked).toMatchObject([{
      from: primary,
      to: c.primary('source', master),
      body: { gpid: master, checksumType: 'MD5', cluster: 'follower' },
    }]);
    const learners = c.requests('RPC_LEARN', primary).map(({ from }) => from);
    expect([...new Set(learners)].sort()).toEqual(others);
    expect(c.requests('RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX')).toHaveLength(1);
  });

  it('takes writes of its own, which follow the checkpoint, and keeps all over a restart of every member', () => {
    const c = new TwoClusters();
    withMaster(c);
    const gpid = `${c.create('follower', 'f', followerEnvs())}.0`;
    c.runUntil(() => c.hasAllMembers('follower', gpid));
    expect(c.put('follower', gpid, 'own', 'y')).toBe('ERR_OK');
    const decree = c.replica(c.primary('follower', gpid), gpid)?.lastCommittedDecree() ?? 0;
    // The barrier of FM5 lies between.
    expect(decree).toBe(22);
    for (const node of FOLLOWERS) c.world.stopNode(node, 'crash');
    for (const node of FOLLOWERS) c.world.startNode(node);
    c.runUntil(() => c.isServing('follower', gpid));
    expectRows(c, gpid);
    expect(c.get('follower', gpid, 'own')).toBe('y');
    expect(c.checks()).toEqual([]);
  });

  it('with several partitions, each from its own', () => {
    const c = new TwoClusters();
    const appId = c.createMaster('m', 3);
    for (let i = 0; i < 3; i++) {
      for (let n = 0; n <= i; n++) expect(c.put('source', `${appId}.${i}`, `k${n}`, `v${i}`)).toBe('ERR_OK');
      c.checkpoint('source', `${appId}.${i}`);
    }
    const followerId = c.create('follower', 'f', followerEnvs(), { partitions: 3 });
    c.runUntil(() => [0, 1, 2].every((i) => c.isServing('follower', `${followerId}.${i}`)));
    for (let i = 0; i < 3; i++) {
      expect(c.get('follower', `${followerId}.${i}`, 'k0')).toBe(`v${i}`);
      expect(c.claims(c.primary('follower', `${followerId}.${i}`), 'replica.opened').find((o) => o.gpid === `${followerId}.${i}`)?.durable).toBe(i + 1);
    }
  });

  it('of one replica', () => {
    const c = new TwoClusters();
    withMaster(c);
    const gpid = `${c.create('follower', 'f', followerEnvs(), { replicas: 1 })}.0`;
    c.runUntil(() => c.isServing('follower', gpid));
    expect(c.get('follower', gpid, 'k7')).toBe('v7');
  });

  it('without both envs is an ordinary table', () => {
    const c = new TwoClusters();
    withMaster(c);
    const envs = without('duplication.master_metas', followerEnvs());
    const gpid = `${c.create('follower', 'f', envs)}.0`;
    c.runUntil(() => c.isServing('follower', gpid));
    expect(c.get('follower', gpid, 'k7')).toBe(undefined);
    expect(c.requests('RPC_QUERY_LAST_CHECKPOINT_INFO')).toEqual([]);
  });

  it('asks the next of the master meta servers when one is not there, and by its own name when no other is told', () => {
    const c = new TwoClusters();
    withMaster(c);
    const envs = without('duplication.master_app_name', followerEnvs('m', 'source/meta-9,source/meta-0'));
    const gpid = `${c.create('follower', 'm', envs)}.0`;
    c.runUntil(() => c.isServing('follower', gpid));
    expect(c.get('follower', gpid, 'k7')).toBe('v7');
  });
});

describe('a download that cannot be', () => {
  it.each(['', 'source', 'source/meta-0,', 'a/b/c', ' source/meta-0'])(
    'a list of meta servers %j refuses the opening, and nothing ends',
    (metas) => {
      const c = new TwoClusters();
      withMaster(c);
      const gpid = `${c.create('follower', 'f', followerEnvs('m', metas))}.0`;
      c.run(20_000);
      const refused = c.sent.filter((m) => m.kind === 'reply' && m.code === 'RPC_CONFIG_PROPOSAL' && m.from.startsWith('follower'));
      expect(refused.length).toBeGreaterThanOrEqual(3);
      for (const { body } of refused) expect(body).toMatchObject({ error: 'ERR_INVALID_PARAMETERS' });
      expect(c.ballot('follower', gpid)).toBe(0);
      expect(c.checks()).toEqual([]);
      for (const node of FOLLOWERS) {
        expect(c.list(node, '')).toEqual([]);
        c.restart(node);
        c.run(100);
        expect(c.world.isUp(node)).toBe(true);
      }
    },
  );

  it('of a table that has the name of the master by now is refused', () => {
    const c = new TwoClusters();
    withMaster(c);
    const gpid = `${c.create('follower', 'f', { ...followerEnvs(), 'duplication.master_app_id': '9' })}.0`;
    c.run(20_000);
    expect(c.requests('RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX').length).toBeGreaterThan(0);
    expect(c.requests('RPC_QUERY_LAST_CHECKPOINT_INFO')).toEqual([]);
    expect(c.ballot('follower', gpid)).toBe(0);
  });

  it('without a checkpoint of the master it waits for one, and no other member opens', () => {
    const c = new TwoClusters();
    const master = `${c.createMaster()}.0`;
    const gpid = `${c.create('follower', 'f', followerEnvs())}.0`;
    c.run(20_000);
    expect(c.ballot('follower', gpid)).toBe(0);
    expect(FOLLOWERS.flatMap((node) => c.claims(node, 'replica.opened'))).toEqual([]);
    const refused = c.sent.filter((m) => m.kind === 'reply' && m.code === 'RPC_QUERY_LAST_CHECKPOINT_INFO');
    expect(refused.length).toBeGreaterThanOrEqual(3);
    expect(refused[0]?.body).toMatchObject({ error: 'ERR_PATH_NOT_FOUND' });
    const acks = c.sent.filter((m) => m.kind === 'reply' && m.code === 'RPC_CONFIG_PROPOSAL' && m.from.startsWith('follower'));
    expect(acks[0]?.body).toEqual({ error: 'ERR_TRY_AGAIN' });
    expect(c.put('source', master, 'k', 'v')).toBe('ERR_OK');
    c.checkpoint('source', master);
    c.runUntil(() => c.isServing('follower', gpid), 10_000);
    expect(c.get('follower', gpid, 'k')).toBe('v');
  });

  it.each([
    ['no such table', { app: 'other', partitions: 1 }],
    ['another number of partitions', { app: 'm', partitions: 2 }],
  ])('%s: asked again and again, nothing opens', (_name, { app, partitions }) => {
    const c = new TwoClusters();
    withMaster(c);
    const appId = c.create('follower', 'f', followerEnvs(app), { partitions });
    c.run(15_000);
    expect(c.ballot('follower', `${appId}.0`)).toBe(0);
    expect(c.requests('RPC_QUERY_LAST_CHECKPOINT_INFO')).toEqual([]);
    expect(c.requests('RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX').length).toBeGreaterThanOrEqual(3 * partitions);
    expect(c.checks()).toEqual([]);
  });

  it('while it is under way further proposals are told ERR_BUSY', () => {
    const c = new TwoClusters({ settings: { nfsCopyBlockBytes: 16 } });
    withMaster(c, 400);
    // Each block takes long: the link is slow by pausing the master again and again.
    const gpid = `${c.create('follower', 'f', followerEnvs())}.0`;
    c.runUntil(() => c.requests('RPC_NFS_COPY').length > 3);
    const node = c.requests('RPC_NFS_COPY')[0]?.from ?? '';
    const config = { gpid, ballot: 0, maxReplicaCount: 3, primary: node, secondaries: [], lastDrops: [], lastCommittedDecree: 0 };
    const app = c.meta('follower').state.app(Number(gpid.split('.')[0]))?.record.info;
    if (app === undefined) throw new Error('no table');
    const ack = c.answer(node, 'RPC_CONFIG_PROPOSAL', { app, type: 'CT_ASSIGN_PRIMARY', node, config }, 0);
    expect(ack).toEqual({ error: 'ERR_BUSY' });
    c.runUntil(() => c.isServing('follower', gpid));
    expect(c.get('follower', gpid, 'k399')).toBe('v399');
    expect(c.claims(node, 'replica.opened').filter((o) => o.gpid === gpid)).toHaveLength(1);
  });
});

describe('RPC_QUERY_LAST_CHECKPOINT_INFO', () => {
  it('tells sizes and checksums only when asked, and only of a PRIMARY', () => {
    const c = new TwoClusters();
    const gpid = withMaster(c);
    const primary = c.primary('source', gpid);
    const secondary = serversOf('source').find((node) => node !== primary) ?? '';
    const ask = (to: string, more: Partial<QueryCheckpointInfoRequest> = {}) => {
      return c.answer(to, 'RPC_QUERY_LAST_CHECKPOINT_INFO', { gpid, checksumType: 'MD5', cluster: 'follower', ...more });
    };
    const whole = ask(primary);
    expect(whole).toMatchObject({ error: 'ERR_OK', baseDir: `${gpid}.pegasus/data/checkpoint.20`, lastDurable: 20 });
    expect(whole.files).toContain('CURRENT');
    expect(whole.fileSizes).toHaveLength(whole.files.length);
    for (const md5 of whole.fileMd5s) expect(md5).toMatch(/^[0-9a-f]{32}$/);
    const sizes = whole.files.map((file) => c.world.diskView(primary).info(`${whole.baseDir}/${file}`)?.sizeBytes);
    expect(whole.fileSizes).toEqual(sizes);
    expect(ask(primary, { checksumType: 'NONE' })).toMatchObject({ error: 'ERR_OK', files: whole.files, fileSizes: [], fileMd5s: [] });
    expect(ask(secondary).error).toBe('ERR_INVALID_STATE');
    expect(ask(primary, { gpid: '9.9' }).error).toBe('ERR_OBJECT_NOT_FOUND');
  });
});
