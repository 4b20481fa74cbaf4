/**
 * Which partition serves a key, as Pegasus's clients compute it: crc64 (CRC-64/NVME) of the hash key, or of the sort key
 * where that is empty, modulo the partition count. What clients write comes to the right partition by itself; files of a
 * load may hold rows of others, which nobody reads there.
 */
import { indexOf } from './gpid.ts';
import type { PartitionState, TableState } from './state.ts';

const POLYNOMIAL = 0x9a6c9329ac4bc9b5n;
const ALL_BITS = 0xffff_ffff_ffff_ffffn;

function crc64(text: string): bigint {
  let crc = ALL_BITS;
  for (let i = 0; i < text.length; i++) {
    crc ^= BigInt(text.charCodeAt(i) & 0xff);
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1n) === 1n ? (crc >> 1n) ^ POLYNOMIAL : crc >> 1n;
  }
  return crc ^ ALL_BITS;
}

/** `key`: as stored, two bytes of length before the hash key. */
export function servingIndex(key: string, partitionCount: number): number {
  const end = 2 + ((key.charCodeAt(0) << 8) | key.charCodeAt(1));
  return Number(crc64(end > 2 ? key.slice(2, end) : key.slice(2)) % BigInt(partitionCount));
}

/** Clients read the key here from now on, if this is the partition that serves it. */
export function settleHome(table: TableState | undefined, part: PartitionState, key: string): void {
  if (table === undefined || table.home[key] !== undefined) return;
  const index = indexOf(part.gpid);
  if (servingIndex(key, table.partitionCount) === index) table.home[key] = part.gpid;
}
