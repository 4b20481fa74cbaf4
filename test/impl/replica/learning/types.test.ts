import { describe, expect, it } from 'vitest';
import { LearnCluster } from './learnCluster.ts';

/** So that a log of some writes has several files, and the checkpoint lets all but the newest go. */
const SMALL_LOG = { logPrivateFileSizeBytes: 2048, logPrivateReserveMaxSizeBytes: 0 } as const;

describe('LT_LOG (repl 1.9)', () => {
  it('without a checkpoint everything comes by log files, while writes go on', () => {
    const c = new LearnCluster({ settings: SMALL_LOG });
    c.write(150);
    const learner = c.spare();
    c.addLearner(learner);
    c.writeUntil(() => c.statusOf(learner) === 'PS_SECONDARY');
    expect(c.problemsOf(learner)).toEqual([]);
    expect(c.rounds()[0]).toBe('LT_LOG');
    expect(c.rounds().at(-1)).toBe('LT_CACHE');
    expect(c.answers()[0]?.state.files.length).toBeGreaterThan(3);
  });

  it('a learner that was a member a while ago goes on where it stands', () => {
    const c = new LearnCluster({ settings: SMALL_LOG }, 3);
    c.write(10);
    const node = c.secondary();
    c.propose('CT_REMOVE', node);
    c.runUntil(() => c.statusOf(node) === 'PS_INACTIVE' || c.statusOf(node) === undefined);
    c.runUntil(() => c.isServing(c.gpid));
    c.write(150);
    c.addLearner(node);
    c.writeUntil(() => c.statusOf(node) === 'PS_SECONDARY');
    expect(c.problemsOf(node)).toEqual([]);
    expect(c.answers()[0]?.type).toBe('LT_LOG');
    expect(c.answers()[0]?.state.learnStartDecree).toBeGreaterThan(9);
  });

  it('the same last file again asks the log for a new one', () => {
    const c = new LearnCluster({ settings: { logPrivateFileSizeBytes: 1 << 20 } });
    c.write(120);
    const { learnee } = c.p;
    const learner = { signature: 1, prepareStartDecree: -1, lastLearnLogFile: '' };
    let hints = 0;
    const log = c.p.privateLog;
    if (log === undefined) throw new Error('no log');
    log.hintSwitchFile = () => void hints++;
    const served: string[] = [];
    for (const file of ['log.1.0', 'log.1.0', 'log.2.9', 'log.2.9']) {
      learnee.noteLastFile(learner, file);
      served.push(`${learner.lastLearnLogFile} ${hints}`);
    }
    expect(served).toEqual(['log.1.0 0', 'log.1.0 1', 'log.2.9 1', 'log.2.9 2']);
  });
});

describe('LT_APP (repl 1.9, 2.8)', () => {
  it('what the log has no more comes with the checkpoint, the rest as log or from the cache', () => {
    const c = new LearnCluster({ settings: SMALL_LOG });
    c.write(150);
    c.checkpointAndCollectLog();
    c.write(20);
    const learner = c.spare();
    c.addLearner(learner);
    c.writeUntil(() => c.statusOf(learner) === 'PS_SECONDARY');
    expect(c.problemsOf(learner)).toEqual([]);
    expect(c.rounds()[0]).toBe('LT_APP');
    expect(c.rounds().at(-1)).toBe('LT_CACHE');
    expect(c.server(learner).learnAppSlots.hasFree()).toBe(true);
  });

  it('all slots taken: an empty learner waits for the next group check', () => {
    const c = new LearnCluster({ settings: { ...SMALL_LOG, learnAppMaxConcurrentCount: 1 } });
    c.write(150);
    c.checkpointAndCollectLog();
    const learner = c.spare();
    c.server(learner).learnAppSlots.take();
    c.addLearner(learner);
    c.run(1500);
    expect(c.rounds()).toEqual([]);
    c.server(learner).learnAppSlots.giveBack();
    c.writeUntil(() => c.statusOf(learner) === 'PS_SECONDARY');
    expect(c.problemsOf(learner)).toEqual([]);
  });
});
