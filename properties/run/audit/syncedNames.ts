/**
 * What a name leads to must be on the platter: bytes are synced before a rename puts them in force, and a manifest and its runs
 * before CURRENT names them (repl 1.2; docs/formats.md). A power loss takes unsynced bytes; only the private log may live with
 * that, since it is read up to its torn tail. Judged when the name appears, so that no power loss has to strike just then.
 */
import type { NodeId } from '../../../model/vocabulary.ts';
import { readWhole, type DiskView } from './diskView.ts';
import type { Path } from './paths.ts';
import { readManifest } from './storageReader.ts';

type Wrong = (property: string, rule: string, message: string, expected: string, actual: string) => void;

const PROPERTY = 'repl.1.2';

export class SyncedNames {
  /** Files with bytes that were written and not synced, of each node. */
  private readonly unsynced = new Map<NodeId, Set<string>>();
  private readonly wrong: Wrong;

  constructor(wrong: Wrong) {
    this.wrong = wrong;
  }

  written(node: NodeId, path: string): void {
    const paths = this.unsynced.get(node);
    if (paths === undefined) this.unsynced.set(node, new Set([path]));
    else paths.add(path);
  }

  synced(node: NodeId, path: string): void {
    this.unsynced.get(node)?.delete(path);
  }

  /** A file, or a directory with all in it. */
  removed(node: NodeId, path: string): void {
    const paths = this.unsynced.get(node);
    if (paths === undefined || paths.size === 0) return;
    for (const one of paths) if (one === path || one.startsWith(`${path}/`)) paths.delete(one);
  }

  /** A machine that lost its power has on its disk what it has: nothing there waits for a sync any more. */
  powerLost(node: NodeId): void {
    this.unsynced.delete(node);
  }

  /** `source` is what `from` was: a log file or a storage that is set aside, or a whole replica, may be unsynced. */
  renamed(node: NodeId, from: string, to: string, source: Path): void {
    const paths = this.unsynced.get(node);
    if (paths === undefined || paths.size === 0) return;
    const judged = source.kind !== 'log' && source.kind !== 'replica' && !to.endsWith('.discarded');
    for (const one of [...paths]) {
      if (one !== from && !one.startsWith(`${from}/`)) continue;
      paths.delete(one);
      paths.add(to + one.slice(from.length));
      if (judged) this.report(node, to + one.slice(from.length), `it was renamed from ${one}`);
    }
  }

  /** Another name of the same bytes. */
  linked(node: NodeId, from: string, to: string): void {
    if (this.unsynced.get(node)?.has(from) === true) this.written(node, to);
  }

  /** CURRENT of the database directory has a new value. */
  currentReplaced(node: NodeId, dir: string, disk: DiskView): void {
    const paths = this.unsynced.get(node);
    if (paths === undefined || paths.size === 0) return;
    const manifest = readManifest(disk, dir);
    if (!manifest.ok) return;
    const name = readWhole(disk, `${dir}/CURRENT`)?.toString('latin1').trimEnd() ?? '';
    for (const file of ['CURRENT', name, ...manifest.value.files]) {
      const path = `${dir}/${file}`;
      if (paths.has(path)) this.report(node, path, 'CURRENT leads to it');
    }
  }

  private report(node: NodeId, path: string, why: string): void {
    this.wrong(PROPERTY, 'disk/synced-before-named', `${node}: ${path}: ${why}`, 'bytes that were synced before', 'unsynced bytes');
  }
}
