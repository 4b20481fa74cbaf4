/**
 * Servers that crash, members that go and come, primaries that are moved, sessions that end, disks that refuse, while
 * clients write: in the end all three servers hold every acknowledged row, and each the log that a duplication needs.
 *
 * What a cure would do for a partition that has a primary, the test does: it takes out of the group whoever has no replica,
 * and offers the group to whoever is not in it.
 */
import fc from 'fast-check';
import seedrandom from 'seedrandom';
import { describe, expect, it } from 'vitest';
import type { NodeId } from '../../../../model/vocabulary.ts';
import type { ChancePoint } from '../../../../impl/env/sim/chance.ts';
import { META, NODES } from '../cluster.ts';
import { DuplicatingCluster } from './duplicatingCluster.ts';

const SMALL = {
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

const STEPS = ['crash', 'start', 'reset session', 'remove', 'move', 'checkpoint', 'confirm', 'refuse', 'cure', 'cure', 'cure', 'cure'] as const;
type StepKind = (typeof STEPS)[number];

interface Step {
  readonly kind: StepKind;
  readonly node: number;
  readonly waitMs: number;
}

const RUN = fc.record({
  replicaCount: fc.constantFrom(2, 3),
  duplicating: fc.boolean(),
  before: fc.integer({ min: 0, max: 60 }),
  /** Of what is slow; undefined: nothing is. */
  seed: fc.option(fc.integer(), { nil: undefined }),
  steps: fc.array(fc.record({ kind: fc.constantFrom(...STEPS), node: fc.nat(2), waitMs: fc.integer({ min: 2, max: 250 }) }), { minLength: 8, maxLength: 24 }),
});

const STRUCK: readonly ChancePoint[] = ['disk.write-error', 'link.delay', 'pool.delay'];
/** Of all messages and tasks. */
const SLOW_SHARE = 0.03;
const SLOW_US = 300_000;

/** The next write of one node's disk fails; and here and there something is slow. */
class Faults {
  refusing: NodeId = '';
  slow: (() => number) | undefined;

  decide(point: ChancePoint, node: NodeId): number | undefined {
    if (point === 'disk.write-error') return this.refuses(node) ? 1 : undefined;
    if (point !== 'link.delay' && point !== 'pool.delay') return undefined;
    const drawn = this.slow?.() ?? 1;
    return drawn < SLOW_SHARE ? Math.floor((drawn / SLOW_SHARE) * SLOW_US) : undefined;
  }

  private refuses(node: NodeId): boolean {
    if (node !== this.refusing) return false;
    this.refusing = '';
    return true;
  }
}

class RandomCluster extends DuplicatingCluster {
  private readonly struck: Faults;

  constructor(replicaCount: number, faults = new Faults()) {
    super({ decree: 5 }, replicaCount, {}, SMALL, {
      isCalm: (point) => !STRUCK.includes(point),
      decide: (point, where) => faults.decide(point, where),
    });
    this.struck = faults;
  }

  /** From now on some messages and tasks take their time. */
  beSlow(seed: number): void {
    this.struck.slow = seedrandom.alea(String(seed));
  }

  primaryNow(): NodeId | undefined {
    return NODES.find((node) => this.statusOf(node) === 'PS_PRIMARY');
  }

  startAll(): void {
    for (const node of NODES) if (!this.world.isUp(node)) this.world.startNode(node);
  }

  /** One proposal that brings the group nearer to three members that are well. */
  cure(): void {
    const primary = this.primaryNow();
    if (primary === undefined) return;
    const { learnerGroup } = this.p;
    for (const node of NODES) {
      if (node === primary || !this.world.isUp(node)) continue;
      const isMember = this.members().includes(node);
      if (isMember && this.isLost(node)) return void this.propose('CT_DOWNGRADE_TO_INACTIVE', node);
      if (!isMember && !learnerGroup.nodes().includes(node)) return void this.propose('CT_ADD_SECONDARY_FOR_LB', node);
    }
  }

  private isLost(node: NodeId): boolean {
    const status = this.statusOf(node);
    return (status === undefined && !this.server(node).isBusy(this.gpid)) || status === 'PS_POTENTIAL_SECONDARY';
  }

  take({ kind, node }: Step): void {
    const target = NODES[node] ?? '';
    const primary = this.primaryNow();
    switch (kind) {
      case 'crash':
        if (this.world.isUp(target)) this.world.stopNode(target, 'crash');
        return;
      case 'start':
        this.startAll();
        return;
      case 'reset session':
        this.world.resetSession(target, NODES[(node + 1) % NODES.length] ?? '');
        return;
      case 'remove':
        if (primary !== undefined && target !== primary && this.members().length > 2) this.propose('CT_REMOVE', target);
        return;
      case 'move':
        this.call(META, 'RPC_CM_PROPOSE_BALANCER', { appName: 't', partitionIndex: 0, type: 'move_pri', from: '', to: target });
        return;
      case 'checkpoint':
        if (primary !== undefined) this.p.checkpoints.initCheckpoint(true, 'remote-command');
        return;
      case 'confirm':
        if (primary === undefined) return;
        this.confirmed.decree = Math.max(this.confirmed.decree, this.p.lastDurableDecree() - 10);
        this.p.checkpoints.gcPrivateLog();
        return;
      case 'refuse':
        this.struck.refusing = target;
        return;
      case 'cure':
        this.cure();
    }
  }

  writeFor(ms: number): void {
    for (const end = this.world.nowUs() + ms * 1000; this.world.nowUs() < end; ) {
      this.send();
      this.run(5);
    }
  }

  isWhole(): boolean {
    const primary = this.primaryNow();
    if (primary === undefined || !this.isServing(this.gpid) || this.members().length < NODES.length) return false;
    return NODES.every((node) => node === primary || this.statusOf(node) === 'PS_SECONDARY');
  }

  heal(): void {
    this.struck.refusing = '';
    this.struck.slow = undefined;
    // A proposal of before may still be on its way when the group is whole.
    for (let i = 0, quiet = 0; quiet < 20 && i < 1000; i++) {
      quiet = this.isWhole() ? quiet + 1 : 0;
      this.startAll();
      this.cure();
      this.writeFor(quiet === 0 ? 30 : 50);
    }
    this.settle();
  }

  faults(duplicating: boolean): readonly string[] {
    if (!this.isWhole()) return ['not whole', ...NODES.map((node) => `${node} ${this.statusOf(node)}`), ...this.checks()];
    const rows = NODES.flatMap((node) => this.missingRows(node).map((key) => `${node} lacks ${key}`));
    const needed = duplicating ? NODES : [];
    const log = needed.flatMap((node) => this.missingInLog(node, this.confirmed.decree + 1).map((decree) => `${node} has not logged ${decree}`));
    return [...rows, ...log, ...this.checks()];
  }
}

describe('whatever happens while members learn', () => {
  it('all of them hold everything in the end', () => {
    fc.assert(
      fc.property(RUN, ({ before, duplicating, replicaCount, seed, steps }) => {
        const c = new RandomCluster(replicaCount);
        for (const node of c.members()) if (!duplicating) c.replica(node, c.gpid).app = { ...c.replica(node, c.gpid).app, duplicating: false };
        c.write(before);
        if (seed !== undefined) c.beSlow(seed);
        for (const step of steps) {
          c.take(step);
          c.writeFor(step.waitMs);
        }
        c.heal();
        expect(c.faults(duplicating)).toEqual([]);
      }),
      { numRuns: 40, seed: 7 },
    );
  }, 60_000);
});
