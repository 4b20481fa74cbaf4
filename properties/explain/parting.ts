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
  /** The run asks questions of its own: everything had settled. */
  readonly isProbe: boolean;
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
  const [ours, theirs] = [probesOf(here), probesOf(there)];
  const common = commonOf(ours, theirs);
  const a = told(here, leftHere, content, { of: ours, common });
  const b = told(there, leftThere, content, { of: theirs, common });
  let second = b.next();
  for (const one of a) {
    if (second.done === true || second.value.key !== one.key) {
      const isAtRest = second.done === true || (second.value.isProbe && !one.isProbe);
      return { event: one.event, atUs: one.atUs, here: one.text, there: second.done === true ? '' : second.value.text, isAtRest };
    }
    second = b.next();
  }
  if (second.done === true) return undefined;
  return { event: here.events.length, atUs: second.value.atUs, here: '', there: second.value.text, isAtRest: second.value.isProbe };
}

function* told(run: Watched, { step }: Left, content: boolean, probes: Probes): Generator<Told, undefined> {
  const own = new Set<number>();
  const ids = new Map<number, number>();
  let event = -1;
  let isProbe = false;
  for (const one of run.events) {
    event += 1;
    const id = commandOf(one);
    const probe = id === undefined ? undefined : probes.of.get(id);
    isProbe ||= probe !== undefined;
    const isOwn = step !== undefined && run.stepOf.get(one) === step;
    if (isOwn && id !== undefined) own.add(id);
    if (isOwn || (id !== undefined && own.has(id) && one.kind !== 'command.answered') || isInjected(one, run)) continue;
    if (probe !== undefined && (one.kind !== 'command.answered' || !probes.common.has(probe))) continue;
    const text = eventText(one);
    if (content) yield { event, isProbe, atUs: one.atUs, text, key: shapeOf(one) };
    else if (id === undefined) yield { event, isProbe, atUs: one.atUs, text, key: text };
    else if (probe === undefined) yield { event, isProbe, atUs: one.atUs, text, key: eventText(renumbered(one, numberOf(id, own, ids))) };
    else yield { event, isProbe, atUs: one.atUs, text, key: `${probe}: ${eventText(renumbered(one, 0))}` };
  }
  return undefined;
}

/** What a run asks by itself when all has settled: what it asks follows from what was done, and says nothing; what both runs ask may be answered differently. */
interface Probes {
  readonly of: ReadonlyMap<number, string>;
  readonly common: ReadonlySet<string>;
}

function commonOf(a: ReadonlyMap<number, string>, b: ReadonlyMap<number, string>): ReadonlySet<string> {
  const there = new Set(b.values());
  return new Set([...a.values()].filter((probe) => there.has(probe)));
}

function probesOf({ events, stepOf }: Watched): ReadonlyMap<number, string> {
  const probes = new Map<number, string>();
  let isHealed = false;
  for (const one of events) {
    isHealed ||= one.kind === 'world.healed';
    if (isHealed && one.kind === 'command.invoked' && !stepOf.has(one)) probes.set(one.id, `${one.cluster} ${commandText(one.command)}`);
  }
  return probes;
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
