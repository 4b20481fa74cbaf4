/**
 * What matters in a plan, in few lines: steps and deviations that are all necessary are one line (else the plan's own lines carry the
 * marks), alike values of several steps too, and of a value only what passes in its place is told.
 */
import type { Explanation, Mark, PlanPart } from '../explain/explanation.ts';

export interface MarkGroup {
  /** `step 2`, `steps 2, 4`; '' for what says by itself where it stands. */
  readonly place: string;
  readonly text: string;
  /** What passes, or breaks something else, in its place. */
  readonly why: string;
}

export interface SortedMarks {
  /** Steps and deviations: none was tried; it passes without any one of them; or each has its sign in the plan. */
  readonly lines: 'none' | 'needed' | 'marked';
  readonly necessary: readonly MarkGroup[];
  /** Steps, deviations and clusters. */
  readonly free: readonly Mark[];
  readonly freeValues: readonly Mark[];
  readonly untried: number;
}

export function sortedMarks(explanation: Explanation): SortedMarks {
  const { marks } = explanation;
  const lines = lineMarks(explanation);
  const free = marks.filter(({ mark }) => mark === 'free');
  return {
    lines: lines.length === 0 ? 'none' : lines.every(isPlain) ? 'needed' : 'marked',
    // That a plan does nothing without its cluster is no news; which lines it needs stands with the lines.
    necessary: grouped(marks.filter((one) => one.mark === 'necessary' && !isPlain(one))),
    free: free.filter(({ part }) => isWhole(part)),
    freeValues: free.filter(({ part }) => !isWhole(part)),
    untried: marks.filter(({ mark }) => mark === 'untried').length,
  };
}

/** A part that can only be there or not. */
function isWhole(part: PlanPart): boolean {
  return part.kind === 'step' || part.kind === 'deviation' || part.kind === 'cluster';
}

/** It passes without it, and that is all there is to say. */
export function isPlain({ part, mark, passesWith }: Mark): boolean {
  return mark === 'necessary' && isWhole(part) && passesWith === 'without it';
}

/** Alike ones of several steps are one. */
function grouped(marks: readonly Mark[]): readonly MarkGroup[] {
  const groups = new Map<string, { readonly one: Mark; readonly steps: number[] }>();
  for (const one of marks) {
    const { part } = one;
    const key = part.kind === 'field' ? `${one.text} ${passesText(one)}` : JSON.stringify(part);
    const group = groups.get(key) ?? { one, steps: [] };
    if ('step' in part) group.steps.push(part.step + 1);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ one, steps }) => ({
    place: steps.length === 0 ? '' : `step${steps.length === 1 ? '' : 's'} ${steps.join(', ')}`,
    text: one.text,
    why: passesText(one),
  }));
}

/** What makes a necessary part's plan pass, or break something else; the value that stands in the part's own words is not said again. */
function passesText({ text, passesWith, breaksWith }: Mark): string {
  if (passesWith === '') return breaksWith === '' ? 'nothing else fails so' : `breaks something else ${breaksWith.startsWith('without') ? '' : 'with '}${breaksWith}`;
  if (passesWith === 'without it') return `passes ${passesWith}`;
  const at = passesWith.indexOf(' instead of ');
  const isSaid = at >= 0 && text.includes(passesWith.slice(at + ' instead of '.length));
  return `passes with ${isSaid ? passesWith.slice(0, at) : passesWith}`;
}

/** In front of a part that would not say by itself where it stands. */
export function placeText(place: string): string {
  return place === '' ? '' : `${place}: `;
}

const SIGNS: Readonly<Record<Mark['mark'], string>> = { necessary: '*', free: '·', untried: '?' };

/** The sign in front of a line of the plan: all of them when they are not all necessary, else none (' '). */
export function signOf(explanation: Explanation, part: PlanPart): string {
  const lines = lineMarks(explanation);
  const own = lines.find((one) => numberOf(one.part) === numberOf(part) && one.part.kind === part.kind);
  return own === undefined || lines.every(isPlain) ? ' ' : SIGNS[own.mark];
}

/** Of what is a line of the plan. */
function lineMarks({ marks }: Explanation): readonly Mark[] {
  return marks.filter(({ part }) => part.kind === 'step' || part.kind === 'deviation');
}

function numberOf(part: PlanPart): number {
  return part.kind === 'step' ? part.step : part.kind === 'deviation' ? part.deviation : -1;
}
