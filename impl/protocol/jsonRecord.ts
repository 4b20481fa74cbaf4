/**
 * How upstream reads its JSON records (bl 4.4): an object is taken when all known keys are there, or when every key that
 * is there is known; missing keys keep what the target held (here 0 and ''); a known key of a wrong type, or a number
 * out of range, rejects the object.
 */

/** The parsed text, or undefined when it is not JSON. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    const json: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
    return json;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

/** Known keys that are there, with their values; undefined when the object is not taken. */
export function fieldsOf(json: unknown, known: readonly string[]): ReadonlyMap<string, unknown> | undefined {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined;
  const fields = new Map<string, unknown>();
  let unknownKeys = 0;
  for (const [key, value] of Object.entries(json)) {
    if (known.includes(key)) fields.set(key, value);
    else unknownKeys++;
  }
  return fields.size === known.length || unknownKeys === 0 ? fields : undefined;
}

/** Inclusive limits of a whole number. */
export interface JsonRange {
  readonly min: number;
  readonly max: number;
}

export const JSON_I32: JsonRange = { min: -0x8000_0000, max: 0x7fff_ffff };
/** As far as a number is exact here. */
export const JSON_I64: JsonRange = { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER };

/** 0 when the key is missing; undefined when it holds anything but a whole number in range. */
export function intOf(fields: ReadonlyMap<string, unknown>, key: string, range: JsonRange): number | undefined {
  if (!fields.has(key)) return 0;
  const value = fields.get(key);
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined;
  return value >= range.min && value <= range.max ? value : undefined;
}

/** '' when the key is missing; undefined when it holds anything but a string. */
export function textOf(fields: ReadonlyMap<string, unknown>, key: string): string | undefined {
  if (!fields.has(key)) return '';
  const value = fields.get(key);
  return typeof value === 'string' ? value : undefined;
}
