/**
 * The model's step, three times from the same rules: `next` over an immutable state (immer: time travel, patches for
 * reports), `step` over a private plain tree (the hunt's hot path), `nextAll` over a copy (the search of the model by
 * itself).
 */
import { enablePatches, Immer, type Patch } from 'immer';
import type { ModelEvent } from './events.ts';
import { fork } from './fork.ts';
import { applyRule, RULES } from './rules/index.ts';
import type { RuleTable } from './rules/rule.ts';
import type { ModelState } from './state.ts';
import type { Violation } from './violation.ts';

enablePatches();
// Not frozen: a `step` tree and a `next` tree may share what `init` or an event brought.
const immer = new Immer({ autoFreeze: false });

export type Next =
  { readonly state: ModelState; readonly patches: readonly Patch[] } | { readonly violation: Violation };

/** The state after an event, and what changed; or the broken rule. The given state stays as it is. */
export function next(state: ModelState, event: ModelEvent, rules: RuleTable = RULES): Next {
  const draft = immer.createDraft(state);
  const violation = applyRule(rules, draft, event);
  if (violation !== undefined) {
    // `violation` holds texts only, nothing of the draft; the draft is dropped.
    return { violation };
  }
  let patches: readonly Patch[] = [];
  const after = immer.finishDraft(draft, (forward) => {
    patches = forward;
  });
  return { state: after, patches };
}

/**
 * The state after several events, or undefined when a rule refuses one of them: for searches, which need neither patches
 * nor reasons. The given state stays as it is.
 */
export function nextAll(
  state: ModelState,
  events: readonly ModelEvent[],
  rules: RuleTable = RULES,
): ModelState | undefined {
  const copy = fork(state, events);
  for (const event of events) if (applyRule(rules, copy, event) !== undefined) return undefined;
  return copy;
}

/** Changes the state in place. After a violation the state is not to be used any more. */
export function step(state: ModelState, event: ModelEvent, rules: RuleTable = RULES): Violation | undefined {
  return applyRule(rules, state, event);
}
