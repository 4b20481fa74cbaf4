/** The record and the tape, with what the page looks up often. */
import type { Tape, TapeEvent, TapeNode } from '../../tape.ts';
import { familyOf, type Family } from './families.ts';
import type { PageFinding } from './pageFinding.ts';
import { atOrBefore, States } from './states.ts';

export interface Story {
  readonly finding: PageFinding;
  readonly tape: Tape;
  readonly leftOut: number;
  readonly model: States;
  readonly implementation: States;
  /** Events with which a state changed. */
  readonly changing: ReadonlySet<number>;
  /** Lanes of the sequence: nodes by cluster, and one for what happens on no node. */
  readonly lanes: readonly TapeNode[];
  readonly clusters: readonly string[];
  readonly tables: readonly string[];
  readonly gpids: readonly string[];
  /** Table of a partition. */
  readonly tableOf: ReadonlyMap<string, string>;
  readonly families: ReadonlyMap<Family, number>;
  /** The partition that the verdict is about; '' when it is about none, or about more. */
  readonly gpid: string;
  /** The event that the verdict is about. */
  readonly failing: number;
  /** The first event in which the nearest passing run differs; undefined: there is none. */
  readonly parting: number | undefined;
  /** The event that each step of the plan begins with. */
  readonly stepEvents: ReadonlyMap<number, number>;
}

/** The id of the lane for what happens on no node. */
export const NO_NODE = '';

function sorted(words: Iterable<string>): readonly string[] {
  return [...new Set(words)].filter((word) => word !== '').sort(compareNumbered);
}

/** `1.2` before `1.10`. */
function compareNumbered(a: string, b: string): number {
  const [a0 = NaN, a1 = NaN] = a.split('.').map(Number);
  const [b0 = NaN, b1 = NaN] = b.split('.').map(Number);
  if (Number.isFinite(a0) && Number.isFinite(b0)) return a0 === b0 ? a1 - b1 : a0 - b0;
  return a < b ? -1 : a > b ? 1 : 0;
}

const ROLES: readonly TapeNode['role'][] = ['client', 'meta', 'replica'];

function lanesOf(tape: Tape): readonly TapeNode[] {
  const clusters = [...new Set(tape.nodes.map((node) => node.cluster))];
  const lanes = clusters.flatMap((cluster) => ROLES.flatMap((role) => tape.nodes.filter((node) => node.cluster === cluster && node.role === role)));
  const homeless = tape.events.some((event) => event.node === NO_NODE);
  return homeless ? [...lanes, { id: NO_NODE, cluster: '', role: 'meta' }] : lanes;
}

function tableMap(events: readonly TapeEvent[]): ReadonlyMap<string, string> {
  const tables = new Map<string, string>();
  for (const event of events) if (event.gpid !== '' && event.table !== '') tables.set(event.gpid, event.table);
  return tables;
}

function clampEvent(event: number, tape: Tape, leftOut: number): number {
  return Math.min(Math.max(event - leftOut, 0), Math.max(tape.events.length - 1, 0));
}

function failingEvent(finding: PageFinding, tape: Tape, leftOut: number): number {
  const { verdict } = finding.record;
  if (verdict.kind === 'violation' || verdict.kind === 'stuck') return clampEvent(verdict.event, tape, leftOut);
  if (verdict.kind === 'pass') return Math.max(tape.events.length - 1, 0);
  return Math.max(atOrBefore(tape.events.map((event) => event.atUs), verdict.atUs), 0);
}

export function makeStory(finding: PageFinding, tape: Tape, leftOut: number): Story {
  const model = new States(tape.model);
  const implementation = new States(tape.implementation);
  const families = new Map<Family, number>();
  const stepEvents = new Map<number, number>();
  tape.events.forEach((event, i) => {
    const family = familyOf(event.kind);
    families.set(family, (families.get(family) ?? 0) + 1);
    if (event.step !== undefined && !stepEvents.has(event.step)) stepEvents.set(event.step, i);
  });
  const { verdict } = finding.record;
  const nearest = finding.record.explanation.nearestPass;
  return {
    finding,
    tape,
    leftOut,
    model,
    implementation,
    changing: new Set([...model.changing(), ...implementation.changing()]),
    lanes: lanesOf(tape),
    clusters: [...new Set(tape.nodes.map((node) => node.cluster))],
    tables: sorted(tape.events.map((event) => event.table)),
    gpids: sorted(tape.events.map((event) => event.gpid)),
    tableOf: tableMap(tape.events),
    families,
    gpid: verdict.kind === 'violation' || verdict.kind === 'stuck' ? verdict.gpid : '',
    failing: failingEvent(finding, tape, leftOut),
    parting: nearest === undefined ? undefined : clampEvent(nearest.parting.event, tape, leftOut),
    stepEvents,
  };
}
