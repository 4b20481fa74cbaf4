/**
 * What happens in a failing run, step by step, for somebody who reads it for the first time: of some hundred events those that were
 * asked for, the faults, what the suspect's part of the protocol does, the event at which the right implementation does something
 * else, and the last ones. Two runs are compared: the same plan with the defect put back, and without.
 */
import type { ModelEvent } from '../../model/events.ts';
import { DEFAULT_PARTS } from '../../impl/parts.ts';
import { partsWith, type Defect } from '../defects/types.ts';
import { partingOf, type Parting } from '../explain/parting.ts';
import { watchRun, type Watched } from '../explain/watched.ts';
import type { Plan } from '../plan/types.ts';
import { promptedText } from '../plan/text.ts';
import { answerText, eventText } from '../run/eventText.ts';
import type { RunResult } from '../run/runPlan.ts';
import type { Verdict } from '../run/verdict.ts';

/** Lines of a story, those that stand for events left out not counted. */
const MOST_LINES = 26;
/** Events at the end that are shown whatever they are. */
const LAST = 4;
/** Events of the right implementation that are shown from the parting on. */
const INSTEAD = 3;
/** Lines that differ in numbers only are told once, and counted, from this many on. */
const MANY = 2;
/** Events left out from which on a line of dots tells of it. */
const LONG_GAP = 8;

export interface Story {
  readonly result: RunResult;
  readonly lines: readonly string[];
  /** What the right implementation does where it does something else; undefined when it does the same until the violation. */
  readonly instead: readonly string[] | undefined;
}

type Kind = ModelEvent['kind'];

/** What everybody wants to see: what was asked, what was answered, and what struck. */
const ALWAYS: ReadonlySet<Kind> = new Set<Kind>(['command.invoked', 'command.answered', 'fault.struck', 'process.stopped', 'replica.load-failed']);

/** @param kinds of the suspect's part of the protocol */
export function storyOf(plan: Plan, defect: Defect, kinds: ReadonlySet<Kind>): Story {
  const wrong = watchRun(plan, { parts: partsWith([defect]) });
  const right = watchRun(plan, { parts: DEFAULT_PARTS });
  const parting = partingOf(wrong, { step: undefined }, right, { step: undefined }, false);
  return { result: wrong.result, lines: linesOf(plan, wrong, kinds, parting), instead: parting === undefined ? undefined : insteadOf(right, parting) };
}

interface Line {
  readonly event: number;
  readonly atUs: number;
  readonly text: string;
  /** Lines of the same shape differ in numbers only. */
  readonly shape: string;
  readonly weight: number;
}

function linesOf(plan: Plan, run: Watched, kinds: ReadonlySet<Kind>, parting: Parting | undefined): readonly string[] {
  const asked = commandsOf(run);
  const last = run.events.at(-1);
  // A probe is shown when its answer is what breaks the property.
  const telling = last?.kind === 'command.answered' ? last.id : undefined;
  const lines = run.events.map((what, event): Line => {
    const step = 'id' in what ? asked.get(what.id) : undefined;
    const isProbe = 'id' in what && step === undefined && what.id !== telling;
    const isMarked = event === parting?.event || event === run.events.length - 1;
    const text = step === undefined ? eventText(what) : askedText(what, step, plan);
    const shape = `${what.kind} ${text.replaceAll(/\d+/g, '#')}`;
    return { event, atUs: what.atUs, text, shape, weight: isMarked ? MARKED : isProbe ? 0 : weightOf(what, event, run.events.length, kinds) };
  });
  const isMarked = parting !== undefined && parting.event < run.events.length;
  const isWait = run.result.verdict.kind === 'stuck' && isMarked;
  const centres = [...(isMarked ? [parting.event] : []), ...(isWait ? [] : [run.events.length])];
  const told = printed(fitting(withoutRepeats(lines.filter(({ weight }) => weight > 0)), centres), parting?.event);
  return isMarked ? told : [...told, ...refusedLine(run.result.verdict)];
}

/** Up to its end the run is that of the right implementation, in words: what was refused is a claim, or lies in what no word tells. */
function refusedLine(verdict: Verdict): readonly string[] {
  return verdict.kind === 'pass' || verdict.kind === 'limit' ? [] : [`=>${timed(verdict.atUs, verdict.message)}`];
}

/** The step of each command of the plan, by the command's id; what the run asks by itself when the steps are over is not among them. */
function commandsOf({ events, stepOf }: Watched): ReadonlyMap<number, number> {
  const steps = new Map<number, number>();
  for (const event of events) {
    const step = stepOf.get(event);
    if (event.kind === 'command.invoked' && step !== undefined) steps.set(event.id, step);
  }
  return steps;
}

function askedText(event: ModelEvent, index: number, plan: Plan): string {
  const step = plan.steps[index];
  const place = `step ${String(index + 1)}`;
  if (event.kind === 'command.invoked' && step !== undefined) return `${place}: ${promptedText(step, plan)}`;
  return event.kind === 'command.answered' ? `${place} is answered ${answerText(event.answer)}` : `${place}: ${eventText(event)}`;
}

/** Where the runs part, and the last event. */
const MARKED = 4;
/** What was asked and answered, and faults. */
const ASKED = 3;

/** 0: never shown; the larger the later it is left out. */
function weightOf(event: ModelEvent, index: number, all: number, kinds: ReadonlySet<Kind>): number {
  if (ALWAYS.has(event.kind) || (event.kind === 'process.started' && event.atUs > 0)) return ASKED;
  if (kinds.has(event.kind)) return 2;
  return index >= all - LAST ? 1 : 0;
}

/** Of many lines of one shape with no command or fault of another shape between them the first and the last are kept; of faults the first. */
function withoutRepeats(lines: readonly Line[]): readonly Line[] {
  const seen = new Map<string, number>();
  const faults = new Set<string>();
  return lines.filter((line, i) => {
    if (line.weight === MARKED) return true;
    if (line.weight === ASKED) {
      if (faults.has(line.shape)) return false;
      if (line.shape.startsWith('fault.')) faults.add(line.shape);
      seen.clear();
      return true;
    }
    const times = (seen.get(line.shape) ?? 0) + 1;
    seen.set(line.shape, times);
    return times <= MANY || !lines.slice(i + 1).some((later) => later.shape === line.shape);
  });
}

/** Leaves out what weighs least, and of that what is the farthest from where the runs part and, when it is not a wait, from the end. */
function fitting(lines: readonly Line[], centres: readonly number[]): readonly Line[] {
  const far = ({ event }: Line): number => Math.min(...centres.map((centre) => Math.abs(centre - event)));
  const out = new Set(
    lines
      .filter(({ weight }) => weight < MARKED)
      .toSorted((a, b) => a.weight - b.weight || far(b) - far(a))
      .slice(0, Math.max(0, lines.length - MOST_LINES)),
  );
  return lines.filter((line) => !out.has(line));
}

function printed(lines: readonly Line[], parts: number | undefined): readonly string[] {
  const told: string[] = [];
  let next = 0;
  for (const { event, atUs, text } of lines) {
    if (event - next >= LONG_GAP) told.push(`${' '.repeat(19)}...`);
    told.push(`${event === parts ? '=>' : '  '}${timed(atUs, text)}`);
    next = event + 1;
  }
  return told;
}

function timed(atUs: number, text: string): string {
  return `${`+${(atUs / 1000).toFixed(3)} ms`.padStart(15)}  ${text}`;
}

/** What the right run has from the parting on; up to there both have the same events. */
function insteadOf(right: Watched, { event: first }: Parting): readonly string[] {
  return right.events.slice(first, first + INSTEAD).map((event) => timed(event.atUs, eventText(event)));
}
