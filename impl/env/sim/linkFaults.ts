/**
 * Faults of links.
 *
 * May fail: a message is late (`link.delay`), and all later ones of its link with it, since a session keeps order; a
 * session is reset as a message is sent (`link.reset`); a reply is lost after the effect (`link.reply-lost`), so that
 * the caller times out; a direction is cut by a step and swallows all that enters it or is under way on it
 * (`link.cut`), until restoring it resets the session. Each is asked at every message, so chance decides how often.
 *
 * Cannot fail: single requests are not lost, nothing is repeated, reordered or altered, for Pegasus speaks over TCP;
 * repeats come from retries of the protocol alone.
 */
import type { Core } from './core.ts';
import type { Link, Message } from './link.ts';


/** `code/kind`, made once per pair. */
function whatOf(message: Message): string {
  const { code, kind } = message;
  const table = kind === 'request' ? REQUESTS : kind === 'reply' ? REPLIES : TELLS;
  return table.get(code) ?? remember(table, code, kind);
}

const REQUESTS = new Map<string, string>();
const REPLIES = new Map<string, string>();
const TELLS = new Map<string, string>();

function remember(table: Map<string, string>, code: string, kind: string): string {
  const what = `${code}/${kind}`;
  table.set(code, what);
  return what;
}

/** Extra latency of a message, microseconds. */
export function decideDelay(core: Core, message: Message): number {
  if (!core.mayDeviate('link.delay')) return 0;
  const { link, gpid, decree } = message;
  const extraUs = core.chance.decide('link.delay', link.where, whatOf(message), gpid, decree);
  if (extraUs === undefined || extraUs <= 0) return 0;
  core.strike('link.delay', link.to.id, gpid, `${link.where} ${whatOf(message)} ${decree}: ${extraUs} us`);
  return Math.round(extraUs);
}

/** True when the session breaks as this message is sent. */
export function decideReset(core: Core, message: Message): boolean {
  if (!core.mayDeviate('link.reset')) return false;
  const { link, gpid, decree } = message;
  if (core.chance.decide('link.reset', link.where, whatOf(message), gpid, decree) === undefined) return false;
  core.strike('link.reset', link.to.id, gpid, `${link.where} ${whatOf(message)} ${decree}`);
  return true;
}

/** True when this reply never arrives. */
export function decideReplyLost(core: Core, message: Message): boolean {
  if (!core.mayDeviate('link.reply-lost')) return false;
  const { link, gpid, decree } = message;
  if (core.chance.decide('link.reply-lost', link.where, whatOf(message), gpid, decree) === undefined) return false;
  core.strike('link.reply-lost', link.to.id, gpid, `${link.where} ${whatOf(message)} ${decree}`);
  return true;
}

/** True when a cut swallows this message. */
export function isCut(core: Core, link: Link, message: Message): boolean {
  if (!link.cut) return false;
  core.strike('link.cut', link.to.id, message.gpid, `${link.where} ${whatOf(message)} ${message.decree}`);
  return true;
}
