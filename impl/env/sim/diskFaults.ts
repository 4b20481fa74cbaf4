/**
 * Faults of one node's disk, besides power loss (powerLoss.ts).
 *
 * May fail: a call takes longer (`disk.slow` by chance, `disk.slowed` by a step's factor); a read fails with 'io'
 * (`disk.read-error`); a write, create, rename, link or sync fails with 'io' and without effect (`disk.write-error`);
 * whatever needs space fails with 'full' while a step holds the disk full or the capacity is used up (`disk.full`); one
 * bit flips by a step (`disk.bit-rot`). Chance is asked once per call, so it decides how often.
 *
 * Cannot fail: removing and listing (a failed unlink has no interesting outcome: the file stays), and a failed call
 * never has a partial effect: partial writes are the business of power loss.
 */
import type { Gpid, NodeId } from '../../../model/vocabulary.ts';
import { DiskError } from '../contract.ts';
import { nameOf } from '../diskPath.ts';
import type { Core } from './core.ts';

export type DiskOperation =
  | 'list'
  | 'exists'
  | 'info'
  | 'mkdir'
  | 'create'
  | 'write'
  | 'read'
  | 'sync'
  | 'rename'
  | 'link'
  | 'remove';

/** What causes say about a path: the kind of file, and the partition it belongs to. */
export interface PathFacts {
  /** The file's name without its numbers: `log.2.4096` is `log`, `000012.sst` is `sst`. */
  readonly kind: string;
  readonly gpid: Gpid | '';
}

const REMEMBERED_PATHS = 8192;
const PATH_FACTS = new Map<string, PathFacts>();
const WHATS = new Map<DiskOperation, Map<string, string>>();

export function pathFacts(path: string): PathFacts {
  const known = PATH_FACTS.get(path);
  if (known !== undefined) return known;
  const words = nameOf(path).split('.').filter((word) => !/^\d+$/.test(word));
  const gpid = /(?:^|\/)(\d+\.\d+)\.[a-z]/.exec(path)?.[1] ?? '';
  const facts: PathFacts = { kind: words.join('.') || 'number', gpid };
  if (PATH_FACTS.size >= REMEMBERED_PATHS) PATH_FACTS.clear();
  PATH_FACTS.set(path, facts);
  return facts;
}

function whatOf(operation: DiskOperation, kind: string): string {
  let whats = WHATS.get(operation);
  if (whats === undefined) WHATS.set(operation, (whats = new Map()));
  let what = whats.get(kind);
  if (what === undefined) whats.set(kind, (what = `${operation} ${kind}`));
  return what;
}

/** Extra virtual time of a call, microseconds. */
export function decideSlow(core: Core, node: NodeId, operation: DiskOperation, path: string): number {
  if (!core.mayDeviate('disk.slow')) return 0;
  const facts = pathFacts(path);
  const extraUs = core.chance.decide('disk.slow', node, whatOf(operation, facts.kind), facts.gpid, 0);
  if (extraUs === undefined || extraUs <= 0) return 0;
  core.strike('disk.slow', node, facts.gpid, `${operation} ${path}: ${extraUs} us`);
  return Math.round(extraUs);
}

/** Throws 'io' when chance says so. */
export function decideError(core: Core, node: NodeId, operation: DiskOperation, path: string): void {
  const point = operation === 'read' ? 'disk.read-error' : 'disk.write-error';
  if (!core.mayDeviate(point)) return;
  const facts = pathFacts(path);
  if (core.chance.decide(point, node, whatOf(operation, facts.kind), facts.gpid, 0) === undefined) return;
  core.strike(point, node, facts.gpid, `${operation} ${path}`);
  throw new DiskError('io', path, operation);
}
