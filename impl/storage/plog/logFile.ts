/**
 * One log file: opened for reading and verified block by block, or created and written (upstream log_file; plog 2-6,
 * 9.1, 9.2). It never renames itself (mends plog.P6): the log's own opening decides to set a file aside.
 */
import type { Decree, ErrorCode } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { DiskError } from '../../env/contract.ts';
import { NO_BYTES } from '../../protocol/bytes.ts';
import { crc32c } from '../../protocol/crc32c.ts';
import type { LogBatch } from './batch.ts';
import { BLOCK_HEADER_SIZE, FIRST_BLOCK_SIZE, MAGIC } from './format.ts';
import { fileHeaderSize, readBlockHeader, readFileHeader, writeBlockHeader, writeFileHeader } from './format.ts';
import type { BlockHeader, FileHeader, PreviousMax } from './format.ts';
import { parseLogFileName } from './names.ts';

/** What is asked of the disk at once while reading. */
const READ_CHUNK_BYTES = 1 << 20;

export type ReadError = 'ERR_HANDLE_EOF' | 'ERR_INCOMPLETE_DATA' | 'ERR_INVALID_DATA' | 'ERR_FILE_OPERATION_FAILED';

export class LogFile {
  readonly path: string;
  index = 0;
  /** Global offset of the first byte. */
  startOffset = 0;
  /** Global offset behind the last byte: by physical size when opened (a torn tail counts), then as issued. */
  endOffset = 0;
  header: FileHeader | undefined;
  protected readonly ctx: Context;
  /** body_crc of the last block read or written. */
  protected runningCrc = 0;
  private position = 0;
  private chunk: Uint8Array = NO_BYTES;
  private chunkStart = 0;
  private knownSize = 0;
  private mtime: number | undefined;
  private opened = false;

  constructor(ctx: Context, path: string) {
    this.ctx = ctx;
    this.path = path;
  }

  /** plog 9.1 without the renaming. Leaves the reader behind block 0. ERR_INVALID_PARAMETERS: not a log file's name. */
  openRead(): ErrorCode {
    const name = parseLogFileName(this.path);
    if (name === undefined) return 'ERR_INVALID_PARAMETERS';
    this.index = name.index;
    this.startOffset = Number(name.startOffset);
    if (!this.refreshSize()) return 'ERR_FILE_OPERATION_FAILED';
    this.opened = true;
    this.endOffset = this.startOffset + this.knownSize;
    this.resetStream(0);
    const body = this.readNextBlock();
    if (typeof body === 'string') return body;
    return this.readHeader(body) === undefined ? 'ERR_INVALID_DATA' : 'ERR_OK';
  }

  /** Whether the name is a log file's and the file was there; what was wrong after that was in its bytes. */
  isOpen(): boolean {
    return this.opened;
  }

  /** The file header that a body begins with, when it is this file's. */
  readHeader(body: Uint8Array): FileHeader | undefined {
    const header = readFileHeader(body);
    if (header === undefined || !this.isRightHeader(header)) return undefined;
    this.header = header;
    return header;
  }

  /** plog 4; the version is not checked. */
  isRightHeader(header: FileHeader): boolean {
    return header.magic === MAGIC && header.startGlobalOffset === this.startOffset;
  }

  /** The largest decree written before this file was created; 0 for a replica that the header does not name. */
  previousLogMaxDecree(appId: number, partitionIndex: number): Decree {
    return this.entryOf(appId, partitionIndex)?.maxDecree ?? 0;
  }

  /** What was valid of the log when this file was created: records from that global offset on. */
  validStartOffset(appId: number, partitionIndex: number): number {
    return this.entryOf(appId, partitionIndex)?.validStartOffset ?? 0;
  }

  private entryOf(appId: number, partitionIndex: number): PreviousMax | undefined {
    return this.header?.previous.find((e) => e.appId === appId && e.partitionIndex === partitionIndex);
  }

  sizeBytes(): number {
    return this.endOffset - this.startOffset;
  }

  /** Wall seconds of the last change, cached at first use; undefined when the disk does not tell. */
  mtimeSeconds(): number | undefined {
    if (this.mtime !== undefined) return this.mtime;
    const mtimeUs = this.guarded(() => this.ctx.env.disk.info(this.path).mtimeUs);
    if (mtimeUs !== undefined) this.mtime = Math.floor(mtimeUs / 1_000_000);
    return this.mtime;
  }

  // -------------------------------------------------------------- reading

  /**
   * Seeks. The running CRC starts again at 0 and is kept elsewhere: a block verifies only after all before it (plog
   * 6).
   */
  resetStream(localOffset: number): void {
    this.position = localOffset;
    if (localOffset === 0) this.runningCrc = 0;
  }

  /** Local offset of the next block header. */
  readPosition(): number {
    return this.position;
  }

  /** plog 9.2: the next block's verified body, or why there is none; then the position has not moved. */
  readNextBlock(): Uint8Array | ReadError {
    const start = this.position;
    const body = this.guarded(() => this.readBlockAt(start));
    if (body === undefined) return 'ERR_FILE_OPERATION_FAILED';
    if (typeof body !== 'string') this.position = start + BLOCK_HEADER_SIZE + body.length;
    return body;
  }

  private readBlockAt(start: number): Uint8Array | ReadError {
    const left = this.bytesLeft(start, BLOCK_HEADER_SIZE);
    if (left === 0) return 'ERR_HANDLE_EOF';
    if (left < BLOCK_HEADER_SIZE) return 'ERR_INCOMPLETE_DATA';
    const header = readBlockHeader(this.fetch(start, BLOCK_HEADER_SIZE), 0);
    if (!this.isUsableHeader(header)) return 'ERR_INVALID_DATA';
    const bodyStart = start + BLOCK_HEADER_SIZE;
    const bodyLeft = this.bytesLeft(bodyStart, header.length);
    if (bodyLeft < header.length || bodyLeft === 0) return 'ERR_INCOMPLETE_DATA';
    // A copy: views into it live on in mutations, and must not keep a whole chunk alive.
    const body = this.fetch(bodyStart, header.length).slice();
    if (body.length < header.length) return 'ERR_INCOMPLETE_DATA';
    if (!this.verifyBody(body, header.bodyCrc)) return 'ERR_INVALID_DATA';
    this.runningCrc = header.bodyCrc;
    return body;
  }

  /** The header has no checksum: its numbers may be anything (plog.P2). */
  isUsableHeader({ magic, length }: BlockHeader): boolean {
    return magic === MAGIC && length >= 0;
  }

  /** Whether a body follows, in the chain, on the last block that was verified. */
  verifyBody(body: Uint8Array, bodyCrc: number): boolean {
    return crc32c(body, this.crcSeed()) === bodyCrc;
  }

  /** What the next block's CRC continues from. */
  crcSeed(): number {
    return this.runningCrc;
  }

  /** Bytes from a position to the end; the size is asked again when fewer than `wanted` (the file may be growing). */
  private bytesLeft(at: number, wanted: number): number {
    if (this.knownSize - at < wanted) this.knownSize = this.ctx.env.disk.info(this.path).sizeBytes;
    return Math.max(0, this.knownSize - at);
  }

  /** The caller has compared `length` with what is left: nothing is allocated by an unchecked number (plog.P2). */
  private fetch(at: number, length: number): Uint8Array {
    const end = this.chunkStart + this.chunk.length;
    if (at < this.chunkStart || at + length > end) {
      const wanted = Math.min(Math.max(length, READ_CHUNK_BYTES), this.knownSize - at);
      this.chunk = this.ctx.env.disk.read(this.path, at, wanted);
      this.chunkStart = at;
    }
    const from = at - this.chunkStart;
    return this.chunk.subarray(from, from + length);
  }

  /** Drops the read buffer; a later read fetches anew. */
  closeRead(): void {
    this.chunk = NO_BYTES;
    this.chunkStart = 0;
  }

  private refreshSize(): boolean {
    const size = this.guarded(() => this.ctx.env.disk.info(this.path).sizeBytes);
    if (size !== undefined) this.knownSize = size;
    return size !== undefined;
  }

  /** Undefined when the disk refused. */
  private guarded<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (error instanceof DiskError) return undefined;
      throw error;
    }
  }

  // -------------------------------------------------------------- writing

  /** Creates the file, empty; 'exists' and other refusals as DiskError. The header is written by `writeHeader`. */
  createWrite(index: number, startOffset: number, previous: PreviousMax): void {
    this.index = index;
    this.startOffset = startOffset;
    this.ctx.env.disk.create(this.path);
    this.endOffset = startOffset + FIRST_BLOCK_SIZE;
    this.headerBlock = this.sealHeader(previous);
  }

  private headerBlock: Uint8Array = NO_BYTES;

  private sealHeader(previous: PreviousMax): Uint8Array {
    const bytes = new Uint8Array(FIRST_BLOCK_SIZE);
    const body = bytes.subarray(BLOCK_HEADER_SIZE);
    writeFileHeader(body, 0, this.startOffset, previous);
    this.header = readFileHeader(body);
    this.runningCrc = crc32c(body, 0);
    writeBlockHeader(bytes, 0, fileHeaderSize(body) ?? 0, this.runningCrc, 0);
    return bytes;
  }

  /** Block 0. Throws DiskError. */
  writeHeader(): void {
    this.ctx.env.disk.write(this.path, 0, this.headerBlock);
    this.headerBlock = NO_BYTES;
  }

  /** Fills in the batch's block headers, each chained on the one before (plog 7.3). */
  sealBlocks(batch: LogBatch): void {
    const bytes = batch.contents();
    const base = batch.startOffset - this.startOffset;
    batch.blockStarts.forEach((at, i) => {
      const bodyStart = at + BLOCK_HEADER_SIZE;
      const end = batch.blockStarts[i + 1] ?? bytes.length;
      this.runningCrc = crc32c(bytes, this.crcSeed(), bodyStart, end);
      writeBlockHeader(bytes, at, end - bodyStart, this.runningCrc, base + at);
    });
  }

  /** One write of a whole batch. Throws DiskError. */
  writeBatch(batch: LogBatch): void {
    this.ctx.env.disk.write(this.path, batch.startOffset - this.startOffset, batch.contents());
  }

  /** Throws DiskError. */
  sync(): void {
    this.ctx.env.disk.sync(this.path);
  }
}
