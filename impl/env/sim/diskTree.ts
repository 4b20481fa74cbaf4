/**
 * The tree of one simulated disk: names, inodes and bytes, with the errors of the Disk contract; no cost, no chance.
 *
 * Entries are kept flat by full path: a look-up is one probe, and only moving a directory walks its subtree. Two names
 * of one inode share everything (hard links). `syncedBytes` is the prefix of a file that a power loss cannot touch.
 */
import { newBytes, NO_BYTES } from '../../protocol/bytes.ts';
import { DiskError, type FileInfo } from '../contract.ts';
import { assertPath, nameOf, parentOf } from '../diskPath.ts';

export class Inode {
  readonly kind = 'file';
  /** How many names it has; its bytes are free when the last one goes. */
  names = 0;
  bytes: Uint8Array = NO_BYTES;
  sizeBytes = 0;
  syncedBytes = 0;
  mtimeUs = 0;
}

export class Directory {
  readonly kind = 'directory';
  readonly names = new Set<string>();
  mtimeUs = 0;
}

export type Entry = Inode | Directory;

const SMALLEST_BUFFER = 256;

function isInside(path: string, dir: string): boolean {
  return dir === '' ? path !== '' : path.startsWith(`${dir}/`);
}

export class DiskTree {
  /** Bytes of all files, each inode once. */
  usedBytes = 0;
  private readonly entries = new Map<string, Entry>([['', new Directory()]]);

  entry(path: string): Entry | undefined {
    return this.entries.get(path);
  }

  directory(path: string, doing: string): Directory {
    const entry = this.entries.get(path);
    if (entry === undefined) throw this.missing(path, doing);
    if (entry.kind !== 'directory') throw new DiskError('not-a-directory', path, doing);
    return entry;
  }

  file(path: string, doing: string): Inode {
    const entry = this.entries.get(path);
    if (entry === undefined) throw this.missing(path, doing);
    if (entry.kind !== 'file') throw new DiskError('io', path, doing);
    return entry;
  }

  list(dir: string): readonly string[] {
    return [...this.directory(dir, 'list').names].sort();
  }

  info(path: string): FileInfo {
    const entry = this.entries.get(path);
    if (entry === undefined) throw this.missing(path, 'info');
    return { kind: entry.kind, sizeBytes: entry.kind === 'file' ? entry.sizeBytes : 0, mtimeUs: entry.mtimeUs };
  }

  mkdir(dir: string, nowUs: number): void {
    const entry = this.entries.get(dir);
    if (entry?.kind === 'directory') return;
    if (entry !== undefined) throw new DiskError('exists', dir, 'mkdir');
    assertPath(dir);
    const parent = parentOf(dir);
    if (this.entries.get(parent)?.kind === 'file') throw new DiskError('not-a-directory', dir, 'mkdir');
    this.mkdir(parent, nowUs);
    const made = new Directory();
    made.mtimeUs = nowUs;
    this.add(this.directory(parent, 'mkdir'), dir, made, nowUs);
  }

  create(path: string, nowUs: number): void {
    const parent = this.vacant(path, 'create');
    const inode = new Inode();
    inode.mtimeUs = nowUs;
    this.add(parent, path, inode, nowUs);
  }

  write(path: string, offset: number, bytes: Uint8Array, nowUs: number): void {
    const inode = this.file(path, 'write');
    const end = offset + bytes.length;
    if (bytes.length > 0 && end > inode.sizeBytes) {
      this.resize(inode, end);
      inode.sizeBytes = end;
    }
    inode.bytes.set(bytes, bytes.length === 0 ? 0 : offset);
    inode.mtimeUs = nowUs;
  }

  read(path: string, offset: number, length: number): Uint8Array {
    const inode = this.file(path, 'read');
    const from = Math.min(offset, inode.sizeBytes);
    const to = Math.min(from + length, inode.sizeBytes);
    const copy = newBytes(to - from);
    copy.set(inode.bytes.subarray(from, to));
    return copy;
  }

  sync(path: string): void {
    const inode = this.file(path, 'sync');
    inode.syncedBytes = inode.sizeBytes;
  }

  /** As POSIX: two names of one file are left alone. */
  rename(from: string, to: string, nowUs: number): void {
    const moved = this.entries.get(from);
    if (moved === undefined || from === '') throw this.missing(from, 'rename');
    const parent = this.parentDirectory(to, 'rename');
    const target = this.entries.get(to);
    if (isInside(to, from)) throw new DiskError('io', to, 'rename');
    if (target === moved) return;
    if (target !== undefined) this.makeRoomFor(moved, target, to);
    if (target !== undefined) this.drop(to, nowUs);
    this.unlink(from, nowUs);
    this.move(from, to, moved);
    parent.names.add(nameOf(to));
  }

  link(from: string, to: string, nowUs: number): void {
    const inode = this.file(from, 'link');
    this.add(this.vacant(to, 'link'), to, inode, nowUs);
  }

  /** Removes and reports every name that went, children before their directory. */
  remove(path: string, recursive: boolean, nowUs: number, removed: (path: string) => void): void {
    const entry = this.entries.get(path);
    if (entry === undefined) throw this.missing(path, 'remove');
    if (path === '') throw new DiskError('io', path, 'remove');
    if (entry.kind === 'directory' && entry.names.size > 0) {
      if (!recursive) throw new DiskError('not-empty', path, 'remove');
      for (const name of [...entry.names].sort()) this.remove(`${path}/${name}`, true, nowUs, removed);
    }
    this.drop(path, nowUs);
    removed(path);
  }

  /** Changes a file's size behind the back of its process (power loss). */
  truncate(inode: Inode, sizeBytes: number): void {
    this.usedBytes -= inode.sizeBytes - sizeBytes;
    inode.bytes.fill(0, sizeBytes, inode.sizeBytes);
    inode.sizeBytes = sizeBytes;
  }

  /** Every name of every file, in the order the names were made. */
  forEachFile(visit: (path: string, inode: Inode) => void): void {
    for (const [path, entry] of this.entries) if (entry.kind === 'file') visit(path, entry);
  }

  /** Why there is nothing: a component is a file, or it is not there at all. */
  private missing(path: string, doing: string): DiskError {
    assertPath(path);
    for (let dir = parentOf(path); dir !== ''; dir = parentOf(dir)) {
      if (this.entries.get(dir)?.kind === 'file') return new DiskError('not-a-directory', path, doing);
    }
    return new DiskError('not-found', path, doing);
  }

  private parentDirectory(path: string, doing: string): Directory {
    const parent = this.entries.get(parentOf(path));
    if (parent === undefined) throw this.missing(path, doing);
    if (parent.kind !== 'directory') throw new DiskError('not-a-directory', path, doing);
    return parent;
  }

  /** The directory for a name that is free. */
  private vacant(path: string, doing: string): Directory {
    assertPath(path);
    const parent = this.parentDirectory(path, doing);
    if (this.entries.has(path)) throw new DiskError('exists', path, doing);
    return parent;
  }

  private makeRoomFor(moved: Entry, target: Entry, to: string): void {
    if (moved.kind === 'file' && target.kind === 'directory') throw new DiskError('exists', to, 'rename');
    if (moved.kind === 'directory' && target.kind === 'file') throw new DiskError('not-a-directory', to, 'rename');
    if (target.kind === 'directory' && target.names.size > 0) throw new DiskError('not-empty', to, 'rename');
  }

  private add(parent: Directory, path: string, entry: Entry, nowUs: number): void {
    parent.names.add(nameOf(path));
    parent.mtimeUs = nowUs;
    this.entries.set(path, entry);
    if (entry.kind === 'file') entry.names++;
  }

  private drop(path: string, nowUs: number): void {
    const entry = this.entries.get(path);
    this.unlink(path, nowUs);
    this.entries.delete(path);
    if (entry?.kind !== 'file') return;
    entry.names--;
    if (entry.names === 0) this.usedBytes -= entry.sizeBytes;
  }

  private unlink(path: string, nowUs: number): void {
    const parent = this.directory(parentOf(path), 'unlink');
    parent.names.delete(nameOf(path));
    parent.mtimeUs = nowUs;
  }

  private move(from: string, to: string, entry: Entry): void {
    this.entries.delete(from);
    this.entries.set(to, entry);
    if (entry.kind !== 'directory') return;
    for (const name of entry.names) {
      const child = this.entries.get(`${from}/${name}`);
      if (child !== undefined) this.move(`${from}/${name}`, `${to}/${name}`, child);
    }
  }

  private resize(inode: Inode, sizeBytes: number): void {
    this.usedBytes += sizeBytes - inode.sizeBytes;
    if (sizeBytes <= inode.bytes.length) return;
    const bytes = newBytes(Math.max(SMALLEST_BUFFER, sizeBytes, inode.bytes.length * 2));
    bytes.set(inode.bytes.subarray(0, inode.sizeBytes));
    inode.bytes = bytes;
  }
}
