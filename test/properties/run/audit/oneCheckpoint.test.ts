import { describe, expect, it } from 'vitest';
import { latin } from './bytes.ts';
import { DIR, P, Scene } from './scene.ts';

const RULE = 'audit/checkpoint/one-at-a-time';
const first = `${DIR}/data/checkpoint.5`;
const second = `${DIR}/data/checkpoint.6`;

/** A scene in which checkpoint.5 has a file and no CURRENT yet, then what happens, then checkpoint.6 gets its first file. */
function between(happens: (s: Scene) => void): readonly string[] {
  const s = new Scene().start();
  s.write(P, `${first}/MANIFEST-000001`, latin('half'));
  happens(s);
  s.write(P, `${second}/MANIFEST-000001`, latin('half'));
  return s.rules();
}

describe('checkpoints of a replica', () => {
  it('are not made side by side, whichever tasks make them', () => {
    expect(between(() => undefined)).toContain(RULE);
    expect(between((s) => s.task())).toContain(RULE);
  });

  it('follow each other when the first stands, was given up for its disk, or is gone', () => {
    expect(between((s) => s.write(P, `${first}/CURRENT`, latin('MANIFEST-000001\n')))).not.toContain(RULE);
    expect(between((s) => s.auditor.faultStruck('disk.full', P, '', ''))).not.toContain(RULE);
    expect(
      between((s) => {
        s.disk(P).files.clear();
        s.auditor.removed(P, first);
      }),
    ).not.toContain(RULE);
  });
});
