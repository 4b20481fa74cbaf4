/** The table of all rules: one for each kind of event. */
import type { ModelEvent } from '../events.ts';
import type { ModelState } from '../state.ts';
import type { Violation } from '../violation.ts';
import { ended, flushed, listed, manualFlag, removed } from './checkpoint.ts';
import { answered, attemptSent, invoked } from './commands.ts';
import { configStored } from './configs.ts';
import { adopted } from './adoption.ts';
import { dupErased, dupProgressStored, dupStored } from './duplication.ts';
import { dupSent, dupShipped, dupSkipped, dupStarted, dupStopped } from './duplicationShip.ts';
import { dupReported, dupSynced, dupTold, followerAsked } from './duplicationSync.ts';
import { closed, gone, loadFailed, opened } from './lifecycle.ts';
import { beaconAcked, readServed } from './liveness.ts';
import { initInfoStored, learnAnswered, listCut, logReplaced, storageReplaced } from './learning.ts';
import { fileCreated, fileRemoved, survived, written } from './log.ts';
import { acked, applied, committed, prepared } from './replication.ts';
import { status } from './roles.ts';
import { ingested, ingestionAnswered, ingestionSent, providerPut, providerRemoved } from './ingestion.ts';
import { loadPartitionStored } from './loadPartitions.ts';
import { loadMemberReported, loadReported, loadWished, slot } from './loadReports.ts';
import { loadErased, loadStored } from './loads.ts';
import type { Rule, RuleTable } from './rule.ts';
import { throttleAnswered, throttleArrived, throttled, throttleTold } from './throttle.ts';
import { healed, started, stopped, struck, tableStored } from './world.ts';

export const RULES: RuleTable = {
  'replica.status': status,
  'replica.prepared': prepared,
  'replica.committed': committed,
  'replica.applied': applied,
  'replica.opened': opened,
  'replica.load-failed': loadFailed,
  'replica.closed': closed,
  'checkpoint.ended': ended,
  'checkpoint.manual-flag': manualFlag,
  'process.started': started,
  'process.stopped': stopped,
  'table.stored': tableStored,
  'config.stored': configStored,
  'log.written': written,
  'log.file-created': fileCreated,
  'log.file-removed': fileRemoved,
  'log.survived': survived,
  'prepare.acked': acked,
  'storage.flushed': flushed,
  'checkpoint.listed': listed,
  'checkpoint.removed': removed,
  'command.invoked': invoked,
  'attempt.sent': attemptSent,
  'command.answered': answered,
  'replica.gone': gone,
  'replica.list-cut': listCut,
  'learn.answered': learnAnswered,
  'storage.replaced': storageReplaced,
  'log.replaced': logReplaced,
  'init-info.stored': initInfoStored,
  'beacon.acked': beaconAcked,
  'read.served': readServed,
  'fault.struck': struck,
  'world.healed': healed,
  'dup.stored': dupStored,
  'dup.erased': dupErased,
  'dup.progress-stored': dupProgressStored,
  'dup.told': dupTold,
  'dup.synced': dupSynced,
  'dup.reported': dupReported,
  'dup.sent': dupSent,
  'follower.asked': followerAsked,
  'checkpoint.adopted': adopted,
  'dup.started': dupStarted,
  'dup.stopped': dupStopped,
  'dup.shipped': dupShipped,
  'dup.skipped': dupSkipped,
  'provider.put': providerPut,
  'provider.removed': providerRemoved,
  'load.stored': loadStored,
  'load.partition-stored': loadPartitionStored,
  'load.erased': loadErased,
  'load.wished': loadWished,
  'load.reported': loadReported,
  'load.member-reported': loadMemberReported,
  'ingestion.sent': ingestionSent,
  'ingestion.answered': ingestionAnswered,
  'storage.ingested': ingested,
  'load.slot': slot,
  'throttle.verdict': throttled,
  'throttle.told': throttleTold,
  'throttle.arrived': throttleArrived,
  'throttle.answered': throttleAnswered,
};

/** Names and property ids of all guards, and of the refusal of what the model does not know. */
export function ruleNames(rules: RuleTable = RULES): readonly { readonly name: string; readonly property: string }[] {
  const names = new Map<string, string>([['world/known', 'S8']]);
  for (const rule of Object.values(rules)) for (const { name, property } of rule.guards) names.set(name, property);
  return [...names].map(([name, property]) => ({ name, property }));
}

/** Runs the rule of an event's kind on a state that may be changed. */
export function applyRule(rules: RuleTable, state: ModelState, event: ModelEvent): Violation | undefined {
  const rule: Rule<ModelEvent> = rules[event.kind];
  return rule.apply(state, event);
}

/** The table with the guards of one property alone: all else is believed, whatever it is. */
export function rulesOf(property: string, rules: RuleTable = RULES): RuleTable {
  const kept = Object.entries(rules).map(([kind, one]: [string, Rule<never>]) => {
    const others = one.guards.filter((guard) => guard.property !== property);
    return [kind, others.reduce((left, guard) => left.without(guard.name), one)] as const;
  });
  return { ...rules, ...(Object.fromEntries(kept) as Partial<RuleTable>) };
}

/** A copy of the table in which one guard is missing everywhere. */
export function withoutGuard(name: string, rules: RuleTable = RULES): RuleTable {
  return {
    ...rules,
    'replica.status': rules['replica.status'].without(name),
    'replica.prepared': rules['replica.prepared'].without(name),
    'replica.committed': rules['replica.committed'].without(name),
    'replica.applied': rules['replica.applied'].without(name),
    'replica.opened': rules['replica.opened'].without(name),
    'prepare.acked': rules['prepare.acked'].without(name),
    'log.written': rules['log.written'].without(name),
    'log.file-removed': rules['log.file-removed'].without(name),
    'storage.flushed': rules['storage.flushed'].without(name),
    'checkpoint.listed': rules['checkpoint.listed'].without(name),
    'checkpoint.removed': rules['checkpoint.removed'].without(name),
    'checkpoint.ended': rules['checkpoint.ended'].without(name),
    'checkpoint.adopted': rules['checkpoint.adopted'].without(name),
    'dup.stored': rules['dup.stored'].without(name),
    'dup.progress-stored': rules['dup.progress-stored'].without(name),
    'dup.told': rules['dup.told'].without(name),
    'dup.reported': rules['dup.reported'].without(name),
    'dup.started': rules['dup.started'].without(name),
    'dup.shipped': rules['dup.shipped'].without(name),
    'table.stored': rules['table.stored'].without(name),
    'config.stored': rules['config.stored'].without(name),
    'replica.list-cut': rules['replica.list-cut'].without(name),
    'storage.replaced': rules['storage.replaced'].without(name),
    'log.replaced': rules['log.replaced'].without(name),
    'load.stored': rules['load.stored'].without(name),
    'load.partition-stored': rules['load.partition-stored'].without(name),
    'load.wished': rules['load.wished'].without(name),
    'load.member-reported': rules['load.member-reported'].without(name),
    'load.reported': rules['load.reported'].without(name),
    'ingestion.sent': rules['ingestion.sent'].without(name),
    'ingestion.answered': rules['ingestion.answered'].without(name),
    'storage.ingested': rules['storage.ingested'].without(name),
  };
}
