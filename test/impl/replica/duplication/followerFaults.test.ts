/** Follower tables when things change or fail under way: decrees of members, damage, masters that move (dup 5.5, FM11). */
import { describe, expect, it } from 'vitest';
import type { ErrorCode, Gpid, NodeId } from '../../../../model/vocabulary.ts';
import { CheckpointQuery } from '../../../../impl/replica/checkpointQuery.ts';
import { NfsService } from '../../../../impl/replica/nfs/nfsService.ts';
import { ReplicaFollower } from '../../../../impl/replica/duplication/replicaFollower.ts';
import { followerEnvs, metaOf, serversOf, TwoClusters } from './twoClusters.ts';
import type { TwoClusterOptions } from './twoClusters.ts';

const FOLLOWERS = serversOf('follower');
const GPID = '1.0';
/** By FM11, of partition 1.0. */
const PRIMARY = 'follower/replica-1';
const SECONDARIES = ['follower/replica-2', 'follower/replica-0'];

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

function decrees(c: TwoClusters): readonly (number | undefined)[] {
  return FOLLOWERS.map((node) => c.replica(node, GPID)?.lastCommittedDecree());
}

function removeReplica(c: TwoClusters, node: NodeId): void {
  c.world.stopNode(node, 'crash');
  const server = c.world.diskView(node);
  expect(server.exists(`${GPID}.pegasus`)).toBe(true);
  // A disk that loses a replica: its directory is damaged beyond loading, and set aside at the start.
  const path = `${GPID}.pegasus/data/rdb/CURRENT`;
  expect(c.world.flipBit(node, path, 0, 1)).toBe(true);
  c.world.startNode(node);
}

describe('members that do not begin alike', () => {
  /** All three are open at ballot 0, at decree 10, when the primary's data are lost; the master has written on. */
  function withNewPrimary(): TwoClusters {
    const c = withMaster();
    // The last secondary stays away, so that nobody is assigned.
    c.world.stopNode('follower/replica-0', 'crash');
    c.create('follower', 'f', followerEnvs());
    c.run(4000);
    expect(decrees(c)).toEqual([undefined, 10, 10]);
    expect(c.ballot('follower', GPID)).toBe(0);
    write(c, '1.0', 10, 'w');
    c.checkpoint('source', '1.0');
    removeReplica(c, PRIMARY);
    return c;
  }

  it('a secondary with another decree than the primary gives its data up and copies anew', () => {
    const c = withNewPrimary();
    c.runUntil(() => c.replica('follower/replica-2', GPID)?.lastCommittedDecree() === 20, 30_000);
    expect(c.ballot('follower', GPID)).toBe(0);
    expect(decrees(c)).toEqual([undefined, 20, 20]);
    const statuses = c.claims('follower/replica-2', 'replica.status').map(({ to }) => to);
    expect(statuses).toEqual(['PS_ERROR']);
    expect(c.claims('follower/replica-2', 'replica.closed')).toHaveLength(1);
    expect(c.list('follower/replica-2', '')).toEqual([`${GPID}.pegasus`]);
    c.world.startNode('follower/replica-0');
    c.runUntil(() => c.isServing('follower', GPID));
    expectRows(c, 'w');
    expect(c.get('follower', GPID, 'k3')).toBe('w3');
  });

  it('a secondary that was closed with another decree is loaded, told apart and begun anew', () => {
    const c = withNewPrimary();
    c.restart('follower/replica-2', 'shutdown');
    c.world.startNode('follower/replica-0');
    c.runUntil(() => c.isServing('follower', GPID));
    // The write of its own with which a primary begins may have arrived by now.
    for (const decree of decrees(c)) expect(decree).toBeGreaterThanOrEqual(20);
    expectRows(c, 'w');
  });

  it('a primary that has another decree than its members by now is not assigned', () => {
    const c = withMaster();
    c.create('follower', 'f', followerEnvs());
    c.runUntil(() => c.replica(PRIMARY, GPID) !== undefined);
    const app = c.meta('follower').state.app(1)?.record.info;
    if (app === undefined) throw new Error('no table');
    const config = {
      gpid: GPID,
      ballot: 0,
      maxReplicaCount: 3,
      primary: PRIMARY,
      secondaries: SECONDARIES,
      lastDrops: [],
      lastCommittedDecree: 9,
    };
    c.world.stopNode(metaOf('follower'), 'crash');
    const ask = (lastCommittedDecree: number) => {
      const proposal = { app, type: 'CT_ASSIGN_PRIMARY', node: PRIMARY, config: { ...config, lastCommittedDecree } } as const;
      return c.answer(PRIMARY, 'RPC_CONFIG_PROPOSAL', proposal);
    };
    expect(ask(9)).toEqual({ error: 'ERR_INCONSISTENT_STATE', decree: 10 });
    expect(c.replica(PRIMARY, GPID)?.status()).toBe('PS_INACTIVE');
    expect(c.requests('RPC_CM_UPDATE_PARTITION_CONFIGURATION').filter((m) => m.from === PRIMARY)).toEqual([]);
    expect(ask(10)).toEqual({ error: 'ERR_OK', decree: 10 });
    c.world.startNode(metaOf('follower'));
    c.runUntil(() => c.isServing('follower', GPID));
    expectRows(c, 'v');
  });
});

describe('a master that changes', () => {
  it('its primary is restarted in the middle of a download', () => {
    const c = withMaster({ settings: { nfsCopyBlockBytes: 100 } });
    c.create('follower', 'f', followerEnvs());
    c.runUntil(() => c.requests('RPC_NFS_COPY').length === 3);
    c.restart(c.primary('source', '1.0'), 'power-loss');
    c.runUntil(() => c.isServing('follower', GPID), 30_000);
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
    c.runUntil(() => c.isServing('follower', GPID), 20_000);
    expectRows(c, 'v');
  });

  it('its checkpoint is collected in the middle of a copy: the newer one is taken', () => {
    const c = withMaster({
      settings: { nfsCopyBlockBytes: 60, checkpointReserveMinCount: 1, checkpointReserveTimeSeconds: 0 },
    });
    c.create('follower', 'f', followerEnvs());
    c.runUntil(() => c.requests('RPC_NFS_COPY').length === 2);
    c.world.pauseNode(PRIMARY, 20_000);
    write(c, '1.0', 10, 'w');
    c.checkpoint('source', '1.0');
    const source = c.primary('source', '1.0');
    expect(c.replica(source, '1.0')?.storage?.listCheckpoints()).toEqual([20]);
    c.runUntil(() => c.isServing('follower', GPID), 60_000);
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
    c.create('follower', 'f', followerEnvs());
    c.runUntil(() => c.isServing('follower', GPID), 20_000);
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
    expect(errors).toEqual(['ERR_INVALID_DATA']);
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
    c.runUntil(() => c.isServing('follower', GPID), 40_000);
    expectRows(c, 'w');
    const answers = c.sent.filter((m) => m.kind === 'reply' && m.code === 'RPC_QUERY_LAST_CHECKPOINT_INFO');
    expect(answers[0]?.body).toMatchObject({ error: 'ERR_INVALID_STATE', files: [] });
    expect(c.claims(PRIMARY, 'replica.opened')[0]?.durable).toBe(20);
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
    c.runUntil(() => c.isServing('follower', GPID), 10_000);
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
    const c = withMaster({ settings: { nfsCopyBlockBytes: 60 } });
    const others = [...FOLLOWERS, ...serversOf('source'), metaOf('source'), metaOf('follower')];
    c.create('follower', 'f', followerEnvs());
    // Three rounds of proposals: each begins a while after the one before, and is disturbed from then on.
    for (let round = 0; round < 3; round++) {
      const proposals = c.requests('RPC_CONFIG_PROPOSAL').length;
      const asked = (): boolean => c.requests('RPC_CONFIG_PROPOSAL').length > proposals;
      if (round > 0) c.runUntil(() => asked() || c.isServing('follower', GPID), 10_000);
      for (let i = 0; i < 40; i++) {
        c.run((1 + draw(10)) / 10);
        const a = FOLLOWERS[draw(3)] ?? PRIMARY;
        const b = others[draw(others.length)] ?? PRIMARY;
        if (a !== b) c.world.resetSession(a, b);
      }
    }
    expect(c.world.faultEffects().get('link.reset')).toBeGreaterThan(0);
    c.runUntil(() => c.isServing('follower', GPID), 60_000);
    expectRows(c, 'v');
  });
});
