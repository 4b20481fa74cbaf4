/**
 * A reader of thrift-binary bytes for the few shapes of client bodies (plog 5.4). Past the end, or at a length that the
 * bytes do not hold, it fails once and for all: `failed` is set, every further read answers nothing and fields stop, so
 * that decoders can test once at their end. No length is trusted before it was compared with what is left.
 */
import { NO_BYTES, readI32be, toBinary } from './bytes.ts';

export const TYPE_STOP = 0;
export const TYPE_BOOL = 2;
export const TYPE_BYTE = 3;
export const TYPE_I32 = 8;
export const TYPE_I64 = 10;
export const TYPE_STRING = 11;
export const TYPE_STRUCT = 12;
export const TYPE_LIST = 15;

export class ThriftReader {
  failed = false;
  /** Of the field that `field()` answered last. */
  fieldId = 0;
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Whether `length` more bytes are there; fails otherwise. */
  private has(length: number): boolean {
    if (!this.failed && length >= 0 && length <= this.bytes.length - this.at) return true;
    this.failed = true;
    return false;
  }

  u8(): number {
    if (!this.has(1)) return 0;
    return this.bytes[this.at++] ?? 0;
  }

  i32(): number {
    if (!this.has(4)) return 0;
    const value = readI32be(this.bytes, this.at);
    this.at += 4;
    return value;
  }

  /** Rounded when it is beyond 2^53. */
  i64(): number {
    const high = this.i32();
    return high * 0x1_0000_0000 + (this.i32() >>> 0);
  }

  skip(length: number): void {
    if (this.has(length)) this.at += length;
  }

  /** The next field's type, its id in `fieldId`; TYPE_STOP at the struct's end and after a failure. */
  field(): number {
    const type = this.u8();
    if (type === TYPE_STOP) return TYPE_STOP;
    this.fieldId = (this.u8() << 8) | this.u8();
    return this.failed ? TYPE_STOP : type;
  }

  /** Takes the outer struct's only field, number 0, the request. */
  opens(): boolean {
    return this.field() === TYPE_STRUCT && this.fieldId === 0;
  }

  /** A `dsn.blob`: i32 length and bytes, as a binary string. */
  blob(): string {
    const length = this.i32();
    if (!this.has(length)) return '';
    const text = toBinary(this.bytes, this.at, this.at + length);
    this.at += length;
    return text;
  }

  /** A `dsn.blob` as a view into the bytes. */
  blobBytes(): Uint8Array {
    const length = this.i32();
    if (!this.has(length)) return NO_BYTES;
    const start = this.at;
    this.at += length;
    return this.bytes.subarray(start, this.at);
  }

  /** Takes the outer struct's stop; true when everything was there and nothing is left. */
  atEnd(): boolean {
    return this.u8() === TYPE_STOP && !this.failed && this.at === this.bytes.length;
  }
}
