/** Two runs of a plan must be the same run. When they are not: which draw differed first, or which event when no draw did. */
import type { ModelEvent } from '../../model/events.ts';
import type { Plan } from '../plan/types.ts';
import type { DrawRecord } from './chance.ts';
import { eventText } from './eventText.ts';
import type { RunResult } from './runPlan.ts';

/** How two results of the same plan differ, as a sentence; undefined when they do not. Both need draws and trace for the details. */
export function difference(plan: Plan, a: RunResult, b: RunResult): string | undefined {
  if (a.digest === b.digest && a.dispatches === b.dispatches) return undefined;
  const about = plan.chance.kind === 'exploring' ? `seed ${plan.chance.seed}` : 'frozen plan';
  const draw = firstDraw(a.draws ?? [], b.draws ?? []);
  if (draw !== undefined) return `${about}: ${draw}`;
  const event = firstEvent(a.trace ?? [], b.trace ?? []);
  return `${about}: ${event ?? `digest ${a.digest} against ${b.digest}, ${String(a.dispatches)} dispatches against ${String(b.dispatches)}`}`;
}

function firstDraw(a: readonly DrawRecord[], b: readonly DrawRecord[]): string | undefined {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const left = drawText(a[i]);
    const right = drawText(b[i]);
    if (left !== right) return `draw ${String(i + 1)} is ${left} in one run and ${right} in the other`;
  }
  return undefined;
}

function drawText(draw: DrawRecord | undefined): string {
  return draw === undefined ? 'nothing' : `${draw.cause} = ${String(draw.value)}`;
}

function firstEvent(a: readonly ModelEvent[], b: readonly ModelEvent[]): string | undefined {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const left = a[i];
    const right = b[i];
    if (left !== undefined && right !== undefined && JSON.stringify(left) === JSON.stringify(right)) continue;
    return `event ${String(i + 1)} is "${left === undefined ? 'nothing' : eventText(left)}" in one run and "${right === undefined ? 'nothing' : eventText(right)}" in the other`;
  }
  return undefined;
}
