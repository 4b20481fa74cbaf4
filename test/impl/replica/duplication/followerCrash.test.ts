/** A crash or power loss at any point of a download leaves something from which the next proposal goes on (dup 5.5). */
import { describe, expect, it } from 'vitest';
import { followerEnvs, serversOf, TwoClusters } from './twoClusters.ts';

const FOLLOWERS = serversOf('follower');
const ROWS = 12;
/** The first that is asked: all have nothing. */
const PRIMARY = 'follower/replica-0';
const OTHERS = ['follower/replica-1', 'follower/replica-2'];

function withFollower(): { c: TwoClusters; gpid: string } {
  const c = new TwoClusters({ settings: { nfsCopyBlockBytes: 300, holdSecondsForDroppedApp: 5 } });
  const master = `${c.createMaster()}.0`;
  for (let i = 0; i < ROWS; i++) expect(c.put('source', master, `k${i}`, `v${i}`)).toBe('ERR_OK');
  c.checkpoint('source', master);
  return { c, gpid: '1.0' };
}

function expectWhole(c: TwoClusters, gpid: string): void {
  for (const node of FOLLOWERS) {
    for (let i = 0; i < ROWS; i++) expect(c.local(node, gpid, `k${i}`)).toBe(`v${i}`);
    expect(c.list(node, '').filter((name) => name !== `${gpid}.pegasus`)).toEqual([]);
    expect(c.list(node, `${gpid}.pegasus/data`)).not.toContain('duplication');
    expect(c.claims(node, 'replica.load-failed')).toEqual([]);
  }
  expect(c.renamedUnsynced).toEqual([]);
  expect(c.checks()).toEqual([]);
}

/** Crashes it at its n-th env call from the creation on; false when nothing came of it. */
function crashAt(nth: number, cause: 'crash' | 'power-loss'): boolean {
  const { c, gpid } = withFollower();
  c.create('follower', 'f', followerEnvs());
  c.world.crashInside(PRIMARY, nth);
  c.runUntil(() => !c.world.isUp(PRIMARY) || c.replica(PRIMARY, gpid) !== undefined);
  if (c.world.isUp(PRIMARY)) return false;
  if (cause === 'power-loss') c.world.stopNode(PRIMARY, 'power-loss');
  c.run(20);
  c.world.startNode(PRIMARY);
  c.runUntil(() => c.hasAllMembers('follower', gpid), 90_000);
  expectWhole(c, gpid);
  return true;
}

describe('the first primary of a follower table that ends in the middle of its opening', () => {
  it.each(['crash', 'power-loss'] as const)('%s, at each of its steps', (cause) => {
    let nth = 1;
    while (crashAt(nth, cause)) nth += 2;
    // The whole download, adoption and opening lie within.
    expect(nth).toBeGreaterThan(100);
  });
});

describe('what an earlier attempt left', () => {
  /** The primary crashes when it has the names of `count` whole files, and comes back. */
  function crashAfterFiles(c: TwoClusters, gpid: string, count: number): readonly string[] {
    const dir = `${gpid}.pegasus/data/duplication`;
    // So that nobody else is asked.
    for (const node of OTHERS) c.world.stopNode(node, 'crash');
    c.create('follower', 'f', followerEnvs());
    c.runUntil(() => c.list(PRIMARY, dir).length > count);
    c.world.stopNode(PRIMARY, 'crash');
    const left = c.list(PRIMARY, dir);
    expect(left).toHaveLength(count + 1);
    return left.slice();
  }

  /** The primary has what it needs, and the others learn. */
  function runUntilWhole(c: TwoClusters, gpid: string): void {
    c.runUntil(() => c.replica(PRIMARY, gpid)?.isPrimary() === true);
    for (const node of OTHERS) c.world.startNode(node);
    c.runUntil(() => c.hasAllMembers('follower', gpid));
  }

  function copiedNames(c: TwoClusters, from: number): readonly string[] {
    const copies = c.sent.slice(from).filter((m) => m.kind === 'request' && m.code === 'RPC_NFS_COPY' && m.from === PRIMARY);
    return [...new Set(copies.map((m) => (m.body as { file: string }).file))];
  }

  it('is not copied again where it is whole', () => {
    const { c, gpid } = withFollower();
    const left = crashAfterFiles(c, gpid, 1);
    const before = c.sent.length;
    c.world.startNode(PRIMARY);
    c.run(10);
    expect(c.replica(PRIMARY, gpid)).toBe(undefined);
    expect(c.list(PRIMARY, `${gpid}.pegasus/data/duplication`)).toEqual(left);
    runUntilWhole(c, gpid);
    const all = c.list(PRIMARY, `${gpid}.pegasus/data/checkpoint.${ROWS}`);
    expect(copiedNames(c, before)).toEqual(all.slice(1));
    expectWhole(c, gpid);
  });

  it.each([
    ['a flipped bit', (c: TwoClusters, path: string) => c.world.flipBit(PRIMARY, path, 3, 2)],
    ['a lost tail', (c: TwoClusters) => c.world.stopNode(PRIMARY, 'power-loss', { mode: 'cut', keepPermille: 0 })],
  ])('is copied again when it has %s', (name, damage) => {
    const { c, gpid } = withFollower();
    const left = crashAfterFiles(c, gpid, 1);
    const before = c.sent.length;
    damage(c, `${gpid}.pegasus/data/duplication/${left[0]}`);
    c.world.startNode(PRIMARY);
    runUntilWhole(c, gpid);
    // A power loss takes nothing that was synced: the first file stays.
    expect(copiedNames(c, before).includes(left[0] ?? '')).toBe(name === 'a flipped bit');
    expectWhole(c, gpid);
  });

  it('goes when it belongs to another checkpoint', () => {
    const { c, gpid } = withFollower();
    crashAfterFiles(c, gpid, 2);
    const master = '1.0';
    for (let i = 0; i < ROWS; i++) expect(c.put('source', master, `k${i}`, `v${i}`)).toBe('ERR_OK');
    c.checkpoint('source', master);
    c.world.startNode(PRIMARY);
    runUntilWhole(c, gpid);
    expect(c.claims(PRIMARY, 'replica.opened').at(-1)?.durable).toBe(2 * ROWS);
    expectWhole(c, gpid);
  });

  it('is set aside when the table is dropped and has expired', () => {
    const { c, gpid } = withFollower();
    crashAfterFiles(c, gpid, 1);
    expect(c.answer('follower/meta-0', 'RPC_CM_DROP_APP', { appName: 'f' }).error).toBe('ERR_OK');
    c.world.startNode(PRIMARY);
    c.run(40_000);
    expect(c.list(PRIMARY, '').map((name) => name.replace(/\d{6,}/, 'us'))).toEqual([`${gpid}.pegasus.us.gar`]);
    expect(c.checks()).toEqual([]);
  });

  it('is set aside when the table is dropped in the middle of the download', () => {
    const { c, gpid } = withFollower();
    c.create('follower', 'f', followerEnvs());
    c.runUntil(() => c.list(PRIMARY, `${gpid}.pegasus/data/duplication`).length > 1);
    c.server(PRIMARY).collectReplica(gpid);
    c.runUntil(() => !c.server(PRIMARY).isBusy(gpid));
    c.run(1);
    expect(c.replica(PRIMARY, gpid)).toBe(undefined);
    expect(c.list(PRIMARY, '').map((name) => name.replace(/\d{6,}/, 'us'))).toEqual([`${gpid}.pegasus.us.gar`]);
  });
});
