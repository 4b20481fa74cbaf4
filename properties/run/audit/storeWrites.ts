/**
 * One change of a duplication's record, and one of each partition's progress, is on its way to the state store at a time; nor is a
 * duplication removed while something below it is being written (dup.S2, dup.B6). Of two that are on their way nobody knows which
 * one a restarted meta server will find.
 */
import type { NodeId } from '../../../model/vocabulary.ts';
import type { AuditDesk } from './desk.ts';

/** Paths of duplications and their progress: `/<root>/<cluster>/apps/<app_id>/duplication/...` (dup 2.4). */
function isOfDuplication(path: string): boolean {
  const parts = path.split('/');
  return parts[3] === 'apps' && parts[5] === 'duplication' && parts.length > 6;
}

export class StoreWrites {
  private readonly nowUs: () => number;
  private readonly desk: AuditDesk;
  /** Until when a path's last change is on its way, for each process. */
  private readonly untilUs = new Map<NodeId, Map<string, number>>();

  constructor(nowUs: () => number, desk: AuditDesk) {
    this.nowUs = nowUs;
    this.desk = desk;
  }

  asked(node: NodeId, operation: 'create' | 'set' | 'remove', path: string): void {
    if (!isOfDuplication(path)) return;
    let own = this.untilUs.get(node);
    if (own === undefined) {
      own = new Map();
      this.untilUs.set(node, own);
    }
    const other = this.onItsWay(own, operation, path);
    if (other !== undefined) {
      const actual = `${operation} ${path}, while a change of ${other} is`;
      this.desk.wrong('dup.S2', 'store/one-write-at-a-time', `${node}: ${actual} on its way`, 'one change on its way', actual);
    }
    own.set(path, Number.POSITIVE_INFINITY);
  }

  answered(node: NodeId, path: string, atUs: number): void {
    const own = this.untilUs.get(node);
    if (own?.has(path) === true) own.set(path, atUs);
  }

  /** What it had sent comes before anything that its successor sends. */
  processStopped(node: NodeId): void {
    this.untilUs.delete(node);
  }

  private onItsWay(own: ReadonlyMap<string, number>, operation: string, path: string): string | undefined {
    const nowUs = this.nowUs();
    for (const [one, untilUs] of own) {
      const concerns = one === path || (operation === 'remove' && one.startsWith(`${path}/`));
      if (concerns && untilUs > nowUs) return one;
    }
    return undefined;
  }
}
