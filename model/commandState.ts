/** What the model remembers of a command that somebody gave. Unknown facts are -1 or '' (state.ts). */
import { settingsOfCluster } from './config.ts';
import type { Command } from './commands.ts';
import type { ModelState } from './state.ts';
import type { Ballot, ClusterId, Decree, Gpid, NodeId } from './vocabulary.ts';

export interface CommandState {
  id: number;
  command: Command;
  invokedAtUs: number;
  answered: boolean;
  appId: number;
  attempts: Record<NodeId, number>;
  used: Record<NodeId, number>;
  /** Where its last attempt went, '' without one. */
  gpid: Gpid | '';
  sent: number;
  effects: number;
  /** The error said that nothing was done. */
  refused: boolean;
  /** It was answered that it is done, and no second attempt of it is on its way. */
  spent: boolean;
  /** Drops, recalls and renames that the store holds on its behalf. */
  acted: number;
  /** A throttle refused a request of it. */
  throttled: boolean;
  /**
   * Ballot, versions of the key, table changes, durable and applied decree of the primary, when it was invoked. Of a write the
   * oldest ballot that a replica was in to which it was sent.
   */
  ballotBefore: Ballot;
  versionsBefore: number;
  tableChangesBefore: number;
  durableBefore: Decree;
  appliedBefore: Decree;
  /** The first record since the invocation that shows what was asked for: of which table, and the how manieth. */
  shownAppId: number;
  shownChange: number;
  /** Seen at some moment since the invocation: flag set, server counter full, no primary. */
  sawFlag: boolean;
}

/** May it have been sent a second time by then, while the first attempt is still at work (dup 3.4)? */
export function isTriedTwice(state: ModelState, cluster: ClusterId, command: CommandState, atUs: number): boolean {
  const { clientTimeoutMs } = settingsOfCluster(state.config, cluster);
  return (atUs - command.invokedAtUs) * 2 >= clientTimeoutMs * 1000 || state.disturbedAtUs >= command.invokedAtUs;
}

/** May it drop a table, call one back or rename one, at that moment? Each attempt does it once. */
export function mayAct(state: ModelState, cluster: ClusterId, command: CommandState, atUs: number): boolean {
  return !command.spent && (command.acted === 0 || isTriedTwice(state, cluster, command, atUs));
}
