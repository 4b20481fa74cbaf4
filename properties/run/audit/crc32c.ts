/**
 * CRC-32C (Castagnoli), table driven, for the audits' own readers (plog 6). `crc32c(B, crc32c(A))` is the CRC of
 * A||B.
 */

const TABLE = makeTable();

function makeTable(): Int32Array {
  const table = new Int32Array(256);
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = (c & 1) === 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
    table[n] = c;
  }
  return table;
}

/** CRC of `bytes[start, end)` continuing from `seed` (0 at the beginning); an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array, seed = 0, start = 0, end = bytes.length): number {
  let c = ~seed;
  for (let i = start; i < end; i++) c = (TABLE[(c ^ (bytes[i] ?? 0)) & 0xff] ?? 0) ^ (c >>> 8);
  return ~c >>> 0;
}
