/**
 * A small env for storage tests: a disk of inodes that remembers what was synced, a task list pumped by hand, clocks
 * that move only when told. A process is killed at a chosen disk call by an exception that nobody in the implementation
 * knows.
 */
import type { Claim } from '../../../../model/events.ts';
import type { Context } from '../../../../impl/context.ts';
import { CheckFailed, DiskError } from '../../../../impl/env/contract.ts';
import type { Continuation, Disk, DiskErrorCode, Env, FileInfo, TaskHandle } from '../../../../impl/env/contract.ts';
import type { Parts } from '../../../../impl/parts.ts';
import type { TaskCode } from '../../../../impl/protocol/taskCodes.ts';
import { DEFAULT_SETTINGS } from '../../../../impl/settings.ts';
import type { Settings } from '../../../../impl/settings.ts';
import { appParts } from '../../../../impl/storage/app/parts.ts';
import { DatabaseDirectory } from '../../../../impl/storage/engine/databaseDirectory.ts';
import { StorageEngine } from '../../../../impl/storage/engine/storageEngine.ts';
import { NO_PROVIDERS } from '../../provider/noProviders.ts';

/** The parts of these rooms only: nothing here builds others. */
export const TEST_PARTS = { StorageEngine, DatabaseDirectory, ...appParts } as Parts;

export class Killed extends Error {}

interface Inode {
  bytes: Uint8Array;
  syncedBytes: number;
  mtimeUs: number;
}

export class FakeDisk implements Disk {
  /** Undefined: a directory. */
  readonly names: Map<string, Inode | undefined> = new Map();
  wallUs: () => number = () => 0;
  calls = 0;
  /** The process dies at this call; a write may be half done by then. */
  killAt = Infinity;
  /** This call fails. */
  failAt = Infinity;
  failCode: DiskErrorCode = 'io';
  /** Calls whose `operation path` contains this text fail. */
  failMatching: string | undefined;
  /** A killed removal of a tree leaves every second file: those of this parity are gone. Undefined: it is one step. */
  tornRemoval: 0 | 1 | undefined;
  readonly trace: string[] = [];

  private call(operation: string, path: string, half?: () => void): void {
    this.calls++;
    this.trace.push(`${operation} ${path}`);
    if (this.calls >= this.killAt) {
      if (this.calls === this.killAt) half?.();
      throw new Killed(operation);
    }
    const matches = this.failMatching !== undefined && `${operation} ${path}`.includes(this.failMatching);
    if (this.calls === this.failAt || matches) throw new DiskError(this.failCode, path, operation);
  }

  private inode(path: string, operation: string): Inode {
    const inode = this.names.get(path);
    if (inode === undefined) throw new DiskError('not-found', path, operation);
    return inode;
  }

  private checkParent(path: string, operation: string): void {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    if (parent !== '' && !this.names.has(parent)) throw new DiskError('not-found', path, operation);
  }

  list(dir: string): readonly string[] {
    this.call('list', dir);
    if (!this.names.has(dir)) throw new DiskError('not-found', dir, 'list');
    const names = this.childrenOf(dir).map((path) => path.slice(dir.length + 1));
    return names.filter((name) => !name.includes('/')).sort();
  }

  exists(path: string): boolean {
    this.call('exists', path);
    return this.names.has(path);
  }

  info(path: string): FileInfo {
    this.call('info', path);
    if (!this.names.has(path)) throw new DiskError('not-found', path, 'info');
    const inode = this.names.get(path);
    if (inode === undefined) return { kind: 'directory', sizeBytes: 0, mtimeUs: 0 };
    return { kind: 'file', sizeBytes: inode.bytes.length, mtimeUs: inode.mtimeUs };
  }

  mkdir(dir: string): void {
    this.call('mkdir', dir);
    const parts = dir.split('/');
    for (let i = 1; i <= parts.length; i++) this.names.set(parts.slice(0, i).join('/'), undefined);
  }

  create(path: string): void {
    this.call('create', path);
    this.checkParent(path, 'create');
    if (this.names.has(path)) throw new DiskError('exists', path, 'create');
    this.names.set(path, { bytes: new Uint8Array(0), syncedBytes: 0, mtimeUs: this.wallUs() });
  }

  write(path: string, offset: number, bytes: Uint8Array): void {
    this.call('write', path, () => {
      this.put(path, offset, bytes.subarray(0, bytes.length >> 1));
    });
    this.put(path, offset, bytes);
  }

  private put(path: string, offset: number, bytes: Uint8Array): void {
    const inode = this.inode(path, 'write');
    const grown = new Uint8Array(Math.max(inode.bytes.length, offset + bytes.length));
    grown.set(inode.bytes);
    grown.set(bytes, offset);
    inode.bytes = grown;
    inode.syncedBytes = Math.min(inode.syncedBytes, offset);
    inode.mtimeUs = this.wallUs();
  }

  read(path: string, offset: number, length: number): Uint8Array {
    this.call('read', path);
    return this.inode(path, 'read').bytes.slice(offset, offset + length);
  }

  sync(path: string): void {
    this.call('sync', path);
    const inode = this.inode(path, 'sync');
    inode.syncedBytes = inode.bytes.length;
  }

  rename(from: string, to: string): void {
    this.call('rename', from);
    if (!this.names.has(from)) throw new DiskError('not-found', from, 'rename');
    this.checkParent(to, 'rename');
    if (this.names.has(to) && this.names.get(to) === undefined && this.childrenOf(to).length > 0) {
      throw new DiskError('not-empty', to, 'rename');
    }
    for (const path of [from, ...this.childrenOf(from)]) {
      const inode = this.names.get(path);
      this.names.delete(path);
      this.names.set(to + path.slice(from.length), inode);
    }
  }

  private childrenOf(dir: string): string[] {
    return [...this.names.keys()].filter((path) => path.startsWith(`${dir}/`));
  }

  link(from: string, to: string): void {
    this.call('link', to);
    const inode = this.inode(from, 'link');
    this.checkParent(to, 'link');
    if (this.names.has(to)) throw new DiskError('exists', to, 'link');
    this.names.set(to, inode);
  }

  remove(path: string, options?: { readonly recursive: boolean }): void {
    const children = this.childrenOf(path);
    this.call('remove', path, () => {
      const files = children.filter((name) => this.names.get(name) !== undefined);
      for (const [i, name] of files.entries()) if (i % 2 === this.tornRemoval) this.names.delete(name);
    });
    if (!this.names.has(path)) throw new DiskError('not-found', path, 'remove');
    if (children.length > 0 && options?.recursive !== true) throw new DiskError('not-empty', path, 'remove');
    for (const child of children) this.names.delete(child);
    this.names.delete(path);
  }

  // ---------------------------------------------------------------- what tests do behind the process's back

  /** Bytes that were not synced are lost: all of them, or half. */
  losePower(keepHalf: boolean): void {
    for (const inode of this.names.values()) {
      if (inode === undefined) continue;
      const unsynced = inode.bytes.length - inode.syncedBytes;
      inode.bytes = inode.bytes.slice(0, inode.syncedBytes + (keepHalf ? unsynced >> 1 : 0));
      inode.syncedBytes = inode.bytes.length;
    }
  }

  flipBit(path: string, bit: number): void {
    const { bytes } = this.inode(path, 'flip');
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  }

  bytesOf(path: string): Uint8Array {
    return this.inode(path, 'look').bytes;
  }

  files(dir: string): string[] {
    const files = this.childrenOf(dir).filter((path) => this.names.get(path) !== undefined);
    return files.map((path) => path.slice(dir.length + 1)).sort();
  }

  directories(dir: string): string[] {
    const directories = this.childrenOf(dir).filter((path) => this.names.get(path) === undefined);
    return directories.map((path) => path.slice(dir.length + 1)).sort();
  }

  setAge(path: string, mtimeUs: number): void {
    this.inode(path, 'age').mtimeUs = mtimeUs;
  }

  calm(): void {
    this.killAt = Infinity;
    this.failAt = Infinity;
    this.failMatching = undefined;
  }
}

interface Posted extends TaskHandle {
  readonly code: TaskCode;
  readonly atMs: number;
  readonly then: Continuation;
  cancelled: boolean;
}

/** One process over a disk. */
export class FakeProcess {
  readonly disk: FakeDisk;
  readonly ctx: Context;
  readonly claims: Claim[] = [];
  readonly queue: Posted[] = [];
  nowMs = 0;
  wallSeconds = 1_700_000_000;

  constructor(disk: FakeDisk, settings: Partial<Settings> = {}, parts: Partial<Parts> = {}) {
    this.disk = disk;
    disk.wallUs = () => this.wallSeconds * 1_000_000 + this.nowMs * 1000;
    this.ctx = { env: this.env(), settings: { ...DEFAULT_SETTINGS, ...settings }, parts: { ...TEST_PARTS, ...parts } };
  }

  private env(): Env {
    const unused = (): never => {
      throw new Error('storage does not use this');
    };
    return {
      self: 'c/replica-0',
      clock: { monotonicUs: () => this.nowMs * 1000, wallUs: () => this.disk.wallUs() },
      tasks: { post: (code, _hash, delayMs, then) => this.post(code, delayMs, then), charge: () => {} },
      rpc: { call: unused, tell: unused, serve: unused },
      disk: this.disk,
      store: { create: unused, set: unused, get: unused, children: unused, remove: unused },
      provider: NO_PROVIDERS,
      random: () => 0.5,
      emit: (claim) => {
        this.claims.push(claim);
      },
      check: (condition, name, detail) => {
        if (!condition) throw new CheckFailed(name, detail?.() ?? '');
      },
    };
  }

  private post(code: TaskCode, delayMs: number, then: Continuation): TaskHandle {
    const posted: Posted = {
      code,
      atMs: this.nowMs + delayMs,
      then,
      cancelled: false,
      cancel: () => {
        posted.cancelled = true;
        return true;
      },
    };
    this.queue.push(posted);
    return posted;
  }

  pending(): readonly string[] {
    return this.queue.filter((posted) => !posted.cancelled).map((posted) => `${posted.code} ${posted.then.method}`);
  }

  /** Runs the next task; false when there is none that is due within `withinMs`. */
  step(withinMs = 0): boolean {
    this.queue.sort((a, b) => a.atMs - b.atMs);
    const posted = this.queue.shift();
    if (posted === undefined) return false;
    if (posted.cancelled) return this.step(withinMs);
    if (posted.atMs > this.nowMs + withinMs) {
      this.queue.unshift(posted);
      return false;
    }
    this.nowMs = Math.max(this.nowMs, posted.atMs);
    const method: unknown = Reflect.get(posted.then.owner, posted.then.method);
    if (typeof method !== 'function') throw new Error(`no method ${posted.then.method}`);
    Reflect.apply(method, posted.then.owner, posted.then.args);
    return true;
  }

  run(): void {
    while (this.step());
  }
}
