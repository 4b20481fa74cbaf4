/**
 * The links of a chain, as sentences: what one node waits for. Only what concerns the scope counts; a habit or question that ended before
 * the obligation began has done its part.
 */
import type { Waiting, WaitingTask } from '../../impl/env/sim/waiting.ts';
import { threadHash } from '../../impl/protocol/gpid.ts';
import type { NodeId } from '../../model/vocabulary.ts';
import { answerText } from './answerText.ts';
import { clusterOfNode } from '../run/eventPlace.ts';
import type { WaitLink } from './explanation.ts';
import { habitKey, type Exchange, type LedgerOnlookers } from './ledger.ts';
import type { Place, Scope, Subject } from './scope.ts';

/** What a run that is stuck left behind. */
export interface Remains {
  readonly ledger: LedgerOnlookers;
  readonly waiting: Waiting;
  readonly endUs: number;
}

/** A link, and the node that it leads to; '' when the chain ends there. */
export interface Lead {
  readonly link: WaitLink;
  readonly to: NodeId | '';
  /** Leads of one node that are alike are told once. */
  readonly like: string;
  /** The partition, or the other party, by which it differs from those that are alike. */
  readonly by: string;
}

/** Gaps between two of a kind after which the next is missing. */
const MISSED_GAPS = 3;
/** A call that waits for so long is more than on its way, microseconds. */
const LONG_CALL_US = 200_000;

export function seconds(us: number): string {
  return `+${(us / 1_000_000).toFixed(us < 100_000_000 ? 3 : 1)} s`;
}

function gapText(us: number): string {
  return us < 10_000_000 ? `${(us / 1000).toFixed(0)} ms` : `${(us / 1_000_000).toFixed(0)} s`;
}

// ---------------------------------------------------------------- questions and answers

/** Questions that belong to a matter; others are asked all the time, whatever is stuck. */
const MATTER: Readonly<Record<Subject, RegExp>> = {
  dup: /DUPLICATE$|CREATE_APP|QUERY_PARTITION_CONFIG|NFS|CHECKPOINT_INFO/,
  load: /BULK_LOAD/,
  throttle: /RRDB/,
  storage: /CHECKPOINT|NFS/,
  roles: /PREPARE|UPDATE_PARTITION|CONFIG_PROPOSAL/,
};

function concerns({ from, to, gpid, subject }: Exchange, { places }: Scope): boolean {
  if (from.includes('/client-') || to.includes('/client-')) return false;
  const at = [places.get(clusterOfNode(from)), places.get(clusterOfNode(to))].filter((p): p is Place => p !== undefined);
  if (gpid !== '') return at.some((p) => p.gpids.has(gpid));
  return subject !== '' && at.some((p) => p.tables.has(subject));
}

function whatText({ code, gpid, subject }: Exchange): string {
  return `${code}${gpid !== '' ? ` of ${gpid}` : subject === '' ? '' : ` for ${subject}`}`;
}

/** Refused to the last; asked and answered the same for ever; or asked no more. */
export function questionLeads(node: NodeId, scope: Scope, { ledger, waiting, endUs }: Remains): readonly Lead[] {
  const leads: Lead[] = [];
  for (const exchange of ledger.exchanges.values()) {
    if (exchange.from !== node || !concerns(exchange, scope)) continue;
    const { asked, streak, to } = exchange;
    const isPending = waiting.calls.some((c) => c.from === node && c.to === to && c.code === exchange.code && c.gpid === exchange.gpid);
    const gapUs = asked.gapUs();
    const isOver = gapUs > 0 ? endUs - asked.lastUs > MISSED_GAPS * gapUs : endUs - asked.lastUs > LONG_CALL_US;
    const isLate = asked.lastUs >= scope.obligation.sinceUs;
    const about = { to, by: exchange.gpid === '' ? to : `${exchange.gpid} (${to})` };
    if (exchange.unanswered >= MISSED_GAPS && !isOver) leads.push({ link: unheard(exchange), ...about, like: `unheard ${exchange.code}` });
    else if (streak !== undefined && streak.error !== 'ERR_OK' && isLate) leads.push({ link: refused(exchange, streak, isOver, absence(exchange, scope)), ...about, like: `refused ${exchange.code} ${streak.error}` });
    else if (isLate && isOver && !isPending && gapUs > 0 && asked.count >= MISSED_GAPS && MATTER[scope.subject].test(exchange.code)) leads.push({ link: askedNoMore(exchange, gapUs), ...about, like: `no more ${exchange.code}` });
    else if (!isOver && streak !== undefined && streak.count >= MISSED_GAPS && gapUs > 0 && MATTER[scope.subject].test(exchange.code)) leads.push({ link: sameAnswer(exchange, streak, gapUs), ...about, like: `same ${exchange.code}` });
  }
  return leads;
}

/** It asks for a table that is not there. */
function absence({ to, subject }: Exchange, { places }: Scope): string {
  const cluster = clusterOfNode(to);
  const present = places.get(cluster)?.present;
  if (subject === '' || present === undefined || present.includes(subject)) return '';
  return `; ${cluster} has no table ${subject}, it has ${present.length === 0 ? 'none' : present.join(', ')}`;
}

function refused(exchange: Exchange, streak: NonNullable<Exchange['streak']>, isOver: boolean, why: string): WaitLink {
  const { from, to, asked } = exchange;
  const gapUs = asked.gapUs();
  const what = `${from} asked ${to} ${whatText(exchange)}`;
  const every = gapUs === 0 ? '' : `, every ${gapText(gapUs)}`;
  const text =
    streak.count === 1
      ? `${what} at ${seconds(asked.lastUs)} and was refused: ${streak.error}${isOver ? '; it has not asked again' : ''}`
      : `${what} ${String(streak.count)} times since ${seconds(streak.sinceUs)}${every}; each time ${streak.error}, last at ${seconds(streak.lastUs)}${isOver ? '; it does not ask any more' : ''}`;
  return { who: from, kind: 'refused', text: text + why };
}

function unheard(exchange: Exchange): WaitLink {
  const { from, to, asked, answered, sentBack, unanswered } = exchange;
  const gapUs = asked.gapUs();
  const late = sentBack - answered;
  const what = `${from} asked ${to} ${whatText(exchange)} ${String(unanswered)} times${gapUs === 0 ? '' : `, every ${gapText(gapUs)}`}, last at ${seconds(asked.lastUs)}`;
  return { who: from, kind: 'call', text: `${what}; ${late <= 0 ? 'no answer was sent' : `${String(late)} answers were sent, and none came while it waited`}` };
}

function askedNoMore(exchange: Exchange, gapUs: number): WaitLink {
  const { from, to, asked } = exchange;
  return { who: from, kind: 'timer', text: `${from} used to ask ${to} ${whatText(exchange)} every ${gapText(gapUs)}; the last of ${String(asked.count)} times was at ${seconds(asked.lastUs)}, and no other is due` };
}

function sameAnswer(exchange: Exchange, streak: NonNullable<Exchange['streak']>, gapUs: number): WaitLink {
  const { from, to } = exchange;
  const said = answerText(streak.body, exchange.gpid);
  return { who: from, kind: 'standstill', text: `${from} asks ${to} ${whatText(exchange)} every ${gapText(gapUs)}, and is answered the same since ${seconds(streak.sinceUs)} (${String(streak.count)} times)${said === '' ? '' : `: ${said}`}` };
}

/** Calls whose answer does not come, and why not. */
export function callLeads(node: NodeId, scope: Scope, { waiting, endUs }: Remains): readonly Lead[] {
  return waiting.calls
    .filter((c) => c.from === node && endUs - c.sinceUs >= LONG_CALL_US && (c.gpid === '' || [...scope.places.values()].some((p) => p.gpids.has(c.gpid))))
    .map((c) => {
      const of = c.gpid === '' ? '' : ` of ${c.gpid}${c.decree > 0 ? ` decree ${String(c.decree)}` : ''}`;
      return { link: { who: node, kind: 'call', text: `${node} waits for ${c.to} to answer ${c.code}${of} since ${seconds(c.sinceUs)}, and gives up at ${seconds(c.untilUs)}` }, to: c.to, like: `call ${c.code}`, by: `${c.gpid} (${c.to})` };
    });
}

// ---------------------------------------------------------------- tasks

/** Housekeeping that comes and goes whatever is stuck, unless it is a replica's storage that is. */
const HOUSEKEEPING = /_STAT$|^LPC_QUERY_|^LPC_WRITE_REPLICATION_LOG|^LPC_META_STATE|^RPC_|^LPC_BACKGROUND_WORK|^LPC_CLIENT|^LPC_EXEC/;
const STORAGE = /CHECKPOINT|GARBAGE|GROUP_CHECK|FLUSH/;

function isHousekeeping(code: string, subject: Subject): boolean {
  return HOUSEKEEPING.test(code) || (subject !== 'storage' && STORAGE.test(code));
}

export function taskLeads(node: NodeId, scope: Scope, remains: Remains): readonly Lead[] {
  return [...queued(node, scope, remains), ...ranNoMore(node, scope, remains)];
}

/** The partition of a task, with `of` before it; '' when it is of none. */
function ofHash(hash: number, scope: Scope, node: NodeId): string {
  const gpids = [...(scope.places.get(clusterOfNode(node))?.gpids ?? [])];
  const gpid = gpids.find((one) => threadHash(one) === hash);
  return gpid === undefined ? '' : ` of ${gpid}`;
}

function queued(node: NodeId, scope: Scope, { ledger, waiting }: Remains): readonly Lead[] {
  const tasks = waiting.tasks.filter((t) => t.node === node && t.state === 'queued');
  return tasks
    .filter((t) => (scope.hashes.has(t.hash) || t.hash === 0) && t.ahead > 0 && !isHousekeeping(t.code, scope.subject))
    .map((t) => {
      const ahead = tasks.filter((other) => other.pool === t.pool && other.ahead < t.ahead);
      const codes = [...new Set(ahead.map((other) => other.code))].slice(0, 3).join(', ');
      const of = ofHash(t.hash, scope, node);
      const text = `${node} has ${taskText(t)}${of} queued in ${t.pool} behind ${String(t.ahead)} others (${codes})${ranText(t, ledger)}`;
      return { link: { who: node, kind: 'queued', text }, to: '', like: `queued ${taskText(t)}`, by: of };
    });
}

function taskText({ code, owner, method }: WaitingTask): string {
  return `${code} (${owner === '' ? '' : `${owner}.`}${method})`;
}

/** What came again and again until after the obligation began, and is neither queued nor due now. */
function ranNoMore(node: NodeId, scope: Scope, { ledger, waiting, endUs }: Remains): readonly Lead[] {
  const leads: Lead[] = [];
  for (const { node: at, code, method, hash, ran } of ledger.habits.values()) {
    const gapUs = ran.gapUs();
    if (at !== node || !scope.hashes.has(hash) || isHousekeeping(code, scope.subject) || ran.count < MISSED_GAPS || gapUs === 0) continue;
    if (endUs - ran.lastUs <= MISSED_GAPS * gapUs || ran.lastUs < scope.obligation.sinceUs) continue;
    if (waiting.tasks.some((t) => t.node === node && t.hash === hash && t.code === code && `${t.owner}.${t.method}` === method)) continue;
    const of = ofHash(hash, scope, node);
    const text = `${node} used to run ${code} (${method})${of} every ${gapText(gapUs)}; the last of ${String(ran.count)} times was at ${seconds(ran.lastUs)}, and no other is due`;
    leads.push({ link: { who: node, kind: 'timer', text }, to: '', like: `no more ${code} ${method}`, by: of });
  }
  return leads;
}

function ranText({ node, code, owner, method, hash }: WaitingTask, ledger: LedgerOnlookers): string {
  const ran = ledger.habits.get(habitKey(node, code, `${owner}.${method}`, hash))?.ran;
  return ran === undefined ? '' : ` (run ${ran.count === 1 ? 'once' : `${String(ran.count)} times`}, last at ${seconds(ran.lastUs)})`;
}

/** What is due next at the node about the scope; that nothing is says the most. */
export function dueLead(node: NodeId, scope: Scope, { ledger, waiting, endUs }: Remains): Lead {
  const gpids = [...(scope.places.get(clusterOfNode(node))?.gpids ?? [])];
  const of = gpids.length > 3 ? `${gpids.slice(0, 3).join(', ')}, …` : gpids.join(', ');
  const due = waiting.tasks.filter((t) => t.node === node && scope.hashes.has(t.hash) && t.state === 'delayed' && t.dueUs > endUs);
  const first = new Map(due.map((t) => [taskText(t), t] as const).reverse());
  const what = [...first.values()].sort((a, b) => a.dueUs - b.dueUs).slice(0, 4).map((t) => `${taskText(t)} at ${seconds(t.dueUs)}${ranText(t, ledger)}`);
  const text = due.length === 0 ? `${node} has nothing queued and nothing due about ${of}` : `${node} has only this due about ${of}: ${what.join(', ')}${first.size > 4 ? ', …' : ''}`;
  return { link: { who: node, kind: 'timer', text: text + lastQuestion(node, scope, ledger) }, to: '', like: 'due', by: '' };
}

/** The last that the node asked about the matter; '' when it never did. */
function lastQuestion(node: NodeId, scope: Scope, ledger: LedgerOnlookers): string {
  let last: Exchange | undefined;
  for (const exchange of ledger.exchanges.values()) {
    if (exchange.from !== node || !concerns(exchange, scope) || !MATTER[scope.subject].test(exchange.code)) continue;
    if (last === undefined || exchange.asked.lastUs >= last.asked.lastUs) last = exchange;
  }
  if (last === undefined) return '';
  const answer = last.unanswered > 0 ? 'unanswered' : `answered ${last.streak?.error ?? ''}`;
  return `; the last that it asked was ${last.to} ${whatText(last)} at ${seconds(last.asked.lastUs)}, ${answer}`;
}
