/** Follower tables when things change or fail under way: two beginnings, damage, masters that move (dup 5.5). */
import { describe, expect, it } from 'vitest';
import type { ErrorCode, Gpid, NodeId } from '../../../../model/vocabulary.ts';
import { CheckpointQuery } from '../../../../impl/replica/checkpointQuery.ts';
import { NfsService } from '../../../../impl/replica/nfs/nfsService.ts';
import { ReplicaFollower } from '../../../../impl/replica/duplication/replicaFollower.ts';
import { followerEnvs, metaOf, serversOf, TwoClusters } from './twoClusters.ts';
import type { TwoClusterOptions } from './twoClusters.ts';

const FOLLOWERS = serversOf('follower');
const GPID = '1.0';
/** The first that is asked: all have nothing. */
const PRIMARY = 'follower/replica-0';
const OTHERS = ['follower/replica-1', 'follower/replica-2'];

function withMaster(options: TwoClusterOptions = {}, rows = 10): TwoClusters {
  const c = new TwoClusters(options);
  const master = `${c.createMaster()}.0`;
  write(c, master, rows, 'v');
  c.checkpoint('source', master);
  return c;
}

function write(c: TwoClusters, gpid: Gpid, rows: number, value: string): void {
  for (let i = 0; i < rows; i++) expect(c.put('source', gpid, `k${i}`, `${value}${i}`)).toBe('ERR_OK');
}

function expectRows(c: TwoClusters, value: string, rows = 10): void {
  for (const node of FOLLOWERS) {
    for (let i = 0; i < rows; i++) expect(c.local(node, GPID, `k${i}`)).toBe(`${value}${i}`);
  }
  expect(c.renamedUnsynced).toEqual([]);
  expect(c.checks()).toEqual([]);
}

/** So that nobody else is asked. */
function alone(c: TwoClusters): void {
  for (const node of OTHERS) c.world.stopNode(node, 'crash');
}

function cut(c: TwoClusters, node: NodeId): void {
  c.world.cutLink(node, metaOf('follower'));
  c.world.cutLink(metaOf('follower'), node);
}

function restore(c: TwoClusters, node: NodeId): void {
  c.world.restoreLink(node, metaOf('follower'));
  c.world.restoreLink(metaOf('follower'), node);
}

describe('two servers that began the same partition', () => {
  /** PRIMARY has downloaded and opened at decree 10; nobody heard of it, and the next one downloads at 20. */
  function withTwoBeginnings(): TwoClusters {
    const c = withMaster();
    c.create('follower', 'f', followerEnvs());
    c.runUntil(() => c.replica(PRIMARY, GPID) !== undefined);
    cut(c, PRIMARY);
    c.world.stopNode(metaOf('follower'), 'crash');
    write(c, '1.0', 10, 'w');
    c.checkpoint('source', '1.0');
    c.world.startNode(metaOf('follower'));
    expect(c.ballot('follower', GPID)).toBe(0);
    c.runUntil(() => c.isServing('follower', GPID), 30_000);
    expect(c.primary('follower', GPID)).not.toBe(PRIMARY);
    expect(c.requests('RPC_QUERY_LAST_CHECKPOINT_INFO').map(({ from }) => from)).toEqual([PRIMARY, c.primary('follower', GPID)]);
    return c;
  }

  it.each([false, true])('end with the one that serves: the other gives its data up, and learns; restarted first: %s', (isRestarted) => {
    const c = withTwoBeginnings();
    if (isRestarted) c.restart(PRIMARY, 'shutdown');
    restore(c, PRIMARY);
    c.runUntil(() => c.hasAllMembers('follower', GPID), 30_000);
    expect(c.claims(PRIMARY, 'replica.opened')[0]).toMatchObject({ fresh: true, durable: 10 });
    expect(c.claims(PRIMARY, 'replica.opened').at(-1)).toMatchObject({ fresh: true, durable: 0, maxPrepared: 0 });
    expect(c.put('follower', GPID, 'own', 'y')).toBe('ERR_OK');
    c.run(100);
    expectRows(c, 'w');
    expect(c.list(PRIMARY, '')).toEqual([`${GPID}.pegasus`, expect.stringMatching(/\.gar$/)]);
    const prepared = FOLLOWERS.map((node) => c.replica(node, GPID)?.maxPreparedDecree());
    expect(new Set(prepared).size).toBe(1);
  });

  it('end with the one that serves, also when the other one began with more of the master', () => {
    const c = withMaster();
    const [later = '', third = ''] = OTHERS;
    c.create('follower', 'f', followerEnvs());
    c.runUntil(() => c.replica(PRIMARY, GPID) !== undefined);
    cut(c, PRIMARY);
    c.world.stopNode(metaOf('follower'), 'crash');
    c.world.stopNode(third, 'crash');
    write(c, '1.0', 10, 'w');
    c.checkpoint('source', '1.0');
    c.world.startNode(metaOf('follower'));
    c.runUntil(() => c.replica(later, GPID) !== undefined);
    cut(c, later);
    c.restart(metaOf('follower'));
    restore(c, PRIMARY);
    c.runUntil(() => c.replica(PRIMARY, GPID)?.isPrimary() === true);
    c.world.startNode(third);
    c.runUntil(() => c.isServing('follower', GPID) && c.replica(third, GPID)?.status() === 'PS_SECONDARY');
    // Its decrees 11 to 20 are writes of its own, and there are more.
    for (let i = 0; i < 20; i++) expect(c.put('follower', GPID, `own${i}`, 'y')).toBe('ERR_OK');
    expect(c.replica(later, GPID)?.lastCommittedDecree()).toBe(20);
    restore(c, later);
    c.runUntil(() => c.hasAllMembers('follower', GPID));
    c.run(100);
    expectRows(c, 'v');
    for (let i = 0; i < 20; i++) expect(c.local(later, GPID, `own${i}`)).toBe('y');
  });

  it('the one that is asked again goes on with what it downloaded', () => {
    const c = withMaster();
    alone(c);
    c.create('follower', 'f', followerEnvs());
    c.runUntil(() => c.replica(PRIMARY, GPID) !== undefined);
    c.restart(metaOf('follower'));
    c.restart(PRIMARY);
    c.runUntil(() => c.replica(PRIMARY, GPID)?.isPrimary() === true);
    for (const node of OTHERS) c.world.startNode(node);
    c.runUntil(() => c.hasAllMembers('follower', GPID));
    expect(c.requests('RPC_QUERY_LAST_CHECKPOINT_INFO')).toHaveLength(1);
    expectRows(c, 'v');
  });
});

describe('a master that changes', () => {
  it('its primary is restarted in the middle of a download', () => {
    const c = withMaster({ settings: { nfsCopyBlockBytes: 100 } });
    c.create('follower', 'f', followerEnvs());
    c.runUntil(() => c.requests('RPC_NFS_COPY').length === 3);
    c.restart(c.primary('source', '1.0'), 'power-loss');
    c.runUntil(() => c.hasAllMembers('follower', GPID), 30_000);
    // What was copied before the restart is there to be found: the whole is more than the three requests.
    expect(c.requests('RPC_NFS_COPY').length).toBeGreaterThan(3);
    expectRows(c, 'v');
  });

  it('a partition of it without a primary is waited for', () => {
    const c = withMaster();
    const master = c.primary('source', '1.0');
    c.world.stopNode(master, 'crash');
    c.create('follower', 'f', followerEnvs());
    c.run(20_000);
    expect(c.ballot('follower', GPID)).toBe(0);
    c.world.startNode(master);
    // Whoever serves it then may have no checkpoint of its own yet.
    c.runUntil(() => c.isServing('source', '1.0'));
    c.checkpoint('source', '1.0');
    c.runUntil(() => c.hasAllMembers('follower', GPID), 20_000);
    expectRows(c, 'v');
  });

  it('its checkpoint is collected in the middle of a copy: the newer one is taken', () => {
    const c = withMaster({
      settings: { nfsCopyBlockBytes: 60, checkpointReserveMinCount: 1, checkpointReserveTimeSeconds: 0 },
    });
    c.create('follower', 'f', followerEnvs());
    c.runUntil(() => c.requests('RPC_NFS_COPY').length === 2);
    c.world.pauseNode(PRIMARY, 15_000);
    write(c, '1.0', 10, 'w');
    c.checkpoint('source', '1.0');
    const source = c.primary('source', '1.0');
    expect(c.replica(source, '1.0')?.storage?.listCheckpoints()).toEqual([20]);
    c.runUntil(() => c.hasAllMembers('follower', GPID), 60_000);
    expectRows(c, 'w');
    const copies = c.sent.filter((m) => m.kind === 'reply' && m.code === 'RPC_NFS_COPY' && m.to === PRIMARY);
    expect(copies.map((m) => (m.body as { error: string }).error)).toContain('ERR_OBJECT_NOT_FOUND');
  });
});

describe('bytes that are wrong', () => {
  it('are noticed, and copied again', () => {
    let spoiled = 0;
    class Spoiling extends NfsService {
      override readBlock(path: string, offset: number, sizeBytes: number): Uint8Array {
        const bytes = super.readBlock(path, offset, sizeBytes);
        if (path.endsWith('.sst') && spoiled++ === 0) bytes[10] = (bytes[10] ?? 0) ^ 1;
        return bytes;
      }
    }
    const c = withMaster({ partsOf: () => ({ NfsService: Spoiling }) });
    alone(c);
    c.create('follower', 'f', followerEnvs());
    c.runUntil(() => c.replica(PRIMARY, GPID)?.isPrimary() === true, 60_000);
    for (const node of OTHERS) c.world.startNode(node);
    c.runUntil(() => c.hasAllMembers('follower', GPID));
    expectRows(c, 'v');
    // Only the spoilt file of the first attempt is asked for twice.
    const copies = c.requests('RPC_NFS_COPY').filter((m) => m.from === PRIMARY).map((m) => (m.body as { file: string }).file);
    expect(copies.filter((file) => file.endsWith('.sst'))).toHaveLength(2);
    expect(copies.filter((file) => file === 'CURRENT')).toHaveLength(1);
    expect(FOLLOWERS.flatMap((node) => c.claims(node, 'replica.load-failed'))).toEqual([]);
  });

  it.each([
    ['no CURRENT', { drop: 'CURRENT' }],
    ['a name that is a path', { rename: '../x' }],
    ['a missing checksum', { shorten: true }],
  ])('an offer with %s is refused', (_name, how: { drop?: string; rename?: string; shorten?: boolean }) => {
    const errors: ErrorCode[] = [];
    class Lying extends CheckpointQuery {
      override checkpointInfo(...args: Parameters<CheckpointQuery['checkpointInfo']>) {
        const info = super.checkpointInfo(...args);
        if (how.drop !== undefined) {
          const keep = info.files.map((file) => file !== how.drop);
          const pick = <T>(list: readonly T[]): T[] => list.filter((_, i) => keep[i] === true);
          return { ...info, files: pick(info.files), fileSizes: pick(info.fileSizes), fileMd5s: pick(info.fileMd5s) };
        }
        if (how.rename !== undefined) return { ...info, files: info.files.map((f, i) => (i === 0 ? (how.rename ?? f) : f)) };
        return { ...info, fileMd5s: info.fileMd5s.slice(1) };
      }
    }
    class Telling extends ReplicaFollower {
      override finish(error: ErrorCode): void {
        errors.push(error);
        super.finish(error);
      }
    }
    const c = withMaster({ partsOf: () => ({ CheckpointQuery: Lying, ReplicaFollower: Telling }) });
    c.create('follower', 'f', followerEnvs());
    c.run(1000);
    // Each server is asked once.
    expect(errors).toEqual(['ERR_INVALID_DATA', 'ERR_INVALID_DATA', 'ERR_INVALID_DATA']);
    expect(c.requests('RPC_NFS_COPY')).toEqual([]);
    expect(c.checks()).toEqual([]);
  });
});

describe('a checkpoint that is too old (dup.B15)', () => {
  class Needing extends CheckpointQuery {
    static needed: number | undefined;
    override neededDecree(): number | undefined {
      return Needing.needed;
    }
  }

  it('is refused, made, and sent then', () => {
    const c = withMaster({ partsOf: () => ({ CheckpointQuery: Needing }) });
    write(c, '1.0', 10, 'w');
    Needing.needed = 15;
    c.create('follower', 'f', followerEnvs());
    c.runUntil(() => c.hasAllMembers('follower', GPID), 40_000);
    expectRows(c, 'w');
    const answers = c.sent.filter((m) => m.kind === 'reply' && m.code === 'RPC_QUERY_LAST_CHECKPOINT_INFO');
    expect(answers[0]?.body).toMatchObject({ error: 'ERR_INVALID_STATE', files: [] });
    expect(c.claims(c.primary('follower', GPID), 'replica.opened')[0]?.durable).toBe(20);
  });

  it('is not judged by a PRIMARY that does not know the duplication yet', () => {
    const c = withMaster({ partsOf: () => ({ CheckpointQuery: Needing }) });
    Needing.needed = undefined;
    const primary = c.replica(c.primary('source', '1.0'), '1.0');
    if (primary === undefined) throw new Error('no primary');
    primary.duplicatorManager.isDuplicating = () => true;
    c.create('follower', 'f', followerEnvs());
    c.run(12_000);
    expect(c.ballot('follower', GPID)).toBe(0);
    Needing.needed = 10;
    c.runUntil(() => c.hasAllMembers('follower', GPID), 20_000);
    expectRows(c, 'v');
  });
});

describe('a network that fails', () => {
  it.each([1, 2, 3, 4, 5, 6])('costs time only (%i)', (seed) => {
    let state = seed * 7919;
    const draw = (below: number): number => {
      state = (state * 1103515245 + 12345) % 2147483648;
      return (state >> 8) % below;
    };
    const c = withMaster({ settings: { nfsCopyBlockBytes: 16 } });
    const others = [...FOLLOWERS, ...serversOf('source'), metaOf('source'), metaOf('follower')];
    c.create('follower', 'f', followerEnvs());
    // Three rounds of proposals: each begins a while after the one before, and is disturbed from then on.
    for (let round = 0; round < 3; round++) {
      const proposals = c.requests('RPC_CONFIG_PROPOSAL').length;
      const asked = (): boolean => c.requests('RPC_CONFIG_PROPOSAL').length > proposals;
      if (round > 0) c.runUntil(() => asked() || c.isServing('follower', GPID), 10_000);
      for (let i = 0; i < 80; i++) {
        c.run((1 + draw(10)) / 20);
        const a = FOLLOWERS[draw(3)] ?? PRIMARY;
        const b = others[draw(others.length)] ?? PRIMARY;
        if (a !== b) c.world.resetSession(a, b);
      }
    }
    expect(c.world.faultEffects().get('link.reset')).toBeGreaterThan(0);
    c.runUntil(() => c.hasAllMembers('follower', GPID), 60_000);
    expectRows(c, 'v');
  });
});
