/**
 * CRC-32C (Castagnoli), table driven, with a seed so that values chain: `crc32c(B, crc32c(A)) = crc32c(A || B)`
 * (plog 6). Reflected polynomial 0x82F63B78, pre- and post-inverted.
 */
import { readI32le } from './bytes.ts';

const POLYNOMIAL = 0x82f63b78;

/**
 * Four tables of 256: `TABLE[256 * k + n]` is what the byte `n` becomes after `k` further zero bytes, so that four bytes
 * are taken at once. Each record of each log is summed twice or more.
 */
function makeTable(): Int32Array {
  const table = new Int32Array(1024);
  for (let n = 0; n < 256; n++) {
    let value = n;
    for (let bit = 0; bit < 8; bit++) value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ POLYNOMIAL;
    table[n] = value;
  }
  for (let n = 256; n < 1024; n++) {
    const before = table[n - 256] ?? 0;
    table[n] = (before >>> 8) ^ (table[before & 0xff] ?? 0);
  }
  return table;
}

const TABLE = makeTable();

function look(slot: number): number {
  return TABLE[slot] ?? 0;
}

/** The CRC of bytes `start` up to `end`, continuing from `seed` (0: a new one). An unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array, seed: number = 0, start: number = 0, end: number = bytes.length): number {
  let crc = ~seed;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    crc ^= readI32le(bytes, at);
    crc =
      look(768 + (crc & 0xff)) ^
      look(512 + ((crc >>> 8) & 0xff)) ^
      look(256 + ((crc >>> 16) & 0xff)) ^
      look(crc >>> 24);
  }
  for (; at < end; at++) crc = look((crc ^ (bytes[at] ?? 0)) & 0xff) ^ (crc >>> 8);
  return ~crc >>> 0;
}
