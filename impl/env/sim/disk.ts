/**
 * The disk of one node and the Disk of its process. Calls have their effect at once and charge their cost to the
 * running handler. The tree outlives processes; powerLoss.ts says what a power loss takes, diskFaults.ts what else may
 * fail.
 */
import type { NodeId } from '../../../model/vocabulary.ts';
import { type Disk, DiskError, type FileInfo } from '../contract.ts';
import { assertPath } from '../diskPath.ts';
import type { Core } from './core.ts';
import { decideError, decideSlow, type DiskOperation, pathFacts } from './diskFaults.ts';
import { DiskTree } from './diskTree.ts';
import { losePower, type LostTail } from './powerLoss.ts';
import type { SimProcess } from './process.ts';

/** Virtual cost of disk calls, microseconds: a fast local disk with a page cache. */
export const DISK_COST_US = { names: 10, data: 10, perKib: 1, sync: 200 } as const;

/** What an onlooker may read of a disk: no cost, no chance, no trace. Missing things are undefined, not errors. */
export interface DiskView {
  list(dir: string): readonly string[];
  exists(path: string): boolean;
  info(path: string): FileInfo | undefined;
  /** The whole file. The bytes must not be written to and are only good until the next event. */
  read(path: string): Uint8Array | undefined;
}

export class NodeDisk implements DiskView {
  readonly tree = new DiskTree();
  /** Multiplies every cost. */
  slowFactor = 1;
  private slowTold = false;
  full = false;
  capacityBytes = Number.POSITIVE_INFINITY;
  /** Bits that have flipped, by the file that has them. */
  private readonly rotten = new WeakMap<object, Set<number>>();
  private readonly core: Core;
  private readonly node: NodeId;

  constructor(core: Core, node: NodeId) {
    this.core = core;
    this.node = node;
  }

  list(dir: string): readonly string[] {
    return this.tree.entry(dir)?.kind === 'directory' ? this.tree.list(dir) : [];
  }

  exists(path: string): boolean {
    return this.tree.entry(path) !== undefined;
  }

  info(path: string): FileInfo | undefined {
    return this.exists(path) ? this.tree.info(path) : undefined;
  }

  read(path: string): Uint8Array | undefined {
    const entry = this.tree.entry(path);
    return entry?.kind === 'file' ? entry.bytes.subarray(0, entry.sizeBytes) : undefined;
  }

  losePower(tail: LostTail): void {
    for (const path of losePower(this.tree, tail)) {
      this.core.strike('power-loss', this.node, pathFacts(path).gpid, `${path} ${tail.mode} ${tail.keepPermille}`);
      this.core.observer.diskDamaged(this.node, path);
    }
  }

  /** Flips one bit of a file, under all its names; false when there is no such byte, or it has rotted before: rot mends nothing. */
  flipBit(path: string, byteOffset: number, bit: number): boolean {
    const inode = this.tree.entry(path);
    const bytes = this.read(path);
    const byte = bytes?.[byteOffset];
    if (inode === undefined || bytes === undefined || byte === undefined) return false;
    const rotten = this.rotten.get(inode) ?? new Set();
    if (rotten.has(byteOffset * 8 + (bit & 7))) return false;
    this.rotten.set(inode, rotten.add(byteOffset * 8 + (bit & 7)));
    bytes[byteOffset] = byte ^ (1 << (bit & 7));
    this.core.strike('disk.bit-rot', this.node, pathFacts(path).gpid, `${path} byte ${byteOffset} bit ${bit & 7}`);
    // A hard link has the same bytes under another name.
    this.tree.forEachFile((name, other) => {
      if (other === inode) this.core.observer.diskDamaged(this.node, name);
    });
    return true;
  }

  setSlow(factor: number): void {
    this.slowFactor = factor;
    this.slowTold = false;
  }

  /** The cost of a call as this disk takes it, microseconds. */
  slowed(costUs: number, operation: DiskOperation, path: string): number {
    if (this.slowFactor === 1) return costUs;
    const detail = `${operation} ${path}: ${this.slowFactor} times`;
    if (this.slowTold) this.core.count('disk.slowed');
    else this.core.strike('disk.slowed', this.node, pathFacts(path).gpid, detail);
    this.slowTold = true;
    return Math.round(costUs * this.slowFactor);
  }

  /** Throws 'full' when `moreBytes` (or a new name) finds no room. */
  takeRoom(moreBytes: number, operation: DiskOperation, path: string): void {
    if (!this.full && this.tree.usedBytes + moreBytes <= this.capacityBytes) return;
    this.core.strike('disk.full', this.node, pathFacts(path).gpid, `${operation} ${path}`);
    throw new DiskError('full', path, operation);
  }
}

export class ProcessDisk implements Disk {
  private readonly process: SimProcess;
  private readonly disk: NodeDisk;
  private readonly node: NodeId;
  private readonly core: Core;

  constructor(process: SimProcess) {
    this.process = process;
    this.disk = process.node.disk;
    this.node = process.node.id;
    this.core = process.core;
  }

  list(dir: string): readonly string[] {
    this.pay('list', dir, DISK_COST_US.names);
    return this.disk.tree.list(dir);
  }

  exists(path: string): boolean {
    this.pay('exists', path, DISK_COST_US.names);
    if (this.disk.tree.entry(path) !== undefined) return true;
    assertPath(path);
    return false;
  }

  info(path: string): FileInfo {
    this.pay('info', path, DISK_COST_US.names);
    return this.disk.tree.info(path);
  }

  mkdir(dir: string): void {
    this.pay('mkdir', dir, DISK_COST_US.names);
    if (this.disk.tree.entry(dir) === undefined) this.disk.takeRoom(0, 'mkdir', dir);
    this.disk.tree.mkdir(dir, this.process.wallNowUs());
  }

  create(path: string): void {
    this.pay('create', path, DISK_COST_US.names);
    this.disk.takeRoom(0, 'create', path);
    decideError(this.core, this.node, 'create', path);
    this.disk.tree.create(path, this.process.wallNowUs());
    this.core.observer.fileCreated(this.node, path);
    this.process.leave();
  }

  write(path: string, offset: number, bytes: Uint8Array): void {
    if (!(offset >= 0) || !Number.isInteger(offset)) throw new Error(`write ${path} at ${offset}`);
    this.pay('write', path, DISK_COST_US.data + (bytes.length >> 10) * DISK_COST_US.perKib);
    const inode = this.disk.tree.file(path, 'write');
    const moreBytes = offset + bytes.length - inode.sizeBytes;
    if (moreBytes > 0 && bytes.length > 0) this.disk.takeRoom(moreBytes, 'write', path);
    decideError(this.core, this.node, 'write', path);
    this.disk.tree.write(path, offset, bytes, this.process.wallNowUs());
    this.core.observer.fileWritten(this.node, path, offset, bytes);
    this.process.leave();
  }

  read(path: string, offset: number, length: number): Uint8Array {
    if (!(offset >= 0) || !(length >= 0)) throw new Error(`read ${path} at ${offset}, ${length} bytes`);
    this.pay('read', path, DISK_COST_US.data);
    this.disk.tree.file(path, 'read');
    decideError(this.core, this.node, 'read', path);
    const bytes = this.disk.tree.read(path, offset, length);
    const costUs = Math.round((bytes.length >> 10) * DISK_COST_US.perKib * this.disk.slowFactor);
    if (this.core.running !== undefined) this.core.chargedUs += costUs;
    return bytes;
  }

  sync(path: string): void {
    this.pay('sync', path, DISK_COST_US.sync);
    this.disk.tree.file(path, 'sync');
    decideError(this.core, this.node, 'sync', path);
    this.disk.tree.sync(path);
    this.core.observer.fileSynced(this.node, path);
    this.process.leave();
  }

  rename(from: string, to: string): void {
    this.pay('rename', from, DISK_COST_US.names);
    decideError(this.core, this.node, 'rename', from);
    this.disk.tree.rename(from, to, this.process.wallNowUs());
    this.core.observer.renamed(this.node, from, to);
    this.process.leave();
  }

  link(from: string, to: string): void {
    this.pay('link', to, DISK_COST_US.names);
    decideError(this.core, this.node, 'link', to);
    this.disk.tree.link(from, to, this.process.wallNowUs());
    this.core.observer.linked(this.node, from, to);
    this.process.leave();
  }

  remove(path: string, options?: { readonly recursive: boolean }): void {
    this.pay('remove', path, DISK_COST_US.names);
    const { observer } = this.core;
    this.disk.tree.remove(path, options?.recursive === true, this.process.wallNowUs(), (gone) => {
      observer.removed(this.node, gone);
    });
    this.process.leave();
  }

  /** The guard and the cost of every call. */
  private pay(operation: DiskOperation, path: string, costUs: number): void {
    this.process.enter();
    const { disk, core } = this;
    const slowedUs = disk.slowed(costUs, operation, path);
    const extraUs = decideSlow(core, this.node, operation, path);
    // Outside handlers (a driver's direct call) there is nobody to charge.
    if (core.running !== undefined) core.chargedUs += slowedUs + extraUs;
  }
}
