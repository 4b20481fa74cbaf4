import { describe, expect, it } from 'vitest';
import type { NodeId } from '../../../../model/vocabulary.ts';
import type { Chance } from '../../../../impl/env/sim/chance.ts';
import { DuplicatingCluster } from './duplicatingCluster.ts';

const CONFIRMED = 20;
/** Small enough that a learner of some writes needs a checkpoint, log files and the cache. */
const SMALL = {
  maxMutationCountInPrepareList: 24,
  logPrivateFileSizeBytes: 1024,
  groupCheckIntervalMs: 500,
  prepareTimeoutMs: 300,
  prepareTimeoutForPotentialSecondariesMs: 300,
  updateConfigRetryMs: 100,
  rpcTimeoutMs: 500,
  configSyncIntervalMs: 1000,
} as const;

/** A learner that is offered to learn: checkpoint, then the primary's log instead of its own, then the cache. */
function begun(chance: Partial<Chance> = {}): { readonly c: DuplicatingCluster; readonly learner: NodeId } {
  const c = new DuplicatingCluster({ decree: CONFIRMED }, 2, {}, SMALL, chance);
  c.write(40);
  c.checkpointAndCollectLog();
  c.write(3);
  const learner = c.spare();
  c.addLearner(learner);
  return { c, learner };
}

function isDone(c: DuplicatingCluster, learner: NodeId): boolean {
  return c.statusOf(learner) === 'PS_SECONDARY' && c.isServing(c.gpid);
}

/** What is wrong in the end; the case stands before it. */
function outcome(c: DuplicatingCluster, learner: NodeId, name: string): readonly unknown[] {
  c.learnAnyhow(learner);
  return [name, ...c.problemsOf(learner), ...c.missingInLog(learner, CONFIRMED + 1)];
}

/** Every how-many-th of all cases is tried. */
const STRIDE = 9;

describe('learning of a duplicated table comes to its end, with every row and all of the log that is needed', () => {
  it('when a server crashes in any call of its own', () => {
    let crashes = 0;
    for (const who of ['learner', 'primary', 'secondary'] as const) {
      for (let nth = 1; ; nth += STRIDE) {
        const { c, learner } = begun();
        const node = who === 'learner' ? learner : who === 'primary' ? c.primary(c.gpid) : c.secondary();
        c.world.crashInside(node, nth);
        c.writeUntil(() => !c.world.isUp(node) || isDone(c, learner));
        if (c.world.isUp(node)) break;
        crashes++;
        c.run(nth % 3 === 0 ? 700 : 5);
        c.world.startNode(node);
        expect(outcome(c, learner, `${who} ${nth}`)).toEqual([`${who} ${nth}`]);
      }
    }
    expect(crashes).toBeGreaterThan(400 / STRIDE);
  }, 600_000);

  it('when a learner loses its power at any time', () => {
    for (let atUs = 200; ; atUs += 25 * STRIDE) {
      const { c, learner } = begun();
      const start = c.world.nowUs();
      c.writeUntil(() => c.world.nowUs() - start >= atUs || isDone(c, learner), 2);
      if (isDone(c, learner)) break;
      c.world.stopNode(learner, 'power-loss');
      c.run(5);
      c.world.startNode(learner);
      expect(outcome(c, learner, `${atUs}`)).toEqual([`${atUs}`]);
    }
  }, 600_000);

  it('when any one disk call of the learner fails', () => {
    for (const point of ['disk.write-error', 'disk.read-error'] as const) {
      for (let nth = 1; ; nth += STRIDE) {
        let seen = 0;
        let target = '';
        const { c, learner } = begun({
          isCalm: () => false,
          decide: (at, where) => (at === point && where === target && ++seen === nth ? 1 : undefined),
        });
        target = learner;
        c.writeUntil(() => seen >= nth || isDone(c, learner));
        if (seen < nth) break;
        expect(outcome(c, learner, `${point} ${nth}`)).toEqual([`${point} ${nth}`]);
      }
    }
  }, 600_000);

  it('when a session between any two of them is reset at any time', () => {
    for (let atUs = 200; ; atUs += 50 * STRIDE) {
      const { c, learner } = begun();
      const start = c.world.nowUs();
      c.writeUntil(() => c.world.nowUs() - start >= atUs || isDone(c, learner), 2);
      if (isDone(c, learner)) break;
      for (const member of c.members()) c.world.resetSession(learner, member);
      expect(outcome(c, learner, `${atUs}`)).toEqual([`${atUs}`]);
    }
  }, 600_000);
});
