/**
 * Options of a shell line as GNU getopt_long reads them, which is how the shell's commands of bulk load read theirs
 * (bl 6.5): short ones may share a word (`-di 3`, `-at1`), long ones may be shortened and may carry their value behind
 * `=`; the last of several counts; what comes behind a lone `--`, and every word that is no option, is not looked at.
 */

/** Why a line is refused, for people; never leaves the modules that read lines. */
export class BadLine extends Error {}

/** By long name: the one letter, and whether a value follows. */
export type OptionTable = Readonly<Record<string, { readonly letter: string; readonly takesValue: boolean }>>;

/** By long name; '' for a flag that is set. Throws BadLine. */
export function getOptions(words: readonly string[], known: OptionTable): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--') break;
    const next = words[at + 1];
    if (word.startsWith('--')) at += readLong(word, next, known, found);
    else if (word.startsWith('-') && word !== '-') at += readLetters(word, next, known, found);
  }
  return found;
}

/** Answers how many of the following words it used. */
function readLong(word: string, next: string | undefined, known: OptionTable, found: Map<string, string>): 0 | 1 {
  const equals = word.indexOf('=');
  const given = equals < 0 ? word : word.slice(0, equals);
  const name = longName(given.slice(2), known);
  if (name === undefined) throw new BadLine(`unknown option ${given}`);
  if (known[name]?.takesValue !== true) {
    if (equals >= 0) throw new BadLine(`option --${name} takes no value`);
    found.set(name, '');
    return 0;
  }
  const value = equals >= 0 ? word.slice(equals + 1) : next;
  if (value === undefined) throw new BadLine(`option --${name} needs a value`);
  found.set(name, value);
  return equals >= 0 ? 0 : 1;
}

/** The name itself, or the only one that begins so. */
function longName(given: string, known: OptionTable): string | undefined {
  if (Object.hasOwn(known, given)) return given;
  const [name, second] = Object.keys(known).filter((long) => long.startsWith(given));
  return second === undefined ? name : undefined;
}

function readLetters(word: string, next: string | undefined, known: OptionTable, found: Map<string, string>): 0 | 1 {
  for (let i = 1; i < word.length; i++) {
    const letter = word.charAt(i);
    const name = Object.keys(known).find((long) => known[long]?.letter === letter);
    if (name === undefined) throw new BadLine(`unknown option -${letter}`);
    if (known[name]?.takesValue !== true) {
      found.set(name, '');
      continue;
    }
    const rest = word.slice(i + 1);
    const value = rest === '' ? next : rest;
    if (value === undefined) throw new BadLine(`option -${letter} needs a value`);
    found.set(name, value);
    return rest === '' ? 1 : 0;
  }
  return 0;
}

export function isInteger(word: string): boolean {
  return /^-?\d{1,15}$/.test(word);
}

/** A 32-bit whole number. Throws BadLine. */
export function integer(word: string, what: string): number {
  const value = isInteger(word) ? Number(word) : NaN;
  if (!(value >= -0x80000000 && value <= 0x7fffffff)) {
    throw new BadLine(`${what} must be a whole number, not ${word === '' ? 'an empty word' : word}`);
  }
  return value;
}
