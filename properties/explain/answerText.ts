/** What an answer says that matters to people, in few words: statuses, flags, who and how far; no bytes, sums and sizes. */

const MOST_WORDS = 8;

/**
 * `primaryStatus BLS_INGESTING, source/replica-0 ingestStatus IS_INVALID, isGroupIngestionFinished false`; '' when it says nothing. `about`:
 * the partition that was asked about; '' for all.
 */
export function answerText(body: unknown, about: string): string {
  const words = [...new Set(wordsOf(body, '', 0, about))];
  return words.length <= MOST_WORDS ? words.join(', ') : `${words.slice(0, MOST_WORDS).join(', ')}, …`;
}

function wordsOf(value: unknown, name: string, depth: number, about: string): readonly string[] {
  if (typeof value === 'string') return (/^[A-Z]+_[A-Z_]+$/.test(value) && value !== 'ERR_OK') || name === 'primary' ? [`${name} ${value === '' ? 'none' : value}`] : [];
  if (typeof value === 'boolean') return depth < 2 ? [`${name} ${String(value)}`] : [];
  if (typeof value === 'number') return value !== 0 && /^(?:decree|ballot)|[a-z]Progress$/.test(name) ? [`${name} ${String(value)}`] : [];
  if (Array.isArray(value)) return value.every((v) => typeof v === 'string') ? nodesOf(value, name) : value.flatMap((v) => partWords(v, depth + 1, about));
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  return Object.entries(value).flatMap(([key, inner]) => wordsOf(inner, key, depth + 1, about).map((text) => (name.includes('/') ? `${name} ${text}` : text)));
}

/** One of a list: its partition goes before each of its words, when it has one and not just that one was asked about. */
function partWords(value: unknown, depth: number, about: string): readonly string[] {
  const gpid = typeof value === 'object' && value !== null && 'gpid' in value && typeof value.gpid === 'string' ? value.gpid : '';
  if (gpid !== '' && about !== '' && gpid !== about) return [];
  const words = wordsOf(value, '', depth, about);
  return gpid === '' || about !== '' || words.length === 0 ? words : [`${gpid} ${words.join(' ')}`];
}

function nodesOf(list: readonly string[], name: string): readonly string[] {
  return name === 'secondaries' ? [`${name} ${list.length === 0 ? 'none' : list.join(' ')}`] : [];
}
