/**
 * MD5 (RFC 1321), for the checksums of checkpoint files (dup 2.2, `checksum_type` MD5). Written here, since the
 * platform's is not on the protocol path.
 */
import { readI32le } from './bytes.ts';

const BLOCK_BYTES = 64;

/** Left rotations, four of each round, in turn. */
const ROTATIONS = Int32Array.of(7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21);
/** Which word of the block a step takes: `(factor * step + offset) mod 16`, by round. */
const WORD_FACTORS = Int32Array.of(1, 5, 3, 7);
const WORD_OFFSETS = Int32Array.of(0, 1, 5, 0);
/** `floor(2^32 * |sin(step + 1)|)` */
const ADDENDS = Int32Array.from({ length: 64 }, (_, step) => Math.floor(0x1_0000_0000 * Math.abs(Math.sin(step + 1))) | 0);

/** The four words of the digest so far. */
type State = [number, number, number, number];

/** The digest of the bytes, as 32 lower-case hex digits. */
export function md5Hex(bytes: Uint8Array): string {
  return new Md5().update(bytes).hex();
}

/** A digest that grows with the bytes, as they come in pieces. */
export class Md5 {
  private readonly state: State = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476];
  /** What did not fill a block yet. */
  private rest: Uint8Array = new Uint8Array(0);
  private sizeBytes = 0;

  update(bytes: Uint8Array): this {
    this.sizeBytes += bytes.length;
    let at = 0;
    if (this.rest.length > 0) {
      at = Math.min(BLOCK_BYTES - this.rest.length, bytes.length);
      this.rest = joined(this.rest, bytes.subarray(0, at));
      if (this.rest.length < BLOCK_BYTES) return this;
      addBlock(this.state, this.rest, 0);
    }
    for (; at + BLOCK_BYTES <= bytes.length; at += BLOCK_BYTES) addBlock(this.state, bytes, at);
    this.rest = bytes.slice(at);
    return this;
  }

  /** Of all bytes so far; more may follow. */
  hex(): string {
    const state: State = [...this.state];
    const tail = tailOf(this.rest, this.sizeBytes);
    for (let at = 0; at < tail.length; at += BLOCK_BYTES) addBlock(state, tail, at);
    return state.map(hexOf).join('');
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** What follows the whole blocks: the rest, a 1 bit, zeros, and the length in bits as u64. */
function tailOf(rest: Uint8Array, sizeBytes: number): Uint8Array {
  const tail = new Uint8Array(rest.length + 9 <= BLOCK_BYTES ? BLOCK_BYTES : 2 * BLOCK_BYTES);
  tail.set(rest);
  tail[rest.length] = 0x80;
  let bits = sizeBytes * 8;
  for (let at = tail.length - 8; at < tail.length; at++) {
    tail[at] = bits % 256;
    bits = Math.floor(bits / 256);
  }
  return tail;
}

function addBlock(state: State, bytes: Uint8Array, at: number): void {
  let [a, b, c, d] = state;
  for (let step = 0; step < 64; step++) {
    const round = step >> 4;
    const word = ((WORD_FACTORS[round] ?? 0) * step + (WORD_OFFSETS[round] ?? 0)) & 15;
    const sum = (a + mix(round, b, c, d) + (ADDENDS[step] ?? 0) + readI32le(bytes, at + 4 * word)) | 0;
    const by = ROTATIONS[(round << 2) | (step & 3)] ?? 0;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << by) | (sum >>> (32 - by)))) | 0;
  }
  state[0] = (state[0] + a) | 0;
  state[1] = (state[1] + b) | 0;
  state[2] = (state[2] + c) | 0;
  state[3] = (state[3] + d) | 0;
}

function mix(round: number, b: number, c: number, d: number): number {
  switch (round) {
    case 0:
      return (b & c) | (~b & d);
    case 1:
      return (b & d) | (c & ~d);
    case 2:
      return b ^ c ^ d;
    default:
      return c ^ (b | ~d);
  }
}

/** A word's bytes, lowest first. */
function hexOf(word: number): string {
  let text = '';
  for (let shift = 0; shift < 32; shift += 8) text += ((word >>> shift) & 0xff).toString(16).padStart(2, '0');
  return text;
}
