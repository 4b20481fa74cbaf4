import { describe, expect, it } from 'vitest';
import { LearnCluster } from './learnCluster.ts';

describe('LT_CACHE (repl 1.9)', () => {
  it('a learner of a small table takes over the prepare list, and is a member a few messages later', () => {
    const c = new LearnCluster();
    c.write(30);
    const learner = c.spare();
    c.addLearner(learner);
    c.writeUntil(() => c.statusOf(learner) === 'PS_SECONDARY');
    c.expectMember(learner);
    expect(c.rounds()).toEqual(['LT_CACHE']);
    expect(c.missingInLog(learner, 1)).toEqual([]);
  });
});
