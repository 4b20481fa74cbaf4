/** What a campaign answers for: the common profile for all but what takes a campaign of its own, that one for its own rows. */
import { describe, expect, it } from 'vitest';
import type { ModelState } from '../../../model/state.ts';
import type { ModelEvent } from '../../../model/events.ts';
import { Coverage, FAULT_EFFECTS, isCampaign } from '../../../properties/hunt/coverage.ts';
import { search } from '../../../properties/hunt/search.ts';
import { COMMON_PROFILE } from '../../../properties/plan/arbitrary.ts';
import { subsystemKinds } from '../../../properties/plan/subsystems.ts';
import { SOMETIMES } from '../../../properties/registry/index.ts';
import { init } from '../../../model/state.ts';
import { CONFIG } from '../../traces/story.ts';

const STATE: ModelState = init(CONFIG);
const ANSWER: ModelEvent = {
  kind: 'command.answered',
  atUs: 5,
  id: 1,
  cluster: 'c',
  answer: { kind: 'bulkLoad', error: 'ERR_BUSY', hint: 'meta server is busy now, please wait' },
};
const LOCKED = 'sometimes.bl-start-refused-ERR_BUSY-meta-server-is-busy-now';

describe('coverage', () => {
  it('gives each situation to one campaign', () => {
    const ids = [undefined, 'bulk-load'].flatMap((one) => new Coverage(one).notReached().map(({ id }) => id));
    expect(ids.sort()).toEqual(SOMETIMES.map(({ id }) => id).sort());
    expect(new Coverage('bulk-load').total).toBeGreaterThan(80);
    expect([undefined, 'bulk-load', 'log'].map(isCampaign)).toEqual([true, true, false]);
  });

  it('strikes out what has happened, and complains of the rest', () => {
    const coverage = new Coverage('bulk-load');
    coverage.watch(ANSWER, STATE);
    expect(coverage.total - coverage.notReached().length).toBe(1);
    expect(coverage.notReached().map(({ id }) => id)).not.toContain(LOCKED);
    const lines = coverage.complaints(new Map());
    expect(lines).toHaveLength(coverage.total - 1);
    expect(lines.every((line) => line.startsWith('never happened: '))).toBe(true);
  });

  it('asks for the effects of faults in the common profile alone', () => {
    const lines = new Coverage().complaints(new Map([['link.cut', 2]]));
    const faults = lines.filter((line) => line.startsWith('never took effect: '));
    expect(faults).toEqual(FAULT_EFFECTS.filter((name) => name !== 'link.cut').map((name) => `never took effect: ${name}`));
  });
});

/** What two hundred loads or so may miss; the campaign of two thousand runs must reach it. */
const RARE =
  /^sometimes\.bl-(meta-down|member-down|primary-moved|forced-cancel|cancel|CANCELED|FAILED|PAUSING|failed-with|file-|again|start-refused|concurrent|control|repair|ever|ingested|metadata|wrong|provider|delayed|restart|pause|query|rollbacks).*$/;

it('loads come through each ordinary situation within two hundred runs', () => {
  const coverage = new Coverage('bulk-load');
  const profile = { ...COMMON_PROFILE, kinds: subsystemKinds('bulk-load') };
  const { finding } = search({ seed: 20_261_123, runs: 200, forMs: Infinity, profile, watch: [coverage.watch] });
  expect(finding?.result.verdict).toBeUndefined();
  expect(coverage.notReached().map(({ id }) => id).filter((id) => !RARE.test(id))).toEqual([]);
});
