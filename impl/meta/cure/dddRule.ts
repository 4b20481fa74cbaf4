/**
 * A partition whose replicas have all dropped out ("DDD"), and who may be its primary again (repl 1.10, rule 3;
 * upstream's partition_guardian::on_missing_primary, its last part).
 *
 * Logs are in the OS cache only, so the last one to drop is not trusted alone: the last two must be heard. Beyond
 * upstream the chosen one itself must have prepared everything that is known to be committed; that given, a smaller commit
 * point beside the larger ballot does not matter, since a restarted log knows less of what was committed (docs/departures.md,
 * cure.4).
 */
import type { NodeId } from '../../../model/vocabulary.ts';
import { NO_REPLICA } from './cureView.ts';
import type { CureView, ReplicaReport, WaitReason } from './cureView.ts';

interface Candidate {
  readonly node: NodeId;
  readonly report: ReplicaReport;
}

export type DddChoice =
  | { readonly kind: 'choose'; readonly node: NodeId }
  | { readonly kind: 'wait'; readonly reason: WaitReason };

export class DddRule {
  /** Whom of `last_drops` to assign; there is at least one. */
  choosePrimary(view: CureView): DddChoice {
    const { lastDrops } = view.config;
    const [only] = lastDrops;
    if (lastDrops.length === 1 && only !== undefined) return this.chooseOnlyOne(view, only);
    const [previous, recent] = lastDrops.slice(-2).map((node) => this.heard(view, node));
    if (previous === undefined || recent === undefined) return wait('last-drop-dead');
    if (typeof previous === 'string') return wait(previous);
    if (typeof recent === 'string') return wait(recent);
    return this.chooseOfTwo(previous, recent, view.config.lastCommittedDecree);
  }

  chooseOnlyOne(view: CureView, node: NodeId): DddChoice {
    return view.liveness.isAlive(node) ? choose(node) : wait('last-drop-dead');
  }

  /** What is known of a server that must be heard, or why it is not. */
  heard(view: CureView, node: NodeId): Candidate | WaitReason {
    if (!view.liveness.isAlive(node)) return 'last-drop-dead';
    const report = view.collected.get(node);
    return report === undefined ? 'last-drop-not-collected' : { node, report };
  }

  chooseOfTwo(previous: Candidate, recent: Candidate, metaCommitted: number): DddChoice {
    if (!this.hasReplica(previous) && !this.hasReplica(recent)) return wait('last-drops-without-replica');
    const committed = Math.max(previous.report.lastCommitted, recent.report.lastCommitted, metaCommitted);
    const prepared = Math.max(previous.report.lastPrepared, recent.report.lastPrepared);
    if (prepared < committed) return wait('prepared-below-committed');
    const chosen = this.pick(previous, recent);
    if (this.lacksCommitted(chosen, committed)) return wait('chosen-below-committed');
    return choose(chosen.node);
  }

  hasReplica({ report }: Candidate): boolean {
    return report.ballot !== NO_REPLICA.ballot;
  }

  /** The larger ballot, else the larger committed decree, else the larger prepared one; the recent one when all tie. */
  pick(previous: Candidate, recent: Candidate): Candidate {
    const a = previous.report;
    const b = recent.report;
    if (a.ballot !== b.ballot) return a.ballot > b.ballot ? previous : recent;
    if (a.lastCommitted !== b.lastCommitted) return a.lastCommitted > b.lastCommitted ? previous : recent;
    return a.lastPrepared > b.lastPrepared ? previous : recent;
  }

  /** It lost the end of its log, and only the other one has it: in which ballot is not known. */
  lacksCommitted(chosen: Candidate, committed: number): boolean {
    return chosen.report.lastPrepared < committed;
  }
}

function choose(node: NodeId): DddChoice {
  return { kind: 'choose', node };
}

function wait(reason: WaitReason): DddChoice {
  return { kind: 'wait', reason };
}
