/** What an answer says that matters to people, in few words: statuses, flags, who and how far; no bytes, sums and sizes. */

const MOST_WORDS = 8;

/** `primaryStatus BLS_INGESTING, source/replica-0 ingestStatus IS_INVALID, isGroupIngestionFinished false`; '' when it says nothing. */
export function answerText(body: unknown): string {
  const words = [...new Set(wordsOf(body, '', 0))];
  return words.length <= MOST_WORDS ? words.join(', ') : `${words.slice(0, MOST_WORDS).join(', ')}, …`;
}

function wordsOf(value: unknown, name: string, depth: number): readonly string[] {
  if (typeof value === 'string') return (/^[A-Z]+_[A-Z_]+$/.test(value) && value !== 'ERR_OK') || name === 'primary' ? [`${name} ${value === '' ? 'none' : value}`] : [];
  if (typeof value === 'boolean') return depth < 2 ? [`${name} ${String(value)}`] : [];
  if (typeof value === 'number') return value !== 0 && /^(?:decree|ballot)|[a-z]Progress$/.test(name) ? [`${name} ${String(value)}`] : [];
  if (Array.isArray(value)) return value.every((v) => typeof v === 'string') ? nodesOf(value, name) : value.flatMap((v) => wordsOf(v, name, depth + 1));
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  return Object.entries(value).flatMap(([key, inner]) => wordsOf(inner, key, depth + 1).map((text) => (name.includes('/') ? `${name} ${text}` : text)));
}

function nodesOf(list: readonly string[], name: string): readonly string[] {
  return name === 'secondaries' ? [`${name} ${list.length === 0 ? 'none' : list.join(' ')}`] : [];
}
