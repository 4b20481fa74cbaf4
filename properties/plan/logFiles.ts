/** Whether files are a private log that a replica can boot from: whole, in order, and of one partition (plog 4, 9). */
import { inspectDirectory, type InspectedFile, type NamedBytes } from '../../impl/storage/plog/inspect.ts';

export interface LogDamage {
  readonly file: string;
  /** Within the file. */
  readonly byteOffset: number;
  readonly what: string;
  /** The bytes are wrong; false: they are right, and of another log. */
  readonly damaged: boolean;
}

const FIRST_HEADER_ENTRY = 16 + 16;
const HEADER_BYTES = FIRST_HEADER_ENTRY + 4 + 8;

/** The partition that a file's header names; undefined when there is no header, or it names none. */
export function gpidOf(bytes: Uint8Array): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_BYTES || view.getInt32(FIRST_HEADER_ENTRY, true) < 1) return undefined;
  return `${String(view.getInt32(FIRST_HEADER_ENTRY + 4, true))}.${String(view.getInt32(FIRST_HEADER_ENTRY + 8, true))}`;
}

/** The first thing that keeps `gpid` from booting from these files, or undefined. */
export function logDamage(files: readonly NamedBytes[], gpid: string): LogDamage | undefined {
  const bytesOf = new Map(files.map((f) => [f.name, f.bytes]));
  for (const file of inspectDirectory(files)) {
    const at = Number(file.endOffset - (file.startOffset ?? 0n));
    if (file.tail === 'corrupt') return { file: file.name, byteOffset: at, what: file.error ?? 'wrong', damaged: true };
    if (file.blocks === 0) return { file: file.name, byteOffset: 0, what: 'no whole file header', damaged: true };
    const owner = gpidOf(bytesOf.get(file.name) ?? new Uint8Array());
    const foreign = owner === gpid ? foreignMutation(file, gpid) : { gpid: owner ?? 'none', byteOffset: FIRST_HEADER_ENTRY };
    if (foreign !== undefined) {
      return { file: file.name, byteOffset: foreign.byteOffset, what: `of partition ${foreign.gpid}, not ${gpid}`, damaged: false };
    }
    const absurd = file.mutations.find((m) => !sensible(m.decree) || !sensible(m.ballot) || !sensible(m.lastCommittedDecree));
    if (absurd !== undefined) {
      return { file: file.name, byteOffset: offsetIn(file, absurd.logOffset), what: `decree ${String(absurd.decree)}, ballot ${String(absurd.ballot)}`, damaged: true };
    }
  }
  return undefined;
}

function foreignMutation(file: InspectedFile, gpid: string): { readonly gpid: string; readonly byteOffset: number } | undefined {
  const one = file.mutations.find((m) => m.gpid !== gpid);
  return one === undefined ? undefined : { gpid: one.gpid, byteOffset: offsetIn(file, one.logOffset) };
}

function offsetIn(file: InspectedFile, logOffset: bigint): number {
  return Number(logOffset - (file.startOffset ?? 0n));
}

/** Far beyond what any server counts to, and exact as a number. */
const LARGEST = 1n << 50n;

function sensible(n: bigint): boolean {
  return n >= 0n && n < LARGEST;
}
