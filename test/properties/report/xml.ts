/** A small strict reader of XML 1.0 without namespaces, comments, CDATA and declarations of its own: what it does not know is an error. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  /** Of the element itself, not of its children. */
  readonly text: string;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
/** Outside of XML's Char production. */
const NO_CHAR = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;

export function readXml(source: string): Element {
  if (NO_CHAR.test(source)) throw new Error('a character that XML does not have');
  const body = source.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, '');
  const { element, end } = elementAt(body, 0);
  if (body.slice(end).trim() !== '') throw new Error(`something behind the root at ${String(end)}`);
  return element;
}

function decoded(text: string): string {
  if (/[<"]|\]\]>/.test(text)) throw new Error(`not escaped: ${text}`);
  return text.replaceAll(/&([^;&]*);?/g, (whole, name: string) => {
    const char = ENTITIES[name];
    if (char === undefined || !whole.endsWith(';')) throw new Error(`no entity: ${whole}`);
    return char;
  });
}

function elementAt(source: string, at: number): { readonly element: Element; readonly end: number } {
  const open = /<([A-Za-z][\w.-]*)((?:\s+[A-Za-z][\w.-]*="[^"<]*")*)\s*(\/?)>/y;
  open.lastIndex = at;
  const [whole, name, written, closed] = open.exec(source) ?? [];
  if (whole === undefined || name === undefined) throw new Error(`no element at ${String(at)}: ${source.slice(at, at + 40)}`);
  const attributes: Record<string, string> = {};
  for (const [, key = '', value = ''] of (written ?? '').matchAll(/([\w.-]+)="([^"]*)"/g)) {
    if (key in attributes) throw new Error(`${key} twice`);
    attributes[key] = decoded(value);
  }
  let end = at + whole.length;
  if (closed === '/') return { element: { name, attributes, children: [], text: '' }, end };
  const children: Element[] = [];
  let text = '';
  for (;;) {
    const next = source.indexOf('<', end);
    if (next < 0) throw new Error(`${name} is not closed`);
    text += decoded(source.slice(end, next));
    if (source.startsWith(`</${name}>`, next)) return { element: { name, attributes, children, text }, end: next + name.length + 3 };
    const child = elementAt(source, next);
    children.push(child.element);
    end = child.end;
  }
}
