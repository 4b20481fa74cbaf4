/**
 * Words of a shell line: how one is written so that the shell reads it back as it is, and how a line is split into
 * words. A quoted word stands between double quotes; in it a backslash stands before `"`, `\` and `xNN` (a byte in hex).
 */

const PLAIN = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-=,/<>#';

function isPlain(word: string): boolean {
  for (let i = 0; i < word.length; i++) if (!PLAIN.includes(word.charAt(i))) return false;
  return word !== '';
}

/** A word as it stands, or in quotes where the shell would split or change it; bytes that do not print as `\xNN`. */
export function quote(word: string): string {
  if (isPlain(word)) return word;
  let quoted = '"';
  for (let i = 0; i < word.length; i++) {
    const character = word.charAt(i);
    const code = word.charCodeAt(i);
    if (character === '"' || character === '\\') quoted += `\\${character}`;
    else if (code < 0x20 || code > 0x7e) quoted += `\\x${code.toString(16).padStart(2, '0').toUpperCase()}`;
    else quoted += character;
  }
  return `${quoted}"`;
}

export function joinWords(words: readonly string[]): string {
  return words.map(quote).join(' ');
}

/** The words of a line; a string: why it cannot be split. */
export function splitWords(line: string): readonly string[] | string {
  const words: string[] = [];
  for (let at = 0; at < line.length; ) {
    const character = line.charAt(at);
    if (character === ' ' || character === '\t') {
      at++;
      continue;
    }
    const end = character === '"' ? closingQuote(line, at + 1) : wordEnd(line, at);
    if (end < 0) return 'a quote is not closed';
    const word = character === '"' ? unescaped(line.slice(at + 1, end)) : line.slice(at, end);
    if (word === undefined) return 'a backslash stands before something else than ", \\ or xNN';
    words.push(word);
    at = character === '"' ? end + 1 : end;
  }
  return words;
}

function wordEnd(line: string, from: number): number {
  let at = from;
  while (at < line.length && line.charAt(at) !== ' ' && line.charAt(at) !== '\t') at++;
  return at;
}

function closingQuote(line: string, from: number): number {
  for (let at = from; at < line.length; at++) {
    if (line.charAt(at) === '\\') at++;
    else if (line.charAt(at) === '"') return at;
  }
  return -1;
}

function unescaped(text: string): string | undefined {
  let word = '';
  for (let at = 0; at < text.length; at++) {
    if (text.charAt(at) !== '\\') {
      word += text.charAt(at);
      continue;
    }
    const next = text.charAt(++at);
    if (next === '"' || next === '\\') {
      word += next;
      continue;
    }
    const hex = text.slice(at + 1, at + 3);
    if (next !== 'x' || !/^[0-9A-Fa-f]{2}$/.test(hex)) return undefined;
    word += String.fromCharCode(Number.parseInt(hex, 16));
    at += 2;
  }
  return word;
}
