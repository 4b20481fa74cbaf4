/**
 * A process of one private log for tests: a disk in a map, FIFO queues per pool and a clock that stands still unless
 * it is moved. `pick` chooses which pool runs next, so that properties can try every interleaving of the hops.
 */
import { CheckFailed, DiskError } from '../../../../impl/env/contract.ts';
import type {
  Continuation,
  Disk,
  DiskErrorCode,
  Env,
  FileInfo,
  Rpc,
  StateStore,
  TaskHandle,
  Tasks,
} from '../../../../impl/env/contract.ts';
import type { Context } from '../../../../impl/context.ts';
import type { Parts } from '../../../../impl/parts.ts';
import { TASK_CODES } from '../../../../impl/protocol/taskCodes.ts';
import type { PoolName, TaskCode } from '../../../../impl/protocol/taskCodes.ts';
import { DEFAULT_SETTINGS } from '../../../../impl/settings.ts';
import type { Settings } from '../../../../impl/settings.ts';
import { plogParts } from '../../../../impl/storage/plog/parts.ts';
import { NO_PROVIDERS } from '../../provider/noProviders.ts';

interface FakeFile {
  bytes: Uint8Array;
  mtimeUs: number;
  synced: number;
}

export class FakeDisk implements Disk {
  readonly files = new Map<string, FakeFile>();
  readonly dirs = new Set<string>();
  /** Every change, in order: `create p`, `write p 60+150`, `sync p`, `rename p q`, `remove p`. */
  readonly journal: string[] = [];
  /** When it answers a code, the call fails with it and changes nothing. */
  fault: (doing: string, path: string) => DiskErrorCode | undefined = () => undefined;
  nowUs = 1_000_000_000;

  private act(doing: string, path: string): void {
    const code = this.fault(doing, path);
    if (code !== undefined) throw new DiskError(code, path, doing);
  }

  private file(path: string, doing: string): FakeFile {
    const file = this.files.get(path);
    if (file === undefined) throw new DiskError('not-found', path, doing);
    return file;
  }

  list(dir: string): readonly string[] {
    this.act('list', dir);
    const names = new Set<string>();
    for (const path of [...this.files.keys(), ...this.dirs]) {
      if (path.startsWith(`${dir}/`)) names.add(path.slice(dir.length + 1).split('/')[0] ?? '');
    }
    return [...names].sort();
  }
  exists(path: string): boolean {
    return this.files.has(path) || this.dirs.has(path);
  }
  info(path: string): FileInfo {
    this.act('info', path);
    if (this.dirs.has(path)) return { kind: 'directory', sizeBytes: 0, mtimeUs: 0 };
    const file = this.file(path, 'info');
    return { kind: 'file', sizeBytes: file.bytes.length, mtimeUs: file.mtimeUs };
  }
  mkdir(dir: string): void {
    this.act('mkdir', dir);
    this.dirs.add(dir);
  }
  create(path: string): void {
    this.act('create', path);
    if (this.exists(path)) throw new DiskError('exists', path, 'create');
    this.files.set(path, { bytes: new Uint8Array(0), mtimeUs: this.nowUs, synced: 0 });
    this.journal.push(`create ${path}`);
  }
  write(path: string, offset: number, bytes: Uint8Array): void {
    this.act('write', path);
    const file = this.file(path, 'write');
    const grown = new Uint8Array(Math.max(file.bytes.length, offset + bytes.length));
    grown.set(file.bytes);
    grown.set(bytes, offset);
    file.bytes = grown;
    file.mtimeUs = this.nowUs;
    this.journal.push(`write ${path} ${offset}+${bytes.length}`);
  }
  read(path: string, offset: number, length: number): Uint8Array {
    this.act('read', path);
    const file = this.file(path, 'read');
    if (length < 0 || length > file.bytes.length) throw new Error(`unchecked read length ${length} of ${path}`);
    return file.bytes.slice(offset, offset + length);
  }
  sync(path: string): void {
    this.act('sync', path);
    const file = this.file(path, 'sync');
    file.synced = file.bytes.length;
    this.journal.push(`sync ${path}`);
  }
  rename(from: string, to: string): void {
    this.act('rename', from);
    const file = this.file(from, 'rename');
    this.files.delete(from);
    this.files.set(to, file);
    this.journal.push(`rename ${from} ${to}`);
  }
  link(from: string, to: string): void {
    throw new Error(`unused link ${from} ${to}`);
  }
  remove(path: string): void {
    this.act('remove', path);
    this.file(path, 'remove');
    this.files.delete(path);
    this.journal.push(`remove ${path}`);
  }

  /** The bytes of a file; the test fails when it is not there. */
  bytes(path: string): Uint8Array {
    return this.file(path, 'bytes').bytes;
  }
  put(path: string, bytes: Uint8Array): void {
    this.files.set(path, { bytes: bytes.slice(), mtimeUs: this.nowUs, synced: 0 });
  }
}

interface Queued {
  readonly code: TaskCode;
  readonly then: Continuation;
  cancelled: boolean;
}

export class FakeTasks implements Tasks {
  readonly queues = new Map<PoolName, Queued[]>();
  /** Methods in the order in which they ran. */
  readonly ran: string[] = [];
  post(code: TaskCode, _hash: number, _delayMs: number, then: Continuation): TaskHandle {
    const pool = TASK_CODES[code].pool;
    const queued: Queued = { code, then, cancelled: false };
    const queue = this.queues.get(pool) ?? [];
    queue.push(queued);
    this.queues.set(pool, queue);
    return {
      cancel(): boolean {
        queued.cancelled = true;
        return true;
      },
    };
  }
  charge(): void {}

  /** Runs one task of a pool chosen by `pick` among those that have any; false when there is none. */
  step(pick: (count: number) => number = () => 0): boolean {
    const ready = [...this.queues.values()].filter((queue) => queue.length > 0);
    const next = ready[pick(ready.length) % Math.max(1, ready.length)]?.shift();
    if (next === undefined) return false;
    if (next.cancelled) return true;
    this.ran.push(`${next.code} ${next.then.method}`);
    const method: unknown = Reflect.get(next.then.owner, next.then.method);
    if (typeof method !== 'function') throw new Error(`no method ${next.then.method}`);
    Reflect.apply(method, next.then.owner, [...next.then.args]);
    return true;
  }
  run(pick?: (count: number) => number): void {
    while (this.step(pick));
  }
}

function unused(): never {
  throw new Error('not used by the private log');
}
const rpc: Rpc = { call: unused, tell: unused, serve: unused };
const store: StateStore = { create: unused, set: unused, get: unused, children: unused, remove: unused };

export class FakeEnv implements Env {
  readonly self = 'source/replica-0';
  readonly disk: FakeDisk;
  readonly tasks = new FakeTasks();
  readonly rpc = rpc;
  readonly store = store;
  readonly provider = NO_PROVIDERS;
  readonly clock = { monotonicUs: (): number => this.disk.nowUs, wallUs: (): number => this.disk.nowUs };
  constructor(disk: FakeDisk) {
    this.disk = disk;
  }
  random(): number {
    return 0;
  }
  emit(): void {}
  check(condition: boolean, name: string, detail?: () => string): asserts condition {
    if (!condition) throw new CheckFailed(name, detail?.() ?? '');
  }
}

export interface FakeContext extends Context {
  readonly env: FakeEnv;
}

/** A process over `disk`. */
export function makeContext(
  disk: FakeDisk = new FakeDisk(),
  settings: Partial<Settings> = {},
  parts: Partial<Parts> = {},
): FakeContext {
  return {
    env: new FakeEnv(disk),
    settings: { ...DEFAULT_SETTINGS, ...settings },
    parts: { ...plogParts, ...parts } as Parts,
  };
}
