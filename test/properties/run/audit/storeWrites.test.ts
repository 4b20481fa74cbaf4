import { describe, expect, it } from 'vitest';
import { META, Scene } from './scene.ts';

const RULE = 'audit/store/one-write-at-a-time';
const RECORD = '/pegasus/source/apps/2/duplication/7';
const PROGRESS = `${RECORD}/0`;

describe('changes of a duplication on their way to the store', () => {
  it.each([
    ['a second status', 'set', RECORD, RECORD],
    ['a second progress of a partition', 'set', PROGRESS, PROGRESS],
    ['a removal over a progress', 'remove', PROGRESS, RECORD],
  ] as const)('refuses %s beside the first, until that is answered', (_, operation, first, second) => {
    for (const waited of [false, true]) {
      const s = new Scene().start();
      s.auditor.storeAsked(META, 'set', first);
      s.nowUs += 500;
      s.auditor.storeAnswered(META, first, s.nowUs + 500);
      // Its effect is there, and its answer on the way: that is too early still.
      s.nowUs += waited ? 500 : 499;
      s.auditor.storeAsked(META, operation, second);
      expect(s.rules()).toEqual(waited ? [] : [RULE]);
    }
  });

  it('lets partitions, duplications and what is no duplication change side by side, and a new process anew', () => {
    const s = new Scene().start();
    for (const path of [RECORD, PROGRESS, `${RECORD}/1`, `${RECORD}1`, '/pegasus/source/apps/2', '/pegasus/source/apps/2']) s.auditor.storeAsked(META, 'set', path);
    s.auditor.processStopped(META, 'crash', '');
    s.auditor.storeAsked(META, 'remove', RECORD);
    expect(s.rules()).toEqual([]);
  });
});
