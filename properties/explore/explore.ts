/**
 * Breadth-first search of the model by itself: every reachable state of a scope, the state predicates in each of
 * them; and, where a scope names an end, that it can be reached from each of them.
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
  /** States that lead here, and whether this is an end; both only where the scope names one. */
  readonly from: Visited[];
  readonly isEnd: boolean;
}

export function explore(scope: Scope, options: ExploreOptions = {}): Exploration {
  const { rules = RULES, predicates = STATE_PREDICATES, symmetry = true, maxStates = 200_000 } = options;
  const start = nextAll(init(scope.config), scope.start);
  if (start === undefined) throw new Error(`the rules refuse the start of scope ${scope.name}`);
  const { end } = scope;
  const first: Visited = { parent: undefined, by: [], from: [], isEnd: end?.holds(start) === true };
  const seen = new Map<string, Visited>([[stateKey(start, symmetry), first]]);
  let frontier: { readonly state: ModelState; readonly visited: Visited }[] = [{ state: start, visited: first }];
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
        const known = seen.get(key);
        if (known !== undefined) {
          if (end !== undefined) known.from.push(visited);
          continue;
        }
        const child: Visited = { parent: visited, by: transition, from: [visited], isEnd: end?.holds(reached) === true };
        seen.set(key, child);
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
  const stuck = end === undefined ? undefined : firstStuck([...seen.values()]);
  if (end === undefined || stuck === undefined) return result(true, undefined);
  return result(true, { property: end.property, message: `out of reach: ${end.sentence}`, trace: traceOf(stuck) });
}

/** The first state, in the order of the search, from which no end can be reached. */
function firstStuck(all: readonly Visited[]): Visited | undefined {
  const leads = new Set<Visited>(all.filter(({ isEnd }) => isEnd));
  // What is added meanwhile is visited as well.
  for (const one of leads) for (const before of one.from) leads.add(before);
  return all.find((one) => !leads.has(one));
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
