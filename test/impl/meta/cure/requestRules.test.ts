/** request_check and maintain_drops (repl 1.1, 1.10): what each type may make of the stored members. */
import { describe, expect, it } from 'vitest';
import { RequestRules } from '../../../../impl/meta/cure/requestRules.ts';
import type { ConfigType, PartitionConfig } from '../../../../model/vocabulary.ts';
import { A, B, C, D, configOf } from './views.ts';

const rules = new RequestRules();
const group = (primary: string, ...secondaries: string[]): Partial<PartitionConfig> => ({ primary, secondaries });

describe('request_check', () => {
  it.each<readonly [ConfigType, string, Partial<PartitionConfig>, Partial<PartitionConfig>, boolean]>([
    ['CT_ASSIGN_PRIMARY', A, group(''), group(A), true],
    ['CT_ASSIGN_PRIMARY', A, group(''), group(A, B), false],
    ['CT_ASSIGN_PRIMARY', A, group(''), group(B), false],
    ['CT_ASSIGN_PRIMARY', A, group('', B), group(A), false],
    ['CT_ASSIGN_PRIMARY', A, group(B), group(A), false],
    ['CT_UPGRADE_TO_PRIMARY', B, group('', B, C), group(B, C), true],
    ['CT_UPGRADE_TO_PRIMARY', B, group('', B, C), group(B), false],
    ['CT_UPGRADE_TO_PRIMARY', B, group('', B, C), group(B, C, B), false],
    ['CT_UPGRADE_TO_PRIMARY', B, group(A, B, C), group(B, C), false],
    ['CT_UPGRADE_TO_PRIMARY', D, group('', B, C), group(D, B, C), false],
    ['CT_UPGRADE_TO_SECONDARY', D, group(A, B, C), group(A, C, D, B), true],
    ['CT_UPGRADE_TO_SECONDARY', D, group(A, B), group(A, D), false],
    ['CT_UPGRADE_TO_SECONDARY', B, group(A, B), group(A, B, B), false],
    ['CT_UPGRADE_TO_SECONDARY', A, group(A, B), group(A, B, A), false],
    ['CT_UPGRADE_TO_SECONDARY', D, group('', B), group('', B, D), false],
    ['CT_UPGRADE_TO_SECONDARY', D, group(A, B), group(C, B, D), false],
    ['CT_DOWNGRADE_TO_SECONDARY', A, group(A, B), group('', B, A), true],
    ['CT_DOWNGRADE_TO_SECONDARY', A, group(A, B), group('', B), false],
    ['CT_DOWNGRADE_TO_SECONDARY', B, group(A, B), group('', B, A), false],
    ['CT_DOWNGRADE_TO_INACTIVE', B, group(A, B, C), group(A, C), true],
    ['CT_DOWNGRADE_TO_INACTIVE', A, group(A, B, C), group('', C, B), true],
    ['CT_DOWNGRADE_TO_INACTIVE', A, group(A, B, C), group(B, C), false],
    ['CT_DOWNGRADE_TO_INACTIVE', B, group('', B, C), group('', C), true],
    ['CT_DOWNGRADE_TO_INACTIVE', D, group(A, B, C), group(A, B, C), false],
    ['CT_DOWNGRADE_TO_INACTIVE', B, group(A, B, C), group(A), false],
    ['CT_REMOVE', C, group(A, B, C), group(A, B), true],
    ['CT_REMOVE', C, group(A, B, C), group(A, C), false],
    ['CT_PRIMARY_FORCE_UPDATE_BALLOT', A, group(A, B, C), group(A, C, B), true],
    ['CT_PRIMARY_FORCE_UPDATE_BALLOT', A, group(A, B, C), group(A, B), false],
    ['CT_PRIMARY_FORCE_UPDATE_BALLOT', B, group(A, B, C), group(A, B, C), false],
    ['CT_ADD_SECONDARY', D, group(A, B), group(A, B, D), false],
  ])('%s of %s: %o -> %o: %s', (type, node, before, after, legal) => {
    const config = configOf({ ...after, ballot: 6 });
    expect(rules.requestCheck(configOf(before), { type, node, config })).toBe(legal);
  });

  it('CT_ADD_SECONDARY is a proposal only', () => {
    expect(rules.isLegalType('CT_ADD_SECONDARY')).toBe(false);
    expect(rules.isLegalType('CT_UPGRADE_TO_SECONDARY')).toBe(true);
  });
});

describe('last_drops', () => {
  it.each<readonly [readonly string[], string, ConfigType, readonly string[]]>([
    [[], A, 'CT_DOWNGRADE_TO_INACTIVE', [A]],
    [[A, B], C, 'CT_REMOVE', [A, B, C]],
    [[A, B, C], D, 'CT_DOWNGRADE_TO_INACTIVE', [B, C, D]],
    [[A, B], B, 'CT_UPGRADE_TO_SECONDARY', [A]],
    [[A, B], A, 'CT_ASSIGN_PRIMARY', [B]],
    [[A, B], A, 'CT_UPGRADE_TO_PRIMARY', [B]],
    [[A, B], C, 'CT_PRIMARY_FORCE_UPDATE_BALLOT', [A, B]],
    [[A, B], C, 'CT_DOWNGRADE_TO_SECONDARY', [A, B]],
    [[A, B], A, 'CT_DOWNGRADE_TO_INACTIVE', [B, A]],
  ])('%o, %s by %s: %o', (before, node, type, after) => {
    expect(rules.maintainDrops(before, node, type)).toEqual(after);
  });

  it('and max_replica_count are never taken from a request', () => {
    const stored = configOf({ primary: A, secondaries: [B, C], lastDrops: [D] });
    const config = { ...stored, ballot: 6, secondaries: [C], lastDrops: [], maxReplicaCount: 9, lastCommittedDecree: 4 };
    expect(rules.nextConfig(stored, { type: 'CT_REMOVE', node: B, config })).toEqual({
      ...stored,
      ballot: 6,
      secondaries: [C],
      lastDrops: [D, B],
      lastCommittedDecree: 4,
    });
  });

  it('gets a dead primary, even the last of all', () => {
    const alone = configOf({ primary: A, lastDrops: [B, C, D], lastCommittedDecree: 7 });
    expect(rules.withoutPrimary(alone)).toEqual({
      type: 'CT_DOWNGRADE_TO_INACTIVE',
      node: A,
      config: { ...alone, ballot: 6, primary: '', lastDrops: [C, D, A] },
    });
    expect(rules.requestCheck(alone, rules.withoutPrimary(alone))).toBe(true);
  });
});
