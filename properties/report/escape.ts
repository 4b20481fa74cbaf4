/**
 * Text from anywhere (keys, values, paths, messages) made safe for where it is shown. Keys and values are bytes: they may hold control
 * characters, direction marks, or the very marks of the format.
 */

/** Control, format (direction marks, zero width), unassigned, surrogate, line and paragraph separators; a tab and a newline too. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cn}\p{Cs}\p{Zl}\p{Zp}]/gu;

function hex(char: string): string {
  return (char.codePointAt(0) ?? 0).toString(16);
}

/** What cannot be seen is shown by its code: `\u{202e}`. A line stays one line. */
export function visible(text: string): string {
  return text.replaceAll(UNSEEN, (char) => `\\u{${hex(char)}}`);
}

/** As `visible`, but newlines stay: for blocks of several lines. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n');
}

const XML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** For text and attributes of XML: also `]]>`, and what XML 1.0 has no way to say. */
export function xml(text: string): string {
  return visible(text).replaceAll(/[&<>"']/g, (char) => XML[char] ?? char);
}

/** For text of XML with newlines. */
export function xmlLines(text: string): string {
  return text.split('\n').map(xml).join('\n');
}

/**
 * For a sentence in Markdown, table cells too, but not at the beginning of a line: shown as it is, never as markup, a mention, a
 * reference or a link. An empty comment keeps `@name`, `#1` and addresses from being found by whoever renders it.
 */
export function markdown(text: string): string {
  return visible(text)
    .replaceAll(/[\\`*_{}[\]<>#|~&$]/g, (char) => `\\${char}`)
    .replaceAll(/@|\\#|:(?=\/\/)|www(?=\.)/gi, (mark) => `${mark}<!-- -->`);
}

/** An inline code span of any text; a space is kept inside where a backtick or nothing would touch the fence. */
export function code(text: string): string {
  const shown = visible(text);
  const fence = '`'.repeat(longestRun(shown) + 1);
  const padded = shown === '' || shown.startsWith('`') || shown.endsWith('`') || (shown.startsWith(' ') && shown.endsWith(' ')) ? ` ${shown} ` : shown;
  return `${fence}${padded}${fence}`;
}

/** The same in a cell of a table, where a bar ends the cell even inside code. */
export function codeCell(text: string): string {
  return code(text).replaceAll('|', '\\|');
}

/** A fenced block of lines. */
export function codeBlock(lines: readonly string[], language = ''): string {
  const shown = lines.map(visible);
  const fence = '`'.repeat(Math.max(3, longestRun(shown.join('\n')) + 1));
  return `${fence}${language}\n${shown.join('\n')}\n${fence}`;
}

function longestRun(text: string): number {
  let longest = 0;
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  return longest;
}
