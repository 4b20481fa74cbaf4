/**
 * Where two runs part: the first event of the one that is not the other's. When a thing happens is no difference, and neither is what
 * the changed step itself is the beginning of (everybody knows that it is another one), nor that commands behind a step that is
 * gone have other numbers, nor a fault itself that strikes or does not: what is looked for is the first thing that came out differently. Where the change is one of content (a
 * name, a key, a count) the content goes on to show in everything that follows from it; then only what happens counts, where,
 * and with which status or error.
 */
import type { ModelEvent } from '../../model/events.ts';
import { commandText, eventText } from '../run/eventText.ts';
import type { Watched } from './watched.ts';

export interface Parting {
  /** In the first run, counted from 0; the number of its events when it ended first. */
  readonly event: number;
  readonly atUs: number;
  readonly here: string;
  readonly there: string;
  /** The second run had come to rest there: what the first one still does, nobody asked of it. */
  readonly isAtRest: boolean;
}

interface Told {
  readonly event: number;
  /** The run has just asked questions of its own: everything had settled. */
  readonly isBehindProbe: boolean;
  readonly atUs: number;
  readonly text: string;
  /** What is compared: the text with the numbers that commands would have without the changed step; or what happens, without content. */
  readonly key: string;
}

/** What is left out of a run: what the changed step is the beginning of. */
export interface Left {
  /** Index of the step in this run; undefined: nothing is left out. */
  readonly step: number | undefined;
}

/** Undefined when nothing parts them. `content`: the change is one of content. */
export function partingOf(here: Watched, leftHere: Left, there: Watched, leftThere: Left, content: boolean): Parting | undefined {
  const a = told(here, leftHere, content);
  const b = told(there, leftThere, content);
  let second = b.next();
  for (const one of a) {
    if (second.done === true || second.value.key !== one.key) {
      const isAtRest = second.done === true || (second.value.isBehindProbe && !one.isBehindProbe);
      return { event: one.event, atUs: one.atUs, here: one.text, there: second.done === true ? '' : second.value.text, isAtRest };
    }
    second = b.next();
  }
  const answers = content ? undefined : answeredOtherwise(here, there);
  if (answers !== undefined || second.done === true) return answers;
  return { event: here.events.length, atUs: second.value.atUs, here: '', there: second.value.text, isAtRest: second.value.isBehindProbe };
}

function* told(run: Watched, { step }: Left, content: boolean): Generator<Told, undefined> {
  const own = new Set<number>();
  const ids = new Map<number, number>();
  const probes = probesOf(run);
  let event = -1;
  let isBehindProbe = false;
  for (const one of run.events) {
    event += 1;
    const id = commandOf(one);
    const isOwn = step !== undefined && run.stepOf.get(one) === step;
    if (isOwn && id !== undefined) own.add(id);
    isBehindProbe ||= one.kind === 'command.invoked' && probes.has(one.id);
    if (isOwn || (id !== undefined && own.has(id) && one.kind !== 'command.answered') || isInjected(one, run)) continue;
    if (id !== undefined && probes.has(id)) continue;
    const text = eventText(one);
    const key = content ? shapeOf(one) : id === undefined ? text : eventText(renumbered(one, numberOf(id, own, ids)));
    yield { event, isBehindProbe, atUs: one.atUs, text, key };
    isBehindProbe = false;
  }
  return undefined;
}

/** What a run asks by itself when its steps are over, by command: what it asks follows from what was done, and when from how long it took. */
function probesOf({ events, stepOf }: Watched): ReadonlyMap<number, string> {
  const probes = new Map<number, string>();
  let isHealed = false;
  for (const one of events) {
    isHealed ||= one.kind === 'world.healed';
    if (isHealed && one.kind === 'command.invoked' && !stepOf.has(one)) probes.set(one.id, `${one.cluster} ${commandText(one.command)}`);
  }
  return probes;
}

/** The first run ended with the answer to such a question, and the second was answered otherwise (other content would show there anyway). */
function answeredOtherwise(here: Watched, there: Watched): Parting | undefined {
  const last = here.events.at(-1);
  const probe = last?.kind === 'command.answered' ? probesOf(here).get(last.id) : undefined;
  if (last === undefined || probe === undefined) return undefined;
  const asked = [...probesOf(there)].find(([, other]) => other === probe)?.[0];
  const answer = there.events.find((one) => one.kind === 'command.answered' && one.id === asked);
  if (answer === undefined || eventText(renumbered(answer, 0)) === eventText(renumbered(last, 0))) return undefined;
  return { event: here.events.length - 1, atUs: last.atUs, here: eventText(last), there: eventText(answer), isAtRest: false };
}

/** A fault that strikes later than its step, or by a deviation, and the way back from it: what was done to the run, not what came of it. */
function isInjected(event: ModelEvent, { stepOf }: Watched): boolean {
  if (stepOf.has(event)) return false;
  return event.kind === 'fault.struck' || event.kind === 'process.started' || (event.kind === 'process.stopped' && event.cause !== 'check');
}

/** The command's place among those of the other steps; the changed step's own have no number. */
function numberOf(id: number, own: ReadonlySet<number>, ids: Map<number, number>): number {
  if (own.has(id)) return 0;
  const known = ids.get(id) ?? ids.size + 1;
  ids.set(id, known);
  return known;
}

type CommandEvent = Extract<ModelEvent, { kind: 'command.invoked' | 'attempt.sent' | 'command.answered' }>;

function isCommandEvent(event: ModelEvent): event is CommandEvent {
  return event.kind === 'command.invoked' || event.kind === 'attempt.sent' || event.kind === 'command.answered';
}

function commandOf(event: ModelEvent): number | undefined {
  return isCommandEvent(event) ? event.id : undefined;
}

function renumbered(event: ModelEvent, id: number): ModelEvent {
  return isCommandEvent(event) ? { ...event, id } : event;
}

/** What happened where, with every word of the protocol in it (statuses, errors), without names, keys, ids and numbers. */
function shapeOf(event: ModelEvent): string {
  const words: string[] = [event.kind];
  for (const [name, value] of Object.entries(event)) {
    if (name === 'node' || name === 'cluster' || name === 'gpid') words.push(String(value));
    else words.push(...protocolWords(value));
  }
  return words.join(' ');
}

function protocolWords(value: unknown): readonly string[] {
  if (typeof value === 'string') return /^[A-Z]+_[A-Z_0-9]+$/.test(value) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(protocolWords);
}
