/** Two plans side by side: the one that fails and the nearest one that passes. */
import { partsOf } from '../../explain/parts.ts';
import { planLines } from '../../plan/text.ts';
import type { Plan } from '../../plan/types.ts';
import type { PlanPair } from './page/pageFinding.ts';

/** What stands before the steps: clusters, and settings. */
function shape(plan: Plan, kind: 'servers' | 'setting'): readonly string[] {
  return partsOf(plan).flatMap(({ part, text }) => (part.kind === kind ? [text] : []));
}

function trimmed(lines: readonly string[]): readonly string[] {
  return lines.map((line) => line.trim());
}

/** A step's line without its number and time: what is still the same step when others before it go. */
function deed(line: string): string {
  return line.replace(/^\d+\s+\+\d+ ms\s+/, '');
}

/** Where two lists run alike, each line beside its own; a line that one of them lacks stands beside ''. */
export function aligned(here: readonly string[], there: readonly string[]): readonly PlanPair[] {
  // Longest common subsequence: plans are short.
  const longest = Array.from({ length: here.length + 1 }, () => Array.from({ length: there.length + 1 }, () => 0));
  const at = (i: number, j: number): number => longest[i]?.[j] ?? 0;
  const alike = (i: number, j: number): boolean => deed(here[i] ?? '') === deed(there[j] ?? '');
  for (let i = here.length - 1; i >= 0; i -= 1) {
    const row = longest[i] ?? [];
    for (let j = there.length - 1; j >= 0; j -= 1) row[j] = alike(i, j) ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const pairs: PlanPair[] = [];
  let i = 0;
  let j = 0;
  while (i < here.length || j < there.length) {
    const [a, b] = [here[i], there[j]];
    if (a !== undefined && b !== undefined && alike(i, j)) {
      pairs.push({ here: a, there: b, same: a.replace(/^\d+/, '') === b.replace(/^\d+/, '') });
      i += 1;
      j += 1;
    } else if (a !== undefined && b !== undefined && at(i + 1, j + 1) === at(i, j)) {
      // Neither is found later: one was changed into the other.
      pairs.push({ here: a, there: b, same: false });
      i += 1;
      j += 1;
    } else if (b === undefined || (a !== undefined && at(i + 1, j) >= at(i, j + 1))) {
      pairs.push({ here: a ?? '', there: '', same: false });
      i += 1;
    } else {
      pairs.push({ here: '', there: b, same: false });
      j += 1;
    }
  }
  return pairs;
}

/** A setting that a plan does not name has its usual value. */
function usual({ here, there, same }: PlanPair): PlanPair {
  const name = (here === '' ? there : here).replace(/=.*$/, '');
  return { here: here === '' ? `${name} as usual` : here, there: there === '' ? `${name} as usual` : there, same };
}

/** Clusters and steps in full; of the settings only those that differ. */
export function pairsOf(here: Plan, there: Plan): readonly PlanPair[] {
  return [
    ...aligned(shape(here, 'servers'), shape(there, 'servers')),
    ...aligned(shape(here, 'setting'), shape(there, 'setting')).filter((pair) => !pair.same).map(usual),
    ...aligned(trimmed(planLines(here)), trimmed(planLines(there))),
  ];
}
