/** `pegasus-check explore --scope NAME [--json]`: searches the model of a small scope and prints what it found. */
import { describe } from '../../model/rules/rule.ts';
import { explore, type Exploration } from './explore.ts';
import { SCOPES } from './scopes.ts';

export interface ExploreIo {
  out(line: string): void;
  err(line: string): void;
}

/** Exit codes: 0 nothing found, 1 a violation, 2 no such scope. */
export function runExplore(options: { readonly scope: string; readonly json: boolean }, io: ExploreIo): number {
  const scope = SCOPES.find(({ name }) => name === options.scope);
  if (scope === undefined) {
    io.err(`no scope named ${options.scope}; known: ${SCOPES.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  const found = explore(scope);
  if (options.json) io.out(JSON.stringify({ ...found, violation: found.violation ?? null }));
  else for (const line of text(found)) io.out(line);
  return found.violation === undefined ? 0 : 1;
}

function text({ scope, states, transitions, depth, complete, violation }: Exploration): readonly string[] {
  const stopped = violation === undefined ? 'stopped at the limit' : 'stopped at a violation';
  const end = complete ? 'complete' : stopped;
  const head = `${scope}: ${states} states, ${transitions} transitions, depth ${depth}, ${end}`;
  if (violation === undefined) return [head, 'every state keeps every state predicate'];
  return [
    head,
    `${violation.property}: ${violation.message}`,
    ...violation.trace.map((event, i) => `${String(i + 1).padStart(4)}  ${describe(event)}`),
  ];
}
