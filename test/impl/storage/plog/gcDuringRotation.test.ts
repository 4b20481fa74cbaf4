/** Garbage collection in the moment of a file switch: the file that is alone on disk stays (plog.P9). */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DEFAULT_PARTS } from '../../../../impl/parts.ts';
import { parsePlan } from '../../../../properties/plan/parse.ts';
import { runPlan } from '../../../../properties/run/runPlan.ts';

const NAME = 'log-gc-while-the-next-file-has-no-header';
const path = fileURLToPath(new URL(`../../../corpus/${NAME}.json`, import.meta.url));

describe('garbage collection while a new file waits for its header', () => {
  const plan = parsePlan(readFileSync(path, 'utf8'), NAME);

  it('keeps the newest file on disk', () => {
    expect(runPlan(plan).verdict).toEqual({ kind: 'pass' });
  });

  it('is told apart from one that does not', () => {
    const parts = {
      ...DEFAULT_PARTS,
      PrivateLog: class extends DEFAULT_PARTS.PrivateLog {
        override mustKeep(file: Parameters<InstanceType<typeof DEFAULT_PARTS.PrivateLog>['mustKeep']>[0]): boolean {
          return file === this.files.at(-1) || file === this.issued?.file;
        }
      },
    };
    expect(runPlan(plan, { parts }).verdict).toMatchObject({ kind: 'violation', rule: 'log/newest-stays' });
  });
});
