/**
 * A follower table that is created while servers and meta servers of both clusters crash and links fail, and while the
 * master writes and makes checkpoints: in the end every member holds one and the same state, which the master once had.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { followerEnvs, metaOf, serversOf, TwoClusters } from './twoClusters.ts';

const FOLLOWERS = serversOf('follower');
const MASTERS = serversOf('source');
const GPID = '1.0';
const KEYS = 6;

const SETTINGS = {
  fdCheckIntervalMs: 50,
  fdBeaconIntervalMs: 100,
  fdLeaseMs: 800,
  fdGraceMs: 900,
  lbIntervalMs: 400,
  rpcTimeoutMs: 300,
  configSyncIntervalMs: 500,
  groupCheckIntervalMs: 300,
  learnRetryMs: 50,
  updateConfigRetryMs: 50,
  prepareTimeoutMs: 200,
  checkpointRetryAfterFlushMs: 50,
  gcMemoryReplicaIntervalMs: 700,
  nfsCopyBlockBytes: 200,
} as const;

const STEPS = ['lose one that opened', 'lose one that opened', 'crash follower', 'crash follower meta', 'cut', 'restore', 'start', 'crash master', 'checkpoint'] as const;

const RUN = fc.array(
  fc.record({
    kind: fc.constantFrom(...STEPS),
    node: fc.nat(2),
    waitMs: fc.oneof(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 50, max: 1200 })),
  }),
  { minLength: 3, maxLength: 14 },
);

class RandomFollower extends TwoClusters {
  private round = 0;

  constructor() {
    super({ settings: SETTINGS });
    this.createMaster();
    this.checkpointNow();
  }

  /** All keys get the value of a new round, and a checkpoint holds them. */
  checkpointNow(): void {
    if (!this.isServing('source', GPID)) return;
    this.round++;
    for (let i = 0; i < KEYS; i++) if (this.put('source', GPID, `k${i}`, `v${this.round}`) !== 'ERR_OK') return;
    this.checkpoint('source', GPID);
  }

  take(kind: (typeof STEPS)[number], index: number): void {
    const node = FOLLOWERS[index] ?? '';
    const meta = metaOf('follower');
    switch (kind) {
      case 'lose one that opened':
        this.loseOneThatOpened();
        return;
      case 'crash follower':
        if (this.world.isUp(node)) this.world.stopNode(node, 'crash');
        return;
      case 'crash follower meta':
        this.restart(meta);
        return;
      case 'cut':
        this.world.cutLink(node, meta);
        this.world.cutLink(meta, node);
        return;
      case 'restore':
        this.restore();
        return;
      case 'start':
        this.startAll();
        return;
      case 'crash master':
        this.restart(MASTERS[index] ?? '');
        return;
      case 'checkpoint':
        this.checkpointNow();
    }
  }

  /** Nobody hears of it: the next one that is asked begins elsewhere. */
  private loseOneThatOpened(): void {
    const opened = (): string | undefined => FOLLOWERS.find((node) => this.replica(node, GPID)?.ballot() === 0);
    this.world.run({ untilUs: this.world.nowUs() + 20_000, stop: () => opened() !== undefined });
    const node = opened();
    if (node === undefined) return;
    this.world.cutLink(node, metaOf('follower'));
    this.world.cutLink(metaOf('follower'), node);
    this.world.stopNode(metaOf('follower'), 'crash');
    this.checkpointNow();
    this.world.startNode(metaOf('follower'));
  }

  restore(): void {
    for (const node of FOLLOWERS) {
      this.world.restoreLink(node, metaOf('follower'));
      this.world.restoreLink(metaOf('follower'), node);
    }
  }

  startAll(): void {
    for (const node of [...FOLLOWERS, ...MASTERS]) if (!this.world.isUp(node)) this.world.startNode(node);
  }

  /** The rows of each member, each state once. */
  states(): readonly string[] {
    const rows = (node: string): string => Array.from({ length: KEYS }, (_, i) => this.local(node, GPID, `k${i}`) ?? '-').join(' ');
    return [...new Set(FOLLOWERS.map(rows))];
  }
}

describe('whatever happens while a follower table begins', () => {
  it('its members end with one state of the master', () => {
    fc.assert(
      fc.property(RUN, (steps) => {
        const c = new RandomFollower();
        c.create('follower', 'f', followerEnvs());
        for (const { kind, node, waitMs } of steps) {
          c.run(waitMs);
          c.take(kind, node);
        }
        c.startAll();
        c.restore();
        c.runUntil(() => c.isServing('source', GPID));
        c.checkpointNow();
        c.runUntil(() => c.hasAllMembers('follower', GPID));
        expect(c.put('follower', GPID, 'own', 'y')).toBe('ERR_OK');
        c.run(1000);
        expect(c.states()).toHaveLength(1);
        expect(c.states()[0]).toMatch(/^(v\d+)( \1)*$/);
        expect(c.checks()).toEqual([]);
      }),
      { numRuns: 60, seed: 1 },
    );
  }, 60_000);
});
