/**
 * File providers of a simulated world (bl 5): one tree of files for each configured name, seen by all nodes of all
 * clusters and older than any process. Reads have their result at once and charge their cost to the running task, since
 * upstream's callers block on them.
 *
 * Faults are the driver's alone: a slow provider (`provider.slowed`), one that cannot be reached or a file that cannot
 * be read (`provider.error`), and whatever the driver leaves out, cuts, changes or puts in the place of a file. Chance
 * is not asked: plans that have no provider draw what they always drew.
 */
import { DiskError, type DiskErrorCode, type FileInfo, type ProviderServices, type ProviderTree } from '../contract.ts';
import { parentOf } from '../diskPath.ts';
import type { Core } from './core.ts';
import { DiskTree } from './diskTree.ts';
import type { SimProcess } from './process.ts';

/** Virtual cost of provider calls, microseconds: a file server in the same room. */
export const PROVIDER_COST_US = { call: 500, perKib: 5 } as const;

export type ProviderStores = ReadonlyMap<string, ProviderStore>;

/** The files of one block service; the driver's own calls cost nothing. */
export class ProviderStore {
  readonly core: Core;
  readonly name: string;
  readonly tree = new DiskTree();
  private readonly failing = new Map<string, DiskErrorCode>();
  private unreachable = false;
  private slowFactor = 1;

  constructor(core: Core, name: string) {
    this.core = core;
    this.name = name;
  }

  // ---- the driver

  /** Makes a file, or replaces its whole content; directories are made as needed. */
  put(path: string, bytes: Uint8Array): void {
    const nowUs = this.core.kernel.nowUs;
    const old = this.tree.entry(path)?.kind;
    if (old === 'directory') this.remove(path);
    if (old === 'file') this.tree.remove(path, false, nowUs, () => undefined);
    this.tree.mkdir(parentOf(path), nowUs);
    this.tree.create(path, nowUs);
    this.tree.write(path, 0, bytes, nowUs);
    this.core.observer.providerChanged(this.name, path, bytes);
  }

  /** A file or a whole directory; nothing happens when there is none. */
  remove(path: string): void {
    if (this.tree.entry(path) === undefined) return;
    const gone = this.files().filter((file) => file === path || file.startsWith(`${path}/`));
    this.tree.remove(path, true, this.core.kernel.nowUs, () => undefined);
    for (const file of gone) this.core.observer.providerChanged(this.name, file, undefined);
  }

  /** A file's bytes, as a copy; undefined when there is no such file. */
  get(path: string): Uint8Array | undefined {
    const entry = this.tree.entry(path);
    return entry?.kind === 'file' ? entry.bytes.slice(0, entry.sizeBytes) : undefined;
  }

  /** Paths of all files. */
  files(): readonly string[] {
    const found: string[] = [];
    this.tree.forEachFile((path) => found.push(path));
    return found.sort();
  }

  /** Calls about this path fail so; undefined: no more. */
  setFailing(path: string, code: DiskErrorCode | undefined): void {
    if (code === undefined) this.failing.delete(path);
    else this.failing.set(path, code);
  }

  /** Every call fails with 'io' for as long as this lasts. */
  setUnreachable(unreachable: boolean): void {
    this.unreachable = unreachable;
  }

  /** Multiplies the cost of each call; 1 is calm. */
  setSlow(factor: number): void {
    this.slowFactor = factor;
  }

  // ---- the processes

  costUs(process: SimProcess, calmUs: number, path: string): number {
    if (this.slowFactor === 1) return calmUs;
    this.core.strike('provider.slowed', process.node.id, '', `${this.name} ${path}: ${this.slowFactor} times`);
    return Math.round(calmUs * this.slowFactor);
  }

  /** Throws what the driver has set for this path. */
  refuse(process: SimProcess, path: string, doing: string): void {
    const code = this.unreachable ? 'io' : this.failing.get(path);
    if (code === undefined) return;
    this.core.strike('provider.error', process.node.id, '', `${this.name} ${doing} ${path}: ${code}`);
    throw new DiskError(code, path, doing);
  }
}

/** One process's view of one block service. */
class ProcessProviderTree implements ProviderTree {
  private readonly process: SimProcess;
  private readonly store: ProviderStore;

  constructor(process: SimProcess, store: ProviderStore) {
    this.process = process;
    this.store = store;
  }

  info(path: string): FileInfo {
    this.pay(path, PROVIDER_COST_US.call);
    this.store.refuse(this.process, path, 'info');
    return this.store.tree.info(path);
  }

  read(path: string, offset: number, length: number): Uint8Array {
    this.pay(path, PROVIDER_COST_US.call);
    this.store.refuse(this.process, path, 'read');
    const bytes = this.store.tree.read(path, offset, length);
    this.pay(path, (bytes.length >> 10) * PROVIDER_COST_US.perKib);
    return bytes;
  }

  private pay(path: string, calmUs: number): void {
    const { process } = this;
    process.enter();
    const costUs = calmUs === 0 ? 0 : this.store.costUs(process, calmUs, path);
    // Outside handlers (a driver's direct call) there is nobody to charge.
    if (process.core.running !== undefined) process.core.chargedUs += costUs;
  }
}

export class ProcessProviders implements ProviderServices {
  private readonly process: SimProcess;
  private readonly stores: ProviderStores;

  constructor(process: SimProcess, stores: ProviderStores) {
    this.process = process;
    this.stores = stores;
  }

  tree(name: string): ProviderTree | undefined {
    this.process.enter();
    const store = this.stores.get(name);
    return store === undefined ? undefined : new ProcessProviderTree(this.process, store);
  }
}
