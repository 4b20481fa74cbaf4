/** How `list` compares a table's name with its pattern (dup 3.2). */
import type { PatternMatchType } from '../../../model/vocabulary.ts';

/** Whether the name matches; undefined for a way of matching that is not built. */
export function matchesName(name: string, pattern: string, matchType: PatternMatchType): boolean | undefined {
  switch (matchType) {
    case 'ALL':
      return true;
    case 'EXACT':
      return name === pattern;
    case 'ANYWHERE':
      return name.includes(pattern);
    case 'PREFIX':
      return name.startsWith(pattern);
    case 'POSTFIX':
      return name.endsWith(pattern);
    case 'REGEX':
    case 'INVALID':
      return undefined;
  }
}
