/** CSV as RFC 4180 has it: fields between commas, quoted ones may hold commas, doubled quotes and line ends. */

export interface CsvRecord {
  /** Of the first of its lines, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** `lines` without their line ends (a closing CR is cut). Blank lines between records are skipped. */
export function csvRecords(lines: readonly string[], bad: (line: number, what: string) => Error): CsvRecord[] {
  const records: CsvRecord[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = at + 1;
    let text = lines[at++] ?? '';
    if (text.trim() === '') continue;
    while (isOpen(text)) {
      const more = lines[at++];
      if (more === undefined) throw bad(line, 'a quote that is not closed');
      text += `\n${more}`;
    }
    records.push({ line, fields: fieldsOf(text.endsWith('\r') ? text.slice(0, -1) : text, (what) => bad(line, what)) });
  }
  return records;
}

/** An odd number of quotes: the record goes on in the next line. */
function isOpen(text: string): boolean {
  let quotes = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) quotes++;
  return quotes % 2 === 1;
}

function fieldsOf(text: string, bad: (what: string) => Error): readonly string[] {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    const quoted = text.charAt(at) === '"';
    const end = quoted ? closingQuote(text, at + 1) + 1 : commaFrom(text, at);
    const field = quoted ? text.slice(at + 1, end - 1).replaceAll('""', '"') : text.slice(at, end);
    if (!quoted && field.includes('"')) throw bad('a quote inside a field that does not begin with one');
    if (quoted && end < text.length && text.charAt(end) !== ',') throw bad('text behind a closing quote');
    fields.push(field);
    if (end >= text.length) return fields;
    at = end + 1;
  }
}

function commaFrom(text: string, at: number): number {
  const comma = text.indexOf(',', at);
  return comma < 0 ? text.length : comma;
}

/** The quotes of a record are even in number, so there is one. */
function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text.charAt(at + 1) !== '"') return at;
  }
  return text.length;
}
