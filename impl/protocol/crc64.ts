/**
 * The crc64 by which Pegasus clients and servers pick the partition of a key (upstream `src/utils/crc.cpp` and every
 * client library): reflected polynomial 0x9A6C9329AC4BC9B5, pre- and post-inverted, bytes taken in order. These are the
 * parameters catalogued as CRC-64/NVME; check value of "123456789": 0xAE8B14860A799888.
 *
 * Two 32-bit halves instead of a bigint per byte: the client hashes each key.
 */

const HIGH_POLYNOMIAL = 0x9a6c9329;
const LOW_POLYNOMIAL = 0xac4bc9b5;

const HIGH = new Int32Array(256);
const LOW = new Int32Array(256);

for (let n = 0; n < 256; n++) {
  let high = 0;
  let low = n;
  for (let bit = 0; bit < 8; bit++) {
    const carry = low & 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (carry !== 0) {
      high ^= HIGH_POLYNOMIAL;
      low ^= LOW_POLYNOMIAL;
    }
  }
  HIGH[n] = high;
  LOW[n] = low;
}

/** The crc64 of a binary string (one char per byte), unsigned. */
export function crc64(text: string): bigint {
  let high = -1;
  let low = -1;
  for (let i = 0; i < text.length; i++) {
    const slot = (low ^ text.charCodeAt(i)) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ (LOW[slot] ?? 0);
    high = (high >>> 8) ^ (HIGH[slot] ?? 0);
  }
  return (BigInt(~high >>> 0) << 32n) | BigInt(~low >>> 0);
}
