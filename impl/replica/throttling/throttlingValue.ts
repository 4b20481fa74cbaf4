/**
 * What a throttling env of a table says (thr 2, 6): the window controllers' list of items, and the token bucket's short
 * forms. Pure; numbers are unsigned 64-bit and therefore bigint. A value that cannot be read gives upstream's hint.
 */

export interface ThrottlingItem {
  /** Requests or bytes in a second, of the whole table. */
  readonly units: bigint;
  /** How long the answer or the admission waits, milliseconds. */
  readonly millis: bigint;
}

export interface ThrottlingLimits {
  readonly delay: ThrottlingItem | undefined;
  readonly reject: ThrottlingItem | undefined;
}

/** What a token bucket is filled with. */
export interface TokenBucketLimit {
  /** Tokens in a second, of the whole table. */
  readonly limit: bigint;
  /** A value that only delays is accepted and limits nothing: a token bucket cannot delay. */
  readonly enabled: boolean;
}

/** A value, or why there is none. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly hint: string };

const MAX_U64 = (1n << 64n) - 1n;
const K = 1n << 10n;
const M = 1n << 20n;
/** What C skips before a number. */
const WHITE_SPACE = ' \t\n\v\f\r';
const OCTAL = 8;
const HEX = 16;

function failed(hint: string): { readonly ok: false; readonly hint: string } {
  return { ok: false, hint };
}

function parsed<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

// ------------------------------------------------------------------ numbers

function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : HEX;
}

/** Digits to the end of the text, at least one; undefined for anything else and beyond 64 bits. */
function digitsOf(text: string, from: number, base: number): bigint | undefined {
  if (from >= text.length) return undefined;
  let value = 0n;
  for (let at = from; at < text.length; at++) {
    const digit = digitOf(text.charCodeAt(at));
    if (digit >= base) return undefined;
    value = value * BigInt(base) + BigInt(digit);
    if (value > MAX_U64) return undefined;
  }
  return value;
}

/**
 * An unsigned 64-bit number as C reads one with base 0: decimal, `0x` hexadecimal, leading 0 octal, `+`, white space in
 * front. A minus is for zero alone. Undefined when the text is anything else.
 */
export function parseUint64(text: string): bigint | undefined {
  let at = 0;
  while (at < text.length && WHITE_SPACE.includes(text.charAt(at))) at++;
  const sign = text.charAt(at);
  if (sign === '+' || sign === '-') at++;
  const isOctal = text.charAt(at) === '0';
  const isHex = isOctal && text.charAt(at + 1).toLowerCase() === 'x';
  const value = isHex ? digitsOf(text, at + 2, HEX) : digitsOf(text, at, isOctal ? OCTAL : 10);
  return sign === '-' && value !== 0n ? undefined : value;
}

/** Units of an item: a number with `K` (1024) or `M` (1048576) behind it, or with nothing. */
export function parseUnits(text: string): Parsed<bigint> {
  const suffix = text.charAt(text.length - 1);
  const factor = suffix === 'K' ? K : suffix === 'M' ? M : 1n;
  const digits = factor === 1n ? text : text.slice(0, -1);
  const number = parseUint64(digits);
  if (number === undefined) return failed(`'${digits}' should be an unsigned integer`);
  const units = number * factor;
  return units > MAX_U64 ? failed(`'${digits}' result is overflow`) : parsed(units);
}

// ------------------------------------------------------------------ items

/** Blanks and tabs in front go; behind, ends of lines too. */
function trimmed(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && ' \t'.includes(text.charAt(from))) from++;
  while (to > from && ' \t\r\n'.includes(text.charAt(to - 1))) to--;
  return text.slice(from, to);
}

interface KindItem extends ThrottlingItem {
  readonly kind: 'delay' | 'reject';
}

/** One `units*kind*millis`; what is wrong is told in that order. */
function parseItem(item: string): Parsed<KindItem> {
  const fields = item.split('*').map(trimmed);
  const [unitsText, kind, millisText] = fields;
  if (unitsText === undefined || kind === undefined || millisText === undefined || fields.length !== 3) {
    return failed(`The field count of '${item}' separated by '*' must be 3`);
  }
  const units = parseUnits(unitsText);
  if (!units.ok) return units;
  if (kind !== 'delay' && kind !== 'reject') return failed(`'${kind}' should be 'delay' or 'reject'`);
  const millis = parseUint64(millisText);
  if (millis === undefined) return failed(`'${millisText}' should be an unsigned integer`);
  return parsed({ kind, units: units.value, millis });
}

/** The value of a window controller's env: at most one `delay` and one `reject`, at least one of them. */
export function parseThrottlingValue(value: string): Parsed<ThrottlingLimits> {
  const items = value.split(',').map(trimmed).filter((item) => item !== '');
  if (items.length === 0) return failed(`The value shouldn't be empty`);
  let delay: ThrottlingItem | undefined;
  let reject: ThrottlingItem | undefined;
  for (const text of items) {
    const item = parseItem(text);
    if (!item.ok) return item;
    const { kind, units, millis } = item.value;
    if ((kind === 'delay' ? delay : reject) !== undefined) return failed(`duplicate '${kind}' config`);
    if (kind === 'delay') delay = { units, millis };
    else reject = { units, millis };
  }
  return parsed({ delay, reject });
}

// ------------------------------------------------------------------ token bucket

/** The value of `replica.read_throttling_by_size`: a number, or the reject item of a list (thr 6). */
export function parseTokenBucketValue(value: string): Parsed<TokenBucketLimit> {
  const plain = parseUnits(value);
  if (plain.ok && plain.value > 0n) return parsed({ limit: plain.value, enabled: true });
  const lone = parseItem(value);
  if (lone.ok && lone.value.kind === 'delay') return parsed({ limit: 1n, enabled: false });
  const list = parseThrottlingValue(value);
  if (!list.ok) return list;
  const limit = list.value.reject?.units ?? 0n;
  if (limit === 0n) return failed('reject value should be greater than 0');
  return parsed({ limit, enabled: true });
}
