/**
 * What explaining each suspect's plan showed (properties/explain): which values it hangs on, the nearest plan that passes, and, where the
 * run is stuck, who waits for what. An explanation takes some hundred runs, so that it is committed (explained.json) and made anew
 * only for plans that changed, or with `pegasus-check defects --store`.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { partsWith, type Defect } from '../defects/types.ts';
import { explain } from '../explain/explain.ts';
import type { Explanation, Mark } from '../explain/explanation.ts';
import { printPlan } from '../plan/parse.ts';
import type { Plan } from '../plan/types.ts';
import { Digest } from '../run/digest.ts';
import { runPlan } from '../run/runPlan.ts';

export interface Explained {
  /** Of the plan that was explained. */
  readonly digest: string;
  /** Values and settings without which the plan passes, each with the simplest change that does so; steps are all needed. */
  readonly hangsOn: readonly { readonly what: string; readonly passesWith: string }[];
  /** `''`: no change of one place passes. */
  readonly nearestPass: string;
  readonly waits: readonly string[];
}

const PATH = fileURLToPath(new URL('./explained.json', import.meta.url));
/** Runs that one explanation may take. */
const MOST_RUNS = 600;

export function readExplained(): Readonly<Record<string, Explained>> {
  return existsSync(PATH) ? (JSON.parse(readFileSync(PATH, 'utf8')) as Readonly<Record<string, Explained>>) : {};
}

/** One line per suspect, in the order of their ids. */
export function writeExplained(all: Readonly<Record<string, Explained>>): void {
  const lines = Object.keys(all)
    .sort()
    .map((id) => `  ${JSON.stringify(id)}: ${JSON.stringify(all[id])}`);
  writeFileSync(PATH, `{\n${lines.join(',\n')}\n}\n`);
}

export function planDigest(plan: Plan): string {
  const digest = new Digest();
  digest.text(printPlan(plan));
  return digest.hex();
}

export function explained(plan: Plan, defect: Defect): Explained {
  const explanation = explain(plan, runPlan(plan, { parts: partsWith([defect]) }), { defects: [defect], maxRuns: MOST_RUNS });
  return {
    digest: planDigest(plan),
    hangsOn: explanation.marks.filter(isTold).map((mark) => ({ what: placed(mark, plan), passesWith: mark.passesWith })),
    nearestPass: nearestText(explanation),
    waits: explanation.waits.map(({ text }) => text),
  };
}

/** A whole step, or a cluster, is needed by itself: the plan is minimal. When things happen is told by the lines of the plan. */
function isTold({ mark, part }: Mark): boolean {
  if (mark !== 'necessary' || part.kind === 'step' || part.kind === 'cluster' || part.kind === 'deviation') return false;
  return part.kind !== 'field' || !['afterMs', 'cluster', 'hashKey', 'sortKey'].includes(part.field);
}

function placed({ part, text }: Mark, { steps }: Plan): string {
  if (part.kind !== 'field') return text;
  return `step ${String(part.step + 1)} (${steps[part.step]?.kind ?? ''}): ${text}`;
}

function nearestText({ nearestPass }: Explanation): string {
  if (nearestPass === undefined) return '';
  const { change, parting } = nearestPass;
  return `${change}; the runs part at +${(parting.atUs / 1000).toFixed(3)} ms`;
}
