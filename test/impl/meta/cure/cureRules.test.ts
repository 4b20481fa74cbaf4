/** The sheet's rules of repl 1.10 as tables: who may become primary, who is added, who is removed. */
import { describe, expect, it } from 'vitest';
import type { ProposalType } from '../../../../impl/meta/cure/cureView.ts';
import type { Settings } from '../../../../impl/settings.ts';
import { A, B, C, D, NODES, configOf, drop, rulesWith, text, viewOf } from './views.ts';
import type { ViewOptions } from './views.ts';

type Row = readonly [what: string, options: ViewOptions, decision: string, settings?: Partial<Settings>];

function table(rows: readonly Row[]): void {
  for (const [what, options, decision, settings] of rows) {
    it(`${what}`, () => {
      expect(text(rulesWith(settings).cure(viewOf(options)))).toBe(decision);
    });
  }
}

const BC = { secondaries: [B, C] };

describe('a primary is missing, and there are secondaries (rule 1)', () => {
  table([
    ['the one with fewest primaries of the table', { config: BC, loads: { B: [2, 2, 2, 2], C: [1, 5, 9, 9] } }, 'CT_UPGRADE_TO_PRIMARY C'],
    ['then fewest replicas of the table', { config: BC, loads: { B: [1, 3, 1, 1], C: [1, 2, 9, 9] } }, 'CT_UPGRADE_TO_PRIMARY C'],
    ['then fewest primaries', { config: BC, loads: { B: [1, 2, 4, 4], C: [1, 2, 3, 9] } }, 'CT_UPGRADE_TO_PRIMARY C'],
    ['then fewest replicas', { config: BC, loads: { B: [1, 2, 4, 4], C: [1, 2, 4, 3] } }, 'CT_UPGRADE_TO_PRIMARY C'],
    ['then the first', { config: BC }, 'CT_UPGRADE_TO_PRIMARY B'],
    ['only one that is alive', { config: BC, dead: [C], loads: { B: [9, 9, 9, 9] } }, 'CT_UPGRADE_TO_PRIMARY B'],
    ['none alive: wait, whoever else is there', { config: { ...BC, lastDrops: [A] }, dead: [B, C] }, '(no-secondary-alive)'],
    ['one that refused lets the next one try', { config: BC, passedOver: [B] }, 'CT_UPGRADE_TO_PRIMARY C'],
    ['when all have refused they are asked again', { config: BC, passedOver: [B, C] }, 'CT_UPGRADE_TO_PRIMARY B'],
    ['nobody that is alive has refused', { config: BC, passedOver: [B], dead: [C] }, 'CT_UPGRADE_TO_PRIMARY B'],
  ]);
});

describe('a new partition (rule 2)', () => {
  table([
    ['any server that is alive, the one with fewest primaries', { dead: [A], loads: { B: [1, 1, 1, 1] } }, 'CT_ASSIGN_PRIMARY C'],
    ['no server alive', { dead: NODES }, '(no-node-alive)'],
    ['one that refused is passed over', { passedOver: [A] }, 'CT_ASSIGN_PRIMARY B'],
  ]);
});

describe('all replicas have dropped out (rule 3, DDD)', () => {
  const two = { lastDrops: [A, B, C] };
  table([
    ['the only one, whatever it reports', { config: { lastDrops: [B], lastCommittedDecree: 9 } }, 'CT_ASSIGN_PRIMARY B'],
    ['the only one is dead', { config: { lastDrops: [B] }, dead: [B] }, '(last-drop-dead)'],
    ['the one before the last is dead', { config: two, dead: [B], collected: { B: [1, 1, 1], C: [1, 1, 1] } }, '(last-drop-dead)'],
    ['the last is dead', { config: two, dead: [C], collected: { B: [1, 1, 1], C: [1, 1, 1] } }, '(last-drop-dead)'],
    ['an older drop need not be back', { config: two, dead: [A], collected: { B: [1, 1, 1], C: [1, 1, 1] } }, 'CT_ASSIGN_PRIMARY C'],
    ['not collected yet', { config: two, collected: { A: [1, 1, 1], B: [1, 1, 1] } }, '(last-drop-not-collected)'],
    ['scanned, and lacks the replica', { config: two, collected: { B: [1, 1, 1], C: [-1, -1, -1] } }, 'CT_ASSIGN_PRIMARY B'],
    ['both lack it', { config: two, collected: { A: [1, 1, 1], B: [-1, -1, -1], C: [-1, -1, -1] } }, '(last-drops-without-replica)'],
    ['larger ballot, smaller decree', { config: two, collected: { B: [1, 0, 1], C: [0, 1, 1] } }, 'CT_ASSIGN_PRIMARY B'],
    ['the other way round', { config: two, collected: { B: [4, 3, 9], C: [5, 2, 9] } }, 'CT_ASSIGN_PRIMARY C'],
    ['larger ballot, and not what is committed', { config: two, collected: { B: [4, 3, 9], C: [5, 2, 2] } }, '(chosen-below-committed)'],
    ['prepared below what the meta server knows', { config: { ...two, lastCommittedDecree: 30 }, collected: { B: [1, 10, 15], C: [1, 15, 15] } }, '(prepared-below-committed)'],
    ['prepared exactly that', { config: { ...two, lastCommittedDecree: 15 }, collected: { B: [1, 10, 14], C: [1, 15, 15] } }, 'CT_ASSIGN_PRIMARY C'],
    ['prepared below what one of them has committed', { config: two, collected: { B: [1, 16, 15], C: [1, 15, 15] } }, '(prepared-below-committed)'],
    ['larger ballot, equal decrees', { config: two, collected: { B: [7, 2, 2], C: [6, 2, 9] } }, 'CT_ASSIGN_PRIMARY B'],
    ['larger ballot of the recent one', { config: two, collected: { B: [6, 2, 9], C: [7, 2, 2] } }, 'CT_ASSIGN_PRIMARY C'],
    ['equal ballots, larger committed decree', { config: { ...two, lastCommittedDecree: 2 }, collected: { B: [4, 3, 4], C: [4, 2, 4] } }, 'CT_ASSIGN_PRIMARY B'],
    ['then larger prepared decree', { config: two, collected: { B: [4, 2, 5], C: [4, 2, 4] } }, 'CT_ASSIGN_PRIMARY B'],
    ['the recent one on a tie', { config: two, collected: { B: [4, 2, 4], C: [4, 2, 4] } }, 'CT_ASSIGN_PRIMARY C'],
    ['the chosen one lost what the meta server knows', { config: { ...two, lastCommittedDecree: 15 }, collected: { B: [5, 10, 10], C: [4, 9, 20] } }, '(chosen-below-committed)'],
    ['the chosen one lost what the other one committed', { config: two, collected: { B: [5, 10, 8], C: [4, 10, 12] } }, '(chosen-below-committed)'],
    ['nobody is passed over', { config: two, collected: { B: [4, 2, 4], C: [4, 2, 4] }, passedOver: [C] }, 'CT_ASSIGN_PRIMARY C'],
  ]);
});

describe('secondaries are missing', () => {
  const ab = { primary: A, secondaries: [B] };
  const alone = { primary: A, secondaries: [] };
  const late = 600_000 + 1000;
  table([
    ['complete', { config: { primary: A, secondaries: [B, C] } }, 'healthy'],
    ['no drop list: the server with fewest replicas of the table', { config: ab, loads: { C: [0, 2, 0, 0], D: [0, 1, 9, 9] } }, 'CT_ADD_SECONDARY A D'],
    ['then fewest replicas', { config: ab, loads: { C: [0, 1, 0, 3], D: [0, 1, 9, 2] } }, 'CT_ADD_SECONDARY A D'],
    ['the last dropped is waited for', { config: ab, dead: [C], drops: [drop(C, 1000)], nowMs: late - 1 }, '(waits-for-last-drop)'],
    ['also when an older drop is back', { config: ab, dead: [C], drops: [drop(D, 900), drop(C, 1000)], nowMs: late - 1 }, '(waits-for-last-drop)'],
    ['and added as soon as it is alive', { config: ab, drops: [drop(D, 900), drop(C, 1000)], nowMs: 1001 }, 'CT_ADD_SECONDARY A C'],
    ['for replica_assign_delay_ms_for_dropouts only', { config: ab, dead: [C], drops: [drop(C, 1000)], nowMs: late }, 'CT_ADD_SECONDARY A D'],
    ['then the newest drop that is back', { config: ab, dead: [C], drops: [drop(D, 900), drop(C, 1000)], nowMs: late }, 'CT_ADD_SECONDARY A D'],
    ['a drop without a time is old', { config: ab, dead: [C], drops: [drop(C, 0)], nowMs: 5 }, 'CT_ADD_SECONDARY A D'],
    ['a black-listed drop is not waited for', { config: ab, drops: [drop(C, 1000)], nowMs: 1001 }, 'CT_ADD_SECONDARY A D', { assignSecondaryBlackList: [C] }],
    ['nor added for want of others', { config: ab, dead: [D], drops: [drop(C, 1000)], nowMs: 1001 }, '(no-candidate)', { assignSecondaryBlackList: [C] }],
    ['too few for a write: at once', { config: alone, dead: [C], drops: [drop(D, 900), drop(C, 1000)], nowMs: 1001 }, 'CT_ADD_SECONDARY A D'],
    ['too few, the drop list is dead', { config: alone, dead: [C, D], drops: [drop(D, 900), drop(C, 1000)], nowMs: 1001 }, 'CT_ADD_SECONDARY A B'],
    ['a table of two replicas waits although one is left', { config: { ...alone, maxReplicaCount: 2 }, dead: [B], drops: [drop(B, 1000)], nowMs: 1001 }, '(waits-for-last-drop)'],
    ['not when one is enough for a write', { config: { ...alone, maxReplicaCount: 2 }, dead: [B], drops: [drop(B, 1000)], nowMs: 1001 }, '(waits-for-last-drop)', { mutation2pcMinReplicaCount: 1 }],
    ['a majority of five', { config: { ...ab, maxReplicaCount: 5 }, dead: [C], drops: [drop(C, 1000)], nowMs: 1001 }, 'CT_ADD_SECONDARY A D', { mutation2pcMinReplicaCount: 0 }],
    ['nobody is free', { config: ab, dead: [C, D] }, '(no-candidate)'],
    ['a cursor of earlier tries', { config: alone, drops: [drop(D, 900), drop(C, 1000)], preferredDrop: 0, nowMs: 1001 }, 'CT_ADD_SECONDARY A D'],
    ['each drop had its turn: a stranger', { config: alone, drops: [drop(D, 900), drop(C, 1000)], preferredDrop: -1, nowMs: 1001, loads: { B: [9, 9, 9, 9] } }, 'CT_ADD_SECONDARY A B'],
    ['no stranger: anyone', { config: alone, dead: [B], drops: [drop(D, 900), drop(C, 1000)], preferredDrop: -1, nowMs: 1001 }, 'CT_ADD_SECONDARY A C'],
  ]);

  it('tries one dropout after the other, then one stranger, then begins again', () => {
    const drops = [drop(D, 900), drop(C, 1000)];
    const tried: string[] = [];
    let preferredDrop = 1;
    for (let i = 0; i < 5; i++) {
      const decision = rulesWith().cure(viewOf({ config: alone, drops, preferredDrop, nowMs: 1001 }));
      if (decision.kind !== 'propose') throw new Error(text(decision));
      tried.push(decision.proposal.node);
      preferredDrop = decision.preferredDrop;
    }
    expect(tried).toEqual([C, D, B, C, D]);
  });
});

describe('too many members', () => {
  const four = { primary: A, secondaries: [D, B, C] };
  table([
    ['the secondary whose server has most replicas', { config: four, loads: { B: [0, 0, 0, 4], C: [0, 0, 0, 3], D: [0, 0, 0, 2], A: [0, 0, 0, 9] } }, 'CT_REMOVE A B'],
    ['the first of equal ones', { config: four }, 'CT_REMOVE A D'],
    ['a table of one replica', { config: { ...four, maxReplicaCount: 1 } }, 'CT_REMOVE A D'],
  ]);
});

describe('a proposal stands', () => {
  const members = { primary: A, secondaries: [B] };
  const none = { secondaries: [B] };
  it.each<readonly [ProposalType, string, string, ViewOptions, boolean]>([
    ['CT_ASSIGN_PRIMARY', C, C, {}, true],
    ['CT_ASSIGN_PRIMARY', C, D, {}, false],
    ['CT_ASSIGN_PRIMARY', C, C, { dead: [C] }, false],
    ['CT_ASSIGN_PRIMARY', C, C, { config: members }, false],
    ['CT_ASSIGN_PRIMARY', B, B, { config: none }, false],
    ['CT_UPGRADE_TO_PRIMARY', B, B, { config: none }, true],
    ['CT_UPGRADE_TO_PRIMARY', B, B, { config: members }, false],
    ['CT_UPGRADE_TO_PRIMARY', C, C, { config: none }, false],
    ['CT_ADD_SECONDARY', A, C, { config: members }, true],
    ['CT_ADD_SECONDARY', A, B, { config: members }, false],
    ['CT_ADD_SECONDARY', B, C, { config: members }, false],
    ['CT_ADD_SECONDARY', A, C, { config: members, dead: [C] }, false],
    ['CT_ADD_SECONDARY', A, C, { config: members, dead: [A] }, false],
    ['CT_REMOVE', A, B, { config: members }, true],
    ['CT_REMOVE', A, C, { config: members }, false],
    ['CT_DOWNGRADE_TO_INACTIVE', A, B, { config: members }, true],
    ['CT_DOWNGRADE_TO_INACTIVE', B, B, { config: none }, false],
    ['CT_DOWNGRADE_TO_SECONDARY', A, A, { config: members }, true],
    ['CT_DOWNGRADE_TO_SECONDARY', B, B, { config: members }, false],
    ['CT_DOWNGRADE_TO_SECONDARY', A, B, { config: members }, false],
  ])('%s of %s about %s: %o -> %s', (type, target, node, options, valid) => {
    expect(rulesWith().isProposalValid(viewOf(options), { type, target, node })).toBe(valid);
  });
});

describe('a server is dead', () => {
  it.each([
    ['the primary', { primary: A, secondaries: [B] }, A, { kind: 'remove-primary' }],
    ['the primary, the last of all', { primary: A }, A, { kind: 'remove-primary' }],
    ['a secondary', { primary: A, secondaries: [B] }, B, { kind: 'propose', proposal: { type: 'CT_DOWNGRADE_TO_INACTIVE', target: A, node: B } }],
    ['a secondary without a primary', { secondaries: [B] }, B, { kind: 'none' }],
    ['no member', { primary: A, secondaries: [B] }, C, { kind: 'none' }],
    ['one that dropped out', { lastDrops: [C] }, C, { kind: 'none' }],
  ] as const)('%s', (_what, config, node, action) => {
    expect(rulesWith().onPartitionNodeDead(configOf(config), node)).toEqual(action);
  });
});

describe('frozen', () => {
  const nodes = Array.from({ length: 20 }, (_, i) => `n${i}`);
  it.each([
    [4, 4, 3, 65, false],
    [3, 4, 3, 65, false],
    [2, 3, 3, 65, true],
    [2, 3, 2, 65, false],
    [13, 20, 3, 65, false],
    [12, 20, 3, 65, true],
    [3, 20, 3, 0, false],
    [0, 0, 1, 0, true],
  ])('%i of %i alive, at least %i and %i %%: %s', (alive, all, minLive, percent, frozen) => {
    const rules = rulesWith({ minLiveNodeCountForUnfreeze: minLive, nodeLivePercentageThresholdForUpdate: percent });
    const up = new Set(nodes.slice(0, alive));
    expect(rules.isFrozen(nodes.slice(0, all), (node) => up.has(node))).toBe(frozen);
  });
});
