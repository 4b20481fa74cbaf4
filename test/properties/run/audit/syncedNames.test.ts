import { describe, expect, it } from 'vitest';
import { latin, manifestBytes } from './bytes.ts';
import { DIR, P, Scene } from './scene.ts';

const RULE = 'audit/disk/synced-before-named';

describe('what a name leads to is synced', () => {
  it('refuses a rename of unsynced bytes', () => {
    const s = new Scene().start();
    s.writeUnsynced(P, `${DIR}/.app-info.tmp`, latin('{}'));
    s.rename(P, `${DIR}/.app-info.tmp`, `${DIR}/.app-info`);
    expect(s.rules()).toEqual([RULE]);
  });

  it('refuses a CURRENT that leads to an unsynced manifest, unless a power loss has settled what is there', () => {
    for (const lost of [false, true]) {
      const s = new Scene().start();
      const dir = `${DIR}/data/rdb`;
      s.writeUnsynced(P, `${dir}/MANIFEST-000001`, manifestBytes(0, []));
      if (lost) s.auditor.processStopped(P, 'power-loss', '');
      s.write(P, `${dir}/CURRENT.tmp`, latin('MANIFEST-000001\n'));
      s.rename(P, `${dir}/CURRENT.tmp`, `${dir}/CURRENT`);
      expect(s.rules()).toEqual(lost ? [] : [RULE]);
    }
  });

  it('lets log files be set aside unsynced, and forgets what was removed', () => {
    const s = new Scene().start();
    s.writeUnsynced(P, `${DIR}/plog/log.1.0`, latin('torn'));
    s.rename(P, `${DIR}/plog/log.1.0`, `${DIR}/plog/log.1.0.removed`);
    s.writeUnsynced(P, `${DIR}/.app-info.tmp`, latin('{'));
    s.auditor.removed(P, `${DIR}/.app-info.tmp`);
    s.write(P, `${DIR}/.app-info.tmp`, latin('{}'));
    s.rename(P, `${DIR}/.app-info.tmp`, `${DIR}/.app-info`);
    expect(s.rules()).toEqual([]);
  });
});
