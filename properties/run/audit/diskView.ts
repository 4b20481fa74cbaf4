/**
 * What an audit may read of a simulated disk: no cost, no fault, no trace. The world's own read-only view has this
 * shape.
 */

export interface DiskView {
  /** Names in a directory; empty when there is none. */
  list(dir: string): readonly string[];
  exists(path: string): boolean;
  info(path: string): { readonly kind: 'file' | 'directory'; readonly sizeBytes: number } | undefined;
  /** A whole file. The bytes are the disk's own: they are good until the next event only. */
  read(path: string): Uint8Array | undefined;
}

/** The whole content of a file, or undefined when there is no such file. */
export function readWhole(disk: DiskView, path: string): Buffer | undefined {
  const bytes = disk.read(path);
  return bytes === undefined ? undefined : bufferOf(bytes);
}

/** The same memory as a Buffer. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
