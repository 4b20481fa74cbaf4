/** `hunt --plog`: what a log must be before a replica boots from it; exit 3 for damage, 2 for a log that is whole and not meant. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { main } from '../../../properties/cli/main.ts';
import { parsePlan, printPlan } from '../../../properties/plan/parse.ts';
import { preloadFrom } from '../../../properties/plan/preload.ts';
import { samplePlans } from '../samples.ts';
import { COMMON_PROFILE } from '../../../properties/plan/arbitrary.ts';
import { mutation } from '../../impl/storage/plog/helpers.ts';
import { dir, headerBody, logBytes, put, recordBody, sealed, useDirectory } from './plogFixture.ts';

useDirectory();

async function hunt(plog: string): Promise<{ readonly code: number; readonly err: string }> {
  const err: string[] = [];
  const code = await main(['hunt', '--runs', '1', '--plog', plog], { out: () => {}, err: (t) => err.push(t), interactive: false });
  return { code, err: err.join('\n') };
}

function changed(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0x40;
  return copy;
}

describe('hunt --plog', () => {
  it.each<[string, () => string, number, RegExp]>([
    ['no bytes', () => put('log.1.0', new Uint8Array()), 3, /log\.1\.0: byte 0: no header/],
    ['no log', () => put('log.1.0', new Uint8Array(200)), 3, /byte 0: no header/],
    ['a wrong byte in a record', () => put('log.1.0', changed(logBytes(0, [1, 2]), 150)), 3, /[^/]+\/log\.1\.0: byte 60: ERR_INVALID_DATA/],
    ['a header cut short', () => put('log.1.0', logBytes(0, [1]).slice(0, 30)), 3, /byte 0: no header/],
    [
      'an index that is missing',
      (): string => {
        put('log.1.0', logBytes(0, [1]));
        put('log.3.191', logBytes(191, [2]));
        return dir;
      },
      3,
      /log\.3\.191: byte .*ERR_OBJECT_NOT_FOUND/,
    ],
    [
      'mutations of another partition',
      (): string => {
        const other = mutation(1, { gpid: '9.3' });
        return put('log.1.0', sealed([headerBody(0), recordBody(76, [other])]));
      },
      2,
      /byte \d+: of partition .*, not 7\.2; give a directory that holds the log of one partition/,
    ],
  ])('%s', async (_, make, code, message) => {
    const ran = await hunt(make());
    expect(ran.err).toMatch(message);
    expect(ran.code).toBe(code);
    expect(ran.err.split('\n')).toHaveLength(1);
  });

  it('never changes the files', async () => {
    const path = put('log.1.0', changed(logBytes(0, [1, 2]), 150));
    const before = readFileSync(path);
    await hunt(dir);
    expect(readFileSync(path)).toEqual(before);
  });
});

describe('a plan with a preload', () => {
  const withPreload = (change: (preload: Record<string, unknown>) => void): (() => unknown) => {
    put('log.1.0', logBytes(0, [1, 2]));
    const plan = samplePlans(1, 3, { ...COMMON_PROFILE, preload: preloadFrom(dir) })[0];
    if (plan === undefined) throw new Error('no sample');
    const value = JSON.parse(printPlan(plan)) as { preload: Record<string, unknown> };
    change(value.preload);
    return () => parsePlan(JSON.stringify(value), 'p.json');
  };

  it('is read back', () => {
    expect(withPreload(() => {})).not.toThrow();
  });

  it.each<[string, (preload: Record<string, unknown>) => void, RegExp]>([
    ['another cluster', (p) => (p['cluster'] = 'moon'), /\$\.preload\.cluster: must be a cluster of the plan/],
    ['a partition beyond the count', (p) => (p['partitionCount'] = 2), /\$\.preload\.partitionCount: must be an integer from 3/],
    ['another partition', (p) => (p['gpid'] = '7.1'), /\$\.preload\.files\[0\]\.hex: log\.1\.0: byte 32: of partition 7\.2, not 7\.1/],
    ['an absurd partition', (p) => (p['gpid'] = '0.-1'), /\$\.preload\.gpid/],
    ['bytes that are none', (p) => (p['files'] = [{ name: 'log.1.0', hex: 'xyz' }]), /files\[0\]\.hex: must be lower-case hex/],
    ['damaged bytes', (p) => (p['files'] = [{ name: 'log.1.0', hex: Buffer.from(changed(logBytes(0, [1]), 100)).toString('hex') }]), /files\[0\]\.hex: log\.1\.0: byte 60/],
    ['a name twice', (p) => (p['files'] = [p['files'], p['files']].flat()), /files\[1\]\.name: "log\.1\.0" is there twice/],
    ['an absurd name', (p) => (p['files'] = [{ name: 'log.99999999999.0', hex: '' }]), /files\[0\]\.name/],
  ])('of %s is refused', (_, change, message) => {
    expect(withPreload(change)).toThrow(message);
  });
});
