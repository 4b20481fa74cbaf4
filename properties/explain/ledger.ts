/**
 * Books on who asked whom what, what was answered, and which tasks ran when: kept from a run's raw effects, passively. Messages of
 * one kind between two nodes about one thing are one exchange; tasks of one code and method of one replica are one habit.
 */
import type { MessageKind } from '../../impl/env/sim/observer.ts';
import { classNameOf } from '../../impl/env/sim/waiting.ts';
import type { RpcCode } from '../../impl/protocol/messages.ts';
import type { Gpid, NodeId } from '../../model/vocabulary.ts';
import { Onlookers } from '../run/onlookers.ts';

/** The same answer, again and again, until now. */
export interface Streak {
  /** `ERR_OK` or the error, of the call or in the answer's body. */
  readonly error: string;
  /** What the answer says, to tell it from others. */
  readonly said: string;
  readonly body: unknown;
  readonly sinceUs: number;
  lastUs: number;
  count: number;
}

export interface Exchange {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly code: string;
  readonly gpid: Gpid;
  /** Table, or what else the request names; '' for none. */
  readonly subject: string;
  readonly asked: Times;
  answered: number;
  /** Answers that were sent, also those that came too late. */
  sentBack: number;
  /** Questions since the last answer. */
  unanswered: number;
  streak: Streak | undefined;
}

/** Tasks of one code and method, of one replica (0: of none). */
export interface Habit {
  readonly node: NodeId;
  readonly code: string;
  /** `LoadFromPrivateLog.run`. */
  readonly method: string;
  readonly hash: number;
  readonly ran: Times;
}

const REMEMBERED = 8;
/** What comes within this time comes together, microseconds. */
const BURST_US = 10_000;

/** How often, and the last times at which, something happened. */
export class Times {
  count = 0;
  firstUs = 0;
  lastUs = 0;
  /** When the last burst began. */
  private burstUs = 0;
  private readonly gaps: number[] = [];

  add(atUs: number): void {
    if (this.count === 0) this.firstUs = atUs;
    else if (atUs - this.burstUs >= BURST_US) {
      this.gaps.push(atUs - this.burstUs);
      if (this.gaps.length > REMEMBERED) this.gaps.shift();
    }
    if (this.count === 0 || atUs - this.burstUs >= BURST_US) this.burstUs = atUs;
    this.count += 1;
    this.lastUs = atUs;
  }

  /** The time from one burst to the next, of the last ones the middle, microseconds; 0 while there were fewer than three. */
  gapUs(): number {
    if (this.gaps.length < 2) return 0;
    const sorted = [...this.gaps].sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? 0;
  }
}

export class LedgerOnlookers extends Onlookers {
  readonly exchanges = new Map<string, Exchange>();
  readonly habits = new Map<string, Habit>();
  /** Set when the world stands. */
  nowUs: () => number = () => 0;

  override messageSent(
    from: NodeId,
    to: NodeId,
    code: RpcCode,
    kind: MessageKind,
    gpid: Gpid,
    decree: number,
    body: unknown,
    error: string,
    writtenUs: number,
    asked?: unknown,
  ): void {
    if (kind !== 'reply') {
      const exchange = this.exchange(from, to, code, gpid, body);
      exchange.asked.add(this.nowUs());
      exchange.unanswered += 1;
    }
    super.messageSent(from, to, code, kind, gpid, decree, body, error, writtenUs, asked);
    if (kind !== 'reply') return;
    this.exchange(to, from, code, gpid, asked).sentBack += 1;
    this.replies.set(bodyKey(body), asked);
  }

  override messageDelivered(from: NodeId, to: NodeId, code: RpcCode, kind: MessageKind, gpid: Gpid, decree: number, body: unknown, error: string): void {
    if (kind === 'reply') this.answered(this.exchange(to, from, code, gpid, this.replies.get(bodyKey(body))), body, error);
    super.messageDelivered(from, to, code, kind, gpid, decree, body, error);
  }

  override taskStarted(node: NodeId, code: string, method: string, hash = 0, owner?: object): void {
    const name = owner === undefined ? method : `${classNameOf(owner)}.${method}`;
    const key = habitKey(node, code, name, hash);
    let habit = this.habits.get(key);
    if (habit === undefined) this.habits.set(key, (habit = { node, code, method: name, hash, ran: new Times() }));
    habit.ran.add(this.nowUs());
    super.taskStarted(node, code, method, hash, owner);
  }

  /** What each reply under way answers. */
  private readonly replies = new Map<object | undefined, unknown>();

  private answered(exchange: Exchange, body: unknown, error: string): void {
    const atUs = this.nowUs();
    exchange.answered += 1;
    exchange.unanswered = 0;
    const word = error === 'ERR_OK' ? errorIn(body) : error;
    const said = word === 'ERR_OK' ? textOf(body) : word;
    const { streak } = exchange;
    if (streak?.said === said) {
      streak.count += 1;
      streak.lastUs = atUs;
    } else exchange.streak = { error: word, said, body, sinceUs: atUs, lastUs: atUs, count: 1 };
  }

  private exchange(from: NodeId, to: NodeId, code: string, gpid: Gpid, request: unknown): Exchange {
    const subject = subjectOf(request);
    const key = `${from} ${to} ${code} ${gpid} ${subject}`;
    let found = this.exchanges.get(key);
    if (found === undefined) {
      found = { from, to, code, gpid, subject, asked: new Times(), answered: 0, sentBack: 0, unanswered: 0, streak: undefined };
      this.exchanges.set(key, found);
    }
    return found;
  }
}

export function habitKey(node: NodeId, code: string, method: string, hash: number): string {
  return `${node} ${code} ${method} ${String(hash)}`;
}

function bodyKey(body: unknown): object | undefined {
  return typeof body === 'object' && body !== null ? body : undefined;
}

/** The table that a request names, or the file. */
function subjectOf(body: unknown): string {
  if (typeof body !== 'object' || body === null) return '';
  for (const name of ['appName', 'file', 'dir'] as const) {
    const value: unknown = Object.getOwnPropertyDescriptor(body, name)?.value;
    if (typeof value === 'string') return value;
  }
  return '';
}

function errorIn(body: unknown): string {
  if (typeof body !== 'object' || body === null || !('error' in body)) return 'ERR_OK';
  return typeof body.error === 'string' ? body.error : 'ERR_OK';
}

function textOf(body: unknown): string {
  return JSON.stringify(body, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)) ?? '';
}
