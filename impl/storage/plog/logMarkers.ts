/**
 * Empty files beside the log files that keep what a reset must not lose; their names say everything, since names become
 * durable in the order in which they are made (docs/formats.md). No reader of log files takes them for one.
 *
 * `valid.<stored>.<valid>`: as long as `.init-info` has the first offset, it means the second. A reset brings another
 * log's numbering under an `.init-info` that has the old one's (plog.P12).
 *
 * `reset.<ns>`: the files of this directory came by a reset, and what they replaced is `<directory>.<ns>`, until it is
 * removed. A directory that holds a marker is never empty, so it cannot be taken for one that was only just made.
 */
import type { Disk } from '../../env/contract.ts';

export interface ValidMarker {
  readonly name: string;
  readonly stored: number;
  readonly valid: number;
}

const VALID = /^valid\.(\d{1,15})\.(\d{1,15})$/;
const RESET = /^reset\.(\d+)$/;

export function formatValidMarker(stored: number, valid: number): string {
  return `valid.${stored}.${valid}`;
}

export function parseValidMarker(name: string): ValidMarker | undefined {
  const match = VALID.exec(name);
  return match === null ? undefined : { name, stored: Number(match[1]), valid: Number(match[2]) };
}

export function formatResetMarker(stamp: string): string {
  return `reset.${stamp}`;
}

/** The stamp of a reset marker. */
export function parseResetMarker(name: string): string | undefined {
  return RESET.exec(name)?.[1];
}

export function isMarker(name: string): boolean {
  return VALID.test(name) || RESET.test(name);
}

/** The temporary name of the log directory `dir` (plog 1). */
export function oldLogDirectory(dir: string, stamp: string): string {
  return `${dir}.${stamp}`;
}

/** Whether a name beside the log directory `base` is such a temporary name. */
export function isOldLogDirectory(base: string, name: string): boolean {
  return name.startsWith(`${base}.`) && /^\d+$/.test(name.slice(base.length + 1));
}

/** What an `.init-info` may say of one log directory, and what it means. Throws `DiskError`. */
export class ValidMarkers {
  private readonly disk: Disk;
  private readonly dir: string;
  /** Offsets that `.init-info` may have now: the one that was read, and those that the replica was given to store. */
  private readonly storedOffsets: number[];
  private markers: readonly ValidMarker[] = [];

  constructor(disk: Disk, dir: string, storedOffsets: readonly number[]) {
    this.disk = disk;
    this.dir = dir;
    this.storedOffsets = [...storedOffsets];
  }

  stored(): readonly number[] {
    return this.storedOffsets;
  }

  /** The replica is given an offset to store; from now on it means itself. */
  note(offset: number): void {
    if (!this.storedOffsets.includes(offset)) this.storedOffsets.push(offset);
    this.removeMarkers((marker) => marker.stored === offset && marker.valid !== offset);
  }

  /** Takes what the directory holds: answers what the stored offset means, when a marker says it. */
  read(names: readonly string[]): number | undefined {
    this.markers = names.flatMap((name) => parseValidMarker(name) ?? []);
    this.removeMarkers((marker) => !this.storedOffsets.includes(marker.stored));
    // Of several the last one that was written: a log's end falls by each loss of power.
    const smallest = Math.min(...this.markers.map((marker) => marker.valid));
    return this.markers.length === 0 ? undefined : smallest;
  }

  /** Whatever is stored means `valid`. */
  write(valid: number): void {
    for (const stored of this.storedOffsets) {
      const marker = { name: formatValidMarker(stored, valid), stored, valid };
      if (this.markers.some(({ name }) => name === marker.name)) continue;
      this.disk.create(`${this.dir}/${marker.name}`);
      this.markers = [...this.markers, marker];
    }
  }

  private removeMarkers(isObsolete: (marker: ValidMarker) => boolean): void {
    for (const marker of this.markers.filter(isObsolete)) {
      this.disk.remove(`${this.dir}/${marker.name}`);
      this.markers = this.markers.filter((other) => other !== marker);
    }
  }
}
