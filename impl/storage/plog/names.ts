/**
 * Names of log files: `log.<index>.<start_offset>` (plog 1). Upstream converts the numbers with the base detection of
 * C's strtoll (quirk P1): `0x10`, `012` (octal), a sign and leading blanks are all accepted, and so they are here.
 */

export interface LogFileName {
  /** i32. */
  readonly index: number;
  /** i64; exact, since people look at foreign directories with it. */
  readonly startOffset: bigint;
}

/** Added to the name of a file that the log's own opening set aside; such a name no longer parses. */
export const REMOVED_SUFFIX = '.removed';

const PREFIX = 'log.';
const MAX_I32 = 0x7fff_ffffn;
const MAX_I64 = 0x7fff_ffff_ffff_ffffn;
/** C's isspace, then a sign, then digits in the base that the prefix announces. */
const C_NUMBER = /^[ \t\n\v\f\r]*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$/;

function parseCNumber(text: string): bigint | undefined {
  const match = C_NUMBER.exec(text);
  const digits = match?.[2];
  if (match === null || digits === undefined) return undefined;
  const octal = digits.length > 1 && digits.startsWith('0') && !/^0[xX]/.test(digits);
  const magnitude = BigInt(octal ? `0o${digits.slice(1)}` : digits);
  return match[1] === '-' ? -magnitude : magnitude;
}

function within(value: bigint | undefined, max: bigint): value is bigint {
  return value !== undefined && value <= max && value >= -max - 1n;
}

/** upstream parse_log_file_name, of the last path component; undefined stands for ERR_INVALID_PARAMETERS. */
export function parseLogFileName(path: string): LogFileName | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (!name.startsWith(PREFIX)) return undefined;
  const dot = name.indexOf('.', PREFIX.length);
  if (dot < 0) return undefined;
  const index = parseCNumber(name.slice(PREFIX.length, dot));
  const startOffset = parseCNumber(name.slice(dot + 1));
  if (!within(index, MAX_I32) || !within(startOffset, MAX_I64)) return undefined;
  return { index: Number(index), startOffset };
}

export function formatLogFileName(index: number, startOffset: number): string {
  return `${PREFIX}${index}.${startOffset}`;
}
