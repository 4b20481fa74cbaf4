/**
 * Breadth-first search of the model by itself: every reachable state of a scope, the state predicates in each of
 * them.
 */
import { candidates, type Scope, type Transition } from '../../model/enabled.ts';
import type { ModelEvent } from '../../model/events.ts';
import { nextAll } from '../../model/next.ts';
import { RULES } from '../../model/rules/index.ts';
import type { RuleTable } from '../../model/rules/rule.ts';
import { init, type ModelState } from '../../model/state.ts';
import { STATE_PREDICATES, type StatePredicate } from '../registry/index.ts';
import { stateKey } from './key.ts';

export interface Exploration {
  readonly scope: string;
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  /** False when the limit of states ended the search. */
  readonly complete: boolean;
  readonly violation:
    { readonly property: string; readonly message: string; readonly trace: readonly ModelEvent[] } | undefined;
}

export interface ExploreOptions {
  readonly rules?: RuleTable;
  readonly predicates?: readonly StatePredicate[];
  readonly symmetry?: boolean;
  readonly maxStates?: number;
}

interface Visited {
  readonly parent: Visited | undefined;
  readonly by: Transition;
}

export function explore(scope: Scope, options: ExploreOptions = {}): Exploration {
  const { rules = RULES, predicates = STATE_PREDICATES, symmetry = true, maxStates = 200_000 } = options;
  const start = nextAll(init(scope.config), scope.start);
  if (start === undefined) throw new Error(`the rules refuse the start of scope ${scope.name}`);
  const seen = new Set<string>([stateKey(start, symmetry)]);
  let frontier: { readonly state: ModelState; readonly visited: Visited }[] = [
    { state: start, visited: { parent: undefined, by: [] } },
  ];
  let transitions = 0;
  let depth = 0;
  const result = (complete: boolean, violation: Exploration['violation']): Exploration => ({
    scope: scope.name,
    states: seen.size,
    transitions,
    depth,
    complete,
    violation,
  });
  while (frontier.length > 0) {
    const next: typeof frontier = [];
    for (const { state, visited } of frontier) {
      for (const transition of candidates(state, scope)) {
        const reached = nextAll(state, transition, rules);
        if (reached === undefined) continue;
        transitions++;
        const key = stateKey(reached, symmetry);
        if (seen.has(key)) continue;
        seen.add(key);
        const child: Visited = { parent: visited, by: transition };
        const broken = firstBroken(predicates, reached);
        if (broken !== undefined) {
          depth++;
          return result(false, { ...broken, trace: traceOf(child) });
        }
        if (seen.size >= maxStates) return result(false, undefined);
        next.push({ state: reached, visited: child });
      }
    }
    if (next.length > 0) depth++;
    frontier = next;
  }
  return result(true, undefined);
}

function firstBroken(
  predicates: readonly StatePredicate[],
  state: ModelState,
): { readonly property: string; readonly message: string } | undefined {
  for (const predicate of predicates) {
    const message = predicate.broken(state);
    if (message !== undefined) return { property: predicate.id, message };
  }
  return undefined;
}

function traceOf(visited: Visited): readonly ModelEvent[] {
  const transitions: Transition[] = [];
  for (let at: Visited | undefined = visited; at !== undefined; at = at.parent) transitions.unshift(at.by);
  return transitions.flat();
}
