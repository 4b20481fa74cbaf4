/**
 * What a table's throttling envs mean (thr 2, 3, 6), written from the sheet alone: how a value reads, why it is refused,
 * and what is left of it for one partition. T2, T5 and thr.3 are decided as docs/departures.md says.
 */

/** One partition's share of a window's limits; a limit of 0 is none. Waits are milliseconds. */
export interface WindowLimits {
  readonly delayLimit: number;
  readonly delayMs: number;
  readonly rejectLimit: number;
  readonly rejectMs: number;
}

/** The envs that throttle by number or size within one second, and the one that throttles by a token bucket. */
export const WRITE_ENVS: readonly string[] = ['replica.write_throttling', 'replica.write_throttling_by_size'];
const WINDOW_ENVS = [...WRITE_ENVS, 'replica.read_throttling', 'replica.backup_request_throttling'];
export const BUCKET_ENV = 'replica.read_throttling_by_size';
export const THROTTLE_ENVS: readonly string[] = [...WINDOW_ENVS, BUCKET_ENV];

type Read<T> = { readonly value: T; readonly hint?: undefined } | { readonly hint: string };

interface Item {
  readonly kind: string;
  readonly units: bigint;
  readonly millis: bigint;
}

const LARGEST = 2n ** 64n - 1n;
/** thr.T2: beyond these nobody counts, and no timer waits. */
const MOST_UNITS = 2n ** 53n - 1n;
const LONGEST_MS = 2n ** 31n - 1n;

/** As C's strtoull reads with base 0: blanks in front, a sign, then hexadecimal, octal or decimal, and nothing more. */
const NUMBER = /^[ \t\n\v\f\r]*([+-]?)(0[xX][\da-fA-F]+|0[0-7]*|[1-9]\d*)$/;

function numberOf(text: string): bigint | undefined {
  const found = NUMBER.exec(text);
  const digits = found?.[2];
  if (digits === undefined) return undefined;
  const isOctal = /^0[0-7]/.test(digits);
  const value = BigInt(isOctal ? `0o${digits.slice(1)}` : digits);
  return value > LARGEST || (found?.[1] === '-' && value > 0n) ? undefined : value;
}

function unitsOf(text: string): Read<bigint> {
  const suffix = text.endsWith('K') ? 1024n : text.endsWith('M') ? 1_048_576n : 0n;
  const digits = suffix === 0n ? text : text.slice(0, -1);
  const number = numberOf(digits);
  if (number === undefined) return { hint: `'${digits}' should be an unsigned integer` };
  const value = suffix === 0n ? number : number * suffix;
  return value > LARGEST ? { hint: `'${digits}' result is overflow` } : { value };
}

const trim = (text: string): string => text.replace(/^[ \t]+/, '').replace(/[ \t\r\n]+$/, '');

/** What is wrong is told in the order of the sheet: number of parts, units, kind, milliseconds. */
function itemOf(text: string): Read<Item> {
  const parts = text.split('*').map(trim);
  const [first = '', kind = '', last = ''] = parts;
  if (parts.length !== 3) return { hint: `The field count of '${text}' separated by '*' must be 3` };
  const units = unitsOf(first);
  if (units.hint !== undefined) return units;
  if (!['delay', 'reject'].includes(kind)) return { hint: `'${kind}' should be 'delay' or 'reject'` };
  const millis = numberOf(last);
  if (millis === undefined) return { hint: `'${last}' should be an unsigned integer` };
  return { value: { kind, units: units.value, millis } };
}

function itemsOf(value: string): Read<readonly Item[]> {
  const texts = value.split(',').map(trim).filter((text) => text.length > 0);
  const items: Item[] = [];
  for (const text of texts) {
    const item = itemOf(text);
    if (item.hint !== undefined) return item;
    const { kind } = item.value;
    if (items.some((other) => other.kind === kind)) return { hint: `duplicate '${kind}' config` };
    items.push(item.value);
  }
  return items.length === 0 ? { hint: `The value shouldn't be empty` } : { value: items };
}

/** How many tokens a second the whole table has; undefined: the value is accepted and limits nothing. */
function tokensOf(value: string): Read<bigint | undefined> {
  const plain = unitsOf(value);
  if (plain.hint === undefined && plain.value > 0n) return plain;
  const alone = itemOf(value);
  if (alone.hint === undefined && alone.value.kind === 'delay') return { value: undefined };
  const items = itemsOf(value);
  if (items.hint !== undefined) return items;
  const reject = items.value.find(({ kind }) => kind === 'reject')?.units ?? 0n;
  return reject > 0n ? { value: reject } : { hint: 'reject value should be greater than 0' };
}

/** Why the meta server refuses a value of an env (thr 2.2); undefined: it takes it, or the env does not throttle. */
export function throttleHint(key: string, value: string): string | undefined {
  if (key === BUCKET_ENV) return tokensOf(value).hint;
  return THROTTLE_ENVS.includes(key) ? itemsOf(value).hint : undefined;
}

const least = (a: bigint, b: bigint): number => Number(a < b ? a : b);
const shareOf = (units: bigint, partitionCount: number): bigint => units / BigInt(Math.max(1, partitionCount));

/** One partition's share of a value; undefined: nothing is limited, for want of a value or of one that can be read. */
export function windowLimits(value: string | undefined, partitionCount: number): WindowLimits | undefined {
  const items = value === undefined ? undefined : itemsOf(value);
  if (items === undefined || items.hint !== undefined) return undefined;
  const limit = (kind: string): number => {
    const units = items.value.find((item) => item.kind === kind)?.units ?? 0n;
    return units === 0n ? 0 : least(shareOf(units, partitionCount) + 1n, MOST_UNITS);
  };
  const wait = (kind: string): number => least(items.value.find((item) => item.kind === kind)?.millis ?? 0n, LONGEST_MS);
  return { delayLimit: limit('delay'), delayMs: wait('delay'), rejectLimit: limit('reject'), rejectMs: wait('reject') };
}

/** Tokens in a second that one partition has for reads, at least one (thr.T5); undefined: as many as it likes. */
export function bucketRate(value: string | undefined, partitionCount: number): number | undefined {
  const tokens = value === undefined ? undefined : tokensOf(value);
  if (tokens === undefined || tokens.hint !== undefined || tokens.value === undefined) return undefined;
  return Math.max(1, Number(shareOf(tokens.value, partitionCount)));
}

/** How long the caller waits at least: never more than half of its patience, when it has one. */
export function waitWithin(timeoutMs: number, waitMs: number): number {
  return timeoutMs > 0 ? Math.min(waitMs, Math.floor(timeoutMs / 2)) : waitMs;
}

/**
 * When a bucket is empty after `cost` was taken from it at `nowS`, in seconds: what is missing is taken from the time to
 * come (thr 6, and thr.T4: however much it is).
 */
export function emptyAfter(emptyS: number, cost: number, nowS: number, rate: number): number {
  const full = Math.max(emptyS, nowS - 1);
  return full + cost / rate;
}
