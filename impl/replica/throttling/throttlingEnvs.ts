/** The table envs that throttle (thr 1), and what is wrong with a value of one (thr 2.2). */
import { parseThrottlingValue, parseTokenBucketValue } from './throttlingValue.ts';

export const WRITE_THROTTLING = 'replica.write_throttling';
export const WRITE_THROTTLING_BY_SIZE = 'replica.write_throttling_by_size';
export const READ_THROTTLING = 'replica.read_throttling';
export const BACKUP_REQUEST_THROTTLING = 'replica.backup_request_throttling';
export const READ_THROTTLING_BY_SIZE = 'replica.read_throttling_by_size';

/** The hint that refuses a value of an env; undefined for a good one, and for every env that does not throttle. */
export function throttlingHintOf(key: string, value: string): string | undefined {
  switch (key) {
    case WRITE_THROTTLING:
    case WRITE_THROTTLING_BY_SIZE:
    case READ_THROTTLING:
    case BACKUP_REQUEST_THROTTLING:
      return hintOf(parseThrottlingValue(value));
    case READ_THROTTLING_BY_SIZE:
      return hintOf(parseTokenBucketValue(value));
    default:
      return undefined;
  }
}

function hintOf(result: { readonly ok: true } | { readonly ok: false; readonly hint: string }): string | undefined {
  return result.ok ? undefined : result.hint;
}
