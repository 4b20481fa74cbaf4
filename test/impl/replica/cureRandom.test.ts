/**
 * Random days of three servers and the cure itself: servers crash, lose the meta server or one another, disks refuse,
 * primaries are moved, the meta server starts anew, while a client writes. Nothing that was acknowledged is ever lost, no
 * internal check fails, and when the trouble ends every partition has all its members, which hold the same.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeId } from '../../../model/vocabulary.ts';
import { CureRules } from '../../../impl/meta/cure/cureRules.ts';
import type { WaitReason } from '../../../impl/meta/cure/cureView.ts';
import { MetaServer } from '../../../impl/meta/metaServer.ts';
import { toldAppInfo } from '../../../impl/meta/serverState.ts';
import { threadHash } from '../../../impl/protocol/gpid.ts';
import { META, NODES } from './cluster.ts';
import { LearnCluster } from './learning/learnCluster.ts';

const SETTINGS = {
  fdCheckIntervalMs: 50,
  fdBeaconIntervalMs: 100,
  fdLeaseMs: 800,
  fdGraceMs: 900,
  lbIntervalMs: 400,
  replicaAssignDelayMsForDropouts: 2000,
  maxMutationCountInPrepareList: 24,
  logPrivateFileSizeBytes: 1024,
  groupCheckIntervalMs: 300,
  prepareTimeoutMs: 200,
  prepareTimeoutForPotentialSecondariesMs: 300,
  updateConfigRetryMs: 50,
  rpcTimeoutMs: 300,
  configSyncIntervalMs: 500,
  learnRetryMs: 50,
  gcMemoryReplicaIntervalMs: 700,
  checkpointRetryAfterFlushMs: 50,
} as const;

const STEPS = ['crash', 'crash', 'start', 'cut meta', 'cut pair', 'restore', 'refuse', 'move', 'checkpoint', 'restart meta'] as const;

/** What upstream leaves to an administrator, too. */
const UNDECIDED: readonly WaitReason[] = ['prepared-below-committed', 'chosen-below-committed'];

interface Step {
  readonly kind: (typeof STEPS)[number];
  readonly node: number;
  readonly waitMs: number;
}

const RUN = fc.record({
  replicaCount: fc.constantFrom(1, 2, 3, 3),
  before: fc.integer({ min: 0, max: 40 }),
  steps: fc.array(
    fc.record({ kind: fc.constantFrom(...STEPS), node: fc.nat(2), waitMs: fc.oneof(fc.integer({ min: 2, max: 100 }), fc.integer({ min: 200, max: 2000 })) }),
    { minLength: 4, maxLength: 16 },
  ),
});

class CuredCluster extends LearnCluster {
  readonly replicaCount: number;
  private readonly disk: { refusing: NodeId };

  constructor(replicaCount: number) {
    const disk = { refusing: '' };
    const decide = (point: string, where: string): number | undefined => {
      if (point !== 'disk.write-error' || where !== disk.refusing) return undefined;
      disk.refusing = '';
      return 1;
    };
    const settings = { ...SETTINGS, mutation2pcMinReplicaCount: replicaCount === 1 ? 1 : 2 };
    super({ settings, chance: { isCalm: (point) => point !== 'disk.write-error', decide }, partsOf: (node) => (node === META ? { CureRules } : {}) }, replicaCount);
    this.disk = disk;
    this.replicaCount = replicaCount;
  }

  take({ kind, node }: Step): void {
    const target = NODES[node] ?? '';
    const next = NODES[(node + 1) % NODES.length] ?? '';
    switch (kind) {
      case 'crash':
        if (this.world.isUp(target)) this.world.stopNode(target, 'crash');
        return;
      case 'start':
        this.startAll();
        return;
      case 'cut meta':
        this.link(target, META, false);
        return;
      case 'cut pair':
        this.link(target, next, false);
        return;
      case 'restore':
        this.restoreAll();
        return;
      case 'refuse':
        this.disk.refusing = target;
        return;
      case 'move':
        this.call(META, 'RPC_CM_PROPOSE_BALANCER', { appName: 't', partitionIndex: 0, type: 'move_pri', from: '', to: target });
        return;
      case 'checkpoint':
        if (this.statusOf(target) === 'PS_PRIMARY') this.p.checkpoints.initCheckpoint(true, 'remote-command');
        return;
      case 'restart meta':
        this.world.stopNode(META, 'crash');
        this.world.startNode(META);
    }
  }

  private link(a: NodeId, b: NodeId, isOpen: boolean): void {
    for (const [from, to] of [[a, b], [b, a]] as const) {
      if (isOpen) this.world.restoreLink(from, to);
      else this.world.cutLink(from, to);
    }
  }

  private restoreAll(): void {
    for (const [i, node] of NODES.entries()) {
      this.link(node, META, true);
      this.link(node, NODES[(i + 1) % NODES.length] ?? '', true);
    }
  }

  startAll(): void {
    for (const node of NODES) if (!this.world.isUp(node)) this.world.startNode(node);
  }

  writeFor(ms: number): void {
    for (const end = this.world.nowUs() + ms * 1000; this.world.nowUs() < end; ) {
      this.send();
      this.run(10);
    }
  }

  heal(): boolean {
    this.disk.refusing = '';
    this.startAll();
    this.restoreAll();
    for (let i = 0; i < 300; i++) {
      this.writeFor(100);
      if (this.isHealed()) return true;
      this.startAll();
      this.administrate();
    }
    return false;
  }

  /** Of two dropouts that contradict each other an administrator chooses: all that one has prepared, in the larger ballot. */
  private administrate(): void {
    const meta = this.world.rootOf(META);
    if (!(meta instanceof MetaServer)) return;
    const config = meta.state.config(this.gpid);
    const { decision, drops } = meta.cure.contextOf(this.gpid);
    const app = meta.state.app(1);
    if (config === undefined || app === undefined || decision?.kind !== 'wait' || !UNDECIDED.includes(decision.reason)) return;
    const last = drops.entries().filter(({ node }) => config.lastDrops.slice(-2).includes(node));
    const [best] = last.toSorted((a, b) => b.report.lastPrepared - a.report.lastPrepared || b.report.ballot - a.report.ballot);
    if (best === undefined) return;
    const request = { app: toldAppInfo(app), type: 'CT_ASSIGN_PRIMARY', node: best.node, config } as const;
    this.call(best.node, 'RPC_CONFIG_PROPOSAL', request, threadHash(this.gpid));
  }

  private isHealed(): boolean {
    return this.hasAllMembers(this.gpid, this.replicaCount) && this.members().length === this.replicaCount;
  }

  faults(): readonly string[] {
    this.settle();
    return [...this.members().flatMap((node) => this.missingRows(node).map((key) => `${node} lacks ${key}`)), ...this.checks()];
  }
}

describe('whatever happens', () => {
  it('nothing is lost, and every partition becomes whole again', () => {
    fc.assert(
      fc.property(RUN, ({ before, replicaCount, steps }) => {
        const c = new CuredCluster(replicaCount);
        c.write(before);
        for (const step of steps) {
          c.take(step);
          c.writeFor(step.waitMs);
        }
        const healed = c.heal();
        expect([c.checks(), healed]).toEqual([[], true]);
        expect(c.faults()).toEqual([]);
      }),
      { numRuns: 60, seed: 2 },
    );
  }, 60_000);
});
