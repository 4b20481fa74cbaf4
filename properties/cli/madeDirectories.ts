/** Directories that a command made and takes back when it fails. */
import { DiskError, type Disk } from '../../impl/env/contract.ts';
import { parentOf } from '../../impl/env/diskPath.ts';

export interface MadeDirectories {
  /** Removes the last directory with all that is in it, and those above it that were made for it. */
  undo(): void;
}

/** Makes a directory and its parents; the refusal of the disk leaves none of them. */
export function makeDirectories(disk: Disk, dir: string): MadeDirectories {
  const missing: string[] = [];
  for (let at = dir; at !== '' && !disk.exists(at); at = parentOf(at)) missing.push(at);
  const undo = (): void => {
    missing.forEach((made, at) => {
      removeIfPossible(disk, made, at === 0);
    });
  };
  try {
    disk.mkdir(dir);
  } catch (error) {
    undo();
    throw error;
  }
  return { undo };
}

/** A directory that somebody else uses by now, or that cannot be removed, stays. */
function removeIfPossible(disk: Disk, dir: string, recursive: boolean): void {
  try {
    if (disk.exists(dir)) disk.remove(dir, { recursive });
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
  }
}
