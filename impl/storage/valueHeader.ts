/** What stands before the user data of each value (docs/formats.md): an expiry, and a time tag whose last bit marks a removal. */

export const VALUE_HEADER_BYTES = 12;
/** Of the time tag's last byte. */
export const DELETED = 1;

/** Is it what stays of a removed row? */
export function isRemoval(bytes: Uint8Array): boolean {
  return bytes.length >= VALUE_HEADER_BYTES && ((bytes[VALUE_HEADER_BYTES - 1] ?? 0) & DELETED) !== 0;
}
