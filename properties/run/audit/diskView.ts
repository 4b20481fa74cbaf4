/** What an audit may read of a simulated disk: no cost, no fault, no trace. Structurally the world's own read-only view. */

export interface DiskView {
  /** Names in a directory; empty when there is none. */
  list(dir: string): readonly string[];
  exists(path: string): boolean;
  info(path: string): { readonly kind: 'file' | 'directory'; readonly sizeBytes: number };
  read(path: string, offset: number, length: number): Uint8Array;
}

/** The whole content of a file, or undefined when there is no such file. */
export function readWhole(disk: DiskView, path: string): Buffer | undefined {
  if (!disk.exists(path)) return undefined;
  const info = disk.info(path);
  return info.kind === 'file' ? bufferOf(disk.read(path, 0, info.sizeBytes)) : undefined;
}

/** The same memory as a Buffer. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
