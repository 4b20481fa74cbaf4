/**
 * Power loss of one node.
 *
 * May fail: of each file, the bytes written since its last sync, from the end: the tail is cut off, or it keeps its
 * length and reads as zeros (the size was journalled, the data was not), or it is cut in the middle of a block whose
 * second half never reached the platter. How much of the unsynced part is kept is a parameter, the same for all files.
 * Names made since are kept, and a synced file is untouched.
 *
 * Cannot fail: synced bytes (that is what fsync promises), names (the contract's journal), and bytes that were
 * overwritten inside the synced prefix (the project overwrites nothing in place). It strikes once per file that lost
 * something; without unsynced bytes a power loss is a plain crash.
 */
import type { DiskTree, Inode } from './diskTree.ts';

export interface LostTail {
  readonly mode: 'cut' | 'zero' | 'torn';
  /** How much of each file's unsynced bytes survives, in thousandths: 0 keeps nothing, 1000 all. */
  readonly keepPermille: number;
}

const BLOCK_BYTES = 512;

/** Applies the loss and returns the names of damaged files, in the order of the tree. */
export function losePower(tree: DiskTree, tail: LostTail): string[] {
  const damaged: string[] = [];
  const seen = new Map<Inode, boolean>();
  tree.forEachFile((path, inode) => {
    let hit = seen.get(inode);
    if (hit === undefined) {
      hit = loseTail(tree, inode, tail);
      seen.set(inode, hit);
    }
    if (hit) damaged.push(path);
  });
  return damaged;
}

function loseTail(tree: DiskTree, inode: Inode, tail: LostTail): boolean {
  const { sizeBytes, syncedBytes } = inode;
  const unsyncedBytes = sizeBytes - syncedBytes;
  const keptBytes = syncedBytes + Math.floor((unsyncedBytes * tail.keepPermille) / 1000);
  if (keptBytes < sizeBytes) {
    if (tail.mode === 'zero') inode.bytes.fill(0, keptBytes, sizeBytes);
    else tree.truncate(inode, keptBytes);
    if (tail.mode === 'torn') {
      const torn = Math.min(BLOCK_BYTES, keptBytes - syncedBytes);
      inode.bytes.fill(0, keptBytes - (torn >> 1), keptBytes);
    }
  }
  inode.syncedBytes = inode.sizeBytes;
  return keptBytes < sizeBytes;
}
