/**
 * CRC-32C (Castagnoli), table driven, with a seed so that values chain: `crc32c(B, crc32c(A)) = crc32c(A || B)`
 * (plog 6). Reflected polynomial 0x82F63B78, pre- and post-inverted.
 */

const POLYNOMIAL = 0x82f63b78;

function makeTable(): Int32Array {
  const table = new Int32Array(256);
  for (let n = 0; n < 256; n++) {
    let value = n;
    for (let bit = 0; bit < 8; bit++) value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ POLYNOMIAL;
    table[n] = value;
  }
  return table;
}

const TABLE = makeTable();

/** The CRC of bytes `start` up to `end`, continuing from `seed` (0: a new one). An unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array, seed: number = 0, start: number = 0, end: number = bytes.length): number {
  let crc = ~seed;
  for (let at = start; at < end; at++) crc = (TABLE[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}
